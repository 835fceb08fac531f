/* Dump folders: their names, and which of them go when there are too many. */
#include "../test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "crashdir/retain.h"

#define TIME 1000000000 /* 2001-09-09 01:46:40 */

static void assert_name(enum crashdir_naming naming, const char *address, const char *host,
			time_t when, const char *wanted)
{
	struct crashdir_names n = { naming, address, host };
	_cleanup_strbuf_ struct strbuf b = { 0 };

	assert_ok(crashdir_name(&n, when, &b));
	assert_string_equal(b.s, wanted);
	assert_true(crashdir_is_own(&n, b.s, NULL));
}

static void names_are_those_of_the_tools(void **state)
{
	assert_name(CRASHDIR_IP_TIME, NULL, "web", TIME, "127.0.0.1-2001-09-09-01:46:40");
	assert_name(CRASHDIR_IP_TIME, "fd00::7", NULL, TIME, "fd00::7-2001-09-09-01:46:40");
	assert_name(CRASHDIR_HOST_TIME, NULL, "web", TIME, "web-2001-09-09-01:46:40");
	assert_name(CRASHDIR_HOST_TIME, NULL, NULL, TIME, "127.0.0.1-2001-09-09-01:46:40");
	assert_name(CRASHDIR_DATE, NULL, "web", TIME, "2001-09-09-01:46");
	assert_name(CRASHDIR_DATE, "10.0.0.1", "web", TIME, "web-2001-09-09-01:46");
	assert_name(CRASHDIR_DEBIAN, NULL, "web", TIME, "200109090146");
	assert_name(CRASHDIR_DEBIAN, "10.0.0.1", NULL, TIME, "10.0.0.1-200109090146");
	assert_name(CRASHDIR_SUSE, NULL, NULL, TIME, "2001-09-09-01-46");
	assert_name(CRASHDIR_IP_TIME, NULL, NULL, 0, "127.0.0.1-1970-01-01-00:00:00");
	/* nothing but a folder's name */
	assert_name(CRASHDIR_HOST_TIME, NULL, "../a b", TIME, "_._a_b-2001-09-09-01:46:40");
}

static void others_names_are_not_ours(void **state)
{
	static const char *const foreign[] = {
		"127.0.0.2-2001-09-09-01:46:40", "127.0.0.1-2001-09-09-01:46", "127.0.0.1",
		"127.0.0.1-2001-09-09-01:46:40-", "127.0.0.1-2001-09-09-01:46:40-0",
		"127.0.0.1-2001-09-09-01:46:40-1x", "127.0.0.1-2001-09-09-01:46:40-1000", "keep", "",
		"127.0.0.1-2001-09-09-01:46:40.old", "x127.0.0.1-2001-09-09-01:46:40",
	};
	struct crashdir_names n = { CRASHDIR_IP_TIME, NULL, NULL };
	_cleanup_strbuf_ struct strbuf b = { 0 };
	const char *stamp;

	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		assert_false(crashdir_is_own(&n, foreign[i], NULL));
	assert_true(crashdir_is_own(&n, "127.0.0.1-2001-09-09-01:46:40-12", &stamp));
	assert_string_equal(stamp, "2001-09-09-01:46:40-12");
	assert_error(crashdir_name(&n, INT64_MAX / 2, &b), ERROR_OTHER, "no time");
	for (int i = 0; i < CRASHDIR_NAMINGS; i++)
		assert_int_equal(crashdir_naming_find(crashdir_naming_name(i)), i);
	assert_int_equal(crashdir_naming_find("mine"), -1);
}

struct fixture {
	char *path;
	int dir;
	struct crashdir_retain how;
	struct strbuf gone;
};

static void note(void *arg, const char *name)
{
	struct fixture *f = arg;

	strbuf_printf(&f->gone, "%s ", name + strlen("127.0.0.1-2001-09-"));
}

static int build(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_ok(file_private_folder(&f->path));
	f->dir = open(f->path, O_RDONLY | O_DIRECTORY);
	f->how.say = note;
	f->how.arg = f;
	strbuf_puts(&f->gone, "");
	*state = f;
	return 0;
}

static int clear(void **state)
{
	struct fixture *f = *state;

	close(f->dir);
	file_remove_tree(f->path);
	free(f->path);
	strbuf_done(&f->gone);
	free(f);
	return 0;
}

/* A dump folder of 2001-09-DAY with a file of `kib`. */
static void add(struct fixture *f, const char *rest, const char *file, unsigned kib, bool read)
{
	char name[200], *bytes = calloc(1024, kib);
	struct timespec times[2] = { { read ? 2000 : 1000, 0 }, { 1000, 0 } };

	memset(bytes, 'x', kib * 1024);
	snprintf(name, sizeof(name), "127.0.0.1-2001-09-%s", rest);
	assert_ok(file_make_folders(f->dir, name, 0700));
	strcat(strcat(name, "/"), file);
	assert_ok(file_publish(f->dir, name, 0600, bytes, kib * 1024));
	assert_int_equal(utimensat(f->dir, name, times, 0), 0);
	free(bytes);
}

static void retain(struct fixture *f, const char *wanted)
{
	unsigned n, words = 0;

	assert_ok(crashdir_retain(f->dir, "crashes", &f->how, &n));
	assert_string_equal(f->gone.s, wanted);
	for (const char *s = wanted; *s; s++)
		words += *s == ' ';
	assert_int_equal(n, words);
}

static void oldest_go_first(void **state)
{
	struct fixture *f = *state;

	add(f, "11-00:00:00-2", "vmcore", 1, false);
	add(f, "11-00:00:00", "vmcore", 1, false);
	add(f, "09-00:00:00", "vmcore-dmesg.txt", 1, false);
	add(f, "11-00:00:00-10", "vmcore", 1, false);
	add(f, "10-00:00:00", "vmcore", 1, false);
	retain(f, ""); /* no rule */
	f->how.rules.count = 3;
	retain(f, "09-00:00:00 10-00:00:00 ");
	strbuf_done(&f->gone);
	f->how.coming = 1;
	retain(f, "11-00:00:00 ");
}

static void newest_stays(void **state)
{
	struct fixture *f = *state;

	add(f, "10-00:00:00", "vmcore", 8, false);
	add(f, "11-00:00:00", "vmcore", 8, false);
	f->how.rules = (struct crashdir_rules){ .count = 1, .bytes = 1, .free = UINT64_MAX / 2 };
	f->how.coming = 1;
	retain(f, "10-00:00:00 ");
	assert_true(file_exists(f->dir, "127.0.0.1-2001-09-11-00:00:00/vmcore"));
}

static void unread_incomplete_one_goes_last(void **state)
{
	struct fixture *f = *state;

	add(f, "10-00:00:00", "vmcore-incomplete", 1, false);
	add(f, "11-00:00:00", "vmcore-incomplete", 1, true);
	add(f, "12-00:00:00", "vmcore", 1, false);
	add(f, "13-00:00:00", "vmcore", 1, false);
	f->how.rules.count = 2;
	retain(f, "11-00:00:00 12-00:00:00 ");
	f->how.rules.count = 1;
	strbuf_done(&f->gone);
	retain(f, "10-00:00:00 ");
}

static void bytes_are_counted(void **state)
{
	struct fixture *f = *state;

	add(f, "10-00:00:00", "vmcore", 64, false);
	add(f, "11-00:00:00", "vmcore", 64, false);
	add(f, "12-00:00:00", "vmcore", 64, false);
	f->how.rules.bytes = 140 << 10;
	retain(f, "10-00:00:00 ");
}

/* Room is wanted and there is plenty of it. */
static void nothing_goes_without_need(void **state)
{
	struct fixture *f = *state;

	add(f, "10-00:00:00", "vmcore", 1, false);
	add(f, "11-00:00:00", "vmcore", 1, false);
	f->how.rules = (struct crashdir_rules){ .count = 2, .bytes = 1 << 20, .free = 1 };
	retain(f, "");
}

static void what_is_not_ours_stays(void **state)
{
	struct fixture *f = *state;

	add(f, "10-00:00:00", "notes.txt", 1, false);	       /* no file of a dump */
	add(f, "11-00:00:00", "vmcore", 1, false);	       /* holds a folder */
	assert_ok(file_make_folders(f->dir, "127.0.0.1-2001-09-11-00:00:00/mine", 0700));
	add(f, "12-00:00:00.keep", "vmcore", 1, false);	       /* a name that nobody gives */
	assert_int_equal(symlinkat("127.0.0.1-2001-09-11-00:00:00", f->dir, "127.0.0.1-2001-09-09-00:00:00"),
			 0);
	add(f, "13-00:00:00", "vmcore", 1, false);
	add(f, "14-00:00:00", "vmcore", 1, false);
	f->how.rules.count = 1;
	retain(f, "13-00:00:00 ");
	assert_true(file_exists(f->dir, "127.0.0.1-2001-09-11-00:00:00/vmcore"));
}

/* The clock was not set: nobody knows that it is old. */
static void unset_clock_is_not_old(void **state)
{
	struct fixture *f = *state;

	assert_ok(file_make_folders(f->dir, "127.0.0.1-1970-01-01-00:00:07", 0700));
	assert_ok(file_publish(f->dir, "127.0.0.1-1970-01-01-00:00:07/vmcore", 0600, "x", 1));
	add(f, "13-00:00:00", "vmcore", 1, false);
	add(f, "14-00:00:00", "vmcore", 1, false);
	f->how.rules.count = 2;
	retain(f, "13-00:00:00 ");
}

static void spared_one_stays(void **state)
{
	struct fixture *f = *state;

	add(f, "13-00:00:00", "vmcore", 1, false);
	add(f, "14-00:00:00", "vmcore", 1, false);
	f->how.rules.count = 1;
	f->how.spare = "127.0.0.1-2001-09-13-00:00:00";
	retain(f, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_the_tools),
		cmocka_unit_test(others_names_are_not_ours),
		cmocka_unit_test_setup_teardown(oldest_go_first, build, clear),
		cmocka_unit_test_setup_teardown(newest_stays, build, clear),
		cmocka_unit_test_setup_teardown(unread_incomplete_one_goes_last, build, clear),
		cmocka_unit_test_setup_teardown(bytes_are_counted, build, clear),
		cmocka_unit_test_setup_teardown(nothing_goes_without_need, build, clear),
		cmocka_unit_test_setup_teardown(what_is_not_ours_stays, build, clear),
		cmocka_unit_test_setup_teardown(unset_clock_is_not_old, build, clear),
		cmocka_unit_test_setup_teardown(spared_one_stays, build, clear),
	};

	return cmocka_run_group_tests_name("crashdir", tests, NULL, NULL);
}
