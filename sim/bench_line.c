/* SPDX-License-Identifier: MIT */
/* bench_line - a running line: its stations, its port, its time, and who looks on */
#include "sim/bench_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/modbus/mbrtu_slave.h"
#include "protocols/modbus/mbtelegram.h"
#include "sim/line.h"
#include "sim/port_memory.h"
#include "sim/port_modbus_tcp.h"
#include "sim/port_pty.h"
#include "sim/port_tcp.h"
#include "sim/port_tty.h"

#define GATEWAY_TIMEOUT_NS (500 * NS_PER_MS)

struct bench_line {
	const struct bench_line_shared *shared;
	const struct bench_line_conf *conf;
	const struct protocol *protocol;
	uint32_t index;
	bool wire; /* the port has one of its own */
	struct line *line;
	struct port *port;
	struct loop_timer *timer;
	int64_t deadline_ns;       /* of the timer */
	bool late;                 /* the deadline has passed, and the port is being emptied */
	bool deaf;                 /* the client speaks at a wrong rate, and the log has said so */
	struct slave_format tuned; /* of a port that stations tune */
	struct mbrtu_slave **slaves;
	size_t slave_count;
	struct verdict verdict;
	struct telegram request; /* the last one: an answer is best described with it */
	uint8_t request_bytes[TELEGRAM_MAX];
	char path[DATA_PATH_MAX];
};

static struct meter *meter_at(const struct bench_line *line, size_t index)
{
	return bench_meter_instrument(line->shared->meters[line->conf->meters[index]]);
}

static const char *meter_name(const struct bench_line *line, size_t index)
{
	return line->shared->conf->meters[line->conf->meters[index]].name;
}

/* How late bytes may be told of: by a UART, an adapter, a network. */
static int64_t latency_ns(const struct bench_line_conf *conf)
{
	return conf->port.kind == PORT_TTY || conf->port.kind == PORT_TCP ? conf->port.latency_ns
									  : 0;
}

/* --- serving --- */

/* A port with one format for all follows its first station, once that has answered. */
static void tune(struct bench_line *line)
{
	const struct slave_format format = line_format(line->line);

	if (!line->port || !line->port->tune || line_busy(line->line) ||
	    (format.baud == line->tuned.baud && format.parity == line->tuned.parity))
		return;
	line->tuned = format;
	line->port->tune(line->port, &format);
}

/*
 * The port is told when the line is quiet: the next client's request keeps the distance that one
 * master's would, and is not to blame.
 */
static void tell_rest(struct bench_line *line, int64_t now_ns)
{
	const struct slave_format format = line_format(line->line);
	int64_t rest_ns = now_ns;

	if (line_speaks(line->line, now_ns) || line_listens(line->line))
		return;
	if (line->conf->paced)
		rest_ns = line_quiet_ns(line->line) + line->protocol->end_gap_ns(&format);
	if (now_ns >= rest_ns)
		line->port->rest(line->port, line_busy(line->line));
	else if (rest_ns < line->deadline_ns)
		loop_timer_set(line->timer, rest_ns);
}

/* What the port does when the line is quiet may lead here again: nothing comes after it. */
static void serve(struct bench_line *line)
{
	const int64_t now_ns = clk_now(&line->shared->clk);

	line->deadline_ns = line_tick(line->line, now_ns);
	loop_timer_set(line->timer, line->deadline_ns);
	tune(line);
	if (line->port && line->port->rest)
		tell_rest(line, now_ns);
}

/*
 * What waits in the port may have come before the deadline, which the loop is late for: taken as
 * if it had, so that our own lateness does not cut a client's frame in two.
 */
static void on_timer(void *ctx)
{
	struct bench_line *line = ctx;

	if (line_listens(line->line)) {
		line->late = true;
		line->port->pump(line->port);
		line->late = false;
	}
	serve(line);
}

static void on_received(void *ctx, const uint8_t *bytes, size_t len_bytes,
			const struct slave_format *client)
{
	struct bench_line *line = ctx;
	int64_t at_ns = clk_now(&line->shared->clk);

	if (line->late && line->deadline_ns <= at_ns)
		at_ns = line->deadline_ns - 1;
	line_receive(line->line, at_ns, bytes, len_bytes, client);
	if (!line->late)
		serve(line);
}

static void on_left(void *ctx)
{
	struct bench_line *line = ctx;

	line->deaf = false;
	line_client_left(line->line);
	loop_timer_set(line->timer,
		       0); /* what it was owed holds up nobody: look anew, but not here */
}

static void to_port(void *ctx, const uint8_t *bytes, size_t len_bytes)
{
	struct bench_line *line = ctx;

	line->port->send(line->port, bytes, len_bytes);
}

/* --- looking on --- */

/* Once for each client: silence is what a meter gives, but a log may tell why. */
static void log_deaf(struct bench_line *line, const struct slave_format *format)
{
	if (line->deaf)
		return;
	line->deaf = true;
	log_info(line->shared->log,
		 "line %s: the client speaks at %u baud, no meter listens (%s: %lld)",
		 line->conf->name, format->baud, meter_name(line, 0),
		 (long long)meter_setting(meter_at(line, 0), POINT_BAUD));
}

static void show(const struct bench_line *line, const struct telegram *telegram,
		 const struct telegram *request)
{
	const struct bench_observer *observer = &line->shared->observer;

	if (line->shared->capture)
		capture_telegram(line->shared->capture, line->index, line->conf->name,
				 line->protocol, telegram, request);
	if (observer->telegram)
		observer->telegram(observer->ctx, line, telegram, request);
}

static void on_telegram(void *ctx, const struct telegram *telegram,
			const struct slave_format *format)
{
	struct bench_line *line = ctx;
	const bool exact = line->conf->paced && !line->wire && !latency_ns(line->conf);

	verdict_count(&line->verdict, line->protocol, telegram, format, exact);
	if (telegram->fate == TELEGRAM_WRONG_RATE)
		log_deaf(line, format);
	show(line, telegram, line->request.bytes ? &line->request : NULL);
	if (!telegram->from_master || telegram->fate != TELEGRAM_HEARD)
		return;
	memcpy(line->request_bytes, telegram->bytes, telegram->len_bytes);
	line->request = *telegram;
	line->request.bytes = line->request_bytes;
}

static void on_fault(void *ctx, int64_t at_ns, const struct fault_rule *rule)
{
	const struct bench_line *line = ctx;

	log_debug(line->shared->log, "line %s: fault '%s'", line->conf->name, rule->name);
	if (line->shared->capture)
		capture_fault(line->shared->capture, line->conf->name, at_ns, rule);
	if (line->shared->observer.fault)
		line->shared->observer.fault(line->shared->observer.ctx, line, at_ns, rule);
}

/* --- stations --- */

/* Legal, and on copper a collision: what the user gets, but seldom what is wanted. */
static void warn_if_address_taken(const struct bench_line *line, size_t index)
{
	const int64_t address = meter_setting(meter_at(line, index), POINT_MODBUS_ID);

	for (size_t i = 0; i < index; i++) {
		if (meter_setting(meter_at(line, i), POINT_MODBUS_ID) != address)
			continue;
		log_warning(line->shared->log,
			    "line %s: meters '%s' and '%s' have one address, %lld",
			    line->conf->name, meter_name(line, i), meter_name(line, index),
			    (long long)address);
		return;
	}
}

/* Not refused: converters differ, and a simulated bus carries more. */
static void warn_if_crowded(const struct bench_line *line)
{
	const int64_t most = meter_model(meter_at(line, 0))->modbus.stations;

	if (most && line->conf->meter_count > (size_t)most)
		log_warning(
			line->shared->log,
			"line %s: %zu meters, more than the %lld on one bus that the manual allows",
			line->conf->name, line->conf->meter_count, (long long)most);
}

static int add_slaves(struct bench_line *line)
{
	const struct mbrtu_slave_config config = {.immediate = !line->conf->paced,
						  .latency_ns = latency_ns(line->conf)};

	warn_if_crowded(line);
	line->slaves = calloc(line->conf->meter_count, sizeof(struct mbrtu_slave *));
	if (!line->slaves)
		return -ENOMEM;
	for (size_t i = 0; i < line->conf->meter_count; i++) {
		struct slave station;
		int r = mbrtu_slave_create(&line->slaves[i], meter_at(line, i), line->shared->pdu,
					   line_slave_tx(line->line), &config);

		if (r < 0)
			return r;
		line->slave_count++;
		warn_if_address_taken(line, i);
		station = mbrtu_slave_station(line->slaves[i]);
		r = line_add(line->line, &station);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- ports --- */

static int pty_path(struct bench_line *line, struct diag *diag)
{
	char folder[DATA_PATH_MAX];
	int r;

	if (line->conf->port.place[0] != '\0') {
		snprintf(line->path, sizeof(line->path), "%s", line->conf->port.place);
		return 0;
	}
	r = data_path_runtime(folder);
	if (r < 0) {
		diag_add(diag, (struct diag_place){.file = folder}, "%s",
			 r == -EPERM ? "belongs to someone else, or others may write to it"
				     : strerror(-r));
		return -EIO;
	}
	if ((size_t)snprintf(line->path, sizeof(line->path), "%s/%s", folder, line->conf->name) >=
	    sizeof(line->path)) {
		diag_add(diag, (struct diag_place){.file = folder}, "the path is too long");
		return -EIO;
	}
	return 0;
}

static int open_pty(struct bench_line *line, const struct port_handler *handler,
		    const char **ret_why)
{
	const struct port_conf *conf = &line->conf->port;
	const struct port_pty_config config = {.watch = line->shared->pty_watch,
					       .link = line->path,
					       .mode = (mode_t)conf->mode,
					       .group = conf->group[0] ? conf->group : NULL,
					       .initial_baud = line_format(line->line).baud};

	return port_pty_create(&line->port, line->shared->loop, &config, handler, line->shared->log,
			       ret_why);
}

static int open_tty(struct bench_line *line, const struct port_handler *handler,
		    const char **ret_why)
{
	const struct port_conf *conf = &line->conf->port;
	const struct port_tty_config config = {.path = conf->place,
					       .rs485 = conf->rs485,
					       .echoes = conf->adapter_echo,
					       .format = line_format(line->line)};

	line->tuned = config.format;
	return port_tty_create(&line->port, line->shared->loop, &config, handler, line->shared->log,
			       ret_why);
}

static int open_tcp(struct bench_line *line, const struct port_handler *handler,
		    const char **ret_why)
{
	return port_tcp_create(&line->port, line->shared->loop, line->conf->port.place, handler,
			       line->shared->log, ret_why);
}

static int open_modbus_tcp(struct bench_line *line, const struct port_handler *handler,
			   const char **ret_why)
{
	int64_t timeout_ns = line->conf->port.timeout_ns;

	if (timeout_ns < 0) /* as the pace is; a slow meter is not a silent one */
		timeout_ns =
			line->conf->paced ? GATEWAY_TIMEOUT_NS + line->conf->turnaround_ns[1] : 0;
	return port_modbus_tcp_create(&line->port, line->shared->loop, line->conf->port.place,
				      timeout_ns, handler, line->shared->log, ret_why);
}

static int open_port(struct bench_line *line, struct diag *diag)
{
	static int (*const open[])(struct bench_line *, const struct port_handler *,
				   const char **) = {[PORT_PTY] = open_pty,
						     [PORT_TTY] = open_tty,
						     [PORT_TCP] = open_tcp,
						     [PORT_MODBUS_TCP] = open_modbus_tcp};
	const struct port_handler handler = {.received = on_received, .left = on_left, .ctx = line};
	const char *why = "";
	int r;

	if (loop_is_virtual(line->shared->loop)) /* nobody out there could keep up */
		return port_memory_create(&line->port, &handler);
	r = line->conf->port.kind == PORT_PTY ? pty_path(line, diag) : 0;
	if (r < 0)
		return r;
	r = open[line->conf->port.kind](line, &handler, &why);
	if (r < 0) {
		diag_add(diag,
			 (struct diag_place){.file = line->path[0] ? line->path
								   : line->conf->port.place},
			 "line '%s': %s (%s)", line->conf->name, why, strerror(-r));
		return r == -ENOMEM ? r : -EIO;
	}
	return 0;
}

/* --- the whole --- */

static int add_faults(struct bench_line *line)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < line->conf->fault_count; i++)
		r = faults_add(line_faults(line->line), &line->conf->faults[i]);
	return r;
}

static int create_line(struct bench_line *line)
{
	const struct bench_line_conf *conf = line->conf;
	const struct line_config config = {.name = conf->name,
					   .protocol = line->protocol,
					   .paced = conf->paced,
					   .wire = line->wire,
					   .latency_ns = latency_ns(conf),
					   .echo = conf->echo,
					   .turnaround_min_ns = conf->turnaround_ns[0],
					   .turnaround_max_ns = conf->turnaround_ns[1],
					   .seed = (uint64_t)line->shared->conf->seed};
	const struct line_output output = {
		.send = to_port, .telegram = on_telegram, .fault = on_fault, .ctx = line};

	return line_create(&line->line, &config, &output);
}

int bench_line_create(struct bench_line **ret, const struct bench_line_shared *shared, size_t index,
		      struct diag *diag)
{
	struct bench_line *line = calloc(1, sizeof(*line));
	int r;

	if (!line)
		return -ENOMEM;
	line->shared = shared;
	line->conf = &shared->conf->lines[index];
	line->index = (uint32_t)index;
	line->protocol = &mb_protocol;
	line->deadline_ns = CLK_NEVER;
	line->wire = line->conf->port.kind == PORT_TTY && !loop_is_virtual(shared->loop) &&
		     port_tty_has_wire(line->conf->port.place);
	if (shared->capture)
		capture_add_line(shared->capture, line->conf->name);
	r = create_line(line);
	if (r == 0)
		r = add_slaves(line);
	if (r == 0)
		r = add_faults(line);
	if (r == 0)
		r = loop_timer_add(&line->timer, shared->loop, on_timer, line);
	if (r == 0)
		r = open_port(line, diag);
	if (r < 0) {
		bench_line_destroy(line);
		return r;
	}
	*ret = line;
	return 0;
}

void bench_line_destroy(struct bench_line *line)
{
	if (!line)
		return;
	if (line->port)
		line->port->destroy(line->port);
	loop_timer_remove(line->timer);
	line_destroy(line->line);
	for (size_t i = 0; i < line->slave_count; i++)
		mbrtu_slave_destroy(line->slaves[i]);
	free(line->slaves);
	free(line);
}

const struct bench_line_conf *bench_line_conf_of(const struct bench_line *line)
{
	return line->conf;
}

const char *bench_line_path(const struct bench_line *line)
{
	return line->path;
}

const char *bench_line_protocol(const struct bench_line *line)
{
	return line->conf->port.kind == PORT_MODBUS_TCP ? "Modbus TCP" : line->protocol->name;
}

void bench_line_place(const struct bench_line *line, char *place)
{
	line->port->place(line->port, place);
}

const struct verdict *bench_line_verdict(const struct bench_line *line)
{
	return &line->verdict;
}

const struct protocol *bench_line_telegrams(const struct bench_line *line)
{
	return line->protocol;
}

void bench_line_set_power(struct bench_line *line, size_t meter, bool on)
{
	for (size_t i = 0; i < line->conf->meter_count; i++) {
		if (line->conf->meters[i] == meter)
			line_set_station(line->line, i, on);
	}
}

struct slave_format bench_line_format(const struct bench_line *line)
{
	return line_format(line->line);
}

struct port *bench_line_port(const struct bench_line *line)
{
	return line->port;
}

struct faults *bench_line_faults(const struct bench_line *line)
{
	return line_faults(line->line);
}

static void put_verdict(void *ctx, const char *text)
{
	const struct bench_line *line = ctx;

	log_notice(line->shared->log, "line %s: %s", line->conf->name, text);
}

void bench_line_report(struct bench_line *line)
{
	const struct faults *faults = line_faults(line->line);

	line_finish(line->line, clk_now(&line->shared->clk));
	verdict_report(&line->verdict, put_verdict, line);
	for (size_t i = 0; i < faults_count(faults); i++)
		log_notice(line->shared->log, "line %s: fault '%s' struck: %llu", line->conf->name,
			   faults_rule(faults, i)->name,
			   (unsigned long long)faults_hits(faults, i));
}
