/* The file source: plain files, and a /proc/vmcore whose pages fail to map or to read. */
#include "../test.h"

#include <errno.h>
#include <sys/mman.h>

#include "dump/dump.h"
#include "dump/source_file-priv.h"
#include "make/make.h"

static int file_of(const unsigned char *bytes, size_t len)
{
	int fd = memfd_create("dump", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_ok(file_write_fd(fd, "memfd", bytes, len));
	return fd;
}

/* The system's answers for [bad_map, +4096) and [bad_read, +4096). */
static uint64_t bad_map, bad_read;
static unsigned nr_maps, nr_reads;
static size_t longest_map;

static bool meets(uint64_t bad, uint64_t off, size_t len)
{
	return off < bad + 4096 && bad < off + len;
}

static void *bad_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	nr_maps++;
	longest_map = MAX(longest_map, len);
	if (meets(bad_map, off, len)) {
		errno = EAGAIN;
		return MAP_FAILED;
	}
	return mmap(addr, len, prot, flags, fd, off);
}

static ssize_t bad_pread(int fd, void *buf, size_t len, off_t off)
{
	nr_reads++;
	if (meets(bad_read, off, len)) {
		errno = EIO;
		return -1;
	}
	return pread(fd, buf, MIN(len, (size_t)1000), off);
}

static const struct file_calls bad_calls = { bad_mmap, bad_pread };

static unsigned char *noise(size_t len)
{
	unsigned char *p = malloc(len);
	uint32_t x = 5;

	for (size_t i = 0; i < len; i++)
		p[i] = (x = x * 1664525 + 1013904223) >> 24;
	return p;
}

static void test_plain(void **state)
{
	const size_t len = 3 * 4096 + 77;
	unsigned char *bytes = noise(len), got[5000];
	struct source *s;

	bad_map = bad_read = UINT64_MAX / 2;
	assert_ok(source_open_fd(file_of(bytes, len), "plain", false, &bad_calls, &s));
	assert_int_equal(s->size, len);
	assert_ok(source_read(s, 4000, got, 5000));
	assert_memory_equal(got, bytes + 4000, 5000);
	assert_ok(source_read(s, len, got, 0));
	assert_error(source_read(s, len - 10, got, 11), ERROR_BAD_DATA, "plain: offset 0x3043");
	assert_error(source_read(s, UINT64_MAX, got, 2), ERROR_BAD_DATA, "ends at 0x304d");
	assert_memory_equal(source_map(s, 100, len - 100), bytes + 100, len - 100);
	assert_ptr_equal(source_map_forever(s, 100, 50), source_map(s, 100, 50));
	assert_null(source_map(s, 100, len));
	assert_null(source_map(s, 0, 0));
	source_close(s);
	free(bytes);
}

/* A bad sector under a plain file is an error of the read that meets it. */
static void test_bad_sector(void **state)
{
	unsigned char *bytes = noise(8 * 4096), got[4096];
	struct source *s;

	bad_map = bad_read = 3 * 4096;
	assert_ok(source_open_fd(file_of(bytes, 8 * 4096), "disk", false, &bad_calls, &s));
	assert_ok(source_read(s, 2 * 4096, got, 4096));
	assert_error(source_read(s, 3 * 4096, got, 4096), ERROR_SYSTEM, "disk: cannot read");
	/* the whole cannot be mapped, but windows that do not meet the page can */
	assert_null(source_map(s, 3 * 4096, 10));
	assert_memory_equal(source_map(s, 5 * 4096, 4096), bytes + 5 * 4096, 4096);
	source_close(s);
	free(bytes);
}

static void test_windows(void **state)
{
	const size_t len = 40 << 20;
	unsigned char *bytes = noise(len), got[10000];
	struct source *s;

	bad_map = bad_read = 9 << 20;
	nr_maps = nr_reads = 0;
	longest_map = 0;
	assert_ok(source_open_fd(file_of(bytes, len), "vmcore", true, &bad_calls, &s));
	for (size_t at = 0; at < len; at += 4096) {
		if (at == bad_read) {
			assert_error(source_read(s, at, got, 4096), ERROR_SYSTEM, "0x900000");
			continue;
		}
		assert_ok(source_read(s, at, got, 4096));
		assert_memory_equal(got, bytes + at, 4096);
	}
	assert_true(longest_map <= 4 << 20);
	assert_true(nr_maps < 1200); /* most reads cost no call at all */
	assert_true(nr_reads <= 1);
	/* pages that map badly but read well */
	bad_read = UINT64_MAX / 2;
	assert_ok(source_read(s, (9 << 20) - 100, got, 10000));
	assert_memory_equal(got, bytes + (9 << 20) - 100, 10000);
	assert_null(source_map(s, (9 << 20) - 10, 20));
	source_close(s);
	free(bytes);
}

/* What map() handed out outlives any number of reads, what forever gave the source. */
static void test_lifetimes(void **state)
{
	const size_t len = 64 << 20;
	unsigned char *bytes = noise(len), got[64];
	const void *pinned, *lasting[20];
	struct source *s;

	bad_map = bad_read = UINT64_MAX / 2;
	assert_ok(source_open_fd(file_of(bytes, len), "vmcore", true, &bad_calls, &s));
	for (unsigned i = 0; i < 20; i++) {
		lasting[i] = source_map_forever(s, i * 3000001, 5000);
		assert_non_null(lasting[i]);
	}
	pinned = source_map(s, 0x123456, 100000);
	assert_non_null(pinned);
	for (size_t at = 0; at < len; at += 1 << 20)
		assert_ok(source_read(s, at, got, sizeof(got)));
	assert_memory_equal(pinned, bytes + 0x123456, 100000);
	/* larger than a window */
	assert_memory_equal(source_map(s, 10, 20 << 20), bytes + 10, 20 << 20);
	for (size_t at = 0; at < len; at += 1 << 20)
		assert_non_null(source_map(s, at, 10));
	for (unsigned i = 0; i < 20; i++)
		assert_memory_equal(lasting[i], bytes + i * 3000001, 5000);
	source_close(s);
	free(bytes);
}

/* A view maps what is asked for next, less where that cannot be mapped, and nothing of a plain
 * file. */
static void test_views(void **state)
{
	const size_t len = 16 << 20;
	unsigned char *bytes = noise(len);
	struct source_view a = { 0 }, b = { 0 };
	const void *first;
	struct source *s;

	bad_map = 5 << 20;
	bad_read = UINT64_MAX / 2;
	assert_ok(source_open_fd(file_of(bytes, len), "vmcore", true, &bad_calls, &s));
	assert_true(s->ops->concurrent);
	first = source_look(s, &a, 4096, 4096, 2 << 20);
	assert_memory_equal(first, bytes + 4096, 2 << 20);
	nr_maps = 0;
	assert_ptr_equal(source_look(s, &a, 4096 + 70000, 8192, 8192), (const char *)first + 70000);
	assert_int_equal(nr_maps, 0);
	/* the other view does not move the first */
	assert_memory_equal(source_look(s, &b, (8 << 20) + 5, 5000, 5000), bytes + (8 << 20) + 5, 5000);
	assert_memory_equal(first, bytes + 4096, 2 << 20);
	/* a bad page inside the span, and inside what is asked for */
	assert_memory_equal(source_look(s, &a, 4 << 20, 8192, 2 << 20), bytes + (4 << 20), 8192);
	assert_null(source_look(s, &a, (5 << 20) - 4096, 8192, 8192));
	assert_memory_equal(source_look(s, &a, len - 10, 10, 10), bytes + len - 10, 10);
	assert_null(source_look(s, &a, len - 10, 11, 11));
	source_view_done(&a);
	source_view_done(&b);
	source_close(s);
	assert_ok(source_open_fd(file_of(bytes, len), "plain", false, &bad_calls, &s));
	assert_null(source_look(s, &a, 0, 4096, 4096));
	source_close(s);
	assert_ok(source_open_memory("memory", bytes, len, &s));
	assert_ptr_equal(source_look(s, &a, 77, 4096, 1 << 20), bytes + 77);
	source_close(s);
	free(bytes);
}

/* One unreadable page of a vmcore is lost; its neighbours are not. */
static void test_lost_page(void **state)
{
	struct image im = { 0 };
	struct source *s;
	struct dump *d = NULL;
	struct error *why = NULL;
	unsigned char buf[4096], big[3 * 4096];

	assert_ok(make_elf("elf64 little\nload pa=0x1000000 align=4096 data=r:1:65536\n", &im));
	bad_map = bad_read = 4096 + 5 * 4096;
	assert_ok(source_open_fd(file_of(im.bytes, im.len), "vmcore", true, &bad_calls, &s));
	assert_ok(dump_open_source(s, &d));
	assert_int_equal(dump_read_page(d, 0x1004, buf, &why), PAGE_OK);
	assert_int_equal(dump_read_page(d, 0x1005, buf, &why), PAGE_LOST);
	assert_non_null(strstr(error_message(why), "Input/output error"));
	error_free(why);
	assert_int_equal(dump_read_page(d, 0x1006, buf, NULL), PAGE_OK);
	assert_memory_equal(buf, im.bytes + 4096 + 6 * 4096, 4096);
	assert_error(dump_read_phys(d, 0x1004ff0, big, sizeof(big)), ERROR_LOST, "0x1005000");
	assert_ok(dump_read_phys(d, 0x1006ff0, big, sizeof(big)));
	assert_memory_equal(big, im.bytes + 4096 + 0x6ff0, sizeof(big));
	assert_null(dump_map_phys(d, 0x1005100, 16));
	assert_non_null(dump_map_phys(d, 0x1006100, 16));
	dump_close(d);
	image_done(&im);
}

static void test_no_file(void **state)
{
	struct source *s;
	int pipes[2];

	assert_error(source_open_file("/nonexistent/vmcore", &s), ERROR_NOT_FOUND,
		     "/nonexistent/vmcore: cannot open");
	assert_int_equal(pipe(pipes), 0);
	assert_error(source_open_fd(pipes[0], "pipe", false, NULL, &s), ERROR_SYSTEM,
		     "can seek");
	close(pipes[1]);
	/* most files of /proc have no size */
	assert_error(source_open_file("/proc/self/status", &s), ERROR_SYSTEM, "can seek");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),	  cmocka_unit_test(test_bad_sector),
		cmocka_unit_test(test_windows),	  cmocka_unit_test(test_lifetimes),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_lost_page), cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
