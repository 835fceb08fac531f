/* Tasks, CPUs, per-CPU memory and who was running. */
#pragma once

#include "kernel/unwind.h"

struct task {
	uint64_t va; /* struct task_struct */
	int64_t pid, tgid;
	char comm[16];
	uint64_t state;	   /* __state / state */
	uint64_t stack_va; /* lowest address of the kernel stack */
	uint64_t flags;
	bool on_cpu;
	int cpu; /* -1 unknown */
	uint64_t mm;
};

struct error *task_read(struct kernel *k, uint64_t va, struct task *ret) MUST_CHECK;
/* Every task, threads included; limits and cycle checks inside. `each` false stops. */
struct error *tasks_walk(struct kernel *k, bool (*each)(const struct task *t, void *arg),
			 void *arg) MUST_CHECK;

/* CPUs: number that may exist, and masks by name ("online", "present", "possible"). */
struct error *cpu_count(struct kernel *k, unsigned *ret) MUST_CHECK;
struct error *cpu_in_mask(struct kernel *k, const char *mask, unsigned cpu, bool *ret) MUST_CHECK;
/* Address of a per-CPU variable's copy for `cpu`. */
struct error *percpu_address(struct kernel *k, const char *name, unsigned cpu,
			     uint64_t *ret_va) MUST_CHECK;
/* Address of per-CPU pointer `ptr` (from alloc_percpu) for `cpu`. */
struct error *percpu_pointer(struct kernel *k, uint64_t ptr, unsigned cpu, uint64_t *ret_va) MUST_CHECK;
/* The CPU that took panic_cpu; ERROR_NOT_FOUND when nobody did (live dump, hypervisor). */
struct error *panic_cpu(struct kernel *k, unsigned *ret) MUST_CHECK;
/* runqueues[cpu].curr */
struct error *task_running(struct kernel *k, unsigned cpu, struct task *ret) MUST_CHECK;
/* Registers of a CPU at the crash, from crash_notes in memory, else the dump's notes.
 * ERROR_NOT_FOUND: the CPU left none (offline, did not stop). */
struct error *cpu_regs(struct kernel *k, unsigned cpu, struct regs *ret) MUST_CHECK;
/* Where a sleeping task's stack starts (inactive_task_frame). */
struct error *task_sleeping_regs(struct kernel *k, const struct task *t, struct regs *ret) MUST_CHECK;
/* Bytes of a task's kernel stack, from task.stack_va on. */
uint64_t task_stack_size(struct kernel *k);
/* The stack of any task: running ones from their CPU's registers. */
struct error *task_stack(struct kernel *k, const struct task *t, struct stack *ret) MUST_CHECK;
