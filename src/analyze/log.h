/*
 * Reading the kernel log for the reason of a crash: lines go in one by one, as text with the
 * usual prefix ("[   12.345678] [ T17] ..."), and are judged at once, so that memory stays
 * bounded whatever the size of the log. Kept are the events (the start of an oops, a lockup,
 * a panic() line, ...) with what the lines after them tell, and a window of the last lines.
 */
#pragma once

#include "analyze/abrt.h"
#include "analyze/report.h"
#include "analyze/signs.h"

#define LOG_LINE_MAX 1024 /* longer lines are cut for judging */
#define LOG_KEEP_MAX 8192 /* and for the window: a record of 64 KiB is four times that, escaped */

/* What an event line may be to a crash. */
enum log_role {
	ROLE_START, /* the first line of an oops */
	ROLE_DIE,   /* a line with the die counter: "Oops: 0002 [#1]" */
	ROLE_PANIC, /* "Kernel panic - not syncing: ..." */
	ROLE_SOFT,  /* survivable: counts only when a panic names its kind */
	ROLE_TRIGGER, /* someone asked for what follows (SysRq) */
};

struct log_event {
	enum crash_kind kind;
	enum log_role role;
	uint64_t line; /* number of its line, from 0 */
	uint64_t ts_us;
	bool has_time;
	bool ended; /* followed by "---[ end trace" */
	char *text; /* the line without its prefix; owned */
	/* from the lines after it, up to the next event; null or -1: not told */
	char *rip;  /* "func+0x14/0x23 [module]"; owned */
	char *code; /* instruction bytes of kernel code; owned */
	char *comm; /* owned */
	int64_t pid, cpu;
	bool has_address;
	uint64_t address;
	struct abrt_trace trace; /* of its Call Trace */
	bool in_trace;	 /* private: the lines now are its frames */
	bool kernel_rip; /* private: the last RIP line was of the kernel */
};

struct log_line {
	char *text; /* with prefix, cut at LOG_KEEP_MAX; owned */
	uint64_t number;
};

struct log {
	uint64_t lines;
	uint64_t last_us; /* greatest time stamp seen */
	bool has_time;
	VECTOR(struct log_event) events; /* oldest first; the oldest are dropped past a limit */
	struct log_line *window;	 /* ring of the last lines; owned */
	size_t window_room, window_n;
	/* lines that tell about the machine, without prefix; owned, null: not seen */
	char *banner, *hardware, *command_line;
	struct signs signs;
};

/* Keeps a window of `window` lines. */
struct error *log_init(struct log *l, size_t window) MUST_CHECK;
void log_done(struct log *l);
/* One line with its prefix, without newline. `judge` false: only shown, never an event
 * (user space wrote it). */
struct error *log_add(struct log *l, const char *line, bool judge) MUST_CHECK;
/* A whole text, line by line. */
struct error *log_add_text(struct log *l, const char *text) MUST_CHECK;
/* Length of the prefix of `line`; *ret_us gets its time (untouched without one). */
size_t log_prefix(const char *line, uint64_t *ret_us, bool *ret_has_time);
/* The i-th oldest line of the window, 0 <= i < window_n. */
const struct log_line *log_window_line(const struct log *l, size_t i);
/* The event that began the final cascade, or null: see cause.c. *ret_panic gets the event of
 * the panic() line that ended it (null: none). */
const struct log_event *log_cause(const struct log *l, const struct log_event **ret_panic);
enum crash_kind log_cause_kind(const struct log_event *cause);

/* What the lines of the cause tell, gathered over the events that belong to it. */
struct log_details {
	const char *rip, *code, *comm; /* borrowed; null: not told */
	int64_t pid, cpu;	       /* -1: not told */
	bool has_address;
	uint64_t address;
	const struct abrt_trace *trace; /* borrowed; null: none was printed */
};
void log_cause_details(const struct log *l, const struct log_event *cause,
		       struct log_details *ret);
