/* The detectors over made reports: a positive and a near miss each, with no kernel behind. */
#include "../test.h"

#include "analyze/detect.h"
#include "analyze/operand.h"

struct made {
	struct gather g;
	struct report_how how;
};

static void make(struct made *m, const char *text)
{
	const struct log_event *panic;

	*m = (struct made){ .g = { .details = { .pid = -1, .cpu = -1 } } };
	m->g.how = &m->how;
	m->g.r = report_new();
	assert_non_null(m->g.r);
	assert_ok(log_init(&m->g.log, 10));
	assert_ok(log_add_text(&m->g.log, text));
	m->g.cause = log_cause(&m->g.log, &panic);
	if (m->g.cause) {
		m->g.r->panic.kind = log_cause_kind(m->g.cause);
		assert_ok(fact_set(&m->g.r->panic.reason, m->g.cause->text, FROM_LOG));
		if (panic && panic != m->g.cause)
			assert_ok(fact_set(&m->g.r->panic.final, panic->text, FROM_LOG));
		log_cause_details(&m->g.log, m->g.cause, &m->g.details);
		if (m->g.details.has_address)
			fact_set_u64(&m->g.r->panic.fault_address, m->g.details.address, FROM_LOG);
	}
}

static void drop(struct made *m)
{
	log_done(&m->g.log);
	report_free(m->g.r);
}

static void push(struct report_stack *s, const char *symbol, const char *module, struct report_regs *regs)
{
	struct report_frame f = { .pc = 0xffffffff81000100, .off = 0x10, .exact = true, .interrupted = regs != NULL,
				  .symbol = strdup(symbol), .module = module ? strdup(module) : NULL };

	if (regs) {
		f.regs = malloc(sizeof(*regs));
		*f.regs = *regs;
	}
	assert_true(vector_push(&s->frames, f));
}

/* The first cause, which must be no mere state; null: none. */
static const struct report_cause *first_cause(struct made *m)
{
	assert_ok(gather_causes(&m->g));
	return m->g.r->causes.n && !m->g.r->causes.v[0].beside ? &m->g.r->causes.v[0] : NULL;
}

/* What the log alone decides. */
static void test_log_alone(void **state UNUSED)
{
	static const struct {
		const char *text, *slug;
	} rows[] = {
		{ "BUG: kernel NULL pointer dereference, address: 0000000000000010\n"
		  "Oops: 0000 [#1] PREEMPT SMP NOPTI\nRIP: 0010:f+0x1/0x2 [m]\n"
		  "Kernel panic - not syncing: Fatal exception\n", "null-dereference" },
		{ "BUG: unable to handle page fault for address: ffffc90000400000\nOops: 0002 [#1] SMP\n"
		  "Kernel panic - not syncing: Fatal exception\n", "bad-pointer" },
		{ "BUG: unable to handle page fault for address: 6b6b6b6b6b6b6b9b\nOops: 0002 [#1] SMP\n"
		  "Kernel panic - not syncing: Fatal exception\n", "use-after-free" },
		{ "general protection fault, probably for non-canonical address 0xdead000000000110: 0000 [#1] SMP\n"
		  "Kernel panic - not syncing: Fatal exception\n", "use-after-free" },
		{ "kernel BUG at fs/ext4/inode.c:12!\ninvalid opcode: 0000 [#1] SMP\n"
		  "Kernel panic - not syncing: Fatal exception\n", "bug" },
		{ "divide error: 0000 [#1] SMP\nKernel panic - not syncing: Fatal exception\n", "divide-error" },
		{ "list_del corruption, ffff888003c0ff00->next is LIST_POISON1 (dead000000000100)\n"
		  "kernel BUG at lib/list_debug.c:55!\ninvalid opcode: 0000 [#1] SMP\n"
		  "Kernel panic - not syncing: Fatal exception\n", "list-corruption" },
		{ "invalid opcode: 0000 [#1] SMP\nKernel panic - not syncing: Fatal exception\n", "invalid-opcode" },
		{ "BUG: TASK stack guard page was hit at (____ptrval____)\nKernel panic - not syncing: Fatal exception in "
		  "interrupt\n", "stack-overflow" },
		{ "Kernel panic - not syncing: corrupted stack end detected inside scheduler\n", "stack-overflow" },
		{ "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: f+0x1/0x2\n", "stack-corruption" },
		{ "watchdog: BUG: soft lockup - CPU#3 stuck for 26s! [burn:93]\n"
		  "Kernel panic - not syncing: softlockup: hung tasks\n", "soft-lockup" },
		{ "watchdog: Watchdog detected hard LOCKUP on cpu 2\nKernel panic - not syncing: Hard LOCKUP\n", "hard-lockup" },
		{ "rcu: INFO: rcu_sched self-detected stall on CPU\n"
		  "rcu: \t1-....: (5250 ticks this GP) idle=fb6/1/0x4000000000000000 softirq=1/1 fqs=1\n"
		  "Kernel panic - not syncing: RCU Stall\n", "rcu-stall" },
		{ "INFO: task cp:77 blocked for more than 120 seconds.\n"
		  "Kernel panic - not syncing: hung_task: blocked tasks\n", "hung-task" },
		{ "x invoked oom-killer: gfp_mask=0x0, order=0\n"
		  "Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled\n", "out-of-memory" },
		{ "BUG kmalloc-64 (Tainted: G): Object already free\n"
		  "Kernel panic - not syncing: panic_on_taint set ...\n", "double-free" },
		{ "BUG dentry (Not tainted): Poison overwritten\n"
		  "Kernel panic - not syncing: panic_on_taint set ...\n", "use-after-free" },
		{ "BUG dentry (Not tainted): Right Redzone overwritten\n"
		  "Kernel panic - not syncing: panic_on_taint set ...\n", "slab-corruption" },
		{ "BUG: scheduling while atomic: swapper/0/1/0x00000002\n"
		  "Kernel panic - not syncing: scheduling while atomic\n", "scheduling-while-atomic" },
		{ "refcount_t: underflow; use-after-free.\nWARNING: CPU: 1 PID: 9 at lib/refcount.c:28 refcount_warn\n"
		  "Kernel panic - not syncing: kernel: panic_on_warn set ...\n", "refcount" },
		{ "WARNING: CPU: 1 PID: 9 at net/x.c:28 f+0x1/0x2\n"
		  "Kernel panic - not syncing: kernel: panic_on_warn set ...\n", "warning" },
		{ "BUG: KASAN: slab-out-of-bounds in f+0x1/0x2\nKernel panic - not syncing: panic_on_warn set ...\n",
		  "sanitizer" },
		{ "mce: [Hardware Error]: CPU 1: Machine Check Exception: 5 Bank 9: bd80000000000134\n"
		  "Kernel panic - not syncing: Fatal machine check\n", "machine-check" },
		{ "Uhhuh. NMI received for unknown reason 31 on CPU 0.\nKernel panic - not syncing: NMI: Not continuing\n", "nmi" },
		{ "sysrq: Trigger a crash\nKernel panic - not syncing: sysrq triggered crash\n", "sysrq" },
		{ "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000300\n", "init-died" },
		{ "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n", "no-root" },
		{ "Kernel panic - not syncing: something of a driver\n", "panic" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct report_cause *c;
		struct made m;

		make(&m, rows[i].text);
		c = first_cause(&m);
		if (!c)
			print_message("%s: no cause\n", rows[i].slug);
		assert_non_null(c);
		assert_string_equal(c->slug, rows[i].slug);
		assert_true(c->confidence >= 60 && c->evidence.n > 0);
		drop(&m);
	}
}

/* Trouble that was survived explains no crash that was asked for. */
static void test_survived(void **state UNUSED)
{
	struct made m;

	make(&m, "[    1.000000] BUG dentry (Not tainted): Right Redzone overwritten\n"
		 "[    2.000000] refcount_t: saturated; leaking memory.\n"
		 "[    3.000000] INFO: task cp:77 blocked for more than 120 seconds.\n"
		 "[  900.000000] BUG: scheduling while atomic: swapper/0/1/0x00000002\n"
		 "[  901.000000] sysrq: Trigger a crash\n"
		 "[  901.000001] Kernel panic - not syncing: sysrq triggered crash\n");
	assert_string_equal(first_cause(&m)->slug, "sysrq");
	for (size_t i = 1; i < m.g.r->causes.n; i++)
		assert_true(m.g.r->causes.v[i].beside);
	assert_int_equal(m.g.r->causes.n, 4);
	assert_true(m.g.r->signs.n >= 4);
	drop(&m);

	make(&m, "nothing to see\n");
	assert_null(first_cause(&m));
	assert_int_equal(m.g.r->causes.n, 0);
	drop(&m);
}

static void add_blocked(struct report *r, const char *comm, int64_t pid, size_t blocker, bool owner)
{
	struct report_blocked b = { .task = { FROM_MEMORY, pid, "" }, .blocker = blocker, .where = -1, .has_waited = true,
				    .waited_ms = 200000 - (uint64_t)pid };

	snprintf(b.task.comm, sizeof(b.task.comm), "%s", comm);
	b.lock.kind = LOCK_MUTEX;
	b.lock.va = 0xffff000000000000 + (uint64_t)pid;
	if (owner)
		b.lock.owner = (struct report_task){ FROM_MEMORY, 4711, "owner" };
	assert_true(vector_push(&r->blocked, b));
}

static const char HUNG[] = "INFO: task one:1 blocked for more than 120 seconds.\n"
			   "Kernel panic - not syncing: hung_task: blocked tasks\n";

static void test_lock_graph(void **state UNUSED)
{
	const struct report_cause *c;
	struct made m;

	/* one waits for two, two and three wait for each other */
	make(&m, HUNG);
	m.g.r->panic.victim = (struct report_task){ FROM_MEMORY, 1, "one" };
	add_blocked(m.g.r, "one", 1, 1, true);
	add_blocked(m.g.r, "two", 2, 2, true);
	add_blocked(m.g.r, "three", 3, 1, true);
	c = first_cause(&m);
	assert_string_equal(c->slug, "deadlock");
	assert_non_null(strstr(c->text, "two (pid 2), three (pid 3)"));
	assert_string_equal(m.g.r->causes.v[1].slug, "hung-task");
	drop(&m);

	/* a chain with an owner that does not wait */
	make(&m, HUNG);
	m.g.r->panic.victim = (struct report_task){ FROM_MEMORY, 1, "one" };
	add_blocked(m.g.r, "one", 1, 1, true);
	add_blocked(m.g.r, "two", 2, SIZE_MAX, true);
	c = first_cause(&m);
	assert_string_equal(c->slug, "lock-held");
	assert_int_equal(c->task.pid, 4711);
	drop(&m);

	/* a lock taken twice by one task */
	make(&m, HUNG);
	m.g.r->panic.victim = (struct report_task){ FROM_MEMORY, 1, "one" };
	add_blocked(m.g.r, "one", 1, 0, true);
	c = first_cause(&m);
	assert_string_equal(c->slug, "deadlock");
	assert_non_null(strstr(c->text, "itself"));
	drop(&m);
}

static void test_stuck_io(void **state UNUSED)
{
	struct report_io io = { .disk = "sda", .va = 0xffff888001000000, .has_age = true, .age_ms = 40000, .bytes = 4096 };
	struct made m;

	make(&m, HUNG);
	m.g.r->panic.victim = (struct report_task){ FROM_MEMORY, 1, "one" };
	push(&m.g.r->panic.victim_stack, "io_schedule", NULL, NULL);
	assert_true(vector_push(&m.g.r->io, io));
	m.g.r->io_total = 1;
	assert_string_equal(first_cause(&m)->slug, "stuck-io");
	assert_non_null(strstr(m.g.r->causes.v[0].text, "sda"));
	drop(&m);

	/* young requests are the ordinary state of a busy disk */
	make(&m, HUNG);
	m.g.r->panic.victim = (struct report_task){ FROM_MEMORY, 1, "one" };
	push(&m.g.r->panic.victim_stack, "io_schedule", NULL, NULL);
	io.age_ms = 900;
	assert_true(vector_push(&m.g.r->io, io));
	assert_string_equal(first_cause(&m)->slug, "hung-task");
	drop(&m);
}

static void test_memory(void **state UNUSED)
{
	static const char oom[] = "x invoked oom-killer: gfp_mask=0x0, order=0\n"
				  "Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled\n";
	struct report_use hog = { .name = "java", .pid = 9, .bytes = UINT64_C(900) << 20 };
	struct made m;

	make(&m, oom);
	fact_set_u64(&m.g.r->memory_use.total, UINT64_C(1) << 30, FROM_MEMORY);
	assert_true(vector_push(&m.g.r->memory_use.processes, hog));
	assert_string_equal(first_cause(&m)->slug, "memory-hog");
	drop(&m);

	make(&m, oom);
	fact_set_u64(&m.g.r->memory_use.total, UINT64_C(1) << 30, FROM_MEMORY);
	hog.bytes = 100 << 20;
	assert_true(vector_push(&m.g.r->memory_use.processes, hog));
	assert_string_equal(first_cause(&m)->slug, "out-of-memory");
	drop(&m);

	make(&m, oom);
	fact_set_u64(&m.g.r->memory_use.total, UINT64_C(1) << 30, FROM_MEMORY);
	hog = (struct report_use){ .name = "kmalloc-2k", .pid = -1, .bytes = UINT64_C(700) << 20 };
	assert_true(vector_push(&m.g.r->memory_use.caches, hog));
	assert_string_equal(first_cause(&m)->slug, "memory-leak");
	drop(&m);
}

static void test_double_free_by_freelist(void **state UNUSED)
{
	static const char bug[] = "kernel BUG at mm/slub.c:435!\ninvalid opcode: 0000 [#1] SMP\n"
				  "Kernel panic - not syncing: Fatal exception\n";
	struct made m;

	make(&m, bug);
	push(&m.g.r->panic.stack, "__kmem_cache_free", NULL, &(struct report_regs){ 0 });
	push(&m.g.r->panic.stack, "die", "m", NULL);
	assert_string_equal(first_cause(&m)->slug, "double-free");
	assert_non_null(strstr(m.g.r->causes.v[0].place, "die"));
	drop(&m);

	make(&m, bug);
	push(&m.g.r->panic.stack, "slab_alloc", NULL, &(struct report_regs){ 0 });
	assert_string_equal(first_cause(&m)->slug, "bug");
	drop(&m);
}

static void test_operand(void **state UNUSED)
{
	struct report_regs regs = { .n = 3, .v = { { "rdi", 0x1000 }, { "r13", 0x20 }, { "rbx", 0x6b6b6b6b6b6b6b6b } } };
	static const struct {
		unsigned char bytes[12];
		uint64_t address;
		const char *base, *index;
	} rows[] = {
		{ { 0x48, 0x8b, 0x47, 0x40 }, 0x1040, "rdi", NULL },	     /* mov 0x40(%rdi),%rax */
		{ { 0x48, 0x8b, 0x47, 0xf8 }, 0xff8, "rdi", NULL },	     /* mov -8(%rdi),%rax */
		{ { 0x41, 0xc7, 0x45, 0x00, 1, 0, 0, 0 }, 0x20, "r13", NULL }, /* movl $1,0(%r13) */
		{ { 0x42, 0x8b, 0x04, 0xaf }, 0x1080, "rdi", "r13" },	     /* mov (%rdi,%r13,4),%eax */
		{ { 0x0f, 0xb6, 0x83, 0x10, 0, 0, 0 }, 0x6b6b6b6b6b6b6b7b, "rbx", NULL }, /* movzbl 0x10(%rbx),%eax */
		{ { 0x8b, 0x05, 0x10, 0, 0, 0 }, 0xffffffff81000016, "rip", NULL }, /* mov 0x10(%rip),%eax */
		{ { 0xf3, 0x48, 0xab }, 0x1000, "rdi", NULL },		     /* rep stos */
	};
	struct operand o;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(operand_decode(rows[i].bytes, sizeof(rows[i].bytes), 0xffffffff81000000, &regs, &o));
		assert_int_equal(o.address, rows[i].address);
		assert_string_equal(o.base, rows[i].base);
		assert_true(rows[i].index ? o.index && !strcmp(o.index, rows[i].index) : !o.index);
	}
	/* register to register; a register that is not known; cut off */
	assert_false(operand_decode((const unsigned char[]){ 0x48, 0x89, 0xc8 }, 3, 0, &regs, &o));
	assert_false(operand_decode((const unsigned char[]){ 0x48, 0x8b, 0x01 }, 3, 0, &regs, &o));
	assert_false(operand_decode((const unsigned char[]){ 0x48, 0x8b, 0x87, 0x00 }, 4, 0, &regs, &o));
	for (size_t n = 0; n < 3; n++)
		assert_false(operand_decode((const unsigned char[]){ 0x48, 0x8b, 0x47 }, n, 0, &regs, &o));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_alone),  cmocka_unit_test(test_survived), cmocka_unit_test(test_lock_graph),
		cmocka_unit_test(test_stuck_io),   cmocka_unit_test(test_memory),   cmocka_unit_test(test_double_free_by_freelist),
		cmocka_unit_test(test_operand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
