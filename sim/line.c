/* SPDX-License-Identifier: MIT */
/* line - one shared medium with its stations and its time */
#include "sim/line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/framer.h"
#include "sim/line_tx.h"

#define LATE_MAX 8 /* requests that a fault delays at the same time */

struct station {
	struct slave slave;
	int64_t owes_until_ns; /* it is about to answer, or does, and does not listen */
	bool off;              /* without supply */
};

/* A request on its way. */
struct late {
	int64_t begin_ns;
	struct slave_format client;
	struct fault_effect heard;
};

struct line {
	struct line_config config;
	enum line_tx_mode mode;
	struct line_output output;
	struct slave_tx slave_tx;
	struct rng rng;
	struct station *stations;
	size_t station_count;
	struct station *acting; /* the station that is being called: who sends is it */
	struct late *late;      /* LATE_MAX of them, NULL until some fault delays a request */
	size_t late_count;
	int64_t slaves_due_ns; /* when one of them wants to be ticked */
	bool orphaned;         /* the client that spoke last has left: its answer goes nowhere */
	int64_t now_ns;        /* of the running call */
	int64_t rx_end_ns;     /* when the last character from the client has ended on the wire */
	int64_t quiet_ns;      /* since when, as far as telegrams have been told of */
	struct faults *faults;
	struct framer framer;
	struct line_tx *tx;
	struct line_tx *echo; /* NULL until it is needed */
	bool owed;            /* when the running request began some station was about to answer */
	struct slave_format tx_format;
	struct slave_format client; /* of the one that spoke last, as far as the port can know */
};

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static struct slave_format format_of(const struct station *station)
{
	return station->slave.ops->format(station->slave.ctx);
}

static int64_t draw_turnaround_ns(struct line *line)
{
	const struct line_config *c = &line->config;
	const int64_t range_ns = c->turnaround_max_ns - c->turnaround_min_ns;

	if (range_ns <= 0)
		return c->turnaround_min_ns;
	return c->turnaround_min_ns + (int64_t)(rng_uniform(&line->rng) * (double)range_ns);
}

/* --- what goes over the line, told to whoever looks on --- */

/* The silence before a telegram; from its end on the line is quiet again. */
static int64_t since_quiet(struct line *line, const struct telegram *telegram)
{
	const int64_t quiet_ns = line->quiet_ns;

	if (quiet_ns == CLK_NEVER || telegram->end_ns > quiet_ns)
		line->quiet_ns = telegram->end_ns;
	if (quiet_ns == CLK_NEVER)
		return CLK_NEVER;
	return telegram->begin_ns > quiet_ns ? telegram->begin_ns - quiet_ns : 0;
}

static void tell(struct line *line, const struct telegram *telegram,
		 const struct slave_format *format)
{
	struct telegram told = *telegram;

	if (telegram->fate == TELEGRAM_TOO_EARLY) /* into another's words: there was no silence */
		told.gap_ns = 0;
	else
		told.gap_ns = since_quiet(line, telegram);
	if (line->output.telegram)
		line->output.telegram(line->output.ctx, &told, format);
}

static void tell_fault(struct line *line, const struct fault_rule *rule)
{
	if (rule && line->output.fault)
		line->output.fault(line->output.ctx, line->now_ns, rule);
}

/* What nobody listened to: it is told of all the same. */
static void tell_unheard(struct line *line, enum telegram_fate fate, const uint8_t *bytes,
			 size_t len_bytes, const struct slave_format *format)
{
	const size_t kept = len_bytes < TELEGRAM_MAX ? len_bytes : TELEGRAM_MAX;
	struct telegram telegram = {.from_master = true,
				    .fate = fate,
				    .overlong = kept < len_bytes,
				    .begin_ns = line->now_ns,
				    .end_ns = line->now_ns,
				    .bytes = bytes,
				    .len_bytes = kept};

	if (line->mode == LINE_TX_PACED)
		telegram.end_ns += (int64_t)kept * slave_char_ns(format);
	tell(line, &telegram, format);
}

static void on_sent(void *ctx, const struct telegram *telegram)
{
	struct line *line = ctx;

	tell(line, telegram, &line->tx_format);
}

static void to_client(void *ctx, const uint8_t *bytes, size_t len_bytes)
{
	struct line *line = ctx;

	line->output.send(line->output.ctx, bytes, len_bytes);
}

/* --- answers --- */

static void send_burst(struct line *line, struct burst *burst, const struct fault_effect *effect)
{
	burst->char_gap_ns = effect->char_gap_ns;
	burst->len_bytes = effect->len_bytes;
	memcpy(burst->bytes, effect->bytes, effect->len_bytes);
	line->tx_format = burst->format;
	line_tx_put(line->tx, burst);
	if (!effect->doubled)
		return;
	burst->begin_ns = line_tx_end_ns(line->mode, burst);
	/* after it, whatever the pace: what begins at the same time is merged */
	burst->begin_ns += line->mode == LINE_TX_UNPACED
				   ? 1
				   : line->config.protocol->end_gap_ns(&burst->format);
	line_tx_put(line->tx, burst);
}

static void slave_sends(void *ctx, const struct slave_answer *answer)
{
	struct line *line = ctx;
	struct fault_effect effect;
	struct burst burst; /* its bytes come from the effect */

	if (answer->len_bytes > TELEGRAM_MAX || line->orphaned ||
	    (line->acting && line->acting->off))
		return;
	burst.begin_ns = answer->ready_ns;
	burst.format = answer->format;
	if (line->config.paced)
		burst.begin_ns += draw_turnaround_ns(line);
	faults_act(line->faults, FAULT_ANSWER, line->now_ns, answer->bytes, answer->len_bytes,
		   answer->request, answer->request_bytes, &effect);
	tell_fault(line, effect.rule);
	burst.begin_ns += effect.delay_ns;
	if (effect.dropped)
		return;
	send_burst(line, &burst, &effect);
	if (line->acting) /* burst is the last one of its, with what a fault made of it */
		line->acting->owes_until_ns = line_tx_end_ns(line->mode, &burst);
}

/* --- requests --- */

/* How long a station takes to hear so many characters, silences behind them included. */
static int64_t hearing_ns(const struct line *line, const struct slave_format *format,
			  size_t len_bytes, int64_t char_gap_ns)
{
	int64_t char_ns = char_gap_ns;

	if (line->config.paced)
		char_ns += slave_char_ns(format);
	return (int64_t)len_bytes * char_ns;
}

static void slave_hears(const struct line *line, const struct slave *slave,
			const struct slave_format *format, int64_t begin_ns,
			const struct fault_effect *heard)
{
	if (!heard->char_gap_ns) {
		slave->ops->rx(slave->ctx, begin_ns + hearing_ns(line, format, heard->len_bytes, 0),
			       heard->bytes, heard->len_bytes);
		return;
	}
	for (size_t i = 0; i < heard->len_bytes; i++) {
		const int64_t at_ns = begin_ns + hearing_ns(line, format, i, heard->char_gap_ns);

		slave->ops->rx(slave->ctx, at_ns + hearing_ns(line, format, 1, 0), &heard->bytes[i],
			       1);
	}
}

static bool understands(const struct slave_format *slave, const struct slave_format *client)
{
	return slave->baud == client->baud &&
	       (client->parity == SLAVE_PARITY_UNKNOWN || client->parity == slave->parity);
}

/* A client's characters to every station that listens and understands them. */
static void stations_hear(struct line *line, int64_t begin_ns, const struct fault_effect *heard,
			  const struct slave_format *client)
{
	for (size_t i = 0; i < line->station_count; i++) {
		struct station *station = &line->stations[i];
		const struct slave_format format = format_of(station);

		if (station->off || begin_ns < station->owes_until_ns ||
		    !understands(&format, client))
			continue;
		line->acting = station;
		slave_hears(line, &station->slave, &format, begin_ns, heard);
	}
	line->acting = NULL;
	line->slaves_due_ns = 0; /* they may want to be ticked */
}

/* It reaches the stations later; if too many do, it is lost. */
static void delay_request(struct line *line, int64_t begin_ns, const struct fault_effect *effect)
{
	if (!line->late)
		line->late = calloc(LATE_MAX, sizeof(*line->late));
	if (!line->late || line->late_count == LATE_MAX)
		return;
	line->late[line->late_count++] =
		(struct late){.begin_ns = begin_ns, .client = line->client, .heard = *effect};
}

/* Requests whose delay is over, in their order; returns when the next one's is. */
static int64_t deliver_late(struct line *line, int64_t now_ns)
{
	int64_t next_ns = CLK_NEVER;
	size_t left = 0;

	for (size_t i = 0; i < line->late_count; i++) {
		const struct late *late = &line->late[i];

		if (late->begin_ns > now_ns) {
			next_ns = earlier(next_ns, late->begin_ns);
			line->late[left++] = *late;
		} else if (!line_tx_speaks(line->tx, now_ns)) {
			stations_hear(line, late->begin_ns, &late->heard, &late->client);
		}
	}
	line->late_count = left;
	return next_ns;
}

static bool anybody_understands(const struct line *line, const struct slave_format *client)
{
	for (size_t i = 0; i < line->station_count; i++) {
		const struct slave_format format = format_of(&line->stations[i]);

		if (understands(&format, client))
			return true;
	}
	return false;
}

/* The client hears itself. */
static void echo(struct line *line, int64_t begin_ns, const struct slave_format *format,
		 const uint8_t *bytes, size_t len_bytes)
{
	const struct line_tx_output output = {.send = to_client, .ctx = line};
	struct burst burst = {.begin_ns = begin_ns, .format = *format};

	if (!line->echo && line_tx_create(&line->echo, line->mode, &output) < 0)
		return;
	while (len_bytes) {
		burst.len_bytes = len_bytes < sizeof(burst.bytes) ? len_bytes : sizeof(burst.bytes);
		memcpy(burst.bytes, bytes, burst.len_bytes);
		line_tx_put(line->echo, &burst);
		burst.begin_ns = line_tx_end_ns(line->mode, &burst);
		bytes += burst.len_bytes;
		len_bytes -= burst.len_bytes;
	}
}

/* Stations hear a request as it comes, unless some fault is about requests: then when it is whole.
 */
static bool holds_back(const struct line *line)
{
	return faults_concern(line->faults, FAULT_REQUEST);
}

static void on_request(void *ctx, const struct telegram *telegram,
		       const struct slave_format *format)
{
	struct line *line = ctx;
	struct telegram told = *telegram;
	struct fault_effect effect;

	told.owed = line->owed;
	tell(line, &told, format);
	if (!holds_back(line))
		return;
	faults_act(line->faults, FAULT_REQUEST, line->now_ns, telegram->bytes, telegram->len_bytes,
		   NULL, 0, &effect);
	tell_fault(line, effect.rule);
	if (effect.echoed && !line->orphaned)
		echo(line, telegram->begin_ns, format, telegram->bytes, telegram->len_bytes);
	/* a gap that spoilt it is gone by now, so that stations could not tell */
	if (effect.dropped || telegram->overlong || telegram->inner_gap)
		return;
	if (effect.char_gap_ns) /* who speaks next speaks behind it */
		line->rx_end_ns = telegram->begin_ns + effect.delay_ns +
				  hearing_ns(line, format, effect.len_bytes, effect.char_gap_ns);
	if (effect.delay_ns)
		delay_request(line, telegram->begin_ns + effect.delay_ns, &effect);
	else
		stations_hear(line, telegram->begin_ns, &effect, &line->client);
}

/* What the port cannot know is as the first station has it. */
static struct slave_format complete_format(const struct line *line,
					   const struct slave_format *client)
{
	struct slave_format format = *client;

	if (!format.baud && line->station_count)
		format.baud = line_format(line).baud;
	return format;
}

/* In which format somebody who looks on would take it. */
static struct slave_format looks_like(const struct line *line, const struct slave_format *client)
{
	struct slave_format format = *client;

	if (format.parity == SLAVE_PARITY_UNKNOWN)
		format.parity = line->station_count ? line_format(line).parity : SLAVE_PARITY_EVEN;
	return format;
}

static void hear(struct line *line, int64_t begin_ns, const uint8_t *bytes, size_t len_bytes,
		 const struct slave_format *client)
{
	const struct slave_format format = looks_like(line, client);
	const int64_t time_ns = hearing_ns(line, &format, len_bytes, 0);
	struct fault_effect plain = {.rule = NULL};

	if (line->config.echo)
		echo(line, begin_ns, &format, bytes, len_bytes);
	framer_silence(&line->framer, begin_ns);
	if (!framer_running(&line->framer)) { /* and the one before has been told of */
		line->owed = line_tx_busy(line->tx);
		line->client = *client;
	}
	line->rx_end_ns = begin_ns + time_ns;
	framer_rx(&line->framer, begin_ns, begin_ns + time_ns, bytes, len_bytes, &format);
	for (; !holds_back(line) && len_bytes; len_bytes -= plain.len_bytes) {
		plain.len_bytes = len_bytes < sizeof(plain.bytes) ? len_bytes : sizeof(plain.bytes);
		memcpy(plain.bytes, bytes, plain.len_bytes);
		stations_hear(line, begin_ns, &plain, client);
		begin_ns += hearing_ns(line, &format, plain.len_bytes, 0);
		bytes += plain.len_bytes;
	}
}

/* An echo is of what came before any answer to it. */
static int64_t run_tx(struct line *line, int64_t now_ns)
{
	const int64_t echo_ns = line->echo ? line_tx_run(line->echo, now_ns) : CLK_NEVER;

	return earlier(echo_ns, line_tx_run(line->tx, now_ns));
}

void line_receive(struct line *line, int64_t now_ns, const uint8_t *bytes, size_t len_bytes,
		  const struct slave_format *client)
{
	const struct slave_format known = complete_format(line, client);
	const struct slave_format format = looks_like(line, &known);
	int64_t begin_ns = now_ns;

	if (!len_bytes || !line->station_count)
		return;
	line->now_ns = now_ns;
	line->orphaned = false;
	if (line->config.wire) /* they are over when they are told of */
		begin_ns -= hearing_ns(line, &format, len_bytes, 0);
	if (begin_ns < line->rx_end_ns)
		begin_ns = line->rx_end_ns;
	if (line_tx_speaks(line->tx, now_ns)) /* half duplex: nobody listens while one does */
		tell_unheard(line, TELEGRAM_TOO_EARLY, bytes, len_bytes, &format);
	else if (!anybody_understands(line, &known))
		tell_unheard(line, TELEGRAM_WRONG_RATE, bytes, len_bytes, &format);
	else if (begin_ns - now_ns > TELEGRAM_MAX * slave_char_ns(&format))
		tell_unheard(line, TELEGRAM_TOO_MUCH, bytes, len_bytes, &format);
	else
		hear(line, begin_ns, bytes, len_bytes, &known);
	if (line->mode == LINE_TX_UNPACED) /* what was asked is answered before more is heard */
		run_tx(line, now_ns);
}

/* --- time --- */

static int64_t tick_slaves(struct line *line, int64_t now_ns)
{
	if (now_ns < line->slaves_due_ns)
		return line->slaves_due_ns;
	line->slaves_due_ns = CLK_NEVER;
	for (size_t i = 0; i < line->station_count; i++) {
		const struct slave *slave = &line->stations[i].slave;

		line->acting = &line->stations[i];
		line->slaves_due_ns =
			earlier(line->slaves_due_ns, slave->ops->tick(slave->ctx, now_ns));
	}
	line->acting = NULL;
	return line->slaves_due_ns;
}

int64_t line_tick(struct line *line, int64_t now_ns)
{
	int64_t next_ns;

	line->now_ns = now_ns;
	next_ns = framer_tick(&line->framer, now_ns);
	next_ns = earlier(next_ns, deliver_late(line, now_ns));
	next_ns = earlier(next_ns, tick_slaves(line, now_ns));
	return earlier(next_ns, run_tx(line, now_ns));
}

bool line_listens(const struct line *line)
{
	return framer_running(&line->framer);
}

bool line_speaks(const struct line *line, int64_t now_ns)
{
	return line_tx_speaks(line->tx, now_ns);
}

bool line_busy(const struct line *line)
{
	return line_tx_busy(line->tx);
}

int64_t line_quiet_ns(const struct line *line)
{
	if (line->quiet_ns == CLK_NEVER || line->rx_end_ns > line->quiet_ns)
		return line->rx_end_ns;
	return line->quiet_ns;
}

void line_finish(struct line *line, int64_t now_ns)
{
	line->now_ns = now_ns;
	line->orphaned = true; /* nobody hears what stations say to it */
	framer_finish(&line->framer);
	line_tx_drop(line->tx);
}

void line_client_left(struct line *line)
{
	line_tx_drop(line->tx);
	if (line->echo)
		line_tx_drop(line->echo);
	for (size_t i = 0; i < line->station_count; i++)
		line->stations[i].owes_until_ns = 0;
	line->orphaned = true;
}

/* --- the whole --- */

static enum line_tx_mode mode_of(const struct line_config *config)
{
	if (config->wire)
		return LINE_TX_WIRE;
	return config->paced ? LINE_TX_PACED : LINE_TX_UNPACED;
}

int line_create(struct line **ret, const struct line_config *config,
		const struct line_output *output)
{
	struct line *line = calloc(1, sizeof(*line));
	const struct line_tx_output tx = {.send = to_client, .sent = on_sent, .ctx = line};
	char stream[TELEGRAM_TEXT_MAX * 2];
	int r;

	if (!line)
		return -ENOMEM;
	line->config = *config;
	line->mode = mode_of(config);
	line->output = *output;
	line->slave_tx = (struct slave_tx){.send = slave_sends, .ctx = line};
	line->slaves_due_ns = line->quiet_ns = CLK_NEVER;
	line->framer = (struct framer){.protocol = config->protocol,
				       .by_length = !config->paced,
				       .latency_ns = config->latency_ns,
				       .complete = on_request,
				       .ctx = line};
	snprintf(stream, sizeof(stream), "line %s", config->name);
	rng_init(&line->rng, config->seed, stream);
	r = line_tx_create(&line->tx, line->mode, &tx);
	if (r == 0)
		r = faults_create(&line->faults, config->protocol, config->seed, config->name);
	if (r < 0) {
		line_destroy(line);
		return r;
	}
	*ret = line;
	return 0;
}

void line_destroy(struct line *line)
{
	if (!line)
		return;
	line_tx_destroy(line->tx);
	line_tx_destroy(line->echo);
	faults_destroy(line->faults);
	free(line->stations);
	free(line->late);
	free(line);
}

const struct slave_tx *line_slave_tx(struct line *line)
{
	return &line->slave_tx;
}

int line_add(struct line *line, const struct slave *slave)
{
	struct station *stations =
		realloc(line->stations, (line->station_count + 1) * sizeof(*line->stations));

	if (!stations)
		return -ENOMEM;
	line->stations = stations;
	line->stations[line->station_count++] = (struct station){.slave = *slave};
	return 0;
}

struct slave_format line_format(const struct line *line)
{
	return format_of(&line->stations[0]);
}

void line_set_station(struct line *line, size_t index, bool on)
{
	line->stations[index].off = !on;
}

struct faults *line_faults(struct line *line)
{
	return line->faults;
}
