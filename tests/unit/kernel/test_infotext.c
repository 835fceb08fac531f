/* VMCOREINFO text out of a vmlinux, and out of two texts. With WRITE_SEED=FOLDER in the environment the
 * files that are made here are written there, for the fuzzer. */
#include "../test.h"

#include "build_btf.h"
#include "build_vmlinux.h"
#include "kernel/infotext.h"
#include "kernel/vmlinux.h"

#define TEXT_VA 0xffffffff81000000
#define DATA_VA 0xffffffff82000000

/* ---- vmlinux ---- */

static void add_btf(struct vmlinux_build *b)
{
	struct btf_build t = { .big = b->big };
	const struct strbuf *blob;
	uint32_t word, array;

	word = btf_add_int(&t, "int", 4);
	array = btf_add_array(&t, word, 11);
	btf_add(&t, "page", BTF_STRUCT << 24 | 2, 64);
	btf_elem(&t, "flags", word, 0);
	btf_elem(&t, "_mapcount", word, 48 * 8);
	btf_add(&t, "zone", BTF_STRUCT << 24 | 1, 200);
	btf_elem(&t, "free_area", array, 64 * 8);
	btf_add(&t, "pageflags", BTF_ENUM << 24 | 2, 4);
	btf_constant(&t, "PG_lru", 5);
	btf_constant(&t, "PG_head", 6);
	btf_add(&t, "pagetype", BTF_ENUM << 24 | 1, 4);
	btf_constant(&t, "PGTY_buddy", 0xf0);
	blob = btf_finish(&t);
	vb_section(b, ".BTF", SHT_PROGBITS, 0, blob->s, blob->len, 0);
	btf_build_done(&t);
}

static void make(struct vmlinux_build *b, bool wide, bool big, bool btf)
{
	static const char rodata[] = "other\0Linux version 6.1.0-test (gcc) #1 SMP\n";
	unsigned char id[20] = { 4, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0, 0xde, 0xad, 0xbe, 0xef };
	uint64_t mask = wide ? UINT64_MAX : UINT32_MAX;

	*b = (struct vmlinux_build){ .wide = wide, .big = big,
				     .machine = wide ? (big ? EM_PPC64 : EM_X86_64) : EM_386 };
	if (big) {
		put_u32(id, 4, true);
		put_u32(id + 4, 4, true);
		put_u32(id + 8, 3, true);
	}
	vb_section(b, ".rodata", SHT_PROGBITS, DATA_VA & mask, rodata, sizeof(rodata), 0);
	vb_section(b, ".notes", SHT_NOTE, 0, id, sizeof(id), 0);
	if (btf)
		add_btf(b);
	vb_symbol(b, "linux_banner", (DATA_VA + 6) & mask, 0, 1);
	vb_symbol(b, "_stext", TEXT_VA & mask, 0, 1);
	vb_symbol(b, "prb", 0, 0, SHN_UNDEF);
	vb_symbol(b, "mem_section", (DATA_VA + 0x100) & mask, 2048 * (wide ? 8 : 4), 1);
	vb_finish(b);
}

static struct error *text_of(struct vmlinux_build *b, struct strbuf *out)
{
	struct source *s;
	struct error *e;

	assert_ok(source_open_memory("vmlinux", b->file.s, b->file.len, &s));
	e = vmlinux_infotext_of(s, out);
	source_close(s);
	return e;
}

static void write_seed(const struct vmlinux_build *b, const char *name)
{
	const char *folder = getenv("WRITE_SEED");
	_cleanup_free_ char *path = NULL;

	if (folder && asprintf(&path, "%s/%s", folder, name) > 0)
		assert_ok(file_publish(AT_FDCWD, path, 0644, b->file.s, b->file.len));
}

static void vmlinux_of_every_kind(void **state)
{
	static const struct {
		const char *name;
		bool wide, big;
	} kinds[] = { { "64-le", true, false }, { "64-be", true, true }, { "32-le", false, false } };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_strbuf_ struct strbuf out = { 0 };
		struct vmlinux_build b;
		char want[1024];

		make(&b, kinds[i].wide, kinds[i].big, true);
		write_seed(&b, kinds[i].name);
		assert_ok(text_of(&b, &out));
		snprintf(want, sizeof(want),
			 "OSRELEASE=6.1.0-test\n"
			 "BUILD-ID=deadbeef\n"
			 "%s"
			 "SYMBOL(_stext)=%s81000000\n"
			 "SYMBOL(mem_section)=%s82000100\n"
			 "LENGTH(mem_section)=2048\n"
			 "SIZE(page)=64\n"
			 "SIZE(zone)=200\n"
			 "OFFSET(page.flags)=0\n"
			 "OFFSET(page._mapcount)=48\n"
			 "OFFSET(zone.free_area)=64\n"
			 "LENGTH(zone.free_area)=11\n"
			 "NUMBER(PG_lru)=5\n"
			 "NUMBER(PG_head_mask)=64\n"
			 "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\n",
			 kinds[i].big ? "" : "PAGESIZE=4096\n", /* ppc64 has two */
			 kinds[i].wide ? "ffffffff" : "", kinds[i].wide ? "ffffffff" : "");
		assert_string_equal(strbuf_str(&out), want);
		vb_done(&b);
	}
}

static void vmlinux_without_btf(void **state)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct vmlinux_build b;

	make(&b, true, false, false);
	assert_ok(text_of(&b, &out));
	assert_string_equal(strbuf_str(&out), "OSRELEASE=6.1.0-test\nBUILD-ID=deadbeef\nPAGESIZE=4096\n"
					      "SYMBOL(_stext)=ffffffff81000000\n"
					      "SYMBOL(mem_section)=ffffffff82000100\n"
					      "LENGTH(mem_section)=2048\n");
	vb_done(&b);
}

static void vmlinux_that_is_none(void **state)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct vmlinux_build b;

	make(&b, true, false, true);
	b.file.s[0] = 'B';
	assert_error(text_of(&b, &out), ERROR_BAD_DATA, "unpacked vmlinux");
	b.file.s[0] = ELFMAG0;
	b.file.s[EI_NIDENT] = ET_CORE;
	assert_error(text_of(&b, &out), ERROR_BAD_DATA, "not a vmlinux");
	b.file.s[EI_NIDENT] = ET_EXEC;
	/* cut off anywhere: an error, never a crash */
	for (size_t len = 0; len < b.file.len; len++) {
		struct source *s;
		struct error *e;

		assert_ok(source_open_memory("cut", b.file.s, len, &s));
		e = vmlinux_infotext_of(s, &out);
		assert_non_null(e);
		error_free(e);
		source_close(s);
	}
	vb_done(&b);

	b = (struct vmlinux_build){ .wide = true, .machine = EM_X86_64 };
	vb_section(&b, ".rodata", SHT_PROGBITS, DATA_VA, "x", 1, 0);
	vb_finish(&b);
	assert_error(text_of(&b, &out), ERROR_NOT_FOUND, "stripped");
	vb_done(&b);
}

/* ---- two texts ---- */

static void merge(const char *own, const char *extra, const char *want)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };

	assert_ok(infotext_merge(own, own ? strlen(own) : 0, extra, strlen(extra), &out));
	assert_string_equal(strbuf_str(&out), want);
}

static void texts_become_one(void **state)
{
	/* the dump's own lines stay, and its names */
	merge("OSRELEASE=6.1\nSIZE(page)=64", "OSRELEASE=5.0\nSIZE(page)=56\nSIZE(zone)=9\nno line\n",
	      "OSRELEASE=6.1\nSIZE(page)=64\nSIZE(zone)=9\n");
	/* symbols move to where the kernel ran */
	merge("KERNELOFFSET=1000000\n", "SYMBOL(prb)=ffffffff81000000\nSYMBOL(x)=\n",
	      "KERNELOFFSET=1000000\nSYMBOL(prb)=ffffffff82000000\nSYMBOL(x)=\n");
	merge("KERNELOFFSET=1000000\n", "KERNELOFFSET=3000000\nSYMBOL(prb)=ffffffff84000000",
	      "KERNELOFFSET=1000000\nSYMBOL(prb)=ffffffff82000000\n");
	merge("KERNELOFFSET=1000000\n", "SYMBOL(nmi_print_seq)=17000\n",
	      "KERNELOFFSET=1000000\nSYMBOL(nmi_print_seq)=17000\n");
	/* nothing of its own */
	merge(NULL, "OSRELEASE=6.1\nPAGESIZE=4096\n", "PAGESIZE=4096\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vmlinux_of_every_kind),
		cmocka_unit_test(vmlinux_without_btf),
		cmocka_unit_test(vmlinux_that_is_none),
		cmocka_unit_test(texts_become_one),
	};

	return cmocka_run_group_tests_name("infotext", tests, NULL, NULL);
}
