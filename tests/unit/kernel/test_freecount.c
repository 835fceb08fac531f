/* The kernel's own counter of free pages. */
#include "../test.h"

#include "kernel/freecount.h"
#include "make/fake_kernel.h"

#define BASE 0xffff888000000000

static uint64_t make(struct fake *f, const char *name, bool big)
{
	uint64_t at;

	fake_init(f, big ? FAKE_PPC64 : FAKE_X86_64, true, big, 4 << 20);
	fake_segment(f, BASE, 0, f->len);
	at = fake_alloc(f, 64, 64);
	fake_info(f, "OSRELEASE=6.1.0");
	fake_info(f, "SYMBOL(%s)=%llx", name, (unsigned long long)(BASE + at));
	return at;
}

static void reads_either_name(void **state)
{
	static const char *const names[] = { "vm_zone_stat", "vm_stat" };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct fake f;
		uint64_t at = make(&f, names[i % 2], i / 2), pages, tolerance;

		fake_info(&f, "NUMBER(NR_FREE_PAGES)=3");
		fake_put_long(&f, at + 3 * 8, 700);
		fake_open(&f);
		assert_ok(freecount_read(f.k, &pages, &tolerance));
		assert_int_equal(pages, 700);
		assert_int_equal(tolerance, 6 * 125 + 1024 / 1000);
		fake_done(&f);
	}
}

static void knows_what_it_cannot_know(void **state)
{
	uint64_t at, pages, tolerance;
	struct fake f;

	(void)state;
	make(&f, "vm_zone_stat", false);
	fake_open(&f);
	assert_error(freecount_read(f.k, &pages, &tolerance), ERROR_NOT_FOUND, "");
	fake_done(&f);

	make(&f, "something_else", false);
	fake_info(&f, "NUMBER(NR_FREE_PAGES)=0");
	fake_open(&f);
	assert_error(freecount_read(f.k, &pages, &tolerance), ERROR_NOT_FOUND, "");
	fake_done(&f);

	at = make(&f, "vm_zone_stat", false); /* more than there is: no counter */
	fake_info(&f, "NUMBER(NR_FREE_PAGES)=0");
	fake_put_long(&f, at, 1025);
	fake_open(&f);
	assert_error(freecount_read(f.k, &pages, &tolerance), ERROR_BAD_DATA, "1025 free pages of 1024");
	fake_done(&f);

	make(&f, "vm_zone_stat", false);
	fake_info(&f, "NUMBER(NR_FREE_PAGES)=-1");
	fake_open(&f);
	assert_error(freecount_read(f.k, &pages, &tolerance), ERROR_BAD_DATA, "NR_FREE_PAGES");
	fake_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_either_name),
		cmocka_unit_test(knows_what_it_cannot_know),
	};

	return cmocka_run_group_tests_name("freecount", tests, NULL, NULL);
}
