/* Symbols, types, modules, CPUs and tasks of a hand-made kernel. */
#include "../test.h"
#include "dead_tasks.h"
#include "kernel/module.h"
#include "kernel/type.h"

/* ---- tasks ---- */

struct seen {
	char pids[128];
	unsigned stop_after;
};

static bool note_task(const struct task *t, void *arg)
{
	struct seen *s = arg;
	size_t len = strlen(s->pids);

	snprintf(s->pids + len, sizeof(s->pids) - len, "%ld:%s ", (long)t->pid, t->comm);
	return !s->stop_after || --s->stop_after;
}

static void visits_every_task_once(void **state)
{
	struct seen s = { 0 };
	struct task t;
	struct dead d;

	make_tasks(&d, false);
	dead_open(&d);
	assert_ok(tasks_walk(d.f.k, note_task, &s));
	assert_string_equal(s.pids, "0:swapper/0 0:swapper/1 1:init 50:server-with-nam 51:thread ");
	s = (struct seen){ .stop_after = 4 };
	assert_ok(tasks_walk(d.f.k, note_task, &s));
	assert_string_equal(s.pids, "0:swapper/0 0:swapper/1 1:init 50:server-with-nam ");
	assert_ok(task_read(d.f.k, TASKS + 256 * 3, &t));
	assert_int_equal(t.tgid, 50);
	assert_int_equal(t.state, 0x402);
	assert_int_equal(t.cpu, 1);
	assert_true(t.stack_va == DEAD_STACK);
	dead_done(&d);
}

static void survives_broken_rings(void **state)
{
	struct seen s = { 0 };
	struct dead d;

	/* server's next is init again: the head never comes */
	make_tasks(&d, false);
	dead_put(&d, TASKS + 256 * 2 + 48, 8, TASKS + 256 + 48);
	dead_open(&d);
	assert_error(tasks_walk(d.f.k, note_task, &s), ERROR_BAD_DATA, "does not end");
	assert_true(text_starts(s.pids, "0:swapper/0 0:swapper/1 1:init 50:server-with-nam 51:thread "));
	dead_done(&d);

	/* threads that circle, and a next task that is nowhere */
	make_tasks(&d, false);
	dead_put(&d, TASKS + 256 * 3 + 64, 8, TASKS + 256 * 3 + 64);
	dead_put(&d, TASKS + 256 * 2 + 48, 8, 0x1234);
	dead_open(&d);
	s = (struct seen){ 0 };
	assert_error(tasks_walk(d.f.k, note_task, &s), ERROR_NOT_FOUND, "breaks after 3 nodes");
	assert_non_null(strstr(s.pids, "51:thread "));
	dead_done(&d);
}

/* ---- CPUs ---- */

static void put_note(struct dead *d, unsigned cpu)
{
	uint64_t at = PERCPU + 0x1000 * cpu + NOTES;

	dead_put(d, at, 4, 5);
	dead_put(d, at + 4, 4, 336);
	dead_put(d, at + 8, 4, 1);
	fake_put_bytes(&d->f, dead_pa(at + 12), "CORE", 4);
	dead_put(d, at + 20 + 112 + 128, 8, DEAD_TEXT + 0x123); /* rip */
}

static void knows_cpus(void **state)
{
	struct task t;
	struct regs r;
	struct dead d;
	unsigned n;
	uint64_t va;
	bool in;

	make_tasks(&d, false);
	put_note(&d, 2);
	dead_open(&d);
	assert_ok(cpu_count(d.f.k, &n));
	assert_int_equal(n, 3);
	assert_ok(cpu_in_mask(d.f.k, "possible", 0, &in));
	assert_true(in);
	assert_ok(cpu_in_mask(d.f.k, "online", 0, &in));
	assert_false(in);
	assert_error(cpu_in_mask(d.f.k, "present", 0, &in), ERROR_NOT_FOUND, "cpu_present_bits");
	assert_ok(panic_cpu(d.f.k, &n));
	assert_int_equal(n, 2);
	assert_ok(percpu_address(d.f.k, "runqueues", 2, &va));
	assert_true(va == PERCPU + 0x2000 + RUNQUEUES);
	assert_ok(task_running(d.f.k, 2, &t));
	assert_int_equal(t.pid, 51);
	assert_error(task_running(d.f.k, 1, &t), ERROR_NOT_FOUND, "CPU 1 ran no task");
	assert_ok(cpu_regs(d.f.k, 2, &r));
	assert_true(regs_get(&r, &arch_x86_64, "rip", &va) && va == DEAD_TEXT + 0x123);
	assert_error(cpu_regs(d.f.k, 0, &r), ERROR_NOT_FOUND, "CPU 0: the CPU left no registers");
	dead_done(&d);

	make_tasks(&d, false);
	dead_put(&d, VARS + 0x400, 4, 0xffffffff);
	dead_put(&d, VARS, 4, 0);
	dead_open(&d);
	assert_error(panic_cpu(d.f.k, &n), ERROR_NOT_FOUND, "no CPU had panicked");
	assert_error(cpu_count(d.f.k, &n), ERROR_BAD_DATA, "nr_cpu_ids is 0");
	dead_done(&d);
}

/* ---- symbols, types and modules ---- */

static void put_symbol(struct dead *d, unsigned i, const char *name, uint16_t section,
		       uint64_t value)
{
	uint64_t at = SYMTAB + 24 * i, str = 1 + 32 * i;

	dead_put(d, at, 4, str);
	dead_put(d, at + 4, 1, 't'); /* the letter, as before 5.2 */
	dead_put(d, at + 6, 2, section);
	dead_put(d, at + 8, 8, value);
	fake_put_bytes(&d->f, dead_pa(STRTAB + str), name, strlen(name));
}

static void put_module(struct dead *d, bool mem_array)
{
	uint64_t m = MODULES + 0x100, ks = MODULES + 0x400;

	put_list(d, MODULES, m + 8, m + 8);
	put_list(d, m + 8, MODULES, MODULES);
	dead_put(d, m, 4, 1);
	fake_put_bytes(&d->f, dead_pa(m + 24), "oops", 4);
	dead_put(d, m + 80, 8, 0x3000);
	dead_put(d, m + 88, 8, ks);
	dead_put(d, m + 0x80, 8, MOD_TEXT);
	if (mem_array) {
		dead_put(d, m + 0x88, 4, 0x1000);
		dead_put(d, m + 0x90, 8, MOD_TEXT + 0x1000);
		dead_put(d, m + 0x98, 4, 0x1000);
	} else {
		dead_put(d, m + 0x88, 4, 0x2000);
		dead_put(d, m + 0x8c, 4, 0x1000);
	}
	dead_put(d, ks, 8, SYMTAB);
	dead_put(d, ks + 8, 4, 6);
	dead_put(d, ks + 16, 8, STRTAB);
	put_symbol(d, 1, "far", 2, MOD_TEXT + 0x800);
	put_symbol(d, 2, "near", 2, MOD_TEXT + 0x100);
	put_symbol(d, 3, "printk", 0, MOD_TEXT + 0x180);  /* undefined here */
	put_symbol(d, 4, ".Llabel", 2, MOD_TEXT + 0x190); /* local label */
	put_symbol(d, 5, "table", 3, MOD_TEXT + 0x1100);
}

static void check_symbol(struct dead *d, uint64_t va, const char *want)
{
	char text[128];

	symbol_format(d->f.k, va, text, sizeof(text));
	assert_string_equal(text, want);
}

static void names_addresses_in_modules(void **state)
{
	for (int mem_array = 0; mem_array < 2; mem_array++) {
		const struct module *m;
		struct dead d;
		uint64_t va;

		make_tasks(&d, mem_array);
		put_module(&d, mem_array);
		dead_open(&d);
		assert_int_equal(modules_count(d.f.k), 1);
		m = module_at(d.f.k, 0);
		assert_string_equal(m->name, "oops");
		assert_int_equal(m->state, 1);
		assert_int_equal(m->taints, 0x3000);
		assert_int_equal(m->total_size, 0x2000);
		assert_int_equal(m->nr_mem, 2);
		assert_true(m->mem[0].text && !m->mem[1].text);
		assert_ptr_equal(module_containing(d.f.k, MOD_TEXT + 0x1fff), m);
		assert_null(module_containing(d.f.k, MOD_TEXT + 0x2000));
		check_symbol(&d, MOD_TEXT + 0x1a0, "near+0xa0/0x700 [oops]");
		check_symbol(&d, MOD_TEXT + 0x801, "far+0x1/0x800 [oops]");
		check_symbol(&d, MOD_TEXT + 0x10, "0xffffffff81300010");
		assert_ok(module_symbol_find(d.f.k, m, "table", &va));
		assert_true(va == MOD_TEXT + 0x1100);
		assert_error(module_symbol_find(d.f.k, m, "printk", &va), ERROR_NOT_FOUND, "oops");
		dead_done(&d);
	}
}

static bool count_symbol(const struct symbol *s, void *arg)
{
	return ++*(unsigned *)arg < 5;
}

static void answers_by_name(void **state)
{
	static const char *const names[] = { "state", "__state", NULL };
	static const char *const symbols[] = { "nothing", "panic_cpu", NULL };
	struct member m;
	struct dead d;
	unsigned n = 0;
	uint64_t v;

	make_tasks(&d, false);
	fake_info(&d.f, "OFFSET(lost.member)=72");
	fake_info(&d.f, "SIZE(lost)=80");
	dead_open(&d);
	assert_true(symbols_have_data(d.f.k));
	assert_ok(symbol_find_any(d.f.k, symbols, &v));
	assert_true(v == VARS + 0x400);
	assert_error(symbol_find(d.f.k, "nothing", &v), ERROR_NOT_FOUND, "no symbol nothing");
	check_symbol(&d, VARS + 0x402, "panic_cpu+0x2/0x100");
	check_symbol(&d, 0x110, "0x0000000000000110"); /* a per-CPU value is no address */
	assert_ok(symbols_walk(d.f.k, count_symbol, &n));
	assert_int_equal(n, 5);

	assert_ok(type_member_any(d.f.k, "task_struct", names, &m));
	assert_int_equal(m.off, 0);
	assert_ok(type_read_member(d.f.k, TASKS + 512, "task_struct", "pid", &v));
	assert_int_equal(v, 50);
	assert_error(type_read_member(d.f.k, TASKS, "task_struct", "comm", &v), ERROR_BAD_DATA,
		     "16 bytes is no integer");
	assert_error(type_member(d.f.k, "task_struct", "nope", &m), ERROR_NOT_FOUND,
		     "no task_struct.nope");
	assert_ok(type_size(d.f.k, "list_head", &v));
	assert_int_equal(v, 16);
	/* VMCOREINFO fills gaps */
	assert_ok(type_member(d.f.k, "lost", "member", &m));
	assert_int_equal(m.off, 72);
	assert_ok(type_size(d.f.k, "lost", &v));
	assert_int_equal(v, 80);
	assert_false(type_exists(d.f.k, "lost"));
	assert_true(type_exists(d.f.k, "rq"));
	dead_done(&d);
}

static void reads_bit_fields(void **state)
{
	struct member m = { .off = 2, .size = 4, .bit_off = 5, .bit_size = 7 };
	struct dead d;
	uint64_t v;

	make_tasks(&d, false);
	dead_put(&d, VARS + 0x802, 4, 0x5a << 5 | 0xfff0001f);
	dead_open(&d);
	assert_ok(type_read(d.f.k, VARS + 0x800, &m, &v));
	assert_int_equal(v, 0x5a);
	dead_done(&d);
}

static void finds_btf_by_its_magic(void **state)
{
	static const uint32_t copy[] = { 0x1eb9f, 24, 0, 81920, 81920, 100, 0xffffffff };
	struct dead d;
	uint64_t v;

	make_tasks(&d, false);
	d.no_btf_symbols = true;
	for (unsigned i = 0; i < 5000; i++) /* smaller ones are not the kernel's */
		btf_add_int(&d.btf, "", 4);
	/* a header alone, as the kernel keeps copies of, is passed over */
	for (size_t i = 0; i < ARRAY_SIZE(copy); i++)
		dead_put(&d, DEAD_BTF - 0x1000 + 4 * i, 4, copy[i]);
	dead_open(&d);
	assert_error(symbol_find(d.f.k, "__start_BTF", &v), ERROR_NOT_FOUND, "__start_BTF");
	assert_ok(type_size(d.f.k, "task_struct", &v));
	assert_int_equal(v, 256);
	dead_done(&d);
}

static void says_what_is_missing(void **state)
{
	struct dead d;
	uint64_t v;

	make_tasks(&d, false);
	dead_open(&d);
	fake_done(&d.f);
	/* the same memory without the keys */
	fake_init(&d.f, FAKE_X86_64, true, false, 1 << 20);
	fake_info(&d.f, "OSRELEASE=5.10");
	dead_key(&d, "_stext", DEAD_TEXT);
	fake_segment(&d.f, DEAD_TEXT, 0, 1 << 20);
	fake_open(&d.f);
	for (int again = 0; again < 2; again++) {
		assert_error(symbol_find(d.f.k, "x", &v), ERROR_NOT_FOUND,
			     "no symbols: VMCOREINFO has no SYMBOL(kallsyms_*)");
		assert_error(type_size(d.f.k, "x", &v), ERROR_NOT_FOUND, "no types");
		assert_error(modules_load(d.f.k), ERROR_NOT_FOUND, "no modules");
		assert_error(unwind_load(d.f.k), ERROR_NOT_FOUND, "no ORC tables");
	}
	dead_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(visits_every_task_once),
		cmocka_unit_test(survives_broken_rings),
		cmocka_unit_test(knows_cpus),
		cmocka_unit_test(names_addresses_in_modules),
		cmocka_unit_test(answers_by_name),
		cmocka_unit_test(reads_bit_fields),
		cmocka_unit_test(finds_btf_by_its_magic),
		cmocka_unit_test(says_what_is_missing),
	};

	return cmocka_run_group_tests_name("task", tests, NULL, NULL);
}
