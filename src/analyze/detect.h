/*
 * The cause detectors: each knows one kind of trouble and says, with evidence, whether it is in
 * this dump. They run when all other facts are there; what they add is sorted by confidence. A new
 * detector is a function in a cause_*.c and a row in detect.c.
 */
#pragma once

#include "analyze/facts-priv.h"

struct detector {
	const char *name; /* for messages */
	struct error *(*detect)(struct gather *g);
};
extern const struct detector *const detectors[]; /* null-terminated */

extern const struct detector detect_null, detect_bad_address, detect_use_after_free, detect_bug, detect_divide,
	detect_list, detect_opcode, detect_oops, detect_slab, detect_double_free, detect_stack_overflow,
	detect_stack_corruption, detect_soft_lockup, detect_hard_lockup, detect_rcu_stall, detect_cross_call,
	detect_deadlock, detect_lock_held, detect_hung_task, detect_stuck_io, detect_out_of_memory,
	detect_memory_hog, detect_memory_leak, detect_work_stall, detect_atomic_sleep, detect_refcount,
	detect_warning, detect_sanitizer, detect_machine_check, detect_nmi, detect_sysrq, detect_init_died,
	detect_no_root, detect_panic_text, detect_silent_cpus, detect_foreign_module;

/* Adds a cause; null when there is no memory or are too many (the run then fails on its own). Valid
 * until the next one is added. */
struct report_cause *cause_add(struct gather *g, const char *slug, unsigned confidence, const char *fmt, ...)
	PRINTF(4, 5);
/* Evidence for `c`; nothing happens when that is null. */
void evidence(struct gather *g, struct report_cause *c, const char *fmt, ...) PRINTF(3, 4);
/* The word at `address` of the dead kernel, read now; without it the address alone. */
void evidence_word(struct gather *g, struct report_cause *c, uint64_t address, const char *fmt, ...) PRINTF(4, 5);
void evidence_value(struct gather *g, struct report_cause *c, uint64_t value, const char *fmt, ...) PRINTF(4, 5);
/* "panic_on_oops is 1": the setting that made a panic of it, when it is set. */
void evidence_setting(struct gather *g, struct report_cause *c, const char *variable);

void cause_blames_task(struct report_cause *c, const struct report_task *t);
void cause_blames_cpu(struct report_cause *c, int cpu);
void cause_blames_frame(struct gather *g, struct report_cause *c, const struct report_frame *f);
/* The frame that the report as a whole blames, or null. */
const struct report_frame *blamed_frame(const struct gather *g);
/* " in func+0x1/0x2 [mod]" of the frame, or of what the log says; "" unknown. */
void say_blamed(const struct gather *g, struct strbuf *out);

/* The stack of a CPU, or null. */
const struct report_stack *stack_of_cpu(const struct report *r, unsigned cpu);
const struct report_cpu *report_cpu_by_number(const struct report *r, unsigned cpu);
/* Index of the first frame whose function begins with one of `starts`; -1. */
int frame_among(const struct report_stack *s, const char *const *starts);
/* Of the code that the CPU ran before it was stopped: the first frame behind the stopping with saved
 * registers; -1. */
int interrupted_frame(const struct report_stack *s);
bool frame_reg(const struct report_frame *f, const char *name, uint64_t *ret);
/* Whether a CPU stood with interrupts off; false when not known. */
bool interrupts_off(const struct report_stack *s);
/* Whether the log has such a line within half a minute of its end. */
bool sign_is_near(const struct gather *g, enum sign s);
/* Kinds of crash that a wrong pointer leads to. */
bool is_memory_fault(enum crash_kind kind);
