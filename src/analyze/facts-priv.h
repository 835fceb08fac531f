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
};

/* Each fills one section; an error says why the rest of it is missing. */
struct error *gather_panic_task(struct gather *g) MUST_CHECK;
struct error *gather_panic_stack(struct gather *g) MUST_CHECK;
struct error *gather_victim(struct gather *g) MUST_CHECK;
struct error *gather_cpus(struct gather *g) MUST_CHECK;
struct error *gather_code(struct gather *g) MUST_CHECK;
