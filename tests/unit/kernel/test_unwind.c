/* Stacks of a hand-made kernel, followed under each layout of the ORC tables. */
#include "../test.h"
#include "dead_kernel.h"

#define START  (DEAD_TEXT + 0x1000) /* the first function of a task: end of the stack */
#define OUTER  (DEAD_TEXT + 0x2000) /* 16 bytes of frame */
#define MIDDLE (DEAD_TEXT + 0x3000) /* saves rbp, hangs on it */
#define INNER  (DEAD_TEXT + 0x4000) /* nothing but a return address */
#define ENTRY  (DEAD_TEXT + 0x5000) /* pt_regs above it */
#define BARE   (DEAD_TEXT + 0x6000) /* no rules */
#define TRACER (DEAD_TEXT + 0x7000) /* return_to_handler */
#define TOP    (DEAD_STACK + 0x3000)

static const struct orc_rule leaf = { 8, 0, ORC_REG_SP, ORC_REG_UNDEFINED, ORC_CALL, false };
static const struct orc_rule small = { 24, 0, ORC_REG_SP, ORC_REG_UNDEFINED, ORC_CALL, false };
static const struct orc_rule framed = { 16, -16, ORC_REG_BP, ORC_REG_PREV_SP, ORC_CALL, false };
static const struct orc_rule regs_rule = { 0, 0, ORC_REG_SP, ORC_REG_UNDEFINED, ORC_REGS, true };
static const struct orc_rule end_rule = { 0, 0, ORC_REG_UNDEFINED, ORC_REG_UNDEFINED,
					  ORC_END_OF_STACK, false };
static const struct orc_rule no_rule = { 0, 0, ORC_REG_UNDEFINED, ORC_REG_UNDEFINED,
					 ORC_UNDEFINED, false };

static void make(struct dead *d, int version)
{
	dead_init(d, version);
	dead_symbol(d, 'T', "start", START);
	dead_symbol(d, 'T', "outer", OUTER);
	dead_symbol(d, 't', "middle", MIDDLE);
	dead_symbol(d, 'T', "inner", INNER);
	dead_symbol(d, 'T', "asm_entry", ENTRY);
	dead_symbol(d, 'T', "bare", BARE);
	dead_symbol(d, 'T', "return_to_handler", TRACER);
	dead_symbol(d, 'T', "_etext", DEAD_TEXT + 0x8000);
	/* many leaf functions, as in any kernel */
	for (uint64_t i = 0; i < 50; i++)
		orc_add(&d->orc, DEAD_TEXT + 16 * i, leaf);
	orc_add(&d->orc, START, end_rule);
	orc_add(&d->orc, OUTER, leaf);
	orc_add(&d->orc, OUTER + 4, small);
	orc_add(&d->orc, MIDDLE, leaf);
	orc_add(&d->orc, MIDDLE + 4, framed);
	orc_add(&d->orc, INNER, leaf);
	orc_add(&d->orc, ENTRY, regs_rule);
	orc_add(&d->orc, BARE, no_rule);
}

/* A stack: word i at sp + 8 i. */
static struct regs put_stack(struct dead *d, uint64_t pc, uint64_t sp, uint64_t bp,
			     const uint64_t *words, size_t n)
{
	struct regs r = { 0 };

	for (size_t i = 0; i < n; i++)
		dead_put(d, sp + 8 * i, 8, words[i]);
	regs_set(&r, &arch_x86_64, "rip", pc);
	regs_set(&r, &arch_x86_64, "rsp", sp);
	regs_set(&r, &arch_x86_64, "rbp", bp);
	regs_set(&r, &arch_x86_64, "cs", 0x10);
	regs_set(&r, &arch_x86_64, "eflags", 2);
	return r;
}

static void check_frame(struct dead *d, const struct stack *s, size_t i, const char *want,
			bool exact)
{
	char text[128];

	assert_in_range(i + 1, 1, s->n);
	frame_format(d->f.k, &s->frames[i], text, sizeof(text));
	assert_string_equal(text, want);
	assert_int_equal(s->frames[i].exact, exact);
}

/* inner, called by middle, called by outer, called by start */
static void follows_calls_to_the_end(void **state)
{
	for (int version = 1; version <= ORC_VERSIONS; version++) {
		uint64_t sp = TOP, bp = sp + 24;
		const uint64_t words[] = { MIDDLE + 0x20, 1, 2, 0xbbbb, OUTER + 0x1000, 3, 4,
					   START + 0x10 };
		struct dead d;
		struct regs r;
		struct stack s;

		make(&d, version);
		r = put_stack(&d, INNER + 1, sp, bp, words, ARRAY_SIZE(words));
		dead_open(&d);
		assert_ok(unwind(d.f.k, &r, DEAD_STACK, DEAD_STACK + 0x4000, &s));
		assert_true(s.complete);
		assert_null(s.why);
		assert_int_equal(s.n, 4);
		check_frame(&d, &s, 0, "inner+0x1/0x1000", true);
		check_frame(&d, &s, 1, "middle+0x20/0x1000", true);
		/* a call was outer's last instruction: the return address is past its end */
		check_frame(&d, &s, 2, "outer+0x1000/0x1000", true);
		check_frame(&d, &s, 3, "start+0x10/0x1000", true);
		assert_true(s.frames[0].is_interrupted && s.frames[0].has_regs);
		assert_false(s.frames[1].is_interrupted);
		assert_true(s.frames[3].sp == sp + 8 * ARRAY_SIZE(words));
		stack_done(&s);
		dead_done(&d);
	}
}

static void put_pt_regs(struct dead *d, uint64_t at, uint64_t ip, uint64_t cs, uint64_t sp,
			uint64_t bp)
{
	dead_put(d, at + 32, 8, bp);
	dead_put(d, at + 128, 8, ip);
	dead_put(d, at + 136, 8, cs);
	dead_put(d, at + 152, 8, sp);
}

static void goes_through_exceptions_to_user_mode(void **state)
{
	for (int version = 1; version <= ORC_VERSIONS; version++) {
		const uint64_t words[] = { ENTRY + 0x10 };
		uint64_t kernel = TOP + 0x200;
		struct dead d;
		struct regs r;
		struct stack s;

		make(&d, version);
		/* inner in an exception, that hit the first byte of outer, entered from user */
		r = put_stack(&d, INNER + 1, TOP, 0, words, 1);
		put_pt_regs(&d, TOP + 8, OUTER, 0x10, kernel, 0x77);
		dead_put(&d, kernel, 8, ENTRY + 0x10);
		put_pt_regs(&d, kernel + 8, 0x401000, 0x33, 0x7ffc0000, 0);
		dead_open(&d);
		assert_ok(unwind(d.f.k, &r, DEAD_STACK, DEAD_STACK + 0x4000, &s));
		assert_true(s.complete);
		assert_int_equal(s.n, 4);
		check_frame(&d, &s, 1, "asm_entry+0x10/0x1000", true);
		check_frame(&d, &s, 2, "outer+0x0/0x1000", true);
		assert_true(s.frames[2].is_interrupted && s.frames[2].has_regs);
		assert_true(s.frames[2].regs.v[4] == 0x77);
		check_frame(&d, &s, 3, "asm_entry+0x10/0x1000", true);
		stack_done(&s);
		dead_done(&d);
	}
}

/* As at every panic: registers out of a function without rules, which has pushed rbp. */
static void leaves_functions_without_rules_by_proof(void **state)
{
	static const unsigned char prologue[] = { 0xf3, 0x0f, 0x1e, 0xfa,	/* endbr64 */
						  0x0f, 0x1f, 0x44, 0, 0,	/* nop */
						  0x41, 0x54, 0x55, 0x53,	/* push r12 rbp rbx */
						  0x48, 0x81, 0xec };
	/* a stale return address into middle, behind a call of another function, does not count */
	const uint64_t words[] = { 0, MIDDLE + 0x40, 0, 0x5b, TOP + 0x48, 0x12, MIDDLE + 0x20,
				   0, 0, 0xbbbb, OUTER + 0x30, 0, 0, START + 1 };
	struct dead d;
	struct regs r;
	struct stack s;

	make(&d, 3);
	fake_put_bytes(&d.f, dead_pa(BARE), prologue, sizeof(prologue));
	dead_put(&d, MIDDLE + 0x1b, 1, 0xe8);
	dead_put(&d, MIDDLE + 0x1c, 4, (uint32_t)(BARE - (MIDDLE + 0x20)));
	dead_put(&d, MIDDLE + 0x3b, 1, 0xe8);
	dead_put(&d, MIDDLE + 0x3c, 4, (uint32_t)(INNER - (MIDDLE + 0x40)));
	r = put_stack(&d, BARE + 0x80, TOP, 0xdead, words, ARRAY_SIZE(words));
	dead_open(&d);
	assert_ok(unwind(d.f.k, &r, DEAD_STACK, DEAD_STACK + 0x4000, &s));
	assert_true(s.complete);
	assert_int_equal(s.n, 4);
	check_frame(&d, &s, 0, "bare+0x80/0x1000", true);
	check_frame(&d, &s, 1, "middle+0x20/0x1000", true);
	assert_true(s.frames[1].sp == TOP + 0x38);
	/* found through the rbp that bare pushed: words[4] */
	check_frame(&d, &s, 2, "outer+0x30/0x1000", true);
	check_frame(&d, &s, 3, "start+0x1/0x1000", true);
	stack_done(&s);
	dead_done(&d);
}

static void scans_where_rules_end(void **state)
{
	/* only the second and the last lie behind a call */
	const uint64_t words[] = { OUTER + 0x50, OUTER + 0x60, DEAD_DATA, INNER, 0, OUTER + 0x72 };
	struct dead d;
	struct regs r;
	struct stack s;

	make(&d, 3);
	dead_put(&d, OUTER + 0x5b, 1, 0xe8);
	dead_put(&d, OUTER + 0x70, 2, 0xd0ff); /* call *%rax */
	r = put_stack(&d, BARE + 0x80, TOP, 0, words, ARRAY_SIZE(words));
	dead_open(&d);
	assert_ok(unwind(d.f.k, &r, DEAD_STACK, DEAD_STACK + 0x4000, &s));
	assert_false(s.complete);
	assert_non_null(strstr(s.why, "no rule for this place"));
	assert_int_equal(s.n, 3);
	check_frame(&d, &s, 0, "bare+0x80/0x1000", true);
	check_frame(&d, &s, 1, "outer+0x60/0x1000", false);
	check_frame(&d, &s, 2, "outer+0x72/0x1000", false);
	stack_done(&s);

	/* nor is anything scanned outside of the stack */
	assert_ok(unwind(d.f.k, &r, 0, 0, &s));
	assert_int_equal(s.n, 1);
	stack_done(&s);
	dead_done(&d);
}

static void says_why_it_stops(void **state)
{
	const uint64_t loop[] = { TOP, MIDDLE + 0x20 }, traced[] = { TRACER };
	struct dead d;
	struct regs r;
	struct stack s;

	make(&d, 2);
	r = put_stack(&d, MIDDLE + 0x20, TOP, TOP, loop, 2);
	dead_open(&d);
	assert_ok(unwind(d.f.k, &r, 0, 0, &s));
	assert_false(s.complete);
	assert_non_null(strstr(s.why, "in circles"));
	stack_done(&s);
	dead_done(&d);

	make(&d, 2);
	orc_add(&d.orc, TRACER, no_rule);
	r = put_stack(&d, INNER + 1, TOP, 0, traced, 1);
	dead_open(&d);
	assert_ok(unwind(d.f.k, &r, 0, 0, &s));
	assert_int_equal(s.n, 2);
	assert_string_equal(s.why, "the function-graph tracer took the return address");
	stack_done(&s);
	dead_done(&d);

	make(&d, 2);
	r = put_stack(&d, INNER + 1, 0x10, 0, NULL, 0);
	dead_open(&d);
	assert_ok(unwind(d.f.k, &r, 0, 0, &s));
	assert_false(s.complete);
	assert_non_null(s.why);
	stack_done(&s);
	/* user mode: the kernel had nothing on its stack */
	regs_set(&r, &arch_x86_64, "cs", 0x33);
	assert_ok(unwind(d.f.k, &r, 0, 0, &s));
	assert_true(s.complete);
	assert_int_equal(s.n, 0);
	stack_done(&s);
	dead_done(&d);
}

static void does_without_tables(void **state)
{
	const uint64_t words[] = { OUTER + 0x60 };
	struct dead d;
	struct regs r;
	struct stack s;

	make(&d, 3);
	d.no_orc = true;
	dead_put(&d, OUTER + 0x5b, 1, 0xe8);
	r = put_stack(&d, INNER + 1, TOP, 0, words, 1);
	dead_open(&d);
	assert_error(unwind_load(d.f.k), ERROR_NOT_FOUND, "no ORC tables: the kernel has no symbol");
	assert_ok(unwind(d.f.k, &r, DEAD_STACK, DEAD_STACK + 0x4000, &s));
	assert_false(s.complete);
	assert_int_equal(s.n, 2);
	check_frame(&d, &s, 1, "outer+0x60/0x1000", false);
	stack_done(&s);
	dead_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_calls_to_the_end),
		cmocka_unit_test(goes_through_exceptions_to_user_mode),
		cmocka_unit_test(leaves_functions_without_rules_by_proof),
		cmocka_unit_test(scans_where_rules_end),
		cmocka_unit_test(says_why_it_stops),
		cmocka_unit_test(does_without_tables),
	};

	return cmocka_run_group_tests_name("unwind", tests, NULL, NULL);
}
