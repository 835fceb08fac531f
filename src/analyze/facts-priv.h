/* Shared by the files that fill a report from a dump; not for others. */
#pragma once

#include "analyze/log.h"
#include "analyze/report.h"
#include "kernel/kernel.h"

struct gather {
	struct report *r;
	struct dump *d;
	struct kernel *k; /* null: could not be opened */
	const struct report_how *how;
	struct log log;
	bool has_log;
	const struct log_event *cause; /* null: none found */
	struct log_details details;    /* of the cause */
	bool no_memory;		       /* a detector had none */
	uint64_t clock;		       /* see gather_clock() */
	bool has_clock;
};

/* Each fills one section; an error says why the rest of it is missing. */
struct error *gather_panic_task(struct gather *g) MUST_CHECK;
struct error *gather_panic_stack(struct gather *g) MUST_CHECK;
struct error *gather_victim(struct gather *g) MUST_CHECK;
struct error *gather_cpus(struct gather *g) MUST_CHECK;
struct error *gather_code(struct gather *g) MUST_CHECK;
struct error *gather_blocked(struct gather *g) MUST_CHECK;
struct error *gather_memory(struct gather *g) MUST_CHECK;
struct error *gather_io(struct gather *g) MUST_CHECK;
struct error *gather_work(struct gather *g) MUST_CHECK;
/* Runs the detectors (detect.h) over what the other sections found. */
struct error *gather_causes(struct gather *g) MUST_CHECK;

struct stack;
struct task;
struct error *take_stack(struct kernel *k, const struct stack *s, struct report_stack *ret) MUST_CHECK;
void set_task(struct report_task *to, const struct task *t);
/* Index of the first frame that is not waiting itself; -1. */
int waiting_place(const struct report_stack *s);
/* The latest of the CPUs' scheduler clocks, in nanoseconds; 0 unknown. */
uint64_t gather_clock(struct gather *g);
