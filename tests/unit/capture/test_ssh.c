/*
 * The target at the other end of ssh, with a shell of this machine for the far side: what ssh
 * would run there runs here. Files arrive whole under their names or not at all.
 */
#include "../test.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/internal.h"

#define FOLDER "192.0.2.7-2001-09-09-01:46:40"

struct fixture {
	char *path; /* the server's folder */
	int fd;
	struct board board;
	struct capture c;
};

static struct error *run_here(struct capture *c, char *const *argv, const struct process_how *how,
			      struct process_result *ret)
{
	return process_run(argv, how, ret);
}

static time_t now(struct capture *c)
{
	return 1000000000; /* 2001-09-09 01:46:40 UTC */
}

static const struct capture_ops ops = { .run = run_here, .now = now, .chip_time = now };

/* `ssh` is the command in front of what the far side is told. */
static void set_ssh(struct fixture *f, const char *command)
{
	words_done(&f->c.plan.ssh);
	assert_ok(words_split(&f->c.plan.ssh, command));
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_ok(file_private_folder(&f->path));
	f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	f->c = (struct capture){ .ops = &ops, .root = f->fd, .board = &f->board };
	f->c.plan.target.kind = PLAN_TARGET_SSH;
	f->c.plan.target.device = strdup("root@server");
	f->c.plan.address = strdup("192.0.2.7");
	assert_true(asprintf(&f->c.plan.path, "%s/it's a folder/", f->path) > 0);
	assert_ok(words_add(&f->c.plan.collector, "/bin/salvage-collect"));
	set_ssh(f, "sh -c 'eval \"$0\"'");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	plan_done(&f->c.plan);
	free(f->c.folder_path);
	close(f->fd);
	file_remove_tree(f->path);
	free(f->path);
	free(f);
	return 0;
}

static void open_folder(struct fixture *f)
{
	assert_ok(target_open(&f->c, &f->c.plan.target));
	assert_ok(target_make_folder(&f->c));
}

static void assert_file(struct fixture *f, const char *name, const char *text)
{
	char path[200];
	char *found;
	struct stat st;

	snprintf(path, sizeof(path), "it's a folder/" FOLDER "/%s", name);
	assert_ok(file_read(f->fd, path, 1 << 24, &found, NULL));
	assert_string_equal(found, text);
	free(found);
	assert_int_equal(fstatat(f->fd, path, &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static bool there(struct fixture *f, const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "it's a folder/" FOLDER "/%s", name);
	return file_exists(f->fd, path);
}

static void test_small_files(void **state)
{
	struct fixture *f = *state;
	struct target_file file;

	open_folder(f);
	assert_ok(target_create(&f->c, "a-incomplete.txt", &file));
	assert_false(target_file_is_stream(&file));
	assert_ok(file_write_fd(file.fd, "a", "the log\n", 8));
	assert_ok(target_commit(&f->c, &file, "a-incomplete.txt", "a.txt"));
	assert_file(f, "a.txt", "the log\n");
	assert_false(there(f, "a-incomplete.txt"));
	/* what is given up stays under its first name; nothing of an empty one */
	assert_ok(target_create(&f->c, "b-incomplete.txt", &file));
	assert_ok(file_write_fd(file.fd, "b", "part", 4));
	target_abandon(&f->c, &file, "b-incomplete.txt");
	assert_file(f, "b-incomplete.txt", "part");
	assert_ok(target_create(&f->c, "c-incomplete.txt", &file));
	target_abandon(&f->c, &file, "c-incomplete.txt");
	assert_false(there(f, "c-incomplete.txt"));
}

/* More than the pipes hold. */
static char *send_dump(struct fixture *f, struct target_file *file)
{
	const size_t len = 3 << 20;
	char *text = malloc(len + 1);

	for (size_t i = 0; i < len; i++)
		text[i] = 'a' + i % 23;
	text[len] = '\0';
	assert_ok(target_create(&f->c, "vmcore-incomplete", file));
	assert_true(target_file_is_stream(file));
	assert_ok(file_write_fd(file->fd, "dump", text, len));
	return text;
}

static void test_dump(void **state)
{
	struct fixture *f = *state;
	struct target_file file;
	char *text;

	open_folder(f);
	text = send_dump(f, &file);
	assert_ok(target_commit(&f->c, &file, "vmcore-incomplete", "vmcore"));
	assert_file(f, "vmcore.flat", text);
	assert_false(there(f, "vmcore-incomplete"));
	free(text);
}

/* Another program's stream is no flattened one. */
static void test_dump_of_cat(void **state)
{
	struct fixture *f = *state;
	struct target_file file;

	words_done(&f->c.plan.collector);
	assert_ok(words_add(&f->c.plan.collector, "/bin/cat"));
	open_folder(f);
	free(send_dump(f, &file));
	assert_ok(target_commit(&f->c, &file, "vmcore-incomplete", "vmcore"));
	assert_true(there(f, "vmcore"));
}

static void test_dump_given_up(void **state)
{
	struct fixture *f = *state;
	struct target_file file;

	open_folder(f);
	free(send_dump(f, &file));
	target_abandon(&f->c, &file, "vmcore-incomplete");
	assert_true(there(f, "vmcore-incomplete"));
	assert_false(there(f, "vmcore.flat"));
}

/* A server that loses bytes, or changes some, and says that all is well. */
static void test_lying_server(void **state)
{
	static const struct {
		const char *spoil, *words;
	} cases[] = {
		{ "s/exec cat/exec head -c 1000000/", "but the server has 1000000" },
		{ "s/exec cat/exec tr a b/", "differs from what was sent" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct target_file file;
		char command[300];

		set_ssh(f, "sh -c 'eval \"$0\"'");
		open_folder(f);
		snprintf(command, sizeof(command),
			 "sh -c 'c=$(printf %%s \"$0\" | sed \"%s\"); trap \"\" PIPE; eval \"$c\"; cat >/dev/null'",
			 cases[i].spoil);
		set_ssh(f, command);
		free(send_dump(f, &file));
		set_ssh(f, "sh -c 'eval \"$0\"'");
		assert_error(target_commit(&f->c, &file, "vmcore-incomplete", "vmcore"), ERROR_LOST, cases[i].words);
		assert_false(there(f, "vmcore.flat"));
		file_remove_tree(f->c.plan.path);
	}
}

/* ssh ends in the middle: the writer is not left hanging, the dump has no name. */
static void test_connection_lost(void **state)
{
	struct fixture *f = *state;
	struct target_file file;
	struct error *e;

	signal(SIGPIPE, SIG_IGN);
	open_folder(f);
	set_ssh(f, "sh -c 'head -c 1000 >/dev/null; exit 255'");
	assert_ok(target_create(&f->c, "vmcore-incomplete", &file));
	for (int i = 0; i < 100; i++) {
		char part[64 << 10] = { 0 };

		e = file_write_fd(file.fd, "dump", part, sizeof(part));
		if (e)
			break;
	}
	assert_non_null(e);
	error_free(e);
	assert_error(target_commit(&f->c, &file, "vmcore-incomplete", "vmcore"), ERROR_OTHER, "status 255");
}

/* Another dump of the same second is left alone. */
static void test_same_second(void **state)
{
	struct fixture *f = *state;
	struct target_file file;

	open_folder(f);
	open_folder(f);
	assert_true(text_ends(f->c.folder_path, "/it's a folder/" FOLDER "-1"));
	assert_ok(target_create(&f->c, "x", &file));
	assert_ok(target_commit(&f->c, &file, "x", "y"));
	assert_false(there(f, "y"));
	assert_true(file_exists(f->fd, "it's a folder/" FOLDER "-1/y"));
}

static void test_refused(void **state)
{
	struct fixture *f = *state;

	f->board.deadline_ms = clock_now_ms() + 60000;
	set_ssh(f, "sh -c 'exit 1'");
	assert_error(target_open(&f->c, &f->c.plan.target), ERROR_NOT_PERMITTED, "cannot make the folder");
	/* a login that does not come ends with the step's time */
	set_ssh(f, "sh -c 'exit 255'");
	f->c.plan.limit_s[PLAN_STEP_MOUNT] = 3;
	assert_error(target_open(&f->c, &f->c.plan.target), ERROR_TIMEOUT, "cannot log in");
	/* one that says nothing of a folder has made none */
	set_ssh(f, "true");
	assert_ok(target_open(&f->c, &f->c.plan.target));
	assert_error(target_make_folder(&f->c), ERROR_OTHER, "cannot make the folder");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_small_files), T(test_dump),	      T(test_dump_of_cat), T(test_dump_given_up),
		T(test_lying_server), T(test_connection_lost), T(test_same_second), T(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
