#include "talk.h"

#include "dead_trace.h"

static int begin(void **state)
{
	struct talk *t = calloc(1, sizeof(*t));

	make_tasks(&t->d, true);
	add_trace(&t->d);
	put_shape(&t->d);
	*state = t;
	return 0;
}

static const char *ask(struct talk *t, const char *line)
{
	if (!t->sh) {
		dead_open(&t->d);
		t->out = open_memstream(&t->text, &t->len);
		assert_ok(shell_open(t->d.f.dump, t->d.f.k, "dump", t->out, t->out, &t->sh));
	}
	return said(t, line);
}

#define FIRST  " server-with-nam-50      [000] d..2     1.000001: tick: count=-1\n"
#define SECOND " server-with-nam-50      [000] d..2     1.134218: tick: count=2\n"
#define THIRD  " server-with-nam-50      [000] d..2     3.000007: tick: count=3\n"

static void events_in_order(void **state)
{
	assert_string_equal(ask(*state, "trace show"), FIRST SECOND THIRD);
	assert_string_equal(ask(*state, "trace show -n 1"), THIRD);
	assert_string_equal(ask(*state, "trace show -c 1"), "the trace buffer is empty: nothing was traced\n");
	assert_string_equal(ask(*state, "trace show -i none"), "trace: none: no instance of that name; \"trace\" lists them\n");
	assert_non_null(strstr(ask(*state, "trace"), "           4            0  (all)\n"));
}

/* What the reader took before is shown too; where nothing was written, nothing is. */
static void a_page_that_ends_early(void **state)
{
	struct talk *t = *state;

	dead_put(&t->d, PAGE(2) + 32, 4, 29 | 0 << 5);
	assert_string_equal(ask(t, "trace show"), FIRST THIRD);
}

static void events_longer_than_their_page(void **state)
{
	struct talk *t = *state;

	dead_put(&t->d, PAGE(1) + 16, 4, 28 | 1 << 5);
	assert_string_equal(ask(t, "trace show"),
			    "trace: the trace page at 0xffffffff8105a000 of CPU 0 holds an event that does not end\n" FIRST SECOND);
}

static void more_events_than_a_page_has_room(void **state)
{
	struct talk *t = *state;

	dead_put(&t->d, PAGE(2) + 8, 8, 5000);
	assert_non_null(strstr(ask(t, "trace show"), "says 5000 bytes of events"));
}

static void a_ring_without_end(void **state)
{
	struct talk *t = *state;

	put_list(&t->d, BPAGES + 128, BPAGES + 128, BPAGES + 64);
	dead_put(&t->d, PAGE(2) + 8, 8, 0);
	assert_non_null(strstr(ask(t, "trace show"), "does not end"));
}

int main(void)
{
	const struct CMUnitTest list[] = {
		cmocka_unit_test_setup_teardown(events_in_order, begin, talk_end),
		cmocka_unit_test_setup_teardown(a_page_that_ends_early, begin, talk_end),
		cmocka_unit_test_setup_teardown(events_longer_than_their_page, begin, talk_end),
		cmocka_unit_test_setup_teardown(more_events_than_a_page_has_room, begin, talk_end),
		cmocka_unit_test_setup_teardown(a_ring_without_end, begin, talk_end),
	};

	return cmocka_run_group_tests_name("trace", list, NULL, NULL);
}
