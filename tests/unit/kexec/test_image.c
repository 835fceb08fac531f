/* What a file is, layer by layer, and what damage is seen. */
#include "made.h"

#include "base/bytes.h"
#include "kexec/image.h"

#define LIMIT (64u << 20)

static struct strbuf file;
static struct image im;

static int setup(void **state)
{
	(void)state;
	file = (struct strbuf){ 0 };
	im = (struct image){ 0 };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	strbuf_done(&file);
	image_close(&im);
	return 0;
}

static struct error *open_made(const char *insist)
{
	image_close(&im);
	return image_open("kernel", file.s, file.len, insist, LIMIT, &im);
}

static void assert_layers(const char *layers)
{
	_cleanup_free_ char *text = NULL;

	assert_ok(open_made(NULL));
	assert_ok(image_layers_text(&im, &text));
	assert_string_equal(text, layers);
}

static void every_type_is_recognised(void **state)
{
	(void)state;
	made(&file, "bzimage", NULL);
	assert_layers("bzImage64");
	made(&file, "bzimage", "xload=0x7e", NULL);
	assert_layers("bzImage");
	made(&file, "bzimage", "protocol=0x20b", NULL);
	assert_layers("bzImage");
	made(&file, "elf", "linux=1", NULL);
	assert_layers("elf-x86_64");
	assert_true(im.elf.is_linux);
	made(&file, "elf", "bits=32", NULL);
	assert_layers("elf-x86");
	assert_false(im.elf.is_linux);
	made(&file, "elf", "bits=32", "multiboot=1", NULL);
	assert_layers("multiboot-x86");
	made(&file, "elf", "multiboot=2", NULL);
	assert_layers("multiboot2-x86");
	made(&file, "raw", NULL);
	assert_layers("multiboot-x86");
	assert_int_equal(im.elf.start, 0x200000);
	assert_int_equal(im.elf.end, 0x200000 + 0x2000);
	assert_int_equal(im.elf.entry, 0x200100);
}

static void a_type_can_be_insisted_upon(void **state)
{
	(void)state;
	made(&file, "elf", "multiboot=1", NULL);
	assert_layers("elf-x86_64"); /* the order of the table */
	assert_ok(open_made("multiboot-x86"));
	assert_string_equal(im.type->name, "multiboot-x86");
	assert_error(open_made("bzImage64"), ERROR_USAGE, "ELF kernel for x86_64");
	made(&file, "bzimage", NULL);
	assert_ok(open_made("bzImage"));
	gzipped(&file);
	assert_ok(open_made("bzImage64"));
	assert_ok(open_made("gzip"));
}

static void packed_kernels_are_unpacked(void **state)
{
	_cleanup_strbuf_ struct strbuf plain = { 0 };

	(void)state;
	made(&plain, "bzimage", "len=5000", NULL);
	strbuf_add(&file, plain.s, plain.len);
	gzipped(&file);
	assert_layers("gzip, bzImage64");
	assert_int_equal(im.kernel.len, plain.len);
	assert_memory_equal(im.kernel.bytes, plain.s, plain.len);
	for (int i = 0; i < 4; i++)
		gzipped(&file);
	assert_layers("gzip, gzip, gzip, gzip, gzip, bzImage64");
	gzipped(&file);
	assert_error(open_made(NULL), ERROR_UNSUPPORTED, "wrapped more than");
	file.len = 0;
	strbuf_puts(&file, "no kernel at all, but long enough to be packed");
	gzipped(&file);
	assert_error(open_made(NULL), ERROR_NOT_FOUND, "inside");
}

/* Nested: a packed unified image whose kernel is packed; lengths are those in memory, without
 * the file's padding. */
static void a_unified_image_has_its_parts(void **state)
{
	_cleanup_strbuf_ struct strbuf kernel = { 0 };
	_cleanup_free_ char *word = NULL;

	(void)state;
	made(&kernel, "bzimage", "len=333", NULL);
	gzipped(&kernel);
	word = as_key("linux", &kernel);
	made(&file, "uki", word, "initrd=t:the\\sinitrd", "ucode=t:code", "cmdline=t:root=x\\squiet\\n\\0\\0",
	     "osrel=t:ID=a\\nPRETTY_NAME=\"Some\\sOS\\s1\"\\nX=y", "profile=t:another", NULL);
	gzipped(&file);
	assert_layers("gzip, uki, gzip, bzImage64");
	assert_int_equal(im.kernel.len, 4 * 512 + 333);
	assert_int_equal(im.initrd.len, 10);
	assert_memory_equal(im.initrd.bytes, "the initrd", 10);
	assert_int_equal(im.ucode.len, 4);
	assert_null(im.dtb.bytes);
	assert_string_equal(im.cmdline, "root=x quiet");
	assert_string_equal(im.os, "Some OS 1");
}

static void damaged_unified_images_are_refused(void **state)
{
	(void)state;
	made(&file, "uki", "linux=t:not\\sa\\skernel", "cmdline=t:x", NULL);
	assert_error(open_made(NULL), ERROR_NOT_FOUND, "inside");
	/* the last section's bytes are cut off: it is no unified image that can be told from
	 * other PE files any more */
	file.len -= 512;
	assert_error(open_made(NULL), ERROR_NOT_FOUND, "no kernel image");
	/* the kernel belongs to another profile only */
	made(&file, "uki", "profile=t:kernel", NULL);
	assert_error(open_made(NULL), ERROR_BAD_DATA, "base profile");
	made(&file, "uki", "cmdline=t:x", NULL);
	assert_error(open_made(NULL), ERROR_NOT_FOUND, "no kernel image");
}

static void a_zboot_image_is_opened(void **state)
{
	_cleanup_strbuf_ struct strbuf kernel = { 0 };
	_cleanup_free_ char *word = NULL;

	(void)state;
	made(&kernel, "bzimage", "len=999", NULL);
	gzipped(&kernel);
	word = as_key("payload", &kernel);
	made(&file, "zboot", word, NULL);
	assert_layers("vmlinuz, bzImage64");
	assert_int_equal(im.kernel.len, 4 * 512 + 999);
	put_u32(file.s + 8, (uint32_t)file.len - 10, false);
	assert_error(open_made(NULL), ERROR_BAD_DATA, "does not fit");
	made(&file, "zboot", "payload=t:packed\\sby\\snobody", "format=lzo", NULL);
	assert_error(open_made(NULL), ERROR_UNSUPPORTED, "lzo");
}

/* A signed kernel inside a zboot image ends with its certificates. */
static void padding_behind_a_signature_is_cut(void **state)
{
	_cleanup_strbuf_ struct strbuf kernel = { 0 };
	_cleanup_free_ char *word = NULL;
	unsigned char *opt;

	(void)state;
	made(&kernel, "bzimage", "len=2048", NULL);
	memcpy(kernel.s, "MZ", 2);
	put_u32(kernel.s + 60, 0x80, false);
	memcpy(kernel.s + 0x80, "PE\0\0\x64\x86", 6);
	put_u16(kernel.s + 0x80 + 20, 160, false);
	opt = (unsigned char *)kernel.s + 0x80 + 24;
	put_u16(opt, 0x20b, false);
	put_u32(opt + 108, 5, false);
	put_u32(opt + 112 + 4 * 8, 0xf00, false);
	put_u32(opt + 112 + 4 * 8 + 4, 0x80, false);
	gzipped(&kernel);
	word = as_key("payload", &kernel);
	made(&file, "zboot", word, NULL);
	assert_layers("vmlinuz, bzImage64");
	assert_int_equal(im.kernel.len, 0xf80);
}

static void a_uimage_is_opened_and_checked(void **state)
{
	_cleanup_strbuf_ struct strbuf kernel = { 0 };
	_cleanup_free_ char *word = NULL, *packed = NULL;
	unsigned char head[8] = { 0 };

	(void)state;
	made(&kernel, "bzimage", "len=100", NULL);
	word = as_key("payload", &kernel);
	made(&file, "uimage", word, NULL);
	assert_layers("uImage, bzImage64");
	file.s[file.len - 1] ^= 1;
	assert_error(open_made(NULL), ERROR_BAD_DATA, "checksum over");
	file.s[file.len - 1] ^= 1;
	file.s[40] ^= 1;
	assert_error(open_made(NULL), ERROR_BAD_DATA, "header's checksum");
	file.s[40] ^= 1;
	file.len--;
	assert_error(open_made(NULL), ERROR_BAD_DATA, "ends at");
	made(&file, "uimage", word, "type=3", NULL);
	assert_error(open_made(NULL), ERROR_UNSUPPORTED, "type 3");
	made(&file, "uimage", word, "comp=2", NULL);
	assert_error(open_made(NULL), ERROR_UNSUPPORTED, "packed in a way");
	/* several files: a list of lengths with a zero behind it, the kernel first */
	put_u32(head, (uint32_t)kernel.len, true);
	{
		_cleanup_strbuf_ struct strbuf multi = { 0 };

		strbuf_add(&multi, head, 8);
		strbuf_add(&multi, kernel.s, kernel.len);
		packed = as_key("payload", &multi);
	}
	made(&file, "uimage", packed, "type=4", NULL);
	assert_layers("uImage, bzImage64");
	assert_int_equal(im.kernel.len, kernel.len);
}

static void foreign_kernels_are_named(void **state)
{
	static const struct {
		const char *kind, *a, *b, *words;
	} all[] = {
		{ "elf", "machine=21", NULL, "64-bit POWER" },
		{ "elf", "machine=183", NULL, "ELF kernel for arm64" },
		{ "elf", "machine=243", NULL, "another machine" },
		{ "magic", "off=56", "data=x:41524d64", "arm64 Image" },
		{ "magic", "off=56", "data=x:52534305", "RISC-V" },
		{ "magic", "off=36", "data=x:18286f01", "arm zImage" },
		{ "magic", "off=0", "data=x:3613031b", "NBI" },
		{ "magic", "len=0x10100", "data=z:65544+t:S390EP", "s390x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		made(&file, all[i].kind, all[i].a, all[i].b, NULL);
		assert_error(open_made(NULL), ERROR_UNSUPPORTED, all[i].words);
	}
}

static void the_release_is_found(void **state)
{
	static const char text[] = "Linux version %s\0Linux version 6.1.0-x (somebody)";
	char *release;

	(void)state;
	made(&file, "bzimage", NULL);
	assert_layers("bzImage64");
	release = image_release(&im);
	assert_string_equal(release, "6.12.0-sample");
	free(release);
	made(&file, "elf", NULL);
	assert_layers("elf-x86_64");
	assert_null(image_release(&im));
	memcpy(file.s + file.len - 200, text, sizeof(text));
	assert_layers("elf-x86_64");
	assert_true(im.elf.is_linux);
	release = image_release(&im);
	assert_string_equal(release, "6.1.0-x");
	free(release);
	memset(file.s + file.len - 200, 0, sizeof(text));
	/* up to the file's end */
	memcpy(file.s + file.len - 15, "Linux version 7", 15);
	assert_layers("elf-x86_64");
	release = image_release(&im);
	assert_string_equal(release, "7");
	free(release);
}

static void elf_damage_is_seen(void **state)
{
	(void)state;
	made(&file, "elf", "type=1", NULL);
	assert_error(open_made(NULL), ERROR_UNSUPPORTED, "type 1");
	made(&file, "elf", "entry=0x900000", NULL);
	assert_error(open_made(NULL), ERROR_BAD_DATA, "entry");
	made(&file, "elf", "mem=100", NULL);
	assert_error(open_made(NULL), ERROR_BAD_DATA, "impossible");
	made(&file, "elf", "loads=2", "mem=0x300000", NULL);
	assert_error(open_made(NULL), ERROR_BAD_DATA, "overlap");
	made(&file, "elf", NULL);
	file.len -= 100;
	assert_error(open_made(NULL), ERROR_BAD_DATA, "inside a segment");
	/* an entry given as virtual address */
	made(&file, "elf", "va=0xffffffff81000000", "entry=0xffffffff81000200", NULL);
	assert_layers("elf-x86_64");
	assert_int_equal(im.elf.entry, 0x1000200);
}

static void multiboot_demands_are_checked(void **state)
{
	(void)state;
	made(&file, "elf", "bits=32", "multiboot=1", "mb-flags=0x13", NULL);
	assert_error(open_made(NULL), ERROR_UNSUPPORTED, "insists");
	made(&file, "elf", "bits=32", "multiboot=2", "mb-relocatable=1", NULL);
	assert_layers("multiboot2-x86");
	assert_true(im.mb.relocatable);
	assert_int_equal(im.mb.reloc_align, 0x200000);
	made(&file, "raw", "pa=0x200000", NULL);
	put_u32(file.s + 64 + 20, 0x200000 + 0x9000, false); /* more than the file has */
	assert_error(open_made(NULL), ERROR_BAD_DATA, "load end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(every_type_is_recognised),
		TEST(a_type_can_be_insisted_upon),
		TEST(packed_kernels_are_unpacked),
		TEST(a_unified_image_has_its_parts),
		TEST(damaged_unified_images_are_refused),
		TEST(a_zboot_image_is_opened),
		TEST(padding_behind_a_signature_is_cut),
		TEST(a_uimage_is_opened_and_checked),
		TEST(foreign_kernels_are_named),
		TEST(the_release_is_found),
		TEST(elf_damage_is_seen),
		TEST(multiboot_demands_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
