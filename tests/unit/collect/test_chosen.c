/* Which frames a dump holds, of machines whose bits are not remembered all at once. */
#include "../test.h"

#include "collect/chosen.h"

#define FIRST 2000 /* blocks below have no memory: 250 GiB */
#define NR    12

static enum page_answer state_of(struct dump *d, uint64_t pfn)
{
	(void)d;
	return pfn % 1000 == 7 ? PAGE_EXCLUDED : PAGE_OK;
}

static const struct dump_format format = { .name = "made up", .state_of = state_of };

/* Blocks of every kind: whole, none, one end or the other, and more runs than packing takes. */
static void make_memory(struct ranges *m)
{
	for (uint64_t b = 0; b < NR; b++) {
		uint64_t at = (FIRST + b) * CHOSEN_BLOCK;

		switch (b % 6) {
		case 0:
			assert_ok(ranges_add(m, at, at + CHOSEN_BLOCK));
			break;
		case 1:
			for (unsigned i = 0; i < CHOSEN_BLOCK; i += 2 + b / 6)
				assert_ok(ranges_add(m, at + i, at + i + 1));
			break;
		case 2:
			assert_ok(ranges_add(m, at, at + 1));
			assert_ok(ranges_add(m, at + 3, at + 4));
			break;
		case 3:
			assert_ok(ranges_add(m, at + 1, at + CHOSEN_BLOCK));
			break;
		case 5:
			assert_ok(ranges_add(m, at + CHOSEN_BLOCK - 9, at + CHOSEN_BLOCK));
			break;
		}
	}
}

static void check_block(struct chosen *c, struct dump *d, uint64_t block)
{
	const unsigned char *bits;

	assert_ok(chosen_block(c, block, &bits));
	for (uint64_t i = 0; i < CHOSEN_BLOCK; i++) {
		uint64_t pfn = block * CHOSEN_BLOCK + i;
		bool want = ranges_contain(&d->memory, pfn, pfn + 1) && pfn % 1000 != 7;

		if ((bits[i / 8] >> i % 8 & 1) != want)
			fail_msg("frame 0x%llx: chosen %d", (unsigned long long)pfn, !want);
	}
}

static void test_saved_blocks(void **state)
{
	struct dump d = { .ops = &format, .page_size = 4096, .max_pfn = (FIRST + NR) * (uint64_t)CHOSEN_BLOCK };
	struct source source = { .ops = &(struct source_ops){ .name = "none" } };
	struct keep keep = { .level = 1, .can = 1 };
	struct collect_counts counts = { 0 };
	struct chosen *c;

	(void)state;
	d.source = &source;
	make_memory(&d.memory);
	assert_ok(chosen_new(&(struct chosen_request){ .dump = &d, .keep = &keep, .end_pfn = UINT64_MAX,
						       .counts = &counts }, &c));
	assert_ok(chosen_count(c));
	for (unsigned round = 0; round < 3; round++) {
		for (uint64_t b = 0; b < NR; b++)
			check_block(c, &d, FIRST + (b * 5 + round) % NR);
		assert_int_equal(counts.memory, ranges_total(&d.memory));
		if (round == 1) /* all of it is worked out again */
			assert_ok(chosen_thin(c, FIRST * (uint64_t)CHOSEN_BLOCK, 1));
	}
	assert_int_equal(counts.memory - counts.already, chosen_left(c, 0, 1));
	chosen_free(c);
	ranges_done(&d.memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_saved_blocks) };

	return cmocka_run_group_tests_name("chosen", tests, NULL, NULL);
}
