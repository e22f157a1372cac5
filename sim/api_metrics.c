/* SPDX-License-Identifier: MIT */
/*
 * api_metrics - what the bench shows to Prometheus, in its text format 0.0.4
 *
 * A stream, a line at a time: ten thousand meters are a long answer. All samples of one family
 * stand together, as the format wants them. A line or a fault that goes meanwhile is not shown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sim/api_parts.h"

#define LINE_MAX_BYTES 512
#define TYPE_METRICS   "text/plain; version=0.0.4; charset=utf-8"

struct scrape;

/*
 * Writes the sample of item into text: false: this item has none. Items are counted from 0 up to
 * what count() says.
 */
struct family {
	const char *name;
	const char *type;
	const char *help;
	size_t (*count)(const struct api *api);
	bool (*sample)(const struct api *api, const struct family *family, size_t item, char *text);
	enum point_kind kind; /* of meters */
	bool reactive;
};

struct scrape {
	struct stream stream;
	const struct api *api;
	size_t family;
	bool begun; /* its head has been written */
	size_t item;
	char line[LINE_MAX_BYTES];
	size_t used, sent;
};

/* --- meters --- */

static size_t meter_items(const struct api *api)
{
	return bench_meter_count(api->config.bench) * point_count();
}

static bool meter_point(const struct api *api, const struct family *family, size_t item,
			const struct point **ret_point, const char **ret_meter, char *value,
			size_t size)
{
	const size_t index = item / point_count();
	const struct point *point = point_at(item % point_count());
	struct point_value v;

	if (point->kind != family->kind ||
	    meter_get(bench_meter_at(api->config.bench, index), point, &v) < 0)
		return false;
	point_format(&v, value, size);
	*ret_point = point;
	*ret_meter = api->config.conf->meters[index].name;
	return true;
}

static bool sample_measured(const struct api *api, const struct family *family, size_t item,
			    char *text)
{
	static const char *const phases[] = {"total", "l1", "l2", "l3"};
	const struct point *point;
	const char *meter;
	char value[64];

	if (!meter_point(api, family, item, &point, &meter, value, sizeof(value)))
		return false;
	snprintf(text, LINE_MAX_BYTES, "%s{meter=\"%s\",phase=\"%s\"} %s\n", family->name, meter,
		 phases[point->phase], value);
	return true;
}

/* By tariff, so that a sum over them is the energy. */
static bool sample_energy(const struct api *api, const struct family *family, size_t item,
			  char *text)
{
	const struct point *point = point_at(item % point_count());
	const char *meter;
	char value[64];

	if (point->kind != POINT_ENERGY || point->reactive != family->reactive ||
	    point->flow == FLOW_TOTAL || (point->part != PART_T1 && point->part != PART_T2) ||
	    !meter_point(api, family, item, &point, &meter, value, sizeof(value)))
		return false;
	snprintf(text, LINE_MAX_BYTES, "%s{meter=\"%s\",direction=\"%s\",tariff=\"%d\"} %s\n",
		 family->name, meter, point->flow == FLOW_FORWARD ? "forward" : "reverse",
		 point->part == PART_T1 ? 1 : 2, value);
	return true;
}

/* --- lines --- */

/* What is counted of a line, each with the label that it has. */
static const struct {
	const char *event;
	size_t offset;
} line_counts[] = {
	{"request", offsetof(struct verdict, requests)},
	{"answer", offsetof(struct verdict, answers)},
	{"broadcast", offsetof(struct verdict, broadcasts)},
	{"foreign", offsetof(struct verdict, foreign)},
	{"spoilt_answer", offsetof(struct verdict, spoilt)},
	{"inner_gap", offsetof(struct verdict, inner_gaps)},
	{"too_close", offsetof(struct verdict, too_close)},
	{"too_early", offsetof(struct verdict, too_early)},
	{"wrong_rate", offsetof(struct verdict, wrong_rates)},
	{"too_much", offsetof(struct verdict, too_much)},
};

#define LINE_COUNTS (sizeof(line_counts) / sizeof(line_counts[0]))
#define EXCEPTIONS  256

static size_t line_items(const struct api *api)
{
	return bench_line_count(api->config.bench) * LINE_COUNTS;
}

static bool sample_line(const struct api *api, const struct family *family, size_t item, char *text)
{
	const struct bench_line *line = bench_line_at(api->config.bench, item / LINE_COUNTS);
	const char *verdict = (const char *)bench_line_verdict(line);
	const size_t which = item % LINE_COUNTS;
	uint64_t count;

	memcpy(&count, verdict + line_counts[which].offset, sizeof(count));
	snprintf(text, LINE_MAX_BYTES, "%s{line=\"%s\",event=\"%s\"} %llu\n", family->name,
		 bench_line_conf_of(line)->name, line_counts[which].event,
		 (unsigned long long)count);
	return true;
}

static size_t exception_items(const struct api *api)
{
	return bench_line_count(api->config.bench) * EXCEPTIONS;
}

static bool sample_exception(const struct api *api, const struct family *family, size_t item,
			     char *text)
{
	const struct bench_line *line = bench_line_at(api->config.bench, item / EXCEPTIONS);
	const size_t code = item % EXCEPTIONS;
	const uint64_t count = bench_line_verdict(line)->exceptions[code];

	if (!count)
		return false;
	snprintf(text, LINE_MAX_BYTES, "%s{line=\"%s\",code=\"%zu\"} %llu\n", family->name,
		 bench_line_conf_of(line)->name, code, (unsigned long long)count);
	return true;
}

static size_t fault_items(const struct api *api)
{
	return bench_line_count(api->config.bench) * FAULTS_MAX;
}

static bool sample_fault(const struct api *api, const struct family *family, size_t item,
			 char *text)
{
	struct bench_line *line = bench_line_at(api->config.bench, item / FAULTS_MAX);
	const struct faults *faults = bench_line_faults(line);
	const size_t index = item % FAULTS_MAX;

	if (index >= faults_count(faults))
		return false;
	snprintf(text, LINE_MAX_BYTES, "%s{line=\"%s\",fault=\"%s\"} %llu\n", family->name,
		 bench_line_conf_of(line)->name, faults_rule(faults, index)->name,
		 (unsigned long long)faults_hits(faults, index));
	return true;
}

/* --- the daemon --- */

static size_t one_item(const struct api *api)
{
	(void)api;
	return 1;
}

static bool sample_speed(const struct api *api, const struct family *family, size_t item,
			 char *text)
{
	(void)item;
	snprintf(text, LINE_MAX_BYTES, "%s %.15g\n", family->name, bench_speed(api->config.bench));
	return true;
}

static bool sample_metering(const struct api *api, const struct family *family, size_t item,
			    char *text)
{
	(void)item;
	snprintf(text, LINE_MAX_BYTES, "%s %.3f\n", family->name,
		 (double)bench_metering_now_ns(api->config.bench) / (double)NS_PER_S);
	return true;
}

static bool sample_readers(const struct api *api, const struct family *family, size_t item,
			   char *text)
{
	(void)item;
	snprintf(text, LINE_MAX_BYTES, "%s %zu\n", family->name, api_events_readers(api->events));
	return true;
}

static bool sample_dropped(const struct api *api, const struct family *family, size_t item,
			   char *text)
{
	(void)item;
	snprintf(text, LINE_MAX_BYTES, "%s %llu\n", family->name,
		 (unsigned long long)api_events_dropped(api->events));
	return true;
}

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec * 1e-6;
}

static bool sample_cpu(const struct api *api, const struct family *family, size_t item, char *text)
{
	struct rusage usage;

	(void)api;
	(void)item;
	if (getrusage(RUSAGE_SELF, &usage) < 0)
		return false;
	snprintf(text, LINE_MAX_BYTES, "%s %.6f\n", family->name,
		 seconds(&usage.ru_utime) + seconds(&usage.ru_stime));
	return true;
}

static bool sample_resident(const struct api *api, const struct family *family, size_t item,
			    char *text)
{
	FILE *file = fopen("/proc/self/statm", "re");
	char line[128] = "", *pages;

	(void)api;
	(void)item;
	if (!file)
		return false;
	pages = fgets(line, sizeof(line), file) ? strchr(line, ' ') : NULL; /* the second number */
	fclose(file);
	if (!pages)
		return false;
	snprintf(text, LINE_MAX_BYTES, "%s %lld\n", family->name,
		 strtoll(pages, NULL, 10) * sysconf(_SC_PAGESIZE));
	return true;
}

/* --- the text --- */

#define MEASURED(n, k, h)                                                                          \
	{                                                                                          \
		.name = n, .type = "gauge", .help = h, .count = meter_items,                       \
		.sample = sample_measured, .kind = k                                               \
	}
#define ENERGY(n, r, h)                                                                            \
	{                                                                                          \
		.name = n, .type = "counter", .help = h, .count = meter_items,                     \
		.sample = sample_energy, .kind = POINT_ENERGY, .reactive = r                       \
	}
#define OTHER(n, t, c, s, h)                                                                       \
	{                                                                                          \
		.name = n, .type = t, .help = h, .count = c, .sample = s                           \
	}

static const struct family families[] = {
	MEASURED("metersim_voltage_volts", POINT_VOLTAGE, "Voltage, as the meter shows it."),
	MEASURED("metersim_current_amperes", POINT_CURRENT, "Current, negative is reverse."),
	MEASURED("metersim_active_power_kilowatts", POINT_ACTIVE_POWER, "Active power."),
	MEASURED("metersim_reactive_power_kilovars", POINT_REACTIVE_POWER, "Reactive power."),
	MEASURED("metersim_apparent_power_kilovoltamperes", POINT_APPARENT_POWER,
		 "Apparent power."),
	MEASURED("metersim_power_factor", POINT_POWER_FACTOR, "Power factor."),
	MEASURED("metersim_frequency_hertz", POINT_FREQUENCY, "Frequency."),
	ENERGY("metersim_active_energy_kilowatthours_total", false, "Active energy by tariff."),
	ENERGY("metersim_reactive_energy_kilovarhours_total", true, "Reactive energy by tariff."),
	OTHER("metersim_line_events_total", "counter", line_items, sample_line,
	      "What was seen on a line: see GET /v1/lines/{line}."),
	OTHER("metersim_line_exceptions_total", "counter", exception_items, sample_exception,
	      "Answers that refuse, by code."),
	OTHER("metersim_fault_hits_total", "counter", fault_items, sample_fault,
	      "How often a fault has struck."),
	OTHER("metersim_speed", "gauge", one_item, sample_speed, "Metering time per real time."),
	OTHER("metersim_metering_seconds_total", "counter", one_item, sample_metering,
	      "Metering time."),
	OTHER("metersim_event_readers", "gauge", one_item, sample_readers,
	      "Clients that read events."),
	OTHER("metersim_event_readers_dropped_total", "counter", one_item, sample_dropped,
	      "Event readers that did not read."),
	OTHER("process_cpu_seconds_total", "counter", one_item, sample_cpu, "CPU time."),
	OTHER("process_resident_memory_bytes", "gauge", one_item, sample_resident,
	      "Memory in use."),
};

#define FAMILIES (sizeof(families) / sizeof(families[0]))

/* The next line into s->line. false: there are no more. */
static bool next_line(struct scrape *s)
{
	for (; s->family < FAMILIES; s->family++, s->begun = false, s->item = 0) {
		const struct family *f = &families[s->family];

		if (!s->begun) {
			s->begun = true;
			snprintf(s->line, sizeof(s->line), "# HELP %s %s\n# TYPE %s %s\n", f->name,
				 f->help, f->name, f->type);
			return true;
		}
		while (s->item < f->count(s->api)) {
			if (f->sample(s->api, f, s->item++, s->line))
				return true;
		}
	}
	return false;
}

static ssize_t read_scrape(struct stream *stream, char *buf, size_t cap_bytes)
{
	struct scrape *s = (struct scrape *)stream;
	size_t n = 0;

	while (n < cap_bytes) {
		size_t part;

		if (s->sent == s->used) {
			s->sent = 0;
			s->used = next_line(s) ? strlen(s->line) : 0;
		}
		if (!s->used)
			break;
		part = s->used - s->sent < cap_bytes - n ? s->used - s->sent : cap_bytes - n;
		memcpy(buf + n, s->line + s->sent, part);
		s->sent += part;
		n += part;
	}
	return n ? (ssize_t)n : STREAM_END;
}

static void destroy_scrape(struct stream *stream)
{
	free(stream); /* it is the first thing in its scrape */
}

void api_get_metrics(void *ctx, const struct route_request *request, struct route_answer *ret)
{
	struct scrape *s = calloc(1, sizeof(*s));

	(void)request;
	if (!s) {
		route_refuse(ret, 503, "busy", "", "out of memory");
		return;
	}
	s->stream = (struct stream){.read = read_scrape, .destroy = destroy_scrape};
	s->api = ctx;
	ret->status = 200;
	ret->content_type = TYPE_METRICS;
	ret->stream = &s->stream;
}
