/* The flattened stream: what the sink sends, the replay puts back; also when it breaks off. */
#include "../test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "collect/collect.h"

static int memory_file(const void *bytes, size_t len)
{
	int fd = memfd_create("test", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static char *all_of(int fd, size_t *ret_len)
{
	char *s;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_ok(file_read_fd(fd, "test", 1 << 20, &s, ret_len));
	return s;
}

/* "....AAAA" then 3000 times 'b' at 100, then the first bytes again. */
static char *make_stream(size_t *ret_len)
{
	int fd = memory_file("", 0);
	char b[3000], *s;
	struct sink *sink;

	memset(b, 'b', sizeof(b));
	assert_ok(sink_open_flattened(fd, "stream", &sink));
	assert_true(sink->is_stream);
	assert_ok(sink_write(sink, 4, "AAAA", 4));
	assert_ok(sink_write(sink, 100, b, sizeof(b)));
	assert_ok(sink_write(sink, 0, "head", 4));
	assert_ok(sink_finish(sink, 3100));
	assert_int_equal(sink->bytes_written, 3008);
	sink_close(sink);
	s = all_of(fd, ret_len);
	close(fd);
	return s;
}

static void replays(void **state)
{
	_cleanup_free_ char *stream = NULL, *out = NULL;
	size_t len, out_len;
	bool complete = false;
	int in, to;

	(void)state;
	stream = make_stream(&len);
	assert_int_equal(len, 4096 + 3 * 16 + 3008 + 16);
	in = memory_file(stream, len);
	to = memory_file("", 0);
	assert_ok(collect_rearrange(in, "in", to, "out", &complete));
	assert_true(complete);
	out = all_of(to, &out_len);
	assert_int_equal(out_len, 3100);
	assert_memory_equal(out, "headAAAA\0\0", 10);
	assert_true(out[99] == 0 && out[100] == 'b' && out[3099] == 'b');
	close(in);
	close(to);
}

static void breaks_off_anywhere(void **state)
{
	_cleanup_free_ char *stream = NULL;
	size_t len;

	(void)state;
	stream = make_stream(&len);
	for (size_t cut = 0; cut < len; cut += cut < 4096 ? 512 : 1) {
		int in = memory_file(stream, cut), to = memory_file("", 0);
		bool complete = true;
		struct error *e = collect_rearrange(in, "in", to, "out", &complete);

		if (cut < 4096) {
			assert_error(e, ERROR_BAD_DATA, "not a flattened dump");
		} else {
			assert_ok(e);
			assert_false(complete);
		}
		close(in);
		close(to);
	}
}

static void refuses_impossible_records(void **state)
{
	static const struct {
		uint64_t off, len;
	} bad[] = { { 0, 0 }, { UINT64_MAX, 5 }, { INT64_MAX, 1 }, { 5, UINT64_MAX }, { 1ull << 63, 1 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_free_ char *stream = NULL;
		bool complete;
		size_t len;
		int in, to;

		stream = make_stream(&len);
		put_u64(stream + 4096, bad[i].off, true);
		put_u64(stream + 4096 + 8, bad[i].len, true);
		in = memory_file(stream, len);
		to = memory_file("", 0);
		assert_error(collect_rearrange(in, "in", to, "out", &complete), ERROR_BAD_DATA,
			     "impossible");
		close(in);
		close(to);
	}
}

/* After a failed write nothing can follow: the reader would take it for part of the record. */
static void a_torn_record_ends_the_stream(void **state)
{
	struct sink *sink;
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(fd >= 0);
	assert_ok(sink_open_flattened(fd, "stream", &sink));
	assert_error(sink_write(sink, 0, "x", 1), ERROR_NO_SPACE, "flattened stream");
	assert_error(sink_write(sink, 1, "x", 1), ERROR_OTHER, "broke off before");
	assert_error(sink_finish(sink, 2), ERROR_OTHER, "broke off before");
	sink_close(sink);
	close(fd);
}

static void a_file_sink_has_the_size_of_the_end(void **state)
{
	_cleanup_free_ char *out = NULL;
	struct sink *sink;
	size_t len;
	int fd = memory_file("", 0), fds[2];

	(void)state;
	assert_ok(sink_open_file(fd, "file", &sink));
	assert_true(sink->gaps_are_zero);
	assert_ok(sink_write(sink, 10, "x", 1));
	assert_ok(sink_write(sink, 500, "tail", 4));
	assert_ok(sink_flush(sink));
	assert_error(sink_write(sink, INT64_MAX, "x", 1), ERROR_OTHER, "beyond");
	assert_ok(sink_finish(sink, 501));
	sink_close(sink);
	out = all_of(fd, &len);
	assert_int_equal(len, 501);
	assert_true(out[10] == 'x' && out[500] == 't' && out[11] == 0);
	/* what was there before may show in gaps */
	assert_ok(sink_open_file(fd, "file", &sink));
	assert_false(sink->gaps_are_zero);
	sink_close(sink);
	close(fd);

	assert_int_equal(pipe(fds), 0);
	assert_error(sink_open_file(fds[1], "pipe", &sink), ERROR_SYSTEM, "cannot seek");
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replays),
		cmocka_unit_test(breaks_off_anywhere),
		cmocka_unit_test(refuses_impossible_records),
		cmocka_unit_test(a_torn_record_ends_the_stream),
		cmocka_unit_test(a_file_sink_has_the_size_of_the_end),
	};

	return cmocka_run_group_tests_name("rearrange", tests, NULL, NULL);
}
