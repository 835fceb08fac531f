#include "../test.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* What else happens on the machine makes openat2(2) say EAGAIN. */
static void opening_in_a_root_while_others_rename(void **state)
{
	pid_t child;
	int status, failed = 0;

	(void)state;
	assert_ok(file_make_folders(at, "a/b/c", 0700));
	assert_ok(file_publish(at, "a/f", 0600, "1", 1));
	child = fork();
	assert_true(child >= 0);
	while (child == 0) {
		if (renameat(at, "a/b/c", at, "a/b/d") < 0 || renameat(at, "a/b/d", at, "a/b/c") < 0)
			_exit(1);
	}
	for (int i = 0; i < 20000; i++) {
		int fd = file_open_in_root(at, "/a/b/../../a/b/../../../a/f", O_RDONLY | O_CLOEXEC);

		failed += fd < 0;
		if (fd >= 0)
			close(fd);
	}
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status)); /* it renamed to the end */
	assert_int_equal(failed, 0);
	assert_int_equal(file_open_in_root(at, "a/none", O_RDONLY), -1);
	assert_int_equal(errno, ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(publishing_shows_the_whole_file_or_none, setup, teardown),
		cmocka_unit_test_setup_teardown(reading_has_a_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(opening_in_a_root_while_others_rename, setup, teardown),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
