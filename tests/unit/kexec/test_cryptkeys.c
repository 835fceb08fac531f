/* Keys for the capture kernel, on a folder that stands for configfs. There the kernel makes the file
 * `description` with each folder, which is made beforehand here. */
#include "sample.h"

#include <sys/stat.h>

#include "kexec/cryptkeys.h"
#include "kexec/plan.h"

#define FOLDER "sys/kernel/config/crash_dm_crypt_keys/"

static void assert_file(struct tree *t, const char *name, const char *want)
{
	_cleanup_free_ char *text = NULL;

	assert_ok(file_read(t->fd, name, 4096, &text, NULL));
	assert_string_equal(text, want);
}

static void keys_are_offered_and_others_dropped(void **state)
{
	struct tree *t = *state;
	const char *keys[] = { "cryptsetup:7d26/b7b4", "second" };

	assert_error(crypt_keys_check(t->fd, keys, 2), ERROR_UNSUPPORTED, "configfs");
	tree_add(t, FOLDER "count", "0\n");
	tree_add(t, FOLDER "reuse", "0\n");
	tree_add(t, FOLDER "cryptsetup:7d26_b7b4/description", "");
	tree_add(t, FOLDER "second/description", "old");
	assert_int_equal(mkdirat(t->fd, FOLDER "gone", 0700), 0);
	assert_ok(crypt_keys_check(t->fd, keys, 2));
	assert_ok(crypt_keys_offer(t->fd, keys, 2, false));
	assert_file(t, FOLDER "cryptsetup:7d26_b7b4/description", "cryptsetup:7d26/b7b4");
	assert_false(file_exists(t->fd, FOLDER "gone"));
	assert_true(file_exists(t->fd, FOLDER "count"));
	assert_file(t, FOLDER "reuse", "0\n");
	assert_ok(crypt_keys_offer(t->fd, keys, 2, true));
	assert_file(t, FOLDER "reuse", "true");
}

static void what_is_no_key_is_refused(void **state)
{
	char longest[200];
	const char *bad[] = { "", "a\nb", longest };
	struct tree *t = *state;

	memset(longest, 'k', sizeof(longest));
	longest[199] = '\0';
	tree_add(t, FOLDER "count", "0\n");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_error(crypt_keys_check(t->fd, &bad[i], 1), ERROR_USAGE, "no description");
	longest[128] = '\0';
	assert_ok(crypt_keys_check(t->fd, &bad[2], 1));
}

/* Only the kernel's own loader hands keys over. */
static void keys_need_the_file_call(void **state)
{
	_cleanup_kexec_result_ struct kexec_result r = { 0 };
	_cleanup_kexec_plan_ struct kexec_plan *plan = NULL;
	const char *keys[] = { "cryptsetup:one" };
	struct tree *t = *state;
	char kernel[200];
	struct kexec_request rq = { .root = t->fd, .kernel = kernel, .panic = true, .crypt_keys = keys,
				    .nr_crypt_keys = 1, .cmdline = "" };

	snprintf(kernel, sizeof(kernel), "%s/vmlinuz", t->path);
	sample_add_kernel(t, "vmlinuz");
	sample_bios(t);
	assert_error(kexec_plan(&rq, &plan, &r), ERROR_UNSUPPORTED, "configfs");
	assert_int_equal(r.reason, KEXEC_NOT_SUPPORTED);
	kexec_result_done(&r);
	tree_add(t, FOLDER "count", "0\n");
	assert_ok(kexec_plan(&rq, &plan, &r));
	assert_int_equal(plan->first, KEXEC_CALL_FILE);
	assert_false(plan->may_fall_back);
	kexec_plan_free(plan);
	plan = NULL;
	rq.no_checks = true;
	assert_error(kexec_plan(&rq, &plan, &r), ERROR_USAGE, "keys");
	kexec_result_done(&r);
	rq.no_checks = false;
	rq.call = KEXEC_CALL_SEGMENTS;
	assert_error(kexec_plan(&rq, &plan, &r), ERROR_USAGE, "keys");
	kexec_result_done(&r);
	rq.call = KEXEC_CALL_AUTO;
	rq.panic = false;
	assert_error(kexec_plan(&rq, &plan, &r), ERROR_USAGE, "crash");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_are_offered_and_others_dropped, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(what_is_no_key_is_refused, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(keys_need_the_file_call, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
