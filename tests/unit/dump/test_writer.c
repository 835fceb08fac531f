/*
 * Writers against readers: what is written reads back, on a disk that fills up at any point,
 * and when the writing process is killed at any point.
 */
#include "../test.h"

#include "dump/writer.h"
#include "disk.h"

#define PS	4096u
#define MAX_PFN 0x900

/* ---- a machine ---- */

enum kind { DATA, ZERO, LEFT_OUT, UNREADABLE, NO_MEMORY };

static struct ranges memory;
static uint64_t max_pfn = MAX_PFN;
#define FAR_PFN 0x7fc0 /* memory in two blocks of the bitmap, where max_pfn is larger */
static bool tells_apart; /* kdump-compressed: what is left out is never taken for lost */
/* From here on pages are left out that were not before (thinned()). */
static uint64_t thin_from = UINT64_MAX;

static enum kind kind_of(uint64_t pfn)
{
	if (!ranges_contain(&memory, pfn, pfn + 1))
		return NO_MEMORY;
	if (pfn % 11 == 3 || (pfn >= 0x240 && pfn < 0x290))
		return LEFT_OUT;
	if (pfn % 97 == 5)
		return UNREADABLE;
	return pfn % 7 == 0 || (pfn >= 0x200 && pfn < 0x230) ? ZERO : DATA;
}

/* Those that come in the first of two goes. */
static bool is_early(uint64_t pfn)
{
	return pfn % 50 == 9 && kind_of(pfn) != LEFT_OUT;
}

static bool is_thinned(uint64_t pfn)
{
	return pfn >= thin_from && pfn % 3 == 1 && !is_early(pfn);
}

/* Over the gap. */
static uint64_t next(uint64_t pfn)
{
	return pfn >= MAX_PFN && pfn < FAR_PFN - 1 ? FAR_PFN - 1 : pfn + 1;
}

static void fill(uint64_t pfn, unsigned char *page)
{
	uint64_t x = pfn * 0x9e3779b97f4a7c15 + 1;

	for (size_t i = 0; i < PS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		page[i] = x;
	}
}

static unsigned char notes[] = {
	11, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 'V', 'M', 'C', 'O', 'R', 'E', 'I', 'N', 'F', 'O', 0, 0,
	'O', 'S', 'R', 'E', 'L', 'E', 'A', 'S', 'E', '=', '6', '.', '1', '.', '0', '\n', 'A', '=',
	'1', '\n',
};

static struct dump_segment segments[3];

/* What of the machine the dump is to hold. */
static struct error *kept(void *arg, uint64_t first, unsigned char *bits, size_t len)
{
	(void)arg;
	memset(bits, 0, len);
	for (uint64_t pfn = first; pfn < MIN(first + 8 * len, max_pfn); pfn = next(pfn)) {
		enum kind kind = kind_of(pfn);

		if ((kind == DATA || kind == ZERO || kind == UNREADABLE) && !is_thinned(pfn))
			bits[(pfn - first) / 8] |= 1 << (pfn - first) % 8;
	}
	return NULL;
}

static struct dump_facts facts_of(const struct arch *arch, bool big)
{
	struct dump_facts f = {
		.arch = arch,
		.big = big,
		.is_64bit = arch->is_64bit,
		.page_size = PS,
		.max_pfn = max_pfn,
		.dump_level = 17,
		.phys_base = 0x1000000,
		.nr_cpus = 2,
		.timestamp = 1700000000,
		.notes = notes,
		.notes_len = sizeof(notes),
		.vmcoreinfo = (const char *)notes + 24,
		.vmcoreinfo_len = 20,
		.memory = &memory,
		.segments = segments,
		.nr_segments = 3,
		.kept = kept,
	};

	strcpy(f.utsname.sysname, "Linux");
	strcpy(f.utsname.release, "6.1.0");
	strcpy(f.utsname.machine, arch->name);
	if (big) { /* the note's own numbers */
		notes[0] = notes[4] = 0;
		notes[3] = 11;
		notes[7] = 20;
	} else {
		notes[3] = notes[7] = 0;
		notes[0] = 11;
		notes[4] = 20;
	}
	return f;
}

static bool feed_page(struct dump_writer *w, uint64_t pfn)
{
	unsigned char page[PS];
	struct error *e = NULL;

	switch (kind_of(pfn)) {
	case DATA:
		fill(pfn, page);
		e = writer_page(w, pfn, page, PS, NULL, false);
		break;
	case ZERO:
		e = writer_page(w, pfn, NULL, 0, NULL, true);
		break;
	case UNREADABLE:
		e = writer_page(w, pfn, NULL, 0, NULL, false);
		break;
	case LEFT_OUT:
	case NO_MEMORY:
		break;
	}
	if (!e)
		return true;
	assert_int_equal(error_kind(e), ERROR_NO_SPACE);
	error_free(e);
	return false;
}

/* Every page in order, up to the first failure. True: all came through. */
static bool feed(struct dump_writer *w)
{
	for (uint64_t pfn = 0; pfn < max_pfn; pfn = next(pfn))
		if (!feed_page(w, pfn))
			return false;
	return true;
}

static bool try_or_full(struct error *e)
{
	if (e)
		assert_int_equal(error_kind(e), ERROR_NO_SPACE);
	error_free(e);
	return !e;
}

/* Some pages first; and at `thin_at` the rest is thinned. */
static bool feed_in_two_goes(struct dump_writer *w, uint64_t thin_at)
{
	thin_from = UINT64_MAX;
	for (uint64_t pfn = 0; pfn < max_pfn; pfn = next(pfn))
		if (is_early(pfn) && !feed_page(w, pfn))
			return false;
	if (!try_or_full(writer_rewind(w)))
		return false;
	for (uint64_t pfn = 0; pfn < max_pfn; pfn = next(pfn)) {
		if (pfn == thin_at) {
			thin_from = pfn;
			if (!try_or_full(writer_thin(w, pfn, 31)))
				return false;
		}
		if (!is_early(pfn) && !is_thinned(pfn) && !feed_page(w, pfn))
			return false;
	}
	return true;
}

static struct dump *reopen(struct disk *d)
{
	struct source *s;
	struct dump *dump;

	assert_ok(source_open_memory("disk", d->bytes, d->len, &s));
	assert_ok(dump_open_source(s, &dump));
	return dump;
}

/* Reads all pages; a page that reads must be the right one. Returns how many data pages do.
 * `all`: each page must have the answer that it was written with. `torn`: program headers may
 * have been half written. */
static size_t check_pages(struct dump *d, bool all, bool torn)
{
	unsigned char page[PS], want[PS];
	size_t n = 0;

	for (uint64_t pfn = 0; pfn < max_pfn; pfn = next(pfn)) {
		enum kind kind = kind_of(pfn);
		struct error *why = NULL;
		enum page_answer a = dump_read_page(d, pfn, page, &why);

		error_free(why);
		if (a == PAGE_OK || a == PAGE_ZERO) {
			if (kind == DATA)
				fill(pfn, want);
			else
				memset(want, 0, PS);
			if (kind != DATA && kind != ZERO)
				fail_msg("page 0x%llx reads", (unsigned long long)pfn);
			if (memcmp(page, want, PS) != 0)
				fail_msg("page 0x%llx differs", (unsigned long long)pfn);
			n += kind == DATA;
		} else if (is_thinned(pfn) && (kind == DATA || kind == ZERO || kind == UNREADABLE)) {
			/* until the bitmap is rewritten they are lost */
			assert_true(a == PAGE_EXCLUDED || (!all && a == PAGE_LOST));
		} else if (all) {
			assert_int_not_equal(kind, DATA);
			assert_int_not_equal(kind, ZERO);
			if (kind == LEFT_OUT)
				assert_int_equal(a, PAGE_EXCLUDED);
			if (kind == UNREADABLE)
				assert_int_equal(a, PAGE_LOST);
			if (kind == NO_MEMORY)
				assert_int_equal(a, PAGE_HOLE);
		} else if (kind == DATA && !(torn && a == PAGE_HOLE)) {
			/* not reached is lost, never "left out" */
			assert_int_equal(a, PAGE_LOST);
		} else if (tells_apart) {
			assert_int_equal(a, kind == LEFT_OUT ? PAGE_EXCLUDED :
					    kind == NO_MEMORY ? PAGE_HOLE : PAGE_LOST);
		}
	}
	return n;
}

typedef struct error *open_fn(struct sink *s, const struct dump_facts *f, struct dump_writer **ret);

static struct error *open_kdump(struct sink *s, const struct dump_facts *f, struct dump_writer **ret)
{
	return writer_open_kdump(s, f, 0, ret);
}

static void round_trip(open_fn *open, const struct arch *arch, bool big, size_t nr_segments)
{
	struct dump_facts f = facts_of(arch, big);
	struct disk *disk = disk_new(SIZE_MAX, -1);
	struct dump_writer *w;
	struct dump *d;

	f.nr_segments = nr_segments;
	assert_ok(open(&disk->sink, &f, &w));
	assert_true(feed(w));
	assert_ok(writer_end(w, true));
	writer_close(w);
	assert_true(disk->finished);

	d = reopen(disk);
	assert_false(d->complete); /* it has lost pages */
	assert_ptr_equal(d->arch, arch);
	assert_int_equal(d->big, big);
	assert_int_equal(d->page_size, PS);
	assert_int_equal(d->raw_notes_len, sizeof(notes));
	assert_memory_equal(d->raw_notes, notes, sizeof(notes));
	assert_int_equal(d->vmcoreinfo_len, 20);
	assert_memory_equal(d->vmcoreinfo, "OSRELEASE=6.1.0\nA=1\n", 20);
	if (open == open_kdump) {
		assert_int_equal(d->max_pfn, MAX_PFN);
		assert_int_equal(d->dump_level, 17);
		assert_int_equal(d->phys_base, 0x1000000);
		assert_string_equal(d->utsname.release, "6.1.0");
	}
	assert_true(check_pages(d, true, false) > 700);
	dump_close(d);
	sink_close(&disk->sink);
}

static void every_layout(open_fn *open)
{
	round_trip(open, &arch_x86_64, false, 3);
	round_trip(open, &arch_ppc64, true, 3);
	round_trip(open, &arch_i386, false, 3);
	round_trip(open, &arch_s390x, true, 3);
	round_trip(open, &arch_mips, true, 3);
	/* input whose headers tell no virtual addresses */
	round_trip(open, &arch_x86_64, false, 0);
}

/* The disk fills up at every point. */
static void disk_full(open_fn *open)
{
	struct dump_facts f = facts_of(&arch_x86_64, false);
	size_t before = 0, most = 0;

	tells_apart = open == open_kdump;
	for (size_t capacity = 0;; capacity += 61) {
		struct disk *disk = disk_new(capacity, -1);
		struct dump_writer *w;
		struct dump *d;
		struct error *e = open(&disk->sink, &f, &w);
		size_t n;
		bool all;

		if (e) {
			assert_int_equal(error_kind(e), ERROR_NO_SPACE);
			error_free(e);
			sink_close(&disk->sink);
			continue;
		}
		all = feed(w);
		if (all) {
			e = writer_end(w, true);
			all = !e;
			error_free(e);
		}
		if (!all)
			assert_ok(writer_end(w, false));
		writer_close(w);
		d = reopen(disk);
		assert_false(d->complete);
		n = check_pages(d, all, false);
		/* nearly all that there is room for reads */
		if (!all && n && n * PS * 6 / 5 < capacity * DISK_BLOCK - MIN(capacity * DISK_BLOCK, 160u << 10))
			fail_msg("%zu pages of %zu KiB", n, capacity / 2);
		assert_true(n >= before);
		before = n;
		most = MAX(most, n);
		dump_close(d);
		sink_close(&disk->sink);
		if (all)
			break;
	}
	assert_true(most > 700);
}

static void check_is_no_dump(const struct disk *disk)
{
	struct source *s;
	struct dump *d;

	assert_ok(source_open_memory("disk", disk->bytes, disk->len, &s));
	assert_error(dump_open_source(s, &d), ERROR_UNSUPPORTED, "not a dump");
}

/* The process dies between or within any two writes. */
static void killed(open_fn *open)
{
	struct dump_facts f = facts_of(&arch_x86_64, false);
	size_t most = 0, opened = 0;

	tells_apart = open == open_kdump;
	for (long writes = 1;; writes++) {
		struct disk *disk = disk_new(SIZE_MAX, writes);
		struct dump_writer *w;
		struct dump *d;
		struct error *e = open(&disk->sink, &f, &w);
		bool all;

		if (e) { /* before the first page: nobody takes it for a dump */
			error_free(e);
			check_is_no_dump(disk);
			sink_close(&disk->sink);
			continue;
		}
		all = feed(w);
		if (all) {
			e = writer_end(w, true);
			all = !e;
			error_free(e);
		}
		writer_close(w);
		d = reopen(disk);
		opened++;
		if (!all)
			assert_false(d->complete);
		most = MAX(most, check_pages(d, all, open != open_kdump));
		dump_close(d);
		sink_close(&disk->sink);
		if (all)
			break;
	}
	assert_true(opened > 5);
	assert_true(most > 700);
}

/* The same with some pages first, on two blocks of the bitmap, and thinned on the way. */
static void killed_in_two_goes(uint64_t thin_at)
{
	size_t most = 0, missed = 0, nr_early = 0;
	bool all = false;

	max_pfn = 0x8060;
	tells_apart = true;
	assert_ok(ranges_add(&memory, FAR_PFN, max_pfn - 8));
	for (long writes = 1; !all; writes++) {
		struct dump_facts f = facts_of(&arch_x86_64, false);
		struct disk *disk = disk_new(SIZE_MAX, writes);
		struct dump_writer *w;
		struct dump *d;
		size_t n;

		f.two_goes = true;
		thin_from = UINT64_MAX;
		if (!try_or_full(writer_open_kdump(&disk->sink, &f, 0, &w))) {
			check_is_no_dump(disk);
			sink_close(&disk->sink);
			continue;
		}
		all = feed_in_two_goes(w, thin_at) && try_or_full(writer_end(w, true));
		writer_close(w);
		d = reopen(disk);
		assert_false(d->complete);
		assert_int_equal(d->dump_level, all && thin_at < max_pfn ? 31 : d->dump_level);
		n = check_pages(d, all, false);
		missed = MAX(missed, most > n ? most - n : 0);
		most = MAX(most, n);
		dump_close(d);
		sink_close(&disk->sink);
	}
	for (uint64_t pfn = 0; pfn < max_pfn; pfn = next(pfn))
		nr_early += is_early(pfn) && kind_of(pfn) == DATA;
	/* early pages are away while they are moved */
	assert_true(missed <= (thin_at < max_pfn ? nr_early : 0));
	assert_true(most > 600);
	thin_from = UINT64_MAX;
	assert_ok(ranges_cut(&memory, FAR_PFN, max_pfn));
	max_pfn = MAX_PFN;
}

static void kdump_in_two_goes(void **state)
{
	(void)state;
	killed_in_two_goes(UINT64_MAX);
}

static void kdump_thinned(void **state)
{
	const uint64_t at[] = { 0, 0x123, 0x8000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		killed_in_two_goes(at[i]);
}

/* What is to be kept changes on the way: pages there are lost, none is another's. */
static struct error *moody(void *arg, uint64_t first, unsigned char *bits, size_t len)
{
	unsigned *calls = arg;
	struct error *e = kept(NULL, first, bits, len);

	if (++*calls > 1)
		bits[0x120 / 8] ^= 0x81;
	return e;
}

static void kdump_of_a_changing_machine(void **state)
{
	struct dump_facts f = facts_of(&arch_x86_64, false);
	struct disk *disk = disk_new(SIZE_MAX, -1);
	struct dump_writer *w;
	unsigned calls = 0;
	struct dump *d;

	(void)state;
	f.kept = moody;
	f.kept_arg = &calls;
	assert_ok(writer_open_kdump(&disk->sink, &f, 0, &w));
	assert_true(feed(w));
	assert_ok(writer_end(w, true));
	assert_false(w->whole);
	writer_close(w);
	d = reopen(disk);
	assert_false(d->complete);
	assert_int_equal(check_pages(d, false, false), 0);
	dump_close(d);
	sink_close(&disk->sink);
}

static void elf_reads_back(void **state)
{
	(void)state;
	every_layout(writer_open_elf);
}

static void elf_on_a_disk_that_fills_up(void **state)
{
	(void)state;
	disk_full(writer_open_elf);
}

static void elf_of_a_killed_writer(void **state)
{
	(void)state;
	killed(writer_open_elf);
}

static void kdump_reads_back(void **state)
{
	(void)state;
	every_layout(open_kdump);
}

static void kdump_on_a_disk_that_fills_up(void **state)
{
	(void)state;
	disk_full(open_kdump);
}

static void kdump_of_a_killed_writer(void **state)
{
	(void)state;
	killed(open_kdump);
}

/* More lost pages than there are headers for: the dump goes on, and no good page is harmed. */
static void elf_of_bad_memory(void **state)
{
	struct dump_facts f = facts_of(&arch_x86_64, false);
	struct disk *disk = disk_new(SIZE_MAX, -1);
	unsigned char page[PS], got[PS];
	struct ranges all = { 0 };
	struct dump_writer *w;
	struct dump *d;

	(void)state;
	assert_ok(ranges_add(&all, 0, MAX_PFN));
	f.memory = &all;
	f.nr_segments = 0;
	f.max_runs = 1;
	assert_ok(writer_open_elf(&disk->sink, &f, &w));
	for (uint64_t pfn = 0; pfn < MAX_PFN; pfn++) {
		fill(pfn, page);
		assert_ok(writer_page(w, pfn, pfn % 2 ? NULL : page, pfn % 2 ? 0 : PS, NULL, false));
	}
	assert_ok(writer_end(w, true));
	writer_close(w);
	d = reopen(disk);
	assert_false(d->complete);
	for (uint64_t pfn = 0; pfn < MAX_PFN; pfn++) {
		enum page_answer a = dump_read_page(d, pfn, got, NULL);

		if (pfn % 2 == 0) {
			assert_int_equal(a, PAGE_OK);
			fill(pfn, page);
			assert_memory_equal(got, page, PS);
		} else if (pfn < 400) {
			assert_int_equal(a, PAGE_LOST);
		}
	}
	dump_close(d);
	sink_close(&disk->sink);
	ranges_done(&all);
}

static void refuses_disorder(void **state)
{
	struct dump_facts f = facts_of(&arch_x86_64, false);
	open_fn *const opens[] = { open_kdump, writer_open_elf };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(opens); i++) {
		struct disk *disk = disk_new(SIZE_MAX, -1);
		unsigned char page[PS] = { 1 };
		struct dump_writer *w;

		assert_ok(opens[i](&disk->sink, &f, &w));
		assert_ok(writer_page(w, 0x20, page, PS, NULL, false));
		assert_error(writer_page(w, 0x20, page, PS, NULL, false), ERROR_BAD_DATA,
			     "out of order");
		assert_error(writer_page(w, MAX_PFN, page, PS, NULL, false), ERROR_BAD_DATA,
			     "beyond");
		assert_error(writer_page(w, 0x21, page, 12, NULL, false), ERROR_BAD_DATA,
			     "12 stored bytes");
		assert_error(writer_end(w, true), ERROR_OTHER, "misses pages");
		writer_close(w);
		sink_close(&disk->sink);
	}
}

static int make_machine(void **state)
{
	(void)state;
	assert_ok(ranges_add(&memory, 0x1, 0x9f));
	assert_ok(ranges_add(&memory, 0x100, 0x300));
	assert_ok(ranges_add(&memory, 0x310, 0x311));
	assert_ok(ranges_add(&memory, 0x700, MAX_PFN));
	/* the kernel's text is mapped twice */
	segments[0] = (struct dump_segment){ .va = 0xf0000000, .pa = 0x120000, .len = 0x40000 };
	segments[1] = (struct dump_segment){ .va = 0xc0001000, .pa = 0x1000, .len = 0x310000 };
	segments[2] = (struct dump_segment){ .va = 0xc0700000, .pa = 0x700000, .len = 0x200000 };
	return 0;
}

static int unmake_machine(void **state)
{
	(void)state;
	ranges_done(&memory);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elf_reads_back),
		cmocka_unit_test(elf_on_a_disk_that_fills_up),
		cmocka_unit_test(elf_of_a_killed_writer),
		cmocka_unit_test(elf_of_bad_memory),
		cmocka_unit_test(kdump_reads_back),
		cmocka_unit_test(kdump_on_a_disk_that_fills_up),
		cmocka_unit_test(kdump_of_a_killed_writer),
		cmocka_unit_test(kdump_in_two_goes),
		cmocka_unit_test(kdump_thinned),
		cmocka_unit_test(kdump_of_a_changing_machine),
		cmocka_unit_test(refuses_disorder),
	};

	return cmocka_run_group_tests_name("writer", tests, make_machine, unmake_machine);
}
