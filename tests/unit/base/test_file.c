#include "../test.h"

#include <sys/stat.h>

static char *folder;
static int at;

static int setup(void **state)
{
	(void)state;
	assert_ok(file_private_folder(&folder));
	at = open(folder, O_RDONLY | O_DIRECTORY);
	return at < 0;
}

static int teardown(void **state)
{
	(void)state;
	close(at);
	file_remove_tree(folder);
	assert_false(file_exists(AT_FDCWD, folder));
	free(folder);
	return 0;
}

static void publishing_shows_the_whole_file_or_none(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct publish p;
	struct stat st;
	size_t len;

	(void)state;
	assert_ok(file_make_folders(at, "a/b", 0700));
	assert_ok(file_make_folders(at, "a/b", 0700));
	assert_ok(file_begin(at, "a/b/f", 0600, &p));
	assert_true(file_exists(at, "a/b/f-incomplete"));
	assert_false(file_exists(at, "a/b/f"));
	assert_ok(file_write_fd(p.fd, "f", "hello", 5));
	assert_ok(file_commit(&p));
	assert_false(file_exists(at, "a/b/f-incomplete"));
	assert_ok(file_read(at, "a/b/f", 5, &text, &len));
	assert_string_equal(text, "hello");
	assert_int_equal(fstatat(at, "a/b/f", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_ok(file_begin(at, "a/b/f", 0600, &p));
	file_abandon(&p);
	assert_false(file_exists(at, "a/b/f-incomplete"));
	assert_true(file_exists(at, "a/b/f"));
}

static void reading_has_a_limit(void **state)
{
	char *text;
	uint64_t v;

	(void)state;
	assert_ok(file_publish(at, "n", 0600, "42\n", 3));
	assert_ok(file_read_u64(at, "n", &v));
	assert_int_equal(v, 42);
	assert_error(file_read(at, "n", 2, &text, NULL), ERROR_BAD_DATA, "limit of 2 bytes");
	assert_error(file_read(at, "none", 2, &text, NULL), ERROR_NOT_FOUND, "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(publishing_shows_the_whole_file_or_none, setup, teardown),
		cmocka_unit_test_setup_teardown(reading_has_a_limit, setup, teardown),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
