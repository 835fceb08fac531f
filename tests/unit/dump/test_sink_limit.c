/* A sink that is full at a number of bytes. */
#include "../test.h"

#include "disk.h"

static struct sink *limited(struct disk *d, uint64_t limit)
{
	struct sink *s;

	assert_ok(sink_open_limited(&d->sink, limit, &s));
	return s;
}

static void bytes_count_once(void **state)
{
	struct disk *d = disk_new(SIZE_MAX, -1);
	struct sink *s = limited(d, 1000);
	char bytes[2000] = { 0 };

	(void)state;
	assert_int_equal(sink_room(s), 1000);
	assert_ok(sink_write(s, 100, bytes, 600));
	assert_ok(sink_write(s, 100, bytes, 600)); /* again */
	assert_int_equal(sink_room(s), 400);
	assert_ok(sink_write(s, 5000, bytes, 300)); /* what is between is a hole */
	assert_ok(sink_write(s, 600, bytes, 150)); /* 50 bytes are new */
	assert_int_equal(sink_room(s), 50);
	assert_error(sink_write(s, 740, bytes, 61), ERROR_NO_SPACE, "the limit of 1000 bytes");
	assert_int_equal(sink_room(s), 50); /* nothing of it was written */
	assert_ok(sink_write(s, 750, bytes, 50));
	assert_error(sink_write(s, 0, bytes, 1), ERROR_NO_SPACE, "limit");
	assert_ok(sink_write(s, 100, bytes, 700)); /* all that is there may be written again */
	assert_ok(sink_finish(s, 5300));
	assert_int_equal(d->len, 5300);
	sink_close(s);
	sink_close(&d->sink);
}

/* A stream carries everything that is sent. */
static void bytes_of_a_stream_count_always(void **state)
{
	struct disk *d = disk_new(SIZE_MAX, -1);
	char bytes[600] = { 0 };
	struct sink *s;

	(void)state;
	d->sink.is_stream = true;
	s = limited(d, 1000);
	assert_true(s->is_stream);
	assert_ok(sink_write(s, 0, bytes, 600));
	assert_error(sink_write(s, 0, bytes, 600), ERROR_NO_SPACE, "limit");
	sink_close(s);
	sink_close(&d->sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_count_once),
		cmocka_unit_test(bytes_of_a_stream_count_always),
	};

	return cmocka_run_group_tests_name("sink_limit", tests, NULL, NULL);
}
