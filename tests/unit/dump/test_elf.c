/* The ELF reader against files of every width, byte order and kind of disorder. */
#include "made.h"

static const char *const kinds[] = { "elf64 little", "elf64 big", "elf32 little", "elf32 big" };

static char *text_of(const char *first, const char *rest)
{
	char *text;

	assert_true(asprintf(&text, "%s\n%s", first, rest) > 0);
	return text;
}

static void test_every_kind(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_free_ char *text = text_of(
			kinds[i], "machine 21\n"
				  "note CORE 1 z:504\n"
				  "note VMCOREINFO 0 t:OSRELEASE=6.1\\nPAGESIZE=65536\\n\n"
				  "load pa=0x20000 va=0xc0020000 data=r:1:65536+r:2:65536\n"
				  "load pa=0x0 data=r:3:65536 memsz=0x20000\n");
		struct image im = { 0 };
		struct dump *d = open_made(make_elf, text, &im);

		assert_string_equal(d->format, "ELF vmcore");
		assert_ptr_equal(d->arch, &arch_ppc64);
		assert_int_equal(d->big, i & 1);
		assert_true(d->is_64bit);
		assert_int_equal(d->page_size, 65536);
		assert_int_equal(d->max_pfn, 4);
		assert_int_equal(d->dump_level, -1);
		assert_true(d->complete);
		assert_false(d->flattened);
		assert_string_equal(d->vmcoreinfo, "OSRELEASE=6.1\nPAGESIZE=65536\n");
		assert_int_equal(d->nr_notes, 2);
		assert_string_equal(d->notes[0].name, "CORE");
		assert_int_equal(d->notes[0].desc_len, 504);
		assert_ptr_equal(dump_find_note(d, "VMCOREINFO", 0), &d->notes[1]);
		assert_null(dump_find_note(d, "VMCOREINFO", 1));
		assert_int_equal(d->memory.n, 1);
		assert_int_equal(ranges_total(&d->memory), 4);
		assert_page(d, 0, PAGE_OK, "r:3:65536");
		assert_page(d, 1, PAGE_EXCLUDED, "");
		assert_page(d, 2, PAGE_OK, "r:1:65536");
		assert_page(d, 3, PAGE_OK, "r:2:65536");
		assert_page(d, 4, PAGE_HOLE, "");
		assert_page(d, UINT64_MAX, PAGE_HOLE, "");
		assert_int_equal(dump_nr_segments(d), 2);
		assert_int_equal(dump_segment_at(d, 0).va, 0xc0020000);
		assert_int_equal(dump_segment_at(d, 1).len, 0x20000);
		assert_int_equal(dump_segment_at(d, 1).file_len, 0x10000);
		dump_close(d);
		image_done(&im);
	}
}

/* More program headers than 16 bits can count, in both widths. */
static void test_many_headers(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_free_ char *text =
			text_of(kinds[i], "note VMCOREINFO 0 t:x=1\n"
					  "load count=70000 step=0x2000 pa=0x100000 memsz=4096 "
					  "data=r:7:16\n");
		struct image im = { 0 };
		struct dump *d = open_made(make_elf, text, &im);
		unsigned char got[16];
		struct strbuf want = { 0 };

		assert_true(d->complete);
		assert_int_equal(dump_nr_segments(d), 70000);
		assert_int_equal(d->memory.n, 70000);
		assert_int_equal(d->nr_notes, 1);
		assert_page(d, 0x100 + 2 * 69999 + 1, PAGE_HOLE, "");
		assert_page(d, 0x100 + 2 * 69999, PAGE_EXCLUDED, "");
		/* the stored 16 bytes are there by their file offset */
		memcpy(got, im.bytes + dump_segment_at(d, 69999).file_off, 16);
		assert_ok(make_data("r:7:16", 69999, &want));
		assert_memory_equal(got, want.s, 16);
		strbuf_done(&want);
		dump_close(d);
		image_done(&im);
	}
}

static void test_few_headers_in_section_zero(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_elf,
				   "elf64 little\nxnum\nphentsize 80\n"
				   "load pa=0x1000 data=b:5:4096\n",
				   &im);

	assert_page(d, 1, PAGE_OK, "b:5:4096");
	dump_close(d);
	image_done(&im);
}

/* Segments that start and end anywhere: pages are put together from what there is. */
static void test_unaligned(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_elf,
				   "elf64 little\nmachine 183\n"
				   "load pa=0x1800 data=b:2:2048\n"
				   "load pa=0x1000 data=b:1:2048\n"
				   "load pa=0x2000 data=b:3:100\n"
				   "load pa=0x3100 data=b:4:100\n"
				   "load pa=0x3200 data=b:5:100 memsz=300\n"
				   "load pa=0x4ff0 data=b:6:32\n",
				   &im);
	unsigned char buf[32], want[32];

	assert_page(d, 1, PAGE_OK, "b:1:2048+b:2:2048");
	assert_page(d, 2, PAGE_OK, "b:3:100");
	assert_page(d, 3, PAGE_EXCLUDED, "");
	assert_page(d, 4, PAGE_OK, "z:4080+b:6:16");
	assert_page(d, 5, PAGE_OK, "b:6:16");
	assert_int_equal(d->memory.n, 1);
	assert_int_equal(d->max_pfn, 6);
	memset(want, 6, sizeof(want));
	assert_ok(dump_read_phys(d, 0x4ff0, buf, 32));
	assert_memory_equal(buf, want, 32);
	assert_memory_equal(dump_map_phys(d, 0x4ff0, 32), want, 32);
	assert_memory_equal(dump_map_phys_forever(d, 0x4ff0, 32), want, 32);
	assert_null(dump_map_phys(d, 0x4ff0, 33));
	assert_null(dump_map_phys(d, 0x17ff, 2)); /* two places in the file */
	assert_error(dump_read_phys(d, 0x2fff, buf, 2), ERROR_EXCLUDED, "0x3000");
	assert_error(dump_read_phys(d, 0x5fff, buf, 2), ERROR_LOST, "0x6000");
	dump_close(d);
	image_done(&im);
}

/* Where segments overlap, each byte comes from one that has it in the file. */
static void test_overlaps(void **state)
{
	struct image im = { 0 };
	struct dump *d =
		open_made(make_elf,
			  "elf64 little\n"
			  "load pa=0x1000 memsz=0x10000\n"
			  "load pa=0x3000 data=r:3:4096+r:4:4096\n"
			  "load pa=0x3000 data=r:3:4096\n"
			  "load pa=0x4000 data=r:4:4096+r:5:4096 va=0xffff888000004000\n"
			  "load pa=0x8000 filesz=0 memsz=4096 off=0xffffffffffffffff\n",
			  &im);

	assert_page(d, 1, PAGE_EXCLUDED, "");
	assert_page(d, 3, PAGE_OK, "r:3:4096");
	assert_page(d, 4, PAGE_OK, "r:4:4096");
	assert_page(d, 5, PAGE_OK, "r:5:4096");
	assert_page(d, 8, PAGE_EXCLUDED, "");
	assert_true(d->complete);
	assert_int_equal(d->memory.n, 1);
	dump_close(d);
	image_done(&im);
}

static void test_cut_off(void **state)
{
	const char *text = "elf64 little\nnote VMCOREINFO 0 t:a=b\\n\n"
			   "load pa=0x1000 data=r:1:4096+r:2:4096+r:3:4096 align=4096\n"
			   "cut %u\n";
	struct image im = { 0 };
	struct dump *d;
	char cut[300];
	unsigned char buf[16];

	snprintf(cut, sizeof(cut), text, 4096 + 4096 + 100);
	d = open_made(make_elf, cut, &im);
	assert_false(d->complete);
	assert_page(d, 1, PAGE_OK, "r:1:4096");
	assert_page(d, 2, PAGE_LOST, "");
	assert_page(d, 3, PAGE_LOST, "");
	assert_int_equal(dump_page_state(d, 2), PAGE_LOST);
	assert_error(dump_read_phys(d, 0x2010, buf, 16), ERROR_LOST, "cut off");
	dump_close(d);
	/* in the notes */
	snprintf(cut, sizeof(cut), text, 64 + 2 * 56 + 20);
	d = open_made(make_elf, cut, &im);
	assert_false(d->complete);
	assert_int_equal(d->nr_notes, 0);
	assert_page(d, 1, PAGE_LOST, "");
	dump_close(d);
	image_done(&im);
	/* in the program headers, and in the file header */
	snprintf(cut, sizeof(cut), text, 64 + 56 + 30);
	assert_error(try_made(make_elf, cut), ERROR_BAD_DATA, "without any memory");
	snprintf(cut, sizeof(cut), text, 40);
	assert_error(try_made(make_elf, cut), ERROR_BAD_DATA, "ends at 0x28");
}

static void test_incomplete_mark(void **state)
{
	const struct {
		const char *text;
		bool complete;
	} cases[] = {
		{ "elf64 little\nflags 1\nload pa=0 data=z:4096\n", false },
		{ "elf64 little\nflags 2\nload pa=0 data=z:4096\n", true },
		{ "elf64 little\nmachine 21\nflags 3\nload pa=0 data=z:4096\n", false },
		/* there it is the number of the ABI */
		{ "elf64 big\nmachine 21\nflags 1\nload pa=0 data=z:4096\n", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct image im = { 0 };
		struct dump *d = open_made(make_elf, cases[i].text, &im);

		assert_int_equal(d->complete, cases[i].complete);
		dump_close(d);
		image_done(&im);
	}
}

static void test_notes(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_elf,
				   "elf64 big\nsplit-notes\n"
				   "note LINUX 0x700 t:device+z:41\n"
				   "note CORE 1 z:336\n"
				   "note VMCOREINFO 0 t:PAGESIZE=16384+z:3\n"
				   "note VMCOREINFO 0 t:second=1\n"
				   "load pa=0 data=z:4096\n",
				   &im);

	assert_int_equal(d->nr_notes, 4);
	assert_string_equal(d->notes[0].name, "LINUX");
	assert_int_equal(d->notes[0].desc_len, 47);
	assert_string_equal(d->vmcoreinfo, "PAGESIZE=16384");
	assert_int_equal(d->page_size, 4096); /* x86_64 has no other */
	dump_close(d);
	/* ends at an empty name, and at lengths that reach out of the area */
	d = open_made(make_elf,
		      "elf64 little\nnote CORE 1 x:01020304\nrawnotes z:12\n"
		      "note CORE 2 x:01\nload pa=0 data=z:4096\n",
		      &im);
	assert_int_equal(d->nr_notes, 1);
	dump_close(d);
	d = open_made(make_elf,
		      "elf64 little\nnote CORE 1 x:01020304\n"
		      "rawnotes x:05000000fffffffff0000000434f524500\n"
		      "load pa=0 data=z:4096\n",
		      &im);
	assert_int_equal(d->nr_notes, 1);
	assert_int_equal(d->raw_notes_len, 24 + 17);
	dump_close(d);
	image_done(&im);
}

/* Big-endian headers of a little-endian machine (QEMU's of POWER guests): the kernel's note
 * tells, and the registers are turned. */
static void test_info_in_the_other_order(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_elf,
				   "elf64 big\nmachine 21\n"
				   "note CORE 1 z:32+x:00000007+z:76+x:0102030405060708+z:384\n"
				   "note CORE 2 x:01020304\n"
				   "load pa=0 data=z:8192+x:0b0000001200000000000000+"
				   "t:VMCOREINFO+z:2+t:OSRELEASE=6.1\\nX=1\\n+z:4054\n",
				   &im);

	assert_false(d->big);
	assert_string_equal(d->vmcoreinfo, "OSRELEASE=6.1\nX=1\n");
	assert_int_equal(d->nr_notes, 3);
	assert_string_equal(d->notes[0].name, "CORE");
	assert_int_equal(d->notes[0].desc_len, 504);
	assert_int_equal(get_u32(d->notes[0].desc + 32, false), 7);
	assert_int_equal(get_u64(d->notes[0].desc + 112, false), 0x0102030405060708);
	assert_memory_equal(d->notes[1].desc, "\1\2\3\4", 4);
	dump_close(d);
	image_done(&im);
}

/* A hypervisor's dump: the kernel's own note, at the start of a page of memory. */
static void test_info_in_memory(void **state)
{
	static const char *const lens[] = {"0b00000012000000", "0000000b00000012"};

	for (size_t i = 0; i < 2; i++) {
		_cleanup_free_ char *text = NULL;
		struct image im = { 0 };
		struct dump *d;

		/* a note of no length, one in the middle of a page, and the true one */
		assert_true(asprintf(&text,
				     "%s\nmachine 183\nnote CORE 1 z:392\n"
				     "load pa=0x0 data=z:4096+x:0b00000000000000+x:00000000+"
				     "t:VMCOREINFO+z:4074+z:64+x:%s+x:00000000+t:VMCOREINFO+z:2+"
				     "t:OSRELEASE=6.0.0-m\\n+z:3990+r:1:4096\n"
				     "load pa=0x10000 data=z:4096+x:%s+x:00000000+t:VMCOREINFO+"
				     "z:2+t:OSRELEASE=6.1\\nX=1\\n+r:3:4054\n",
				     kinds[i], lens[i], lens[i]) > 0);
		d = open_made(make_elf, text, &im);
		assert_non_null(d->vmcoreinfo);
		assert_string_equal(d->vmcoreinfo, "OSRELEASE=6.1\nX=1\n");
		assert_int_equal(d->nr_notes, 2);
		assert_string_equal(d->notes[0].name, "CORE");
		assert_int_equal(d->notes[0].desc_len, 392);
		assert_ptr_equal(dump_find_note(d, "VMCOREINFO", 0), &d->notes[1]);
		dump_close(d);
		image_done(&im);
	}
	/* and in none there */
	{
		struct image im = { 0 };
		struct dump *d = open_made(make_elf,
					   "elf64 little\nload pa=0x800 data=r:1:9000\n", &im);

		assert_null(d->vmcoreinfo);
		dump_close(d);
		image_done(&im);
	}
}

static void test_refused(void **state)
{
	assert_error(try_made(make_elf, "elf64 little\nmachine 0xbeef\nload pa=0 data=z:1\n"),
		     ERROR_UNSUPPORTED, "machine 48879");
	assert_error(try_made(make_elf, "elf64 little\ntype 2\nload pa=0 data=z:1\n"),
		     ERROR_UNSUPPORTED, "not a dump");
	assert_error(try_made(make_elf, "elf64 little\nphentsize 55\nload pa=0 data=z:99\n"),
		     ERROR_BAD_DATA, "55");
	assert_error(try_made(make_elf, "elf64 little\nnote CORE 1 x:\n"), ERROR_BAD_DATA,
		     "without any memory");
	/* section header 0 is not there */
	assert_error(try_made(make_elf, "elf64 little\nphnum 0xffff\npoke 40 0000ffffffffffff\n"
					"load pa=0 data=z:99\n"),
		     ERROR_BAD_DATA, "section header 0");
}

/* Addresses that the machine cannot have do not inflate max_pfn. */
static void test_wild_addresses(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_elf,
				   "elf64 little\nload pa=0x1000 data=b:1:4096\n"
				   "load pa=0xfffffffffffff000 memsz=0x2000 data=b:2:4096\n"
				   "load pa=0x4000000000000000 data=b:2:4096\n",
				   &im);

	assert_int_equal(d->max_pfn, 2);
	assert_false(d->complete);
	assert_page(d, 1, PAGE_OK, "b:1:4096");
	dump_close(d);
	image_done(&im);
}

/* The cache behind dump_read_phys() holds many pages, one per slot, and no wrong ones. */
static void test_cache(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_elf,
				   "elf64 little\nload count=2000 step=4096 pa=0 "
				   "data=r:9:4096\n",
				   &im);

	for (unsigned i = 0; i < 8000; i++) {
		uint64_t pa = (i * 7919ull * 64) % (2000 * 4096 - 64);
		unsigned char got[64];
		const unsigned char *want = im.bytes + dump_segment_at(d, 0).file_off + pa;

		assert_ok(dump_read_phys(d, pa, got, sizeof(got)));
		assert_memory_equal(got, want, sizeof(got));
	}
	dump_close(d);
	image_done(&im);
}

/* Whatever the segments, what is located is what reading gives; of a page that is patched
 * together there is no one place. */
static void test_locate(void **state)
{
	static const char *const texts[] = {
		"elf64 little\nload pa=0x1000000 align=4096 data=r:1:65536\n",
		"elf64 little\nload pa=0x1000800 data=r:1:20000\nload pa=0x1005620 data=r:2:20000\n",
		("elf64 little\nload pa=0x1002000 data=r:1:8192\nload pa=0x1000000 data=r:2:16384\n"
		 "load pa=0x1008000 memsz=0x4000 data=r:3:4096\n"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct image im = { 0 };
		struct dump *d = open_made(make_elf, texts[i], &im);
		unsigned char page[4096], at[4096];
		uint64_t off, n, located = 0;

		for (uint64_t pfn = 0xffc; pfn < 0x1020; pfn++) {
			if (!dump_locate(d, pfn, 0x1003, &off, &n))
				continue;
			assert_true(n >= 1 && pfn + n <= 0x1003);
			for (uint64_t k = 0; k < n; k++, located++) {
				assert_int_equal(dump_read_page(d, pfn + k, page, NULL), PAGE_OK);
				assert_ok(source_read(d->source, off + k * 4096, at, 4096));
				assert_memory_equal(page, at, 4096);
			}
		}
		assert_true(located >= 3);
		assert_false(dump_locate(d, d->max_pfn, UINT64_MAX, &off, &n));
		assert_false(dump_locate(d, 0x1001, 0x1001, &off, &n));
		dump_close(d);
		image_done(&im);
	}
}

/* Dumps of every machine; the class tells the width where one number stands for two. */
static void test_every_machine(void **state)
{
	for (const struct arch *const *p = arches; *p; p++) {
		const struct arch *a = *p;
		_cleanup_free_ char *text = NULL, *note = NULL;
		struct image im = { 0 };
		struct dump *d;

		assert_true(asprintf(&note, "machine %u\nnote CORE 1 z:%u\nload pa=0 data=r:1:65536\n",
				     a->elf_machine, a->prstatus_size) > 0);
		text = text_of(kinds[(a->is_64bit ? 0 : 2) + a->maybe_big], note);
		d = open_made(make_elf, text, &im);
		assert_ptr_equal(d->arch, a);
		assert_int_equal(d->is_64bit, a->is_64bit);
		assert_true(d->page_size & a->page_sizes);
		assert_int_equal(d->max_pfn, 65536 / d->page_size);
		dump_close(d);
		image_done(&im);
	}
}

/* netdump's files, in every kind: the note's first word is the task that panicked. */
static void test_netdump(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		bool big = i & 1, wide = i < 2;
		_cleanup_free_ char *text = NULL, *rest = NULL;
		struct image im = { 0 };
		struct dump *d;

		assert_true(asprintf(&rest,
				     "machine %d\nnote CORE 1 z:144\nnote CORE 3 z:124\n"
				     "note CORE 4 x:%s\n"
				     "load pa=0 data=r:1:4096+r:2:4096 align=4096 palign=4096\n",
				     wide ? 62 : 3,
				     wide ? big ? "ffff810012340000" : "000034120081ffff" :
				     big ? "c1234000" : "004023c1") > 0);
		text = text_of(kinds[i], rest);
		d = open_made(make_elf, text, &im);
		assert_string_equal(d->format, "ELF vmcore, netdump");
		assert_int_equal(d->panic_task, wide ? 0xffff810012340000 : 0xc1234000);
		assert_true(d->complete);
		assert_page(d, 1, PAGE_OK, "r:2:4096");
		assert_page(d, 2, PAGE_HOLE, "");
		dump_close(d);
		image_done(&im);
	}
}

/* The 32 bits of a segment's length do not hold that of a PAE machine's memory. */
static void test_netdump_above_4g(void **state)
{
	static const char text[] = "elf32 little\nmachine 3\nnote CORE 3 z:124\n"
				   "load pa=0 filesz=8192 data=r:1:4096+r:2:4096+r:3:4096 "
				   "align=4096 palign=4096\n";
	struct image im = { 0 };
	struct dump *d = open_made(make_elf, text, &im);

	assert_int_equal(d->max_pfn, 2 + (1 << 20));
	assert_page(d, 2, PAGE_OK, "r:3:4096");
	assert_page(d, 3, PAGE_LOST, "");
	assert_false(d->complete);
	dump_close(d);
	image_done(&im);
}

static void test_origins(void **state)
{
	static const struct {
		const char *text, *format;
		uint32_t page_size;
	} cases[] = {
		/* 16 KiB pages of an Itanium, told by the alignment alone */
		{ "elf64 little\nmachine 50\nnote DISKDUMP 0x70000001 x:00000000\n"
		  "note CORE 1 z:1144\nload pa=0 data=z:16384 align=16384 palign=16384\n",
		  "ELF vmcore, diskdump", 16384 },
		{ "elf64 little\nnote CORE 3 z:136\nload pa=0 data=z:4096 align=4096 palign=3\n",
		  "ELF vmcore, netdump", 4096 },
		{ "elf64 little\nnote SNAP 4 x:0010000000c9ffff00000001\nload pa=0 data=z:4096\n",
		  "ELF vmcore, crash's snap", 4096 },
		/* kdump, by alignment or VMCOREINFO; a process's core file */
		{ "elf64 little\nnote CORE 3 z:136\nload pa=0 data=z:4096 align=4096\n",
		  "ELF vmcore", 4096 },
		{ "elf64 little\nnote CORE 3 z:136\nnote VMCOREINFO 0 t:a=b\n"
		  "load pa=0 data=z:4096 align=4096 palign=4096\n",
		  "ELF vmcore", 4096 },
		{ "elf64 little\nnote CORE 3 z:136\nnote CORE 6 z:32\n"
		  "load pa=0 data=z:4096 align=4096 palign=4096\n",
		  "ELF vmcore", 4096 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct image im = { 0 };
		struct dump *d = open_made(make_elf, cases[i].text, &im);

		assert_string_equal(d->format, cases[i].format);
		assert_int_equal(d->page_size, cases[i].page_size);
		assert_int_equal(d->panic_task, i == 2 ? 0xffffc90000001000 : 0);
		dump_close(d);
		image_done(&im);
	}
}

/* What fs/proc/kcore.c makes: direct map, kernel image, vmalloc and vmemmap, a process's notes. */
#define KCORE_HEAD                                                                              \
	"elf64 little\nnote CORE 1 z:336\nnote CORE 3 z:40+t:vmlinux\\0+z:88\n"                \
	"note CORE 4 r:1:2000\n"
#define KCORE_INFO "note VMCOREINFO 0 t:OSRELEASE=6.1.0-live\\n\n"
#define KCORE_LOADS                                                                             \
	"load va=0xffffc90000000000 pa=0xffffffffffffffff off=0x490000001000 "                   \
	"filesz=0x1fffffffffff memsz=0x1fffffffffff\n"                                          \
	"load va=0xffffffff81000000 pa=0x2000 data=r:1:4096\n"                                  \
	"load va=0xffff888000001000 pa=0x1000 data=r:7:4096+r:1:4096+r:8:4096\n"                 \
	"load va=0xffffea0000000000 pa=0xffffffffffffffff off=0x6a0000001000 "                   \
	"filesz=0x1000000 memsz=0x1000000\n"                                                    \
	"load va=0xffff888100000000 pa=0x100000000 data=r:9:8192\n"

static void test_kcore(void **state)
{
	for (int info = 0; info < 2; info++) {
		struct image im = { 0 };
		struct dump *d = open_made(make_elf, info ? KCORE_HEAD KCORE_INFO KCORE_LOADS
							  : KCORE_HEAD KCORE_LOADS, &im);

		assert_string_equal(d->format, "/proc/kcore");
		assert_true(d->complete); /* the virtual areas are no memory that is missing */
		assert_int_equal(d->max_pfn, 0x100002);
		assert_int_equal(ranges_total(&d->memory), 5);
		assert_page(d, 0, PAGE_HOLE, "");
		assert_page(d, 1, PAGE_OK, "r:7:4096");
		assert_page(d, 2, PAGE_OK, "r:1:4096");
		assert_page(d, 3, PAGE_OK, "r:8:4096");
		assert_page(d, 0x100000, PAGE_OK, "r:9:4096");
		assert_int_equal(dump_nr_segments(d), 3);
		/* no CPU left registers, no task panicked */
		assert_int_equal(d->nr_notes, info);
		assert_int_equal(d->panic_task, 0);
		if (info)
			assert_string_equal(d->vmcoreinfo, "OSRELEASE=6.1.0-live\n");
		else
			assert_null(d->vmcoreinfo);
		dump_close(d);
		image_done(&im);
	}
	/* before 4.11 */
	assert_error(try_made(make_elf, KCORE_HEAD "load va=0xffffc90000000000 filesz=0x1000 memsz=0x1000\n"
						   "load va=0xffff880000001000 data=r:1:4096\n"),
		     ERROR_UNSUPPORTED, "older than 4.11");
}

/* QEMU with paging: one PT_LOAD for each mapping, which repeat and overlap; with a filter, ranges
 * at offset -1. */
static void test_qemu_paging(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_elf,
				   "elf64 little\nnote CORE 1 z:336\nnote QEMU 0 z:440\n"
				   "load va=0xffffffff81000000 pa=0x2000 off=0x3000 filesz=0x2000\n"
				   "load va=0xffff888000000000 pa=0 off=0x1000 filesz=0x6000\n"
				   "load va=0x7f0000000000 pa=0x3000 off=0x4000 filesz=0x1000\n"
				   "load va=0x7f0000001000 pa=0x3000 off=0x4000 filesz=0x1000\n"
				   "load va=0xffff888000006000 pa=0x6000 off=0xffffffffffffffff "
				   "filesz=0 memsz=0x2000\n"
				   "load va=0xffff888000006000 pa=0x5000 off=0x6000 filesz=0x1000 "
				   "memsz=0x2000\n"
				   "poke 0x1000 61\npoke 0x3000 62\npoke 0x4000 63\npoke 0x6fff 64\n",
				   &im);

	assert_true(d->complete);
	assert_page(d, 0, PAGE_OK, "x:61");
	assert_page(d, 1, PAGE_OK, "x:00");
	assert_page(d, 2, PAGE_OK, "x:62");
	assert_page(d, 3, PAGE_OK, "x:63");
	assert_page(d, 5, PAGE_OK, "z:4095+x:64");
	assert_page(d, 6, PAGE_EXCLUDED, "");
	assert_page(d, 7, PAGE_EXCLUDED, "");
	assert_page(d, 8, PAGE_HOLE, "");
	assert_int_equal(dump_nr_segments(d), 6);
	dump_close(d);
	image_done(&im);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind),
		cmocka_unit_test(test_many_headers),
		cmocka_unit_test(test_few_headers_in_section_zero),
		cmocka_unit_test(test_unaligned),
		cmocka_unit_test(test_overlaps),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_incomplete_mark),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_info_in_memory),
		cmocka_unit_test(test_info_in_the_other_order),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_wild_addresses),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_every_machine),
		cmocka_unit_test(test_netdump),
		cmocka_unit_test(test_netdump_above_4g),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_locate), cmocka_unit_test(test_kcore), cmocka_unit_test(test_qemu_paging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
