/* The pipeline, with a dump that the test makes up page by page. */
#include "../test.h"

#include <sys/mman.h>

#include "../dump/disk.h"
#include "collect/collect.h"
#include "dump/source_file-priv.h"
#include "make/make.h"

#define PS	4096u
#define MAX_PFN 0x500

/* What page frame `pfn` is. */
enum kind { DATA, NOISE, ZERO, KNOWN_ZERO, LEFT_OUT, UNREADABLE };

static bool has_unreadable, has_left_out;

static enum kind kind_of(uint64_t pfn)
{
	if (has_unreadable && pfn % 101 == 7)
		return UNREADABLE;
	if (has_left_out && pfn % 13 == 1)
		return LEFT_OUT;
	return pfn % 5 == 0 ? ZERO : pfn % 17 == 3 ? KNOWN_ZERO : pfn % 3 ? DATA : NOISE;
}

static void fill(uint64_t pfn, unsigned char *page)
{
	uint64_t x = pfn * 0x9e3779b97f4a7c15 + 1;

	memset(page, 0, PS);
	switch (kind_of(pfn)) {
	case DATA: /* packs well */
		for (size_t i = 0; i < PS; i += 64)
			page[i] = pfn + i / 64;
		page[PS - 1] = 1;
		break;
	case NOISE:
		for (size_t i = 0; i < PS; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			page[i] = x;
		}
		break;
	case ZERO:
	case KNOWN_ZERO:
	case LEFT_OUT:
	case UNREADABLE:
		break;
	}
}

static enum page_answer fake_page(struct dump *d, uint64_t pfn, void *buf, struct error **ret_why)
{
	switch (kind_of(pfn)) {
	case KNOWN_ZERO:
		memset(buf, 0, PS);
		return PAGE_ZERO;
	case LEFT_OUT:
		return PAGE_EXCLUDED;
	case UNREADABLE:
		if (ret_why)
			*ret_why = error_sys(EIO, "page");
		return PAGE_LOST;
	case DATA:
	case NOISE:
	case ZERO:
		break;
	}
	fill(pfn, buf);
	return PAGE_OK;
}

static enum page_answer fake_state(struct dump *d, uint64_t pfn)
{
	return kind_of(pfn) == LEFT_OUT ? PAGE_EXCLUDED : PAGE_OK;
}

static const struct dump_format fake_format = { .name = "made up", .page = fake_page,
						.state_of = fake_state };

static struct dump input;

static struct collect_request request_of(struct disk *disk)
{
	return (struct collect_request){ .dump = &input, .level = 1,
					 .sink = disk ? &disk->sink : NULL };
}

/* Every page of the new dump is what it was. */
static void check_dump(const struct disk *disk, uint64_t *ret_lost)
{
	unsigned char page[PS], want[PS];
	struct source *s;
	struct dump *d;

	*ret_lost = 0;
	assert_ok(source_open_memory("disk", disk->bytes, disk->len, &s));
	assert_ok(dump_open_source(s, &d));
	for (uint64_t pfn = 0; pfn < MAX_PFN; pfn++) {
		struct error *why = NULL;
		enum page_answer a = dump_read_page(d, pfn, page, &why);

		error_free(why);
		if (a == PAGE_LOST) {
			++*ret_lost;
		} else if (!ranges_contain(&input.memory, pfn, pfn + 1)) {
			assert_int_equal(a, PAGE_HOLE);
		} else if (kind_of(pfn) == LEFT_OUT) {
			assert_int_equal(a, PAGE_EXCLUDED);
		} else {
			assert_true(a == PAGE_OK || a == PAGE_ZERO);
			fill(pfn, want);
			assert_memory_equal(page, want, PS);
		}
	}
	dump_close(d);
}

static const struct codec *const packs[] = { NULL, &codec_zlib, &codec_lzo, &codec_snappy,
					     &codec_zstd };

static void every_codec_and_number_of_threads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packs); i++) {
		struct disk *first = NULL;

		for (unsigned threads = 0; threads < 6; threads++) {
			struct disk *disk = disk_new(SIZE_MAX, -1);
			struct collect_request r = request_of(disk);
			struct collect_result c;
			uint64_t lost;

			r.codec = packs[i];
			r.threads = threads;
			assert_ok(collect_run(&r, &c));
			assert_true(c.complete);
			assert_int_equal(c.level, 1);
			assert_int_equal(c.counts.memory, 0x480);
			assert_int_equal(c.counts.zero + c.counts.stored, 0x480);
			assert_int_equal(c.bytes_written, disk->sink.bytes_written);
			collect_result_done(&c);
			check_dump(disk, &lost);
			assert_int_equal(lost, 0);
			put_u64(disk->bytes + 408, 0, false); /* the time of writing */
			if (first) { /* the same file */
				assert_int_equal(disk->len, first->len);
				assert_memory_equal(disk->bytes, first->bytes, disk->len);
				sink_close(&disk->sink);
			} else {
				first = disk;
			}
		}
		sink_close(&first->sink);
	}
}

static void writes_elf(void **state)
{
	struct disk *disk = disk_new(SIZE_MAX, -1);
	struct collect_request r = request_of(disk);
	struct collect_result c;
	uint64_t lost;

	(void)state;
	has_left_out = true;
	r.elf = true;
	assert_ok(collect_run(&r, &c));
	assert_true(c.counts.already > 50);
	collect_result_done(&c);
	check_dump(disk, &lost);
	assert_int_equal(lost, 0);
	sink_close(&disk->sink);
	has_left_out = false;
}

/* A page that cannot be read is one page lost, not the dump. */
static void unreadable_pages_are_lost_alone(void **state)
{
	(void)state;
	has_unreadable = has_left_out = true;
	for (int elf = 0; elf < 2; elf++) {
		struct disk *disk = disk_new(SIZE_MAX, -1);
		struct collect_request r = request_of(disk);
		struct collect_result c;
		uint64_t lost;

		r.elf = elf;
		assert_ok(collect_run(&r, &c));
		assert_false(c.complete);
		assert_int_equal(c.counts.lost, 11);
		check_dump(disk, &lost);
		assert_int_equal(lost, 11);
		collect_result_done(&c);
		sink_close(&disk->sink);
	}
	has_unreadable = has_left_out = false;
}

/* The N-th write fails, for every N, and all after it; in one thread and in three. */
static void every_write_fails_once(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 3; threads += 2)
		for (int elf = 0; elf < 2; elf++)
			for (long n = 1;; n++) {
				struct disk *disk = disk_new(SIZE_MAX, n);
				struct collect_request r = request_of(disk);
				struct collect_result c;
				struct error *e;

				r.codec = elf ? NULL : &codec_lzo;
				r.elf = elf;
				r.threads = threads;
				e = collect_run(&r, &c);
				assert_int_equal(c.complete, !e);
				if (e)
					assert_int_equal(error_kind(e), ERROR_NO_SPACE);
				collect_result_done(&c);
				sink_close(&disk->sink);
				if (!e)
					break;
				error_free(e);
				assert_true(n < 1000);
			}
}

/* A full disk: what was written is a dump, and reads. */
static void disk_full(void **state)
{
	uint64_t before = UINT64_MAX;

	(void)state;
	for (size_t capacity = 400;; capacity += 97) {
		struct disk *disk = disk_new(capacity, -1);
		struct collect_request r = request_of(disk);
		struct collect_result c;
		struct error *e;
		uint64_t lost;

		r.codec = &codec_zlib;
		r.threads = 2;
		e = collect_run(&r, &c);
		collect_result_done(&c);
		check_dump(disk, &lost);
		sink_close(&disk->sink);
		assert_true(lost <= before);
		before = lost;
		if (!e)
			break;
		assert_int_equal(error_kind(e), ERROR_NO_SPACE);
		error_free(e);
	}
	assert_int_equal(before, 0);
}

/* Where both bitmaps are. */
static const unsigned char *bitmaps_of(const struct disk *d, size_t *ret_len)
{
	uint32_t sub = get_u32(d->bytes + 432, false), blocks = get_u32(d->bytes + 436, false);

	*ret_len = blocks * (size_t)PS;
	return d->bytes + (1 + sub) * (size_t)PS;
}

/* Parts of a split dump: each has the pages of its range, and all bits. */
static void parts_of_a_split_dump(void **state)
{
	(void)state;
	has_left_out = true;
	for (size_t nr_parts = 1; nr_parts <= 7; nr_parts++) {
		struct disk *parts[7], *whole = disk_new(SIZE_MAX, -1);
		struct collect_request r = request_of(whole);
		struct collect_result c, of_whole;
		uint64_t bounds[8], stored = 0, memory = 0, most = 0, least = UINT64_MAX;
		const unsigned char *whole_bits, *bits;
		size_t len, whole_len;

		assert_ok(collect_run(&r, &of_whole));
		whole_bits = bitmaps_of(whole, &whole_len);
		assert_ok(collect_plan_split(&r, nr_parts, 0x10 * PS, bounds));
		assert_int_equal(bounds[0], 0);
		assert_int_equal(bounds[nr_parts], MAX_PFN);
		for (size_t i = 0; i < nr_parts; i++) {
			unsigned char page[PS], want[PS];
			uint64_t kept;
			struct source *s;
			struct dump *d;

			parts[i] = disk_new(SIZE_MAX, -1);
			/* seekable, and each byte once */
			parts[i]->sink.is_stream = nr_parts % 2;
			r = request_of(parts[i]);
			r.codec = &codec_lzo;
			r.threads = nr_parts % 4;
			r.split = true;
			r.start_pfn = bounds[i];
			r.end_pfn = bounds[i + 1];
			assert_ok(collect_run(&r, &c));
			assert_true(c.complete);
			stored += c.counts.stored;
			memory += c.counts.memory;
			kept = c.counts.stored + c.counts.zero;
			most = MAX(most, kept);
			least = MIN(least, kept);
			collect_result_done(&c);
			bits = bitmaps_of(parts[i], &len);
			assert_int_equal(len, whole_len);
			assert_memory_equal(bits, whole_bits, len);
			assert_ok(source_open_memory("part", parts[i]->bytes, parts[i]->len, &s));
			assert_ok(dump_open_source(s, &d));
			for (uint64_t pfn = bounds[i]; pfn < bounds[i + 1]; pfn++) {
				enum page_answer a = dump_read_page(d, pfn, page, NULL);

				if (!ranges_contain(&input.memory, pfn, pfn + 1)) {
					assert_int_equal(a, PAGE_HOLE);
				} else if (kind_of(pfn) == LEFT_OUT) {
					assert_int_equal(a, PAGE_EXCLUDED);
				} else {
					assert_true(a == PAGE_OK || a == PAGE_ZERO);
					fill(pfn, want);
					assert_memory_equal(page, want, PS);
				}
			}
			dump_close(d);
			sink_close(&parts[i]->sink);
		}
		assert_int_equal(stored, of_whole.counts.stored);
		assert_int_equal(memory, of_whole.counts.memory);
		assert_true(most - least <= 0x20);
		collect_result_done(&of_whole);
		sink_close(&whole->sink);
	}
	has_left_out = false;
}

/* A full disk in the middle of a part: what was written reads, and is right. */
static void a_part_on_a_full_disk(void **state)
{
	(void)state;
	for (size_t capacity = 400;; capacity += 97) {
		struct disk *disk = disk_new(capacity, -1);
		struct collect_request r = request_of(disk);
		unsigned char page[PS], want[PS];
		struct collect_result c;
		struct source *s;
		struct dump *d;
		struct error *e;

		r.codec = &codec_zlib;
		r.split = true;
		r.start_pfn = 0x123;
		r.end_pfn = 0x3f7;
		e = collect_run(&r, &c);
		assert_true(!e || error_kind(e) == ERROR_NO_SPACE);
		collect_result_done(&c);
		assert_ok(source_open_memory("part", disk->bytes, disk->len, &s));
		assert_ok(dump_open_source(s, &d));
		for (uint64_t pfn = 0x123; pfn < 0x3f7; pfn++) {
			enum page_answer a = dump_read_page(d, pfn, page, NULL);

			if (a == PAGE_LOST || !ranges_contain(&input.memory, pfn, pfn + 1))
				continue;
			assert_true(a == PAGE_OK || a == PAGE_ZERO);
			fill(pfn, want);
			assert_memory_equal(page, want, PS);
		}
		dump_close(d);
		sink_close(&disk->sink);
		if (!e)
			break;
		error_free(e);
	}
}

static void says_what_it_cannot_tell(void **state)
{
	struct disk *disk = disk_new(SIZE_MAX, -1);
	struct collect_request r = request_of(disk);
	struct collect_result c;
	uint64_t lost;

	(void)state;
	r.level = 31;
	assert_ok(collect_run(&r, &c));
	assert_int_equal(c.level, 1);
	assert_non_null(strstr(strbuf_str(&c.why), "Nothing is known of the kernel"));
	collect_result_done(&c);
	check_dump(disk, &lost);
	assert_int_equal(lost, 0);
	sink_close(&disk->sink);
}

static void counts_without_writing(void **state)
{
	(void)state;
	for (int elf = 0; elf < 2; elf++) {
		struct disk *disk = disk_new(SIZE_MAX, -1);
		struct collect_request r = request_of(disk);
		struct collect_result c;
		uint64_t size;

		r.elf = elf;
		r.codec = elf ? NULL : &codec_lzo;
		assert_ok(collect_run(&r, &c));
		size = disk->used * (uint64_t)DISK_BLOCK;
		collect_result_done(&c);
		r.sink = NULL;
		assert_ok(collect_run(&r, &c));
		assert_int_equal(c.counts.zero + c.counts.stored, 0x480);
		/* how large the file would be */
		assert_in_range(c.bytes_written, size - size / 50, size + size / 50);
		collect_result_done(&c);
		sink_close(&disk->sink);
	}
}

static void reports_as_makedumpfile(void **state)
{
	struct collect_result c = { .level = 31, .bytes_written = 4711, .counts = {
		.total = 0x1000, .memory = 0xf00, .zero = 0x10, .stored = 0x80, .lost = 1 } };
	_cleanup_strbuf_ struct strbuf out = { 0 };

	(void)state;
	c.counts.dropped[CLASS_FREE] = 0xe00;
	c.counts.dropped[CLASS_CACHE] = 0xf;
	c.counts.dropped[CLASS_USER] = 0x60;
	collect_report(&c, &out);
	assert_string_equal(strbuf_str(&out),
		"\n"
		"Original pages  : 0x0000000000000f00\n"
		"  Excluded pages   : 0x0000000000000e7f\n"
		"    Pages filled with zero  : 0x0000000000000010\n"
		"    Non-private cache pages : 0x000000000000000f\n"
		"    Private cache pages     : 0x0000000000000000\n"
		"    User process data pages : 0x0000000000000060\n"
		"    Free pages              : 0x0000000000000e00\n"
		"    Hwpoison pages          : 0x0000000000000000\n"
		"    Offline pages           : 0x0000000000000000\n"
		"  Remaining pages  : 0x0000000000000081\n"
		"    Pages not readable      : 0x0000000000000001\n"
		"  (The number of pages is reduced to 3%.)\n"
		"Memory Hole     : 0x0000000000000100\n"
		"--------------------------------------------------\n"
		"Total pages     : 0x0000000000001000\n"
		"Write bytes     : 4711\n"
		"\n");
}

static int make_input(void **state)
{
	(void)state;
	input = (struct dump){ .format = "made up", .arch = &arch_x86_64, .is_64bit = true,
			       .page_size = PS, .max_pfn = MAX_PFN, .dump_level = -1,
			       .complete = true, .ops = &fake_format };
	assert_ok(ranges_add(&input.memory, 0x10, 0x90));
	assert_ok(ranges_add(&input.memory, 0x100, MAX_PFN));
	return 0;
}

static int unmake_input(void **state)
{
	(void)state;
	ranges_done(&input.memory);
	return 0;
}

/* /proc/vmcore with a page that cannot be mapped and one that cannot be read either. */
#define BAD_MAP	 (4096u + 40 * PS)
#define BAD_READ (4096u + 200 * PS)

static bool meets(uint64_t bad, uint64_t off, size_t len)
{
	return off < bad + PS && bad < off + len;
}

static void *bad_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	if (!meets(BAD_MAP, off, len) && !meets(BAD_READ, off, len))
		return mmap(addr, len, prot, flags, fd, off);
	errno = EAGAIN;
	return MAP_FAILED;
}

static ssize_t bad_pread(int fd, void *buf, size_t len, off_t off)
{
	if (!meets(BAD_READ, off, len))
		return pread(fd, buf, len, off);
	errno = EIO;
	return -1;
}

/* Read by offset, mapped or not, in any number of threads: only the unreadable page is lost. */
static void located_pages(void **state)
{
	static const struct file_calls calls = { bad_mmap, bad_pread };
	const size_t n = 333;
	struct image im = { 0 };

	(void)state;
	assert_ok(make_elf("elf64 little\nload pa=0x1000000 align=4096 data=v:1:1363968\n", &im));
	assert_int_equal(im.len, 4096 + n * PS);
	memset(im.bytes + 4096 + 100 * PS, 0, 9 * PS);
	for (unsigned round = 0; round < 10; round++) {
		struct disk *disk = disk_new(SIZE_MAX, -1);
		struct collect_result c;
		struct source *s;
		struct dump *d, *got;
		unsigned char page[PS];
		int fd = memfd_create("vmcore", MFD_CLOEXEC);

		assert_ok(file_write_fd(fd, "memfd", im.bytes, im.len));
		assert_ok(source_open_fd(fd, "vmcore", round % 2, &calls, &s));
		assert_ok(dump_open_source(s, &d));
		assert_ok(collect_run(&(struct collect_request){ .dump = d, .level = 1, .sink = &disk->sink,
								 .codec = packs[round / 2], .threads = round },
				      &c));
		assert_false(c.complete);
		assert_int_equal(c.counts.lost, 1);
		assert_int_equal(c.counts.zero, 9);
		assert_int_equal(c.counts.stored, n - 10);
		collect_result_done(&c);
		dump_close(d);
		assert_ok(source_open_memory("disk", disk->bytes, disk->len, &s));
		assert_ok(dump_open_source(s, &got));
		for (size_t i = 0; i < n; i++) {
			enum page_answer a = dump_read_page(got, 0x1000 + i, page, NULL);

			if (i == 200) {
				assert_int_equal(a, PAGE_LOST);
				continue;
			}
			assert_int_equal(a, i >= 100 && i < 109 ? PAGE_ZERO : PAGE_OK);
			assert_memory_equal(page, im.bytes + 4096 + i * PS, PS);
		}
		dump_close(got);
		sink_close(&disk->sink);
	}
	image_done(&im);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_codec_and_number_of_threads),
		cmocka_unit_test(located_pages),
		cmocka_unit_test(writes_elf),
		cmocka_unit_test(unreadable_pages_are_lost_alone),
		cmocka_unit_test(every_write_fails_once),
		cmocka_unit_test(disk_full),
		cmocka_unit_test(parts_of_a_split_dump),
		cmocka_unit_test(a_part_on_a_full_disk),
		cmocka_unit_test(says_what_it_cannot_tell),
		cmocka_unit_test(counts_without_writing),
		cmocka_unit_test(reports_as_makedumpfile),
	};

	return cmocka_run_group_tests_name("collect", tests, make_input, unmake_input);
}
