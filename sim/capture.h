/* SPDX-License-Identifier: MIT */
/*
 * capture - a recording of what went over the lines: as text, and for Wireshark
 *
 * Two files: text, a line a telegram (UTC of its first start bit, line, direction, silence before
 * it in ms, bytes, meaning), and pcapng beside it. Buffered: flushed when asked and at the end. A
 * file that cannot be written ends the recording with an error in the log, and nothing else.
 */
#pragma once
#include "base/log.h"
#include "protocols/telegram.h"
#include "sim/faults.h"

#define CAPTURE_NOTE_MAX 80

struct capture;

/*
 * path: of the text; the other file is path.pcapng. Of a path that ends with .pcapng the text is
 * path with .txt in its place. 0 or negative errno. offset_ns: what makes UTC of bus time.
 */
int capture_create(struct capture **ret, const char *path, int64_t offset_ns,
		   const struct log *log);
/* Writes what is left and says in the log what there is. NULL is a no-op. */
void capture_destroy(struct capture *capture);
/* Lines are numbered in the order in which they are added, from 0. */
void capture_add_line(struct capture *capture, const char *name);
void capture_telegram(struct capture *capture, uint32_t line, const char *name,
		      const struct protocol *protocol, const struct telegram *telegram,
		      const struct telegram *request);
/* What a telegram means, and what became of it: TELEGRAM_TEXT_MAX + CAPTURE_NOTE_MAX. */
void capture_meaning(const struct protocol *protocol, const struct telegram *telegram,
		     const struct telegram *request, char *text);
/* A fault has struck. */
void capture_fault(struct capture *capture, const char *name, int64_t at_ns,
		   const struct fault_rule *rule);
void capture_flush(struct capture *capture);
/* While it pauses telegrams and faults are not recorded; the text says so. */
void capture_pause(struct capture *capture, bool on);
bool capture_paused(const struct capture *capture);
/* A file could not be written: it has ended for good. */
bool capture_broken(const struct capture *capture);
uint64_t capture_count(const struct capture *capture); /* of telegrams */
/* Where the text goes, and the packets. */
const char *capture_text_path(const struct capture *capture);
const char *capture_packets_path(const struct capture *capture);
