/* SPDX-License-Identifier: MIT */
/*
 * bench_line - a running line: its stations, its port, its time, and who looks on
 *
 * Joins slaves, line and port, serves them from the loop, and tells capture and verdict.
 */
#pragma once
#include "base/diag.h"
#include "base/log.h"
#include "protocols/modbus/mbpdu.h"
#include "sim/bench_conf.h"
#include "sim/bench_meter.h"
#include "sim/capture.h"
#include "sim/loop.h"
#include "sim/pty_watch.h"
#include "sim/verdict.h"

struct bench_line;

/* Whoever looks on at the lines while the bench runs. */
struct bench_observer {
	/* What went over a line; request: the last one heard before it, or NULL. */
	void (*telegram)(void *ctx, const struct bench_line *line, const struct telegram *telegram,
			 const struct telegram *request);
	/* A fault has struck at bus time at_ns. */
	void (*fault)(void *ctx, const struct bench_line *line, int64_t at_ns,
		      const struct fault_rule *rule);
	void *ctx;
};

/* What all lines of a bench share: borrowed until destroy. */
struct bench_line_shared {
	const struct bench_conf *conf;
	struct bench_meter *const *meters; /* as in conf */
	struct loop *loop;
	const struct log *log;
	struct clk clk;
	struct mbpdu *pdu;
	struct pty_watch *pty_watch;
	struct capture *capture;        /* NULL: none */
	struct bench_observer observer; /* telegram and fault NULL: nobody */
};

/*
 * index: of the line in the configuration. 0; -EIO with the reason in diag: its port cannot be
 * opened; -ENOMEM.
 */
int bench_line_create(struct bench_line **ret, const struct bench_line_shared *shared, size_t index,
		      struct diag *diag);
void bench_line_destroy(struct bench_line *line); /* NULL is a no-op */
const struct bench_line_conf *bench_line_conf_of(const struct bench_line *line);
/* Of a pty: the path of its link; else "". */
const char *bench_line_path(const struct bench_line *line);
/* "Modbus RTU" */
const char *bench_line_protocol(const struct bench_line *line);
/* Where clients find it, for people: PORT_PLACE_MAX bytes. */
void bench_line_place(const struct bench_line *line, char *place);
const struct verdict *bench_line_verdict(const struct bench_line *line);
struct faults *bench_line_faults(const struct bench_line *line);
/* A meter of the configuration, by its index there, has supply or not, if it stands here. */
void bench_line_set_power(struct bench_line *line, size_t meter, bool on);
/* The format of its first station. */
struct slave_format bench_line_format(const struct bench_line *line);
/* In a loop of virtual time: its port, which is one in memory. */
struct port *bench_line_port(const struct bench_line *line);
const struct protocol *bench_line_telegrams(const struct bench_line *line);
/* Ends what is under way; logs the verdict, and what the faults have done. */
void bench_line_report(struct bench_line *line);
