/* SPDX-License-Identifier: MIT */
/* capture - a recording of what went over the lines */
#include "sim/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/clk_real.h"
#include "sim/pcapng.h"

#define PATH_BYTES   4096
#define PCAPNG       ".pcapng"
#define BUFFER_BYTES (64 * 1024)

struct capture {
	FILE *text;
	FILE *packets;
	const struct log *log;
	int64_t offset_ns;
	uint64_t telegrams;
	bool broken;
	bool paused;
	char text_path[PATH_BYTES];
	char packets_path[PATH_BYTES];
};

static int choose_paths(struct capture *c, const char *path)
{
	const size_t len = strlen(path), end = strlen(PCAPNG);
	const bool packets = len > end && strcmp(path + len - end, PCAPNG) == 0;

	if (len + end >= PATH_BYTES)
		return -ENAMETOOLONG;
	snprintf(c->text_path, sizeof(c->text_path), "%.*s%s", (int)(packets ? len - end : len),
		 path, packets ? ".txt" : "");
	snprintf(c->packets_path, sizeof(c->packets_path), "%s%s", path, packets ? "" : PCAPNG);
	return 0;
}

static int open_file(FILE **ret, const char *path)
{
	/* a pipe that nobody reads must not hold us up */
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0666);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file && fd >= 0)
		close(fd);
	if (!file)
		return -errno;
	setvbuf(file, NULL, _IOFBF, BUFFER_BYTES);
	*ret = file;
	return 0;
}

int capture_create(struct capture **ret, const char *path, int64_t offset_ns, const struct log *log)
{
	struct capture *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->log = log;
	c->offset_ns = offset_ns;
	r = choose_paths(c, path);
	if (r == 0)
		r = open_file(&c->text, c->text_path);
	if (r == 0)
		r = open_file(&c->packets, c->packets_path);
	if (r < 0) {
		if (c->text)
			fclose(c->text);
		free(c);
		return r;
	}
	fputs("# metersim capture: UTC, line, > master or < station, silence before it, bytes, "
	      "meaning\n",
	      c->text);
	pcapng_begin(c->packets, "metersimd " METERSIM_VERSION);
	capture_flush(c);
	*ret = c;
	return 0;
}

/* An error may be one of a write in between, whose reason nobody has kept. */
static void flush_file(struct capture *c, FILE *file, const char *path)
{
	errno = 0;
	if (fflush(file) == 0 && !ferror(file))
		return;
	c->broken = true;
	log_error(c->log, "%s: the capture ends here: %s", path,
		  errno ? strerror(errno) : "it cannot be written");
}

void capture_flush(struct capture *c)
{
	if (c->broken)
		return;
	flush_file(c, c->text, c->text_path);
	flush_file(c, c->packets, c->packets_path);
}

void capture_destroy(struct capture *c)
{
	if (!c)
		return;
	capture_flush(c);
	if (!c->broken)
		log_notice(c->log, "captured %llu telegrams: %s, and for Wireshark %s",
			   (unsigned long long)c->telegrams, c->text_path, c->packets_path);
	fclose(c->text);
	fclose(c->packets);
	free(c);
}

void capture_add_line(struct capture *c, const char *name)
{
	pcapng_interface(c->packets, name);
}

static const char *note_of(const struct telegram *t)
{
	switch (t->fate) {
	case TELEGRAM_TOO_EARLY:
		return "not heard, an answer was on the line; ";
	case TELEGRAM_WRONG_RATE:
		return "not heard, no meter listens at this baud rate or parity; ";
	case TELEGRAM_TOO_MUCH:
		return "not heard, faster than the line can carry; ";
	case TELEGRAM_HEARD:
		break;
	}
	if (t->overlong)
		return "cut off here; ";
	if (t->inner_gap)
		return "with a silence too long inside (T1.5); ";
	return t->owed ? "while an answer was owed; " : "";
}

/* Bytes as they stand in every manual: two digits, a blank. */
static void write_hex(FILE *file, const uint8_t *bytes, size_t len_bytes)
{
	static const char digits[] = "0123456789abcdef";
	char hex[3 * TELEGRAM_MAX];
	size_t n = 0;

	for (size_t i = 0; i < len_bytes && n + 3 <= sizeof(hex); i++) {
		hex[n++] = digits[bytes[i] >> 4];
		hex[n++] = digits[bytes[i] & 15];
		hex[n++] = ' ';
	}
	if (n)
		fwrite(hex, 1, n, file);
}

static void write_text(struct capture *c, const char *name, const struct telegram *t,
		       const char *meaning)
{
	char at[CLK_REAL_TEXT_MAX];

	clk_real_format(t->begin_ns + c->offset_ns, at);
	fprintf(c->text, "%s %s %c ", at, name, t->from_master ? '>' : '<');
	if (t->gap_ns == CLK_NEVER)
		fputs("- ", c->text);
	else
		fprintf(c->text, "%.3f ", (double)t->gap_ns / (double)NS_PER_MS);
	write_hex(c->text, t->bytes, t->len_bytes);
	fprintf(c->text, " %s\n", meaning);
}

static int station_of(const struct protocol *protocol, const struct telegram *t,
		      const struct telegram *request)
{
	struct telegram_facts facts;

	protocol->look(t->bytes, t->len_bytes, t->from_master, &facts);
	if (facts.station == TELEGRAM_NONE && request)
		protocol->look(request->bytes, request->len_bytes, true, &facts);
	return facts.station;
}

void capture_meaning(const struct protocol *protocol, const struct telegram *t,
		     const struct telegram *request, char *text)
{
	char words[TELEGRAM_TEXT_MAX];

	protocol->describe(t, request, words);
	snprintf(text, TELEGRAM_TEXT_MAX + CAPTURE_NOTE_MAX, "%s%s", note_of(t), words);
}

void capture_telegram(struct capture *c, uint32_t line, const char *name,
		      const struct protocol *protocol, const struct telegram *t,
		      const struct telegram *request)
{
	char meaning[TELEGRAM_TEXT_MAX + CAPTURE_NOTE_MAX];

	if (c->broken || c->paused)
		return;
	c->telegrams++;
	capture_meaning(protocol, t, request, meaning);
	write_text(c, name, t, meaning);
	pcapng_packet(c->packets, &(struct pcapng_packet){
					  .interface = line,
					  .epoch_ns = t->begin_ns + c->offset_ns,
					  .dissector = protocol->dissector,
					  .station = station_of(protocol, t, request),
					  .from_master = t->from_master,
					  .bytes = t->bytes,
					  .len_bytes = t->len_bytes,
					  .comment = meaning,
				  });
}

void capture_fault(struct capture *c, const char *name, int64_t at_ns,
		   const struct fault_rule *rule)
{
	char at[CLK_REAL_TEXT_MAX];

	if (c->broken || c->paused)
		return;
	clk_real_format(at_ns + c->offset_ns, at);
	fprintf(c->text, "%s %s ! fault '%s'\n", at, name, rule->name);
}

void capture_pause(struct capture *c, bool on)
{
	if (c->paused == on)
		return;
	c->paused = on;
	if (c->broken)
		return;
	fprintf(c->text, "# the capture %s\n", on ? "pauses here" : "goes on here");
	capture_flush(c);
}

bool capture_paused(const struct capture *c)
{
	return c->paused;
}

bool capture_broken(const struct capture *c)
{
	return c->broken;
}

uint64_t capture_count(const struct capture *c)
{
	return c->telegrams;
}

const char *capture_text_path(const struct capture *c)
{
	return c->text_path;
}

const char *capture_packets_path(const struct capture *c)
{
	return c->packets_path;
}
