/* Plans for each type of kernel: where it lies, how it is entered and what it is told. */
#include "sample.h"

#include "made.h"

#include <elf.h>
#include <sys/inotify.h>

#include "kexec/enter.h"
#include "kexec/plan.h"
#include "purgatory/purgatory.h"

static struct tree t;
static char kernel[200], initrd[200], module[300], dtb[200];
static const char *initrds[] = { initrd };
static const char *modules[] = { module, initrd };
static struct kexec_request rq;
static struct kexec_result result;
static struct kexec_plan *plan;
static struct strbuf file;

static int setup(void **state)
{
	(void)state;
	tree_init(&t);
	sample_bios(&t);
	tree_add(&t, "initrd", "initrd bytes");
	tree_add(&t, "module", "module bytes");
	snprintf(kernel, sizeof(kernel), "%s/kernel", t.path);
	snprintf(initrd, sizeof(initrd), "%s/initrd", t.path);
	snprintf(dtb, sizeof(dtb), "%s/dtb", t.path);
	snprintf(module, sizeof(module), "%s/module first second", t.path);
	rq = (struct kexec_request){ .root = t.fd, .kernel = kernel, .cmdline = "quiet",
				     .call = KEXEC_CALL_SEGMENTS };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kexec_plan_free(plan);
	plan = NULL;
	kexec_result_done(&result);
	strbuf_done(&file);
	file = (struct strbuf){ 0 };
	tree_done(&t);
	return 0;
}

static void plan_made(void)
{
	tree_add_bytes(&t, "kernel", file.s, file.len);
	kexec_plan_free(plan);
	plan = NULL;
	kexec_result_done(&result);
	assert_ok(kexec_plan(&rq, &plan, &result));
}

static void assert_refused(enum kexec_reason reason, const char *words)
{
	struct error *e;

	tree_add_bytes(&t, "kernel", file.s, file.len);
	kexec_result_done(&result);
	e = kexec_plan(&rq, &plan, &result);
	assert_non_null(e);
	if (result.reason != reason || !strstr(result.sentence, words))
		fail_msg("%s: %s", kexec_reason_name(result.reason), result.sentence);
	error_free(e);
}

static struct kexec_part *part(const char *name)
{
	struct kexec_part *p = parts_find(&plan->parts, name);

	assert_non_null(p);
	return p;
}

static struct purgatory_args purgatory_of(void)
{
	struct purgatory_head head;

	memcpy(&head, part("purgatory")->bytes, sizeof(head));
	return head.args;
}

/* The page in between: purgatory goes there, below 4 GiB. */
static struct enter_args enter_of(void)
{
	const struct kexec_part *p = part("entry");
	struct enter_args args;

	assert_int_equal(purgatory_of().entry, p->pa);
	assert_true(p->pa + p->mem_len <= 1ull << 32);
	assert_true(p->in_digest);
	memcpy(&args, (const char *)p->bytes + ENTER_ARGS_OFF, sizeof(args));
	return args;
}

static void assert_below(uint64_t end)
{
	for (size_t i = 0; i < plan->parts.n; i++)
		if (strcmp(plan->parts.v[i].name, "purgatory") != 0 &&
		    strcmp(plan->parts.v[i].name, "core headers") != 0)
			assert_true(plan->parts.v[i].pa + plan->parts.v[i].mem_len <= end);
}

static void a_vmlinux_stays_where_it_was_linked(void **state)
{
	const struct kexec_part *k, *params;
	const unsigned char *bp;

	(void)state;
	made(&file, "elf", "linux=1", "loads=2", "pa=0x1400000", "entry=0x1400040", NULL);
	rq.initrds = initrds;
	rq.nr_initrds = 1;
	plan_made();
	k = part("kernel");
	assert_int_equal(k->pa, 0x1400000);
	assert_int_equal(k->mem_len, 0x210000); /* both segments, which lie near */
	assert_int_equal(k->len, 0x202000);
	assert_memory_equal(k->bytes, file.s + 0x1000, 8192);
	assert_memory_equal((const char *)k->bytes + 0x200000, file.s + 0x3000, 8192);
	assert_null(parts_find(&plan->parts, "entry"));
	params = part("boot parameters");
	assert_int_equal(purgatory_of().entry, 0x1400040);
	assert_int_equal(purgatory_of().boot_params, params->pa);
	bp = params->bytes;
	assert_memory_equal(bp + 0x202, "HdrS", 4);
	assert_int_equal(get_u16(bp + 0x206, false), 0x20f);
	assert_int_equal(bp[0x210], 0xd0);
	assert_int_equal(get_u32(bp + 0x218, false), (uint32_t)part("initrd")->pa);
	assert_string_equal(plan->full_cmdline, "quiet");
}

static void far_segments_are_parts_of_their_own(void **state)
{
	unsigned n = 0;

	(void)state;
	made(&file, "elf", "linux=1", "loads=2", "pa=0x1400000", NULL);
	/* the second segment 64 MiB further */
	put_u64(file.s + 64 + 56 + 24, 0x5400000, false);
	plan_made();
	for (size_t i = 0; i < plan->parts.n; i++)
		n += !strcmp(plan->parts.v[i].name, "kernel");
	assert_int_equal(n, 2);
}

/* A crash kernel must lie in its region: by whole multiples of 2 MiB from where it was linked. */
static void a_vmlinux_is_moved_into_the_region(void **state)
{
	const struct kexec_part *k;

	(void)state;
	made(&file, "elf", "linux=1", "entry=0x1000c43", NULL);
	rq.panic = true;
	plan_made();
	k = part("kernel");
	assert_true(k->pa >= 0x13000000 && k->pa + k->mem_len <= 0x1f000000);
	assert_int_equal(k->pa % 0x200000, 0);
	assert_int_equal(purgatory_of().entry, k->pa + 0xc43);
	made(&file, "elf", "bits=32", "linux=1", NULL);
	assert_refused(KEXEC_NO_ROOM, "must lie at 0x1000000");
	made(&file, "elf", "type=3", "pa=0", NULL); /* position independent: anywhere */
	plan_made();
	assert_true(part("kernel")->pa >= 0x13000000);
}

/* RFC 1071 */
static uint16_t sum_of(const unsigned char *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += get_u16(p + i, false);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void other_elf_kernels_get_notes(void **state)
{
	const unsigned char *notes;
	struct enter_args args;

	(void)state;
	made(&file, "elf", "pa=0x1400000", NULL);
	plan_made();
	args = enter_of();
	assert_int_equal(args.entry, 0x1400000);
	assert_int_equal(args.eax, 0x0e1fb007);
	assert_int_equal(args.ebx, part("boot notes")->pa);
	notes = part("boot notes")->bytes;
	assert_int_equal(get_u32(notes, false), 0x0e1fb007);
	assert_int_equal(get_u32(notes + 4, false), part("boot notes")->len);
	assert_int_equal(get_u16(notes + 10, false), 3);
	assert_int_equal(sum_of(notes, part("boot notes")->len), 0xffff);
	assert_memory_equal(notes + part("boot notes")->len - 8, "quiet\0\0\0", 8);
	rq.args = KEXEC_ARGS_NONE;
	plan_made();
	assert_null(parts_find(&plan->parts, "entry"));
	assert_int_equal(purgatory_of().entry, 0x1400000);
	rq.initrds = initrds;
	rq.nr_initrds = 1;
	assert_refused(KEXEC_BAD_REQUEST, "no initrd");
	rq.args = KEXEC_ARGS_LINUX;
	plan_made();
	assert_int_equal(purgatory_of().boot_params, part("boot parameters")->pa);
}

static void a_32bit_bzimage_has_a_32bit_entry(void **state)
{
	struct enter_args args;

	(void)state;
	made(&file, "bzimage", "xload=0", "initrd-max=0x13ffffff", NULL);
	rq.initrds = initrds;
	rq.nr_initrds = 1;
	plan_made();
	args = enter_of();
	assert_int_equal(args.entry, part("kernel")->pa);
	assert_int_equal(args.esi, part("boot parameters")->pa);
	assert_int_equal(args.eax, 0);
	assert_true(part("initrd")->pa + part("initrd")->mem_len <= 0x14000000);
	assert_true(part("kernel")->pa + part("kernel")->mem_len <= 0x38000000);
	assert_below(1ull << 32);
	/* its page says so: the first instruction after the block clears interrupts, and the
	 * descriptor of 32-bit code is there */
	assert_non_null(memmem(part("entry")->bytes, part("entry")->len, "\xff\xff\0\0\0\x9a\xcf\0", 8));
}

static void a_32bit_kernel_needs_a_low_region(void **state)
{
	(void)state;
	made(&file, "bzimage", NULL);
	tree_add(&t, "proc/iomem", "00100000-1ffdcfff : System RAM\n"
				   "100000000-17fffffff : System RAM\n  120000000-13fffffff : Crash kernel\n");
	rq.panic = true;
	plan_made();
	assert_true(part("kernel")->pa >= 0x120000000);
	rq.entry_32bit = true;
	assert_refused(KEXEC_NO_ROOM, "no room for the boot parameters");
	assert_non_null(strstr(result.next, "below 4 GiB"));
	made(&file, "bzimage", "xload=0", NULL);
	rq.entry_32bit = false;
	assert_refused(KEXEC_NO_ROOM, "no room for the boot parameters");
	assert_non_null(strstr(result.next, "below 4 GiB"));
}

static void a_64bit_kernel_can_be_entered_in_32_bits(void **state)
{
	(void)state;
	made(&file, "bzimage", "xload=0x5f", NULL); /* cannot do five levels: the 32-bit entry need not */
	tree_add(&t, "proc/cpuinfo", "flags\t: fpu la57\n");
	assert_refused(KEXEC_PAGING_MODE, "five-level");
	rq.entry_32bit = true;
	plan_made();
	assert_int_equal(enter_of().entry, part("kernel")->pa);
	rq.call = KEXEC_CALL_FILE;
	assert_refused(KEXEC_BAD_REQUEST, "32-bit entry");
	rq.call = KEXEC_CALL_AUTO;
	plan_made();
	assert_int_equal(plan->first, KEXEC_CALL_SEGMENTS);
}

static void multiboot_1_is_told_everything(void **state)
{
	const struct kexec_part *info, *mods;
	const unsigned char *b, *m;
	struct enter_args args;
	uint32_t pa;

	(void)state;
	made(&file, "elf", "bits=32", "multiboot=1", "pa=0x1400000", NULL);
	rq.modules = modules;
	rq.nr_modules = 2;
	plan_made();
	args = enter_of();
	info = part("boot information");
	mods = part("modules");
	b = info->bytes;
	pa = (uint32_t)info->pa;
	assert_int_equal(args.eax, 0x2badb002);
	assert_int_equal(args.ebx, pa);
	assert_int_equal(args.entry, 0x1400000);
	assert_int_equal(get_u32(b, false), 0x24d);
	assert_int_equal(get_u32(b + 4, false), 0x9fc00 >> 10);
	assert_int_equal(get_u32(b + 8, false), (0x1ffdd000 - 0x100000) >> 10);
	assert_true(text_ends((const char *)b + (get_u32(b + 16, false) - pa), "/kernel quiet"));
	assert_int_equal(get_u32(b + 20, false), 2);
	m = b + (get_u32(b + 24, false) - pa);
	assert_int_equal(get_u32(m, false), mods->pa);
	assert_int_equal(get_u32(m + 4, false), mods->pa + 12);
	assert_string_equal((const char *)b + (get_u32(m + 8, false) - pa), module);
	assert_int_equal(get_u32(m + 16, false), mods->pa + 4096);
	assert_string_equal((const char *)b + (get_u32(m + 24, false) - pa), initrd);
	assert_memory_equal(mods->bytes, "module bytes", 13);
	assert_memory_equal((const char *)mods->bytes + 4096, "initrd bytes", 13);
	assert_int_equal(get_u32(b + 44, false), plan->e820.rows.n * 24);
	m = b + (get_u32(b + 48, false) - pa);
	assert_int_equal(get_u32(m, false), 20);
	assert_int_equal(get_u64(m + 24 + 4, false), plan->e820.rows.v[1].start);
	assert_int_equal(get_u32(m + 20, false), E820_RAM);
}

static const unsigned char *find_tag(const unsigned char *b, uint32_t type)
{
	size_t len = get_u32(b, false);

	for (size_t at = 8; at + 8 <= len; at += ROUND_UP(get_u32(b + at + 4, false), 8))
		if (get_u32(b + at, false) == type)
			return b + at;
	return NULL;
}

/* Moved into the crash region, it is told so. */
static void multiboot_2_is_moved_and_told(void **state)
{
	const unsigned char *b, *tag;
	const struct kexec_part *k;

	(void)state;
	made(&file, "elf", "bits=32", "multiboot=2", "mb-relocatable=1", "entry=0x1000100", NULL);
	rq.modules = modules;
	rq.nr_modules = 1;
	rq.panic = true;
	plan_made();
	k = part("kernel");
	assert_true(k->pa >= 0x13000000);
	assert_int_equal(k->pa % 0x200000, 0);
	assert_int_equal(enter_of().eax, 0x36d76289);
	assert_int_equal(enter_of().entry, k->pa + 0x100);
	b = part("boot information")->bytes;
	assert_int_equal(get_u32(b, false), part("boot information")->len);
	tag = find_tag(b, 21);
	assert_int_equal(get_u32(tag + 8, false), k->pa);
	tag = find_tag(b, 1);
	assert_true(text_ends((const char *)tag + 8, "/kernel quiet"));
	tag = find_tag(b, 3);
	assert_int_equal(get_u32(tag + 8, false), part("modules")->pa);
	assert_int_equal(get_u32(tag + 12, false), part("modules")->pa + 12);
	assert_string_equal((const char *)tag + 16, module);
	tag = find_tag(b, 6);
	assert_int_equal(get_u32(tag + 4, false), 16 + plan->e820.rows.n * 24);
	assert_non_null(find_tag(b, 0));
	rq.modules = NULL;
	rq.nr_modules = 0;
	rq.initrds = initrds;
	rq.nr_initrds = 1;
	assert_refused(KEXEC_BAD_REQUEST, "no initrd");
}

static void modules_are_for_multiboot_only(void **state)
{
	(void)state;
	made(&file, "bzimage", NULL);
	rq.modules = modules;
	rq.nr_modules = 1;
	assert_refused(KEXEC_BAD_REQUEST, "takes no modules");
	snprintf(module, sizeof(module), "/nonexistent/module x");
	assert_refused(KEXEC_NO_FILE, "/nonexistent/module");
}

static void make_uki(void)
{
	_cleanup_strbuf_ struct strbuf k = { 0 };
	_cleanup_free_ char *word = NULL;

	made(&k, "bzimage", NULL);
	word = as_key("linux", &k);
	made(&file, "uki", word, "initrd=t:own\\sinitrd", "ucode=t:code!", "cmdline=t:a=1\\scrashkernel=1G\\sb",
	     NULL);
}

static void assert_fd_holds(int fd, const void *bytes, size_t len)
{
	char buf[8192];

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, buf, sizeof(buf), 0), (ssize_t)len);
	assert_memory_equal(buf, bytes, len);
}

static void a_unified_image_brings_its_own(void **state)
{
	(void)state;
	make_uki();
	rq.cmdline = NULL;
	plan_made();
	assert_string_equal(plan->cmdline, "a=1 crashkernel=1G b");
	assert_memory_equal(plan->initrd.bytes, "code!\0\0\0own initrd", 18);
	assert_int_equal(plan->initrd.len, 18);
	assert_fd_holds(plan->initrd.fd, "code!\0\0\0own initrd", 18);
	rq.call = KEXEC_CALL_FILE;
	rq.panic = true;
	plan_made();
	assert_string_equal(plan->cmdline, "a=1 b");
	assert_fd_holds(plan->kernel.fd, plan->image.kernel.bytes, plan->image.kernel.len);
	assert_int_equal(plan->image.kernel.len, 4 * 512 + 256);
	/* what is given takes the place of what it brings, but for the microcode */
	rq.cmdline = "mine";
	rq.initrds = initrds;
	rq.nr_initrds = 1;
	plan_made();
	assert_string_equal(plan->cmdline, "mine");
	assert_memory_equal(plan->initrd.bytes, "code!\0\0\0initrd bytes", 20);
}

static void packed_kernels_reach_the_file_call_unpacked(void **state)
{
	(void)state;
	made(&file, "bzimage", NULL);
	gzipped(&file);
	rq.call = KEXEC_CALL_AUTO;
	plan_made();
	assert_int_equal(plan->first, KEXEC_CALL_FILE);
	assert_fd_holds(plan->kernel.fd, plan->image.kernel.bytes, plan->image.kernel.len);
	made(&file, "elf", "linux=1", "pa=0x1400000", NULL);
	plan_made();
	assert_int_equal(plan->first, KEXEC_CALL_SEGMENTS);
	rq.call = KEXEC_CALL_FILE;
	assert_refused(KEXEC_BAD_REQUEST, "no kernel of this type");
}

static void memory_can_be_told_on_the_command_line(void **state)
{
	const unsigned char *bp;

	(void)state;
	made(&file, "bzimage", NULL);
	rq.panic = true;
	rq.memmap_cmdline = true;
	plan_made();
	assert_non_null(strstr(plan->full_cmdline, " memmap=exactmap memmap=635K@4K memmap="));
	assert_non_null(strstr(plan->full_cmdline, "K@311296K "));   /* the region */
	assert_non_null(strstr(plan->full_cmdline, "K$524148K "));   /* firmware's */
	assert_null(strstr(plan->full_cmdline, "memmap=4K"));	     /* too small to tell */
	bp = part("boot parameters")->bytes;
	assert_int_equal(bp[0x1e8], 5); /* the machine's own map */
}

static void a_device_tree_goes_into_the_setup_data(void **state)
{
	char blob[64] = "\xd0\x0d\xfe\xed";
	const struct kexec_part *params;
	const unsigned char *bp, *item;

	(void)state;
	made(&file, "bzimage", NULL);
	tree_add_bytes(&t, "dtb", blob, sizeof(blob));
	rq.dtb = dtb;
	rq.call = KEXEC_CALL_AUTO;
	plan_made();
	assert_int_equal(plan->first, KEXEC_CALL_SEGMENTS);
	params = part("boot parameters");
	bp = params->bytes;
	item = bp + (get_u64(bp + 0x250, false) - params->pa);
	if (get_u32(item + 8, false) != 2) /* the random seed is in front, when there is one */
		item = bp + (get_u64(item, false) - params->pa);
	assert_int_equal(get_u32(item + 8, false), 2);
	assert_int_equal(get_u32(item + 12, false), sizeof(blob));
	assert_memory_equal(item + 16, blob, sizeof(blob));
	rq.dtb = NULL;
	rq.force_dtb = true;
	assert_refused(KEXEC_NO_FILE, "sys/firmware/fdt");
	tree_add_bytes(&t, "sys/firmware/fdt", blob, sizeof(blob));
	plan_made();
	assert_int_equal(plan->first, KEXEC_CALL_FILE);
	assert_int_equal(plan->dtb.len, sizeof(blob));
	tree_add(&t, "dtb", "something else");
	rq.force_dtb = false;
	rq.dtb = dtb;
	assert_refused(KEXEC_NO_FILE, "not a device tree");
}

static unsigned char header_class(void)
{
	return ((const unsigned char *)part("core headers")->bytes)[EI_CLASS];
}

static void core_headers_have_the_width_of_the_machine(void **state)
{
	(void)state;
	made(&file, "bzimage", NULL);
	rq.panic = true;
	plan_made();
	assert_int_equal(header_class(), ELFCLASS64);
	tree_add(&t, "proc/sys/kernel/arch", "i686\n");
	plan_made();
	assert_int_equal(header_class(), ELFCLASS64); /* memory ends above 4 GiB */
	tree_add(&t, "proc/iomem", "00100000-1ffdcfff : System RAM\n  13000000-1effffff : Crash kernel\n");
	plan_made();
	assert_int_equal(header_class(), ELFCLASS32);
	rq.headers = KEXEC_HEADERS_ELF64;
	plan_made();
	assert_int_equal(header_class(), ELFCLASS64);
	tree_add(&t, "proc/sys/kernel/arch", "x86_64\n");
	rq.headers = KEXEC_HEADERS_ELF32;
	plan_made();
	assert_int_equal(header_class(), ELFCLASS32);
	rq.headers = KEXEC_HEADERS_AUTO;
	plan_made();
	assert_int_equal(header_class(), ELFCLASS64);
}

/* Two reads could see two files. Nothing is written on the way, wherever temporary files go. */
static void each_file_is_opened_once(void **state)
{
	int in = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	const char *names[] = { kernel, initrd, t.path };
	char buf[4096] __attribute__((aligned(8)));
	unsigned opened = 0, made_files = 0;
	ssize_t n;

	(void)state;
	make_uki();
	tree_add_bytes(&t, "kernel", file.s, file.len);
	setenv("TMPDIR", t.path, 1);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_true(inotify_add_watch(in, names[i], i < 2 ? IN_OPEN : IN_CREATE | IN_MOVED_TO) >= 0);
	rq.initrds = initrds;
	rq.nr_initrds = 1;
	rq.call = KEXEC_CALL_AUTO;
	assert_ok(kexec_plan(&rq, &plan, &result));
	unsetenv("TMPDIR");
	while ((n = read(in, buf, sizeof(buf))) > 0)
		for (char *p = buf; p < buf + n; p += sizeof(struct inotify_event) + ((struct inotify_event *)p)->len) {
			opened += !!(((struct inotify_event *)p)->mask & IN_OPEN);
			made_files += !!(((struct inotify_event *)p)->mask & (IN_CREATE | IN_MOVED_TO));
		}
	close(in);
	assert_int_equal(opened, 2);
	assert_int_equal(made_files, 0);
}

static void the_way_back_is_one_segment(void **state)
{
	(void)state;
	rq.kernel = NULL;
	rq.jump_back = true;
	rq.jump_back_entry = 0x123000;
	assert_ok(kexec_plan(&rq, &plan, &result));
	assert_int_equal(plan->parts.n, 1);
	assert_int_equal(plan->parts.v[0].len, 0);
	assert_int_equal(plan->entry, 0x123000);
	assert_int_equal(plan->first, KEXEC_CALL_SEGMENTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(a_vmlinux_stays_where_it_was_linked),
		TEST(far_segments_are_parts_of_their_own),
		TEST(a_vmlinux_is_moved_into_the_region),
		TEST(other_elf_kernels_get_notes),
		TEST(a_32bit_bzimage_has_a_32bit_entry),
		TEST(a_32bit_kernel_needs_a_low_region),
		TEST(a_64bit_kernel_can_be_entered_in_32_bits),
		TEST(multiboot_1_is_told_everything),
		TEST(multiboot_2_is_moved_and_told),
		TEST(modules_are_for_multiboot_only),
		TEST(a_unified_image_brings_its_own),
		TEST(packed_kernels_reach_the_file_call_unpacked),
		TEST(memory_can_be_told_on_the_command_line),
		TEST(a_device_tree_goes_into_the_setup_data),
		TEST(core_headers_have_the_width_of_the_machine),
		TEST(each_file_is_opened_once),
		TEST(the_way_back_is_one_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
