/*
 * One line of progress for people: name, percent, time left. On a terminal it is redrawn in
 * place at most once a second, elsewhere a line is printed every five seconds and at the end. The
 * form is that of makedumpfile, which scripts and people know.
 */
#pragma once

#include <stdio.h>

#include "base/macro.h"

struct progress {
	FILE *to; /* null: silent */
	bool tty;
	const char *name; /* of the step, borrowed */
	uint64_t started_ms, shown_ms;
	bool at_end; /* the end of the step was shown */
	unsigned spin;
	bool open; /* a line on the terminal is not ended */
};

void progress_init(struct progress *p, FILE *to);
/* Step `name` is at `done` of `total`. A new name begins a step. */
void progress_update(struct progress *p, const char *name, uint64_t done, uint64_t total);
/* The same at a given time. */
void progress_update_at(struct progress *p, const char *name, uint64_t done, uint64_t total,
			uint64_t now_ms);
/* Time left as makedumpfile words it: "12s", "3m5s", "2h7m", "3d3h", ">100day". */
void progress_format_eta(char *buf, size_t room, uint64_t seconds);
/* Ends the line, so that messages can follow. */
void progress_end(struct progress *p);
