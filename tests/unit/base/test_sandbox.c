/* Inside the fence a process reads and computes; what it must not do fails. Each test has a child of its own. */
#include "../test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sandbox.h"

/* Exit code of `f` in a fenced child; 77 where there is no fence. */
static int fenced(int (*f)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		struct error *e = sandbox_enter();

		if (e)
			_exit(77);
		_exit(f());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void *one_thread(void *arg)
{
	*(int *)arg = 1;
	return NULL;
}

static int may(void)
{
	char buf[64];
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC), ran = 0;
	void *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *heap = malloc(4 << 20);
	struct stat st;
	pthread_t t;

	if (fd < 0 || read(fd, buf, sizeof(buf)) <= 0 || fstat(fd, &st) || p == MAP_FAILED || !heap)
		return 1;
	heap[1 << 20] = 1;
	if (pthread_create(&t, NULL, one_thread, &ran) || pthread_join(t, NULL) || !ran)
		return 2;
	return write(STDERR_FILENO, "", 0) == 0 ? 0 : 3;
}

static int refused(bool failed)
{
	return failed && errno == EPERM ? 0 : 1;
}

static int may_not_make(void)
{
	return refused(open("/tmp/salvage-sandbox", O_WRONLY | O_CREAT, 0600) < 0);
}

static int may_not_write(void)
{
	return refused(open("/dev/null", O_RDWR) < 0) | refused(open("/dev/null", O_WRONLY) < 0);
}

static int may_not_change(void)
{
	return refused(unlink("/tmp/none") < 0) | refused(rename("/tmp/none", "/tmp/other") < 0) | refused(chmod("/tmp", 0700) < 0) |
	       refused(mkdir("/tmp/salvage-sandbox", 0700) < 0);
}

static int may_not_talk(void)
{
	return refused(socket(AF_INET, SOCK_STREAM, 0) < 0) | refused(socket(AF_UNIX, SOCK_STREAM, 0) < 0);
}

static int may_not_start(void)
{
	char *argv[] = { "true", NULL };

	execv("/bin/true", argv);
	return refused(true) | refused(fork() < 0);
}

static int may_not_kill(void)
{
	return refused(kill(getpid(), 0) < 0);
}

static void test_fence(void **state UNUSED)
{
	static int (*const tests[])(void) = { may, may_not_make, may_not_write, may_not_change, may_not_talk, may_not_start, may_not_kill };

	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		int code = fenced(tests[i]);

		if (code == 77)
			skip();
		if (code)
			print_message("test %zu: %d\n", i, code);
		assert_int_equal(code, 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_fence) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
