/* Whole plans against recorded machines; nothing here calls the kernel's loader. */
#include "sample.h"

#include <elf.h>

#include "purgatory/lanes.h"
#include "kexec/plan.h"
#include "purgatory/purgatory.h"

static struct tree t;
static char kernel[200], initrd[200], initrd2[200];
static struct kexec_request rq;
static struct kexec_result result;
static struct kexec_plan *plan;

static void path(char *to, const char *name)
{
	snprintf(to, 200, "%s/%s", t.path, name);
}

static int setup(void **state)
{
	(void)state;
	tree_init(&t);
	sample_add_kernel(&t, "vmlinuz");
	tree_add(&t, "initrd", "initrd bytes");
	tree_add(&t, "initrd2", "more");
	path(kernel, "vmlinuz");
	path(initrd, "initrd");
	path(initrd2, "initrd2");
	rq = (struct kexec_request){ .root = t.fd, .kernel = kernel, .panic = true,
				     .cmdline = "console=tty0 console=ttyS1,115200",
				     .call = KEXEC_CALL_SEGMENTS };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kexec_plan_free(plan);
	plan = NULL;
	kexec_result_done(&result);
	tree_done(&t);
	return 0;
}

static void assert_refused(enum kexec_reason reason, const char *words)
{
	struct error *e = kexec_plan(&rq, &plan, &result);

	assert_non_null(e);
	if (result.reason != reason || !strstr(result.sentence, words))
		fail_msg("%s: %s", kexec_reason_name(result.reason), result.sentence);
	assert_string_equal(result.sentence, error_message(e));
	assert_true(result.next && *result.next);
	error_free(e);
	kexec_result_done(&result);
}

static struct purgatory_args purgatory_of(void)
{
	struct purgatory_head head;

	memcpy(&head, parts_find(&plan->parts, "purgatory")->bytes, sizeof(head));
	return head.args;
}

/* What purgatory will find, hashed from what would be loaded. */
static void assert_digest(void)
{
	struct purgatory_args args = purgatory_of();
	unsigned char digest[32];
	struct lanes l;

	lanes_init(&l, LANES_PLAIN);
	for (uint64_t i = 0; i < args.nr_regions; i++)
		for (size_t j = 0; j < plan->parts.n; j++)
			if (plan->parts.v[j].pa == args.regions[i].start) {
				assert_int_equal(args.regions[i].len, plan->parts.v[j].len);
				lanes_add(&l, plan->parts.v[j].bytes, plan->parts.v[j].len);
			}
	lanes_end(&l, digest);
	assert_memory_equal(digest, args.digest, 32);
}

/* Whole pages, inside [start, end), no two overlapping, no more bytes than room. */
static void assert_parts_fit(uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < plan->parts.n; i++) {
		const struct kexec_part *p = &plan->parts.v[i];

		assert_int_equal(p->pa % 4096, 0);
		assert_int_equal(p->mem_len % 4096, 0);
		assert_true(p->len <= p->mem_len);
		assert_true(p->pa >= start && p->pa + p->mem_len <= end);
		assert_true(p->bytes || !p->len);
		for (size_t j = 0; j < i; j++)
			assert_true(p->pa + p->mem_len <= plan->parts.v[j].pa ||
				    plan->parts.v[j].pa + plan->parts.v[j].mem_len <= p->pa);
	}
}

static void only_the_headers_begin_with_elf_magic(void)
{
	for (size_t i = 0; i < plan->parts.n; i++) {
		bool elf = plan->parts.v[i].len > 4 && !memcmp(plan->parts.v[i].bytes, ELFMAG, SELFMAG);

		assert_int_equal(elf, !strcmp(plan->parts.v[i].name, "core headers"));
	}
}

static void a_panic_load_on_bios(void **state)
{
	const char *initrds[] = { initrd };
	const struct kexec_part *params, *z;
	struct purgatory_args args;
	char expected[128];

	(void)state;
	sample_bios(&t);
	rq.initrds = initrds;
	rq.nr_initrds = 1;
	assert_ok(kexec_plan(&rq, &plan, &result));
	assert_int_equal(plan->parts.n, 5);
	assert_parts_fit(0x13000000, 0x1f000000);
	only_the_headers_begin_with_elf_magic();
	assert_digest();
	args = purgatory_of();
	z = parts_find(&plan->parts, "kernel");
	params = parts_find(&plan->parts, "boot parameters");
	assert_int_equal(args.entry, z->pa + 0x200);
	assert_int_equal(z->pa % 0x200000, 0);
	assert_int_equal(z->mem_len, SAMPLE_INIT_SIZE);
	assert_int_equal(args.boot_params, params->pa);
	assert_int_equal(args.serial_port, 0x2f8);
	assert_int_equal(args.backup_len, 0);
	assert_int_equal(args.nr_regions, 4);
	assert_int_equal(plan->entry, parts_find(&plan->parts, "purgatory")->pa);
	snprintf(expected, sizeof(expected), "elfcorehdr=0x%llx console=tty0 console=ttyS1,115200",
		 (unsigned long long)parts_find(&plan->parts, "core headers")->pa);
	assert_string_equal(plan->full_cmdline, expected);
	assert_string_equal((const char *)params->bytes + 4096, expected);
	assert_memory_equal(parts_find(&plan->parts, "initrd")->bytes, "initrd bytes", 12);
}

static void a_panic_load_on_uefi(void **state)
{
	const struct kexec_part *params;
	const unsigned char *bp;

	(void)state;
	sample_uefi(&t);
	assert_ok(kexec_plan(&rq, &plan, &result));
	assert_parts_fit(0x7000000, 0x13000000);
	assert_digest();
	params = parts_find(&plan->parts, "boot parameters");
	bp = params->bytes;
	assert_memory_equal(bp + 0x1c0, "EL64", 4);
	assert_int_equal(bp[0x1ec], 3);
	assert_int_equal(get_u64(bp + 0x70, false), 0x1f77d014);
	assert_null(strstr(plan->full_cmdline, "acpi_rsdp"));
}

static void without_efi_the_acpi_tables_are_named(void **state)
{
	const unsigned char *bp;

	(void)state;
	sample_uefi(&t);
	rq.no_efi = true;
	assert_ok(kexec_plan(&rq, &plan, &result));
	assert_non_null(strstr(plan->full_cmdline, "acpi_rsdp=0x1f77d014 "));
	bp = parts_find(&plan->parts, "boot parameters")->bytes;
	assert_int_equal(get_u32(bp + 0x1c0, false), 0);
}

static void a_load_for_the_next_reboot(void **state)
{
	(void)state;
	sample_bios(&t);
	rq.panic = false;
	assert_ok(kexec_plan(&rq, &plan, &result));
	assert_null(parts_find(&plan->parts, "core headers"));
	assert_parts_fit(0x1000000, 0x1ffdd000);
	for (size_t i = 0; i < plan->parts.n; i++)
		assert_true(plan->parts.v[i].pa + plan->parts.v[i].mem_len <= 0x13000000 ||
			    plan->parts.v[i].pa >= 0x1f000000);
	assert_int_equal(plan->e820.rows.n, 5);
	assert_string_equal(plan->full_cmdline, rq.cmdline);
	assert_digest();
}

static void old_kernels_have_low_memory_saved(void **state)
{
	const struct kexec_part *backup, *headers;
	struct purgatory_args args;
	Elf64_Phdr p;

	(void)state;
	sample_bios(&t);
	tree_add(&t, "proc/sys/kernel/osrelease", "4.18.0-553.el8.x86_64\n");
	assert_ok(kexec_plan(&rq, &plan, &result));
	backup = parts_find(&plan->parts, "backup");
	assert_non_null(backup);
	assert_false(backup->in_digest);
	args = purgatory_of();
	assert_int_equal(args.backup_from, 0x1000);
	assert_int_equal(args.backup_len, 0x9f000 - 0x1000);
	assert_int_equal(args.backup_to, backup->pa);
	headers = parts_find(&plan->parts, "core headers");
	memcpy(&p, (const char *)headers->bytes + 64 + 3 * 56, sizeof(p));
	assert_int_equal(p.p_paddr, 0x1000);
	assert_int_equal(p.p_offset, backup->pa);
}

static void several_initrds_are_joined_aligned(void **state)
{
	const char *initrds[] = { initrd2, initrd, initrd2 };
	char joined[64];

	(void)state;
	sample_bios(&t);
	tree_add(&t, "initrd2", "more!");
	rq.initrds = initrds;
	rq.nr_initrds = 3;
	assert_ok(kexec_plan(&rq, &plan, &result));
	assert_int_equal(plan->initrd.len, 8 + 12 + 5);
	assert_memory_equal(plan->initrd.bytes, "more!\0\0\0initrd bytesmore!", 25);
	assert_int_equal(pread(plan->initrd.fd, joined, sizeof(joined), 0), 25);
	assert_memory_equal(joined, plan->initrd.bytes, 25);
}

static void hotplug_headers_have_room_and_no_digest(void **state)
{
	const struct kexec_part *headers;

	(void)state;
	sample_bios(&t);
	tree_add(&t, "sys/kernel/crash_elfcorehdr_size", "475136\n");
	rq.hotplug = true;
	assert_ok(kexec_plan(&rq, &plan, &result));
	headers = parts_find(&plan->parts, "core headers");
	assert_int_equal(headers->mem_len, 475136);
	assert_false(headers->in_digest);
}

static void refusals_name_cause_and_cure(void **state)
{
	char longest[4096];

	(void)state;
	assert_refused(KEXEC_NOT_SUPPORTED, "no crash kernel support");
	sample_bios(&t);
	rq.kernel = "/nonexistent/vmlinuz";
	assert_refused(KEXEC_NO_FILE, "/nonexistent/vmlinuz");
	rq.kernel = initrd;
	assert_refused(KEXEC_BAD_IMAGE, "no kernel image");
	rq.kernel = kernel;
	rq.type = "uImage";
	assert_refused(KEXEC_WRONG_TYPE, "bzImage64");
	rq.type = NULL;
	memset(longest, 'a', sizeof(longest));
	longest[2048] = '\0';
	rq.cmdline = longest;
	assert_refused(KEXEC_CMDLINE_TOO_LONG, "2048 bytes");
	longest[2040] = '\0';
	assert_refused(KEXEC_CMDLINE_TOO_LONG, "added for the core headers");
	rq.cmdline = "a=\"b";
	assert_refused(KEXEC_BAD_REQUEST, "quote");
	rq.cmdline = "";
	rq.kernel = NULL;
	assert_refused(KEXEC_BAD_REQUEST, "no kernel");
}

static void the_machines_limits_are_met(void **state)
{
	(void)state;
	sample_bios(&t);
	tree_add(&t, "proc/cpuinfo", "flags\t: fpu la57\n");
	assert_ok(kexec_plan(&rq, &plan, &result)); /* xloadflags has the 5-level bit */
	tree_add(&t, "proc/iomem", "00100000-3fffffff : System RAM\n  10000000-104fffff : Crash kernel\n");
	assert_refused(KEXEC_NO_ROOM, "leaves");
	tree_add(&t, "proc/iomem", "00100000-3fffffff : System RAM\n  10000000-103fffff : Crash kernel\n");
	assert_refused(KEXEC_NO_ROOM, "no room for the kernel");
	tree_add(&t, "proc/iomem", "00100000-3fffffff : System RAM\n");
	assert_refused(KEXEC_NO_RESERVATION, "Crash kernel");
	tree_add(&t, "sys/kernel/kexec_crash_size", "0\n");
	assert_refused(KEXEC_NO_RESERVATION, "no memory is reserved");
}

static void five_levels_need_a_kernel_that_can(void **state)
{
	unsigned char *b = sample_kernel();

	(void)state;
	sample_bios(&t);
	tree_add(&t, "proc/cpuinfo", "flags\t: fpu la57\n");
	put_u16(b + 0x236, 0x1f, false);
	tree_add_bytes(&t, "vmlinuz", b, SAMPLE_KERNEL_LEN);
	free(b);
	assert_refused(KEXEC_PAGING_MODE, "five-level");
}

static void auto_takes_the_call_that_can(void **state)
{
	_cleanup_strbuf_ struct strbuf many = { 0 };

	(void)state;
	sample_bios(&t);
	rq.call = KEXEC_CALL_AUTO;
	assert_ok(kexec_plan(&rq, &plan, &result));
	assert_int_equal(plan->first, KEXEC_CALL_FILE);
	assert_true(plan->may_fall_back);
	kexec_plan_free(plan);
	tree_add(&t, "sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	plan = NULL;
	assert_refused(KEXEC_SIGNATURE, "carries no signature");
	sample_add_signed_kernel(&t, "vmlinuz");
	assert_ok(kexec_plan(&rq, &plan, &result));
	assert_false(plan->may_fall_back);
	assert_non_null(strstr(plan->note, "locked down"));
	kexec_plan_free(plan);
	rq.no_checks = true;
	plan = NULL;
	assert_refused(KEXEC_LOCKDOWN, "forbids kexec_load");
	tree_add(&t, "sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
	assert_ok(kexec_plan(&rq, &plan, &result));
	assert_int_equal(plan->first, KEXEC_CALL_SEGMENTS);
	assert_non_null(strstr(plan->note, "digest"));
	assert_int_equal(purgatory_of().flags, 0);
	kexec_plan_free(plan);
	rq.no_checks = false;
	strbuf_puts(&many, sample_bios_iomem);
	for (uint64_t i = 0; i < 200; i++)
		strbuf_printf(&many, "%llx-%llx : Reserved\n", (unsigned long long)(i + 32) << 28,
			      ((unsigned long long)(i + 32) << 28) + 0xfff);
	tree_add(&t, "proc/iomem", strbuf_str(&many));
	assert_ok(kexec_plan(&rq, &plan, &result));
	assert_int_equal(plan->first, KEXEC_CALL_SEGMENTS);
	assert_non_null(strstr(plan->note, "128"));
	kexec_plan_free(plan);
	plan = NULL;
	rq.call = KEXEC_CALL_FILE;
	rq.mem_max = 1 << 30;
	assert_refused(KEXEC_BAD_REQUEST, "address limits");
}

/* What the kernel would refuse, perhaps after it has let go of the loaded image, is not tried. */
static void what_is_forbidden_is_not_tried(void **state)
{
	(void)state;
	sample_bios(&t);
	rq.call = KEXEC_CALL_AUTO;
	tree_add(&t, "proc/sys/kernel/kexec_load_limit_panic", "1\n");
	tree_add(&t, "proc/sys/kernel/kexec_load_limit_reboot", "0\n");
	assert_ok(kexec_plan(&rq, &plan, &result));
	assert_false(plan->may_fall_back); /* there is no second try */
	kexec_plan_free(plan);
	plan = NULL;
	tree_add(&t, "proc/sys/kernel/kexec_load_limit_panic", "0\n");
	assert_refused(KEXEC_NOT_PERMITTED, "kexec_load_limit_panic is 0");
	tree_add(&t, "proc/sys/kernel/kexec_load_limit_panic", "-1\n");
	rq.panic = false;
	assert_refused(KEXEC_NOT_PERMITTED, "kexec_load_limit_reboot is 0");
	rq.panic = true;
	tree_add(&t, "sys/kernel/security/ima/policy",
		 "measure func=KEXEC_KERNEL_CHECK\nappraise func=KEXEC_KERNEL_CHECK appraise_type=imasig\n");
	assert_ok(kexec_plan(&rq, &plan, &result));
	assert_false(plan->may_fall_back);
	assert_non_null(strstr(plan->note, "IMA"));
	kexec_plan_free(plan);
	plan = NULL;
	rq.call = KEXEC_CALL_SEGMENTS;
	assert_refused(KEXEC_NOT_PERMITTED, "IMA");
	tree_add(&t, "sys/kernel/security/ima/policy", "measure func=KEXEC_KERNEL_CHECK\n");
	tree_add(&t, "proc/sys/kernel/kexec_load_disabled", "1\n");
	assert_refused(KEXEC_NOT_PERMITTED, "kexec_load_disabled");
	tree_add(&t, "proc/sys/kernel/kexec_load_disabled", "0\n");
	tree_add(&t, "proc/xen/capabilities", "control_d\n");
	assert_refused(KEXEC_NOT_SUPPORTED, "Xen");
}

static void the_stand_in_for_the_file_call_is_updated_on_hotplug_too(void **state)
{
	(void)state;
	sample_bios(&t);
	tree_add(&t, "sys/kernel/kexec/crash_elfcorehdr_size", "475136\n");
	rq.call = KEXEC_CALL_AUTO;
	assert_ok(kexec_plan(&rq, &plan, &result));
	assert_int_equal(parts_find(&plan->parts, "core headers")->mem_len, 475136);
	assert_false(parts_find(&plan->parts, "core headers")->in_digest);
}

/* CPUID and I/O ports fault in a confidential guest before there is anyone to handle it. */
static void confidential_guests_have_a_quiet_purgatory(void **state)
{
	unsigned char bp[4096] = { 0 };

	(void)state;
	sample_bios(&t);
	assert_ok(kexec_plan(&rq, &plan, &result));
	assert_int_equal(purgatory_of().flags, PURGATORY_CHECK);
	kexec_plan_free(plan);
	tree_add(&t, "proc/cpuinfo", "flags\t: fpu lm tdx_guest\n");
	assert_ok(kexec_plan(&rq, &plan, &result));
	assert_int_equal(purgatory_of().flags, PURGATORY_CHECK | PURGATORY_GUARDED);
	kexec_plan_free(plan);
	tree_add(&t, "proc/cpuinfo", "flags\t: fpu lm\n");
	put_u32(bp + 0x13c, 0xabc000, false); /* where SEV-SNP firmware left its secrets */
	tree_add_bytes(&t, "sys/kernel/boot_params/data", bp, sizeof(bp));
	assert_ok(kexec_plan(&rq, &plan, &result));
	assert_int_equal(purgatory_of().flags, PURGATORY_CHECK | PURGATORY_GUARDED);
}

static void address_limits_are_kept(void **state)
{
	(void)state;
	sample_bios(&t);
	rq.mem_min = 0x14000000;
	rq.mem_max = 0x15000000;
	assert_ok(kexec_plan(&rq, &plan, &result));
	assert_parts_fit(0x14000000, 0x15000000);
}

static void a_spoiled_digest_does_not_match(void **state)
{
	struct purgatory_args args;
	const struct kexec_part *params;
	unsigned char digest[32];
	struct lanes l;

	(void)state;
	sample_bios(&t);
	rq.spoil_digest = true;
	assert_ok(kexec_plan(&rq, &plan, &result));
	args = purgatory_of();
	params = parts_find(&plan->parts, "boot parameters");
	lanes_init(&l, LANES_PLAIN);
	for (uint64_t i = 0; i < args.nr_regions; i++)
		for (size_t j = 0; j < plan->parts.n; j++)
			if (plan->parts.v[j].pa == args.regions[i].start)
				lanes_add(&l, plan->parts.v[j].bytes, plan->parts.v[j].len);
	lanes_end(&l, digest);
	assert_memory_not_equal(digest, args.digest, 32);
	assert_non_null(params);
}

static void ten_thousands_of_ranges_are_planned(void **state)
{
	_cleanup_strbuf_ struct strbuf many = { 0 };
	const struct kexec_part *headers;

	(void)state;
	sample_bios(&t);
	strbuf_puts(&many, sample_bios_iomem);
	for (uint64_t i = 0; i < 32000; i++)
		strbuf_printf(&many, "%llx-%llx : System RAM (kmem)\n",
			      (unsigned long long)(i + 32) << 28,
			      ((unsigned long long)(i + 32) << 28) + 0x7ffffff);
	tree_add(&t, "proc/iomem", strbuf_str(&many));
	assert_ok(kexec_plan(&rq, &plan, &result));
	headers = parts_find(&plan->parts, "core headers");
	assert_true(headers->len > 32000 * 56);
	assert_int_equal(get_u16((const unsigned char *)headers->bytes + 56, false), 32000 + 3 + 3);
	assert_digest();
}

static void the_plan_can_be_printed(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *to;

	(void)state;
	sample_bios(&t);
	assert_ok(kexec_plan(&rq, &plan, &result));
	to = open_memstream(&text, &len);
	kexec_plan_print(plan, to);
	fclose(to);
	assert_non_null(strstr(text, "release 6.12.0-sample"));
	assert_non_null(strstr(text, "core headers"));
	assert_non_null(strstr(text, "elfcorehdr=0x"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(a_panic_load_on_bios),
		TEST(a_panic_load_on_uefi),
		TEST(without_efi_the_acpi_tables_are_named),
		TEST(a_load_for_the_next_reboot),
		TEST(old_kernels_have_low_memory_saved),
		TEST(several_initrds_are_joined_aligned),
		TEST(hotplug_headers_have_room_and_no_digest),
		TEST(refusals_name_cause_and_cure),
		TEST(the_machines_limits_are_met),
		TEST(five_levels_need_a_kernel_that_can),
		TEST(auto_takes_the_call_that_can),
		TEST(what_is_forbidden_is_not_tried),
		TEST(the_stand_in_for_the_file_call_is_updated_on_hotplug_too),
		TEST(confidential_guests_have_a_quiet_purgatory),
		TEST(address_limits_are_kept),
		TEST(a_spoiled_digest_does_not_match),
		TEST(ten_thousands_of_ranges_are_planned),
		TEST(the_plan_can_be_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
