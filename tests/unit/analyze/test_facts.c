/* Reports of dumps in which little is left: what is there is told, the rest is named. */
#include "../test.h"

#include "analyze/report.h"
#include "make/fake_printk.h"

#define BASE UINT64_C(0xffff888000000000)

static void begin(struct fake *f)
{
	fake_init(f, FAKE_X86_64, true, false, 512 << 10);
	fake_segment(f, BASE, 0, 512 << 10);
}

static const char *why_missing(const struct report *r, const char *what)
{
	for (size_t i = 0; i < r->missing.n; i++)
		if (!strcmp(r->missing.v[i].what, what))
			return r->missing.v[i].why;
	return NULL;
}

static void put_name(struct fake *f, uint64_t pa, const char *text)
{
	fake_put_bytes(f, pa, text, strlen(text) + 1);
}

/* The builder's records come from a daemon; these from the kernel. */
static void kernel_says(struct fake_ring *ring, uint64_t ns, const char *text)
{
	uint64_t id = fake_ring_add(ring, FAKE_FINALIZED, ns, text);

	fake_put(ring->f, fake_ring_info(ring, id) + 18, 1, 0);
}

/* VMCOREINFO, the names of the system and a log; no symbols at all. */
static void test_log_alone(void **state UNUSED)
{
	_cleanup_report_ struct report *r = NULL;
	struct report_how how = { .tail = 2 };
	struct fake_ring ring;
	struct fake f;
	uint64_t uts;

	begin(&f);
	fake_info(&f, "OSRELEASE=6.1.0-test");
	fake_info(&f, "BUILD-ID=0123");
	fake_info(&f, "CRASHTIME=1795297969");
	uts = fake_alloc(&f, 6 * 65, 8);
	put_name(&f, uts + 65, "host-1");
	put_name(&f, uts + 2 * 65, "6.1.0-test");
	put_name(&f, uts + 3 * 65, "#1 SMP");
	fake_info(&f, "SYMBOL(init_uts_ns)=%llx", (unsigned long long)(BASE + uts));
	fake_info(&f, "OFFSET(uts_namespace.name)=0");
	fake_ring_init(&ring, &f, BASE, 5, 11, 0, false);
	fake_ring_add(&ring, FAKE_FINALIZED, 0, "Kernel panic - not syncing: a daemon's joke");
	kernel_says(&ring, 0, "Linux version 6.1.0-test");
	kernel_says(&ring, 1000000, "DMI: Acme 9000, BIOS 1.0 01/01/2020");
	kernel_says(&ring, 2000000, "Kernel command line: ro quiet");
	kernel_says(&ring, 5000000000, "BUG: unable to handle page fault for "
						     "address: ffff888000001000");
	kernel_says(&ring, 5000001000, "Oops: 0002 [#1] SMP");
	kernel_says(&ring, 5000002000, "CPU: 3 PID: 77 Comm: dd Tainted: G");
	kernel_says(&ring, 5000003000, "RIP: 0010:f+0x1/0x2 [m]");
	kernel_says(&ring, 5100000000, "Kernel panic - not syncing: Fatal exception");
	fake_ring_finish(&ring, false);
	fake_open(&f);

	assert_ok(report_make(f.dump, "vmcore", &how, &r));
	assert_string_equal(r->headline, "Access to an unmapped address in f+0x1/0x2 [m], task dd "
					 "(pid 77) on CPU 3, kernel 6.1.0-test, 5.1 s after boot");
	assert_string_equal(r->host.text, "host-1");
	assert_int_equal(r->host.from, FROM_MEMORY);
	assert_string_equal(r->version.text, "#1 SMP");
	assert_string_equal(r->command_line.text, "ro quiet");
	assert_int_equal(r->command_line.from, FROM_LOG);
	assert_string_equal(r->hardware.text, "Acme 9000, BIOS 1.0 01/01/2020");
	assert_string_equal(r->panic.final.text, "Kernel panic - not syncing: Fatal exception");
	assert_int_equal(r->panic.fault_address.value, UINT64_C(0xffff888000001000));
	assert_int_equal(r->panic.task.from, FROM_LOG);
	assert_int_equal(r->crash_time.value, 1795297969);
	assert_int_equal(strlen(r->crash_id), 36);
	assert_int_equal(r->crash_id[14], '8');
	/* the reason is farther up than two lines: the tail goes up to it */
	assert_int_equal(r->log_tail.n, 9);
	assert_false(r->has_modules);
	assert_non_null(why_missing(r, "panic stack"));
	assert_non_null(why_missing(r, "modules"));
	assert_non_null(why_missing(r, "taint"));
	assert_non_null(why_missing(r, "CPUs"));
	fake_done(&f);
}

/* Not even a log; and a section that is to be left out says so. */
static void test_next_to_nothing(void **state UNUSED)
{
	_cleanup_report_ struct report *r = NULL;
	struct report_how how = { .skip = { [SECTION_MODULES] = "left out: it hung" } };
	struct fake f;

	begin(&f);
	fake_info(&f, "OSRELEASE=6.1.0-test");
	fake_open(&f);
	assert_ok(report_make(f.dump, "vmcore", &how, &r));
	assert_string_equal(r->headline, "Crash of unknown kind, kernel 6.1.0-test");
	assert_string_equal(r->crash_id, "");
	assert_non_null(why_missing(r, "log"));
	assert_string_equal(why_missing(r, "modules"), "left out: it hung");
	fake_done(&f);
}

/* Between sections the report is whole enough to be handed out. */
static void look(enum report_section s, const struct report *r, void *arg)
{
	unsigned *seen = arg;

	assert_non_null(r->headline);
	*seen |= 1u << s;
}

static void test_sections_are_announced(void **state UNUSED)
{
	_cleanup_report_ struct report *r = NULL;
	unsigned seen = 0;
	struct report_how how = { .before = look, .arg = &seen,
				  .skip = { [SECTION_LOG] = "no" }, .count_pages = true };
	struct fake f;

	begin(&f);
	fake_info(&f, "OSRELEASE=6.1.0-test");
	fake_open(&f);
	assert_ok(report_make(f.dump, "vmcore", &how, &r));
	assert_int_equal(seen, ((1u << SECTION_MAX) - 1) & ~(1u << SECTION_LOG));
	assert_int_equal(r->dump.pages.value, 128);
	assert_int_equal(r->dump.excluded.value, 0);
	fake_done(&f);
}

/* Counting goes over memory, not over what lies between, and not over what a header makes up. */
static void test_pages_far_apart(void **state UNUSED)
{
	struct report_how how = { .count_pages = true };

	for (int huge = 0; huge < 2; huge++) {
		_cleanup_report_ struct report *r = NULL;
		struct fake f;

		begin(&f);
		fake_info(&f, "OSRELEASE=6.1.0-test");
		fake_segment(&f, 0, UINT64_C(1) << 50, huge ? UINT64_C(1) << 50 : 8192);
		fake_open(&f);
		assert_ok(report_make(f.dump, "vmcore", &how, &r));
		if (huge) {
			assert_int_equal(r->dump.pages.from, FROM_NOWHERE);
			assert_non_null(strstr(why_missing(r, "page counts"), "too many to count"));
		} else {
			assert_int_equal(r->dump.pages.value, 130);
			assert_int_equal(r->dump.lost.value, 2);
		}
		fake_done(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_alone),
		cmocka_unit_test(test_next_to_nothing),
		cmocka_unit_test(test_sections_are_announced),
		cmocka_unit_test(test_pages_far_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
