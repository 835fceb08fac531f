/* What is kept of a load; putting it back takes a kernel, and is tested in virtual machines. */
#include "sample.h"

#include "kexec/record.h"

static struct tree t;
static char kernel[200], initrd[200], dtb[200];

static int setup(void **state)
{
	(void)state;
	tree_init(&t);
	sample_add_kernel(&t, "vmlinuz");
	tree_add(&t, "initrd", "initrd bytes");
	snprintf(kernel, sizeof(kernel), "%s/vmlinuz", t.path);
	tree_add(&t, "board.dtb", "\xd0\x0d\xfe\xed 36 bytes that nobody looks into here");
	snprintf(initrd, sizeof(initrd), "%s/initrd", t.path);
	snprintf(dtb, sizeof(dtb), "%s/board.dtb", t.path);
	sample_bios(&t);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_done(&t);
	return 0;
}

static void read_record(struct record *ret)
{
	_cleanup_free_ char *text = NULL;

	assert_ok(file_read(t.fd, RECORD_FOLDER "/request", 65536, &text, NULL));
	assert_ok(record_parse(text, ret));
}

static void a_load_is_kept_with_copies(void **state)
{
	_cleanup_kexec_result_ struct kexec_result r = { 0 };
	_cleanup_kexec_plan_ struct kexec_plan *plan = NULL;
	_cleanup_record_ struct record rec = { 0 };
	_cleanup_free_ char *copy = NULL;
	const char *initrds[] = { initrd };
	struct kexec_request rq = { .root = t.fd, .kernel = kernel, .panic = true,
				    .initrds = initrds, .nr_initrds = 1, .no_checks = true,
				    .mem_max = 0x1e000000, .serial = "ttyS1", .serial_baud = 9600,
				    .dtb = dtb, .cmdline = "root=/dev/vda1 a=\"b c\"", .call = KEXEC_CALL_AUTO };
	size_t len;

	(void)state;
	assert_ok(kexec_plan(&rq, &plan, &r));
	for (int i = 0; i < 2; i++) /* the second takes the first one's place */
		assert_ok(record_save(plan, KEXEC_CALL_SEGMENTS));
	read_record(&rec);
	assert_int_equal(rec.rq.call, KEXEC_CALL_SEGMENTS);
	assert_true(rec.rq.panic && rec.rq.no_checks && !rec.rq.no_efi);
	assert_true(rec.rq.mem_max == 0x1e000000);
	assert_int_equal(rec.rq.serial_baud, 9600);
	assert_string_equal(rec.serial, "ttyS1");
	assert_string_equal(rec.cmdline, rq.cmdline);
	assert_string_equal(rec.initrd.path, initrd);
	assert_true(rec.kernel.copied && rec.initrd.copied && rec.dtb.copied);
	assert_string_equal(rec.dtb.path, dtb);
	assert_ok(file_read(t.fd, RECORD_FOLDER "/initrd", 65536, &copy, &len));
	assert_int_equal(len, 12);
	assert_memory_equal(copy, "initrd bytes", 12);
	assert_false(file_exists(t.fd, RECORD_FOLDER ".old") || file_exists(t.fd, RECORD_FOLDER ".new"));
}

static void half_a_record_is_none(void **state)
{
	static const char digest[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	static const char *const bad[] = {
		"", "cmdline x\n", "kernel copied %s\n", "kernel copied short /k\ncmdline x\n",
		"kernel copied %s k\ncmdline x\n", "kernel copied %s\nkernel copied %s\ncmdline x\n",
		"kernel named %s /k\ncmdline x\nno_checks 2\n", "kernel named %s /k\ncmdline x\ncall 7\n",
		"kernel named %s /k\ncmdline x\nserial_baud 99999999999\n", "kernel named %s /k\ncmdline\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct record rec = { 0 };
		char text[512];

		snprintf(text, sizeof(text), bad[i], digest, digest);
		assert_error(record_parse(text, &rec), ERROR_BAD_DATA, "request");
	}
}

static void a_later_versions_words_are_passed_over(void **state)
{
	char text[] = "shiny 7\nkernel named "
		      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef /boot/a b\ncmdline \n";
	_cleanup_record_ struct record rec = { 0 };

	(void)state;
	assert_ok(record_parse(text, &rec));
	assert_string_equal(rec.kernel.path, "/boot/a b");
	assert_false(rec.kernel.copied);
	assert_string_equal(rec.cmdline, "");
	assert_null(rec.initrd.digest);
	assert_null(rec.dtb.digest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_load_is_kept_with_copies, setup, teardown),
		cmocka_unit_test(half_a_record_is_none),
		cmocka_unit_test(a_later_versions_words_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
