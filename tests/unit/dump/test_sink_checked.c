/* A sink that reads back: a disk that keeps what it got, and disks that do not. */
#include "../test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "dump/sink.h"

#define SIZE (4 << 20)

struct fixture {
	char *path;
	int fd;
	struct sink *file, *sink;
	unsigned char *bytes;
};

static int build(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int dir;

	assert_ok(file_private_folder(&f->path));
	dir = open(f->path, O_RDONLY | O_DIRECTORY);
	f->fd = openat(dir, "dump", O_RDWR | O_CREAT | O_EXCL, 0600);
	close(dir);
	f->bytes = malloc(SIZE);
	for (size_t i = 0; i < SIZE; i++)
		f->bytes[i] = i * 2654435761u >> 13;
	assert_ok(sink_open_file(f->fd, "dump", &f->file));
	assert_ok(sink_open_checked(f->file, f->fd, &f->sink));
	*state = f;
	return 0;
}

static int clear(void **state)
{
	struct fixture *f = *state;

	sink_close(f->sink);
	sink_close(f->file);
	close(f->fd);
	file_remove_tree(f->path);
	free(f->path);
	free(f->bytes);
	free(f);
	return 0;
}

static void write_all(struct fixture *f)
{
	for (size_t off = 0; off < SIZE; off += 100000)
		assert_ok(sink_write(f->sink, off, f->bytes + off, MIN((size_t)100000, SIZE - off)));
}

/* What the disk does behind the sink's back. */
static void spoil(struct fixture *f, off_t off, const void *bytes, size_t len)
{
	assert_int_equal(pwrite(f->fd, bytes, len, off), len);
}

static void what_was_written_is_there(void **state)
{
	struct fixture *f = *state;

	write_all(f);
	assert_ok(sink_finish(f->sink, SIZE));
	assert_true(f->sink->bytes_checked >= 65536);
	assert_true(f->sink->bytes_checked <= 65536 + (1 << 20) + 65536);
}

/* Headers change at the end, descriptors and bitmaps on the way: the last word counts. */
static void what_is_written_again_is_no_loss(void **state)
{
	struct fixture *f = *state;

	write_all(f);
	for (size_t off = 0; off < SIZE; off += 54321)
		assert_ok(sink_write_vital(f->sink, off, "again", 5));
	assert_ok(sink_write(f->sink, 3, "header", 6));
	assert_ok(sink_finish(f->sink, SIZE));
}

static void file_that_is_cut_off_on_purpose(void **state)
{
	struct fixture *f = *state;

	write_all(f);
	assert_ok(sink_finish(f->sink, 70000));
}

static void gaps_are_zeros(void **state)
{
	struct fixture *f = *state;

	assert_ok(sink_write(f->sink, 10, "a", 1));
	assert_ok(sink_write(f->sink, 50000, "b", 1));
	assert_ok(sink_write(f->sink, 3 << 20, "c", 1));
	assert_ok(sink_finish(f->sink, (3 << 20) + 1));
}

static void lost_header(void **state)
{
	struct fixture *f = *state;

	write_all(f);
	spoil(f, 4097, "?", 1);
	assert_error(sink_finish(f->sink, SIZE), ERROR_LOST, "dump: what is read back at 0x0 is not what");
}

static void lost_end(void **state)
{
	struct fixture *f = *state;

	write_all(f);
	spoil(f, SIZE - 1, "?", 1);
	assert_error(sink_finish(f->sink, SIZE), ERROR_LOST, "is not what was written");
}

static void lost_bitmap(void **state)
{
	struct fixture *f = *state;
	static const char zeros[4096];

	assert_ok(sink_write(f->sink, 0, f->bytes, 100000));
	assert_ok(sink_write_vital(f->sink, 100000, f->bytes + 100000, 20000));
	assert_ok(sink_write(f->sink, 1 << 20, f->bytes + (1 << 20), SIZE - (1 << 20)));
	spoil(f, 110000, zeros, sizeof(zeros));
	assert_error(sink_finish(f->sink, SIZE), ERROR_LOST, "is not what was written");
}

/* A disk that drops a megabyte somewhere: the sample finds it. */
static void lost_middle(void **state)
{
	struct fixture *f = *state;
	char *zeros = calloc(1, 1 << 20);

	write_all(f);
	spoil(f, 1 << 20, zeros, 1 << 20);
	free(zeros);
	assert_error(sink_finish(f->sink, SIZE), ERROR_LOST, "is not what was written");
}

static void file_that_is_shorter_than_it_was(void **state)
{
	struct fixture *f = *state;

	write_all(f);
	assert_ok(sink_finish(f->file, SIZE));
	/* the file sink's finish sets the size again, and what is missing reads as zeros */
	assert_int_equal(ftruncate(f->fd, 2 << 20), 0);
	assert_error(sink_finish(f->sink, SIZE), ERROR_LOST, "is not what was written");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_written_is_there, build, clear),
		cmocka_unit_test_setup_teardown(what_is_written_again_is_no_loss, build, clear),
		cmocka_unit_test_setup_teardown(file_that_is_cut_off_on_purpose, build, clear),
		cmocka_unit_test_setup_teardown(gaps_are_zeros, build, clear),
		cmocka_unit_test_setup_teardown(lost_header, build, clear),
		cmocka_unit_test_setup_teardown(lost_end, build, clear),
		cmocka_unit_test_setup_teardown(lost_bitmap, build, clear),
		cmocka_unit_test_setup_teardown(lost_middle, build, clear),
		cmocka_unit_test_setup_teardown(file_that_is_shorter_than_it_was, build, clear),
	};

	return cmocka_run_group_tests_name("sink_checked", tests, NULL, NULL);
}
