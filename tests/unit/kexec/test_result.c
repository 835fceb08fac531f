#include "../test.h"

#include <errno.h>

#include "kexec/kexec.h"
#include "kexec/result.h"

static void assert_explained(enum kexec_call call, int err, const struct kexec_state *s,
			     enum kexec_reason reason, const char *words)
{
	_cleanup_kexec_result_ struct kexec_result r = { 0 };
	struct error *e = refuse_errno(&r, call, true, err, s);

	assert_non_null(e);
	assert_int_equal(r.reason, reason);
	assert_int_equal(r.err, err);
	assert_int_equal(r.used, call);
	if (!strstr(r.sentence, words))
		fail_msg("%s", r.sentence);
	assert_true(strlen(r.next) > 0);
	error_free(e);
}

static void every_errno_has_its_cause(void **state)
{
	struct kexec_state none = { .limit_panic = -1 }, locked = { .lockdown = "integrity" },
			   off = { .load_disabled = true }, used_up = { 0 };
	bool root = geteuid() == 0;

	(void)state;
	assert_explained(KEXEC_CALL_SEGMENTS, EPERM, &locked,
			 root ? KEXEC_LOCKDOWN : KEXEC_NOT_PERMITTED, root ? "locked down" : "CAP_SYS_BOOT");
	assert_explained(KEXEC_CALL_SEGMENTS, EPERM, &off, KEXEC_NOT_PERMITTED,
			 root ? "kexec_load_disabled" : "CAP_SYS_BOOT");
	assert_explained(KEXEC_CALL_FILE, EPERM, &none, KEXEC_NOT_PERMITTED, "CAP_SYS_BOOT");
	assert_explained(KEXEC_CALL_FILE, EPERM, &used_up, KEXEC_NOT_PERMITTED,
			 root ? "kexec_load_limit_panic is 0" : "CAP_SYS_BOOT");
	assert_explained(KEXEC_CALL_FILE, EKEYREJECTED, &none, KEXEC_SIGNATURE, "signature");
	assert_explained(KEXEC_CALL_FILE, ENOSYS, &none, KEXEC_NOT_SUPPORTED, "kexec_file_load");
	assert_explained(KEXEC_CALL_FILE, ENOEXEC, &none, KEXEC_BAD_IMAGE, "kind of kernel image");
	assert_explained(KEXEC_CALL_SEGMENTS, EACCES, &none, KEXEC_NOT_PERMITTED, "IMA");
	assert_explained(KEXEC_CALL_SEGMENTS, EBUSY, &none, KEXEC_BUSY, "another load");
	assert_explained(KEXEC_CALL_SEGMENTS, EADDRNOTAVAIL, &none, KEXEC_NO_ROOM, "address");
	assert_explained(KEXEC_CALL_SEGMENTS, ENOMEM, &none, KEXEC_NO_ROOM, "reserved region");
	assert_explained(KEXEC_CALL_FILE, EFBIG, &none, KEXEC_NO_ROOM, "larger");
	assert_explained(KEXEC_CALL_SEGMENTS, EINVAL, &none, KEXEC_KERNEL_REFUSED, "kexec_load found");
	assert_explained(KEXEC_CALL_FILE, ENODATA, &none, KEXEC_SIGNATURE, "no signature");
	assert_explained(KEXEC_CALL_FILE, EBADMSG, &none, KEXEC_SIGNATURE, "changed");
	assert_explained(KEXEC_CALL_SEGMENTS, ENOSPC, &none, KEXEC_KERNEL_REFUSED, "kexec_load failed");
}

static void every_reason_has_a_name(void **state)
{
	(void)state;
	for (int i = KEXEC_OK; i <= KEXEC_NO_MEMORY; i++)
		for (int j = KEXEC_OK; j < i; j++)
			assert_string_not_equal(kexec_reason_name(i), kexec_reason_name(j));
	assert_string_equal(kexec_reason_name(KEXEC_NO_ROOM), "no-room");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_errno_has_its_cause),
		cmocka_unit_test(every_reason_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
