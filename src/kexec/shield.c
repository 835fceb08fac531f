/* A crash load made by a child; see shield.h. */
#include "kexec/shield.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define SCORE_FILE  "/proc/self/oom_score_adj"
#define SCORE_NEVER "-1000"

/* No worse without: then only the signals are kept away. */
static void set_score(const char *score)
{
	_cleanup_close_ int fd = open(SCORE_FILE, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, score, strlen(score)) < 0)
		return;
}

void shield_raise(struct shield *s)
{
	_cleanup_close_ int fd = open(SCORE_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, s->score, sizeof(s->score) - 1);
	sigset_t all;

	s->score[len > 0 ? len : 0] = '\0';
	text_strip(s->score);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &s->before);
	set_score(SCORE_NEVER);
	s->raised = true;
}

void shield_drop(struct shield *s)
{
	if (!s->raised)
		return;
	if (*s->score)
		set_score(s->score);
	s->raised = false;
	sigprocmask(SIG_SETMASK, &s->before, NULL);
}

static void be_the_child(const struct shield *s, int (*call)(const void *arg), const void *arg, volatile int *answer)
{
	if (*s->score)
		set_score(s->score);
	sigprocmask(SIG_SETMASK, &s->before, NULL);
	*answer = call(arg);
	_exit(0);
}

int shield_call(const struct shield *s, int (*call)(const void *arg), const void *arg)
{
	volatile int *answer;
	int result, status;
	pid_t child;

	if (!s->raised)
		return call(arg);
	answer = mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (answer == MAP_FAILED)
		return call(arg);
	*answer = ECHILD;
	fflush(NULL);
	child = fork();
	if (child == 0)
		be_the_child(s, call, arg, answer);
	if (child < 0)
		*answer = call(arg);
	else
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
	result = *answer;
	munmap((void *)answer, sizeof(*answer));
	return result;
}
