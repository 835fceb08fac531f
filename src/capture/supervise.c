/*
 * The supervisor: forks workers, waits for them within their limits, restarts the machine.
 * See capture.h for what it leaves to them and why.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "capture/internal.h"

#define FIRST_LIMIT_S 30 /* until the plan is read */
#define TICK_MS	      500
#define DEATH_MS      2000 /* how long a killed worker is waited for; it may hang in the kernel */

struct supervisor {
	struct capture *c;
	struct memory_use memory;
	struct watchdogs dogs;
};

/* Sleeps until a child ends, at most a tick. */
static void wait_a_tick(void)
{
	struct timespec tick = { 0, TICK_MS * 1000000L };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigtimedwait(&set, NULL, &tick);
}

/* True when `pid` has ended; strays that PID 1 inherits are reaped on the way. */
static bool reap(pid_t pid, int *ret_status)
{
	int status;
	pid_t got;

	while ((got = waitpid(-1, &status, WNOHANG)) > 0)
		if (got == pid) {
			*ret_status = status;
			return true;
		}
	return false;
}

static void kill_worker(pid_t pid)
{
	uint64_t end = clock_now_ms() + DEATH_MS;
	int status;

	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	while (!reap(pid, &status) && clock_now_ms() < end)
		wait_a_tick();
}

static bool overdue(const struct capture *c)
{
	uint64_t deadline_ms = c->board->deadline_ms;

	return deadline_ms && clock_now_ms() > deadline_ms + c->grace_ms;
}

static enum capture_end judge(const char *name, const struct board *b, int status)
{
	if (WIFSIGNALED(status)) {
		say("%s: ended by signal %d in step \"%.31s\"", name, WTERMSIG(status), b->step);
		return CAPTURE_FAILED;
	}
	switch (WEXITSTATUS(status)) {
	case CAPTURE_DONE:
		return CAPTURE_DONE;
	case CAPTURE_NO_VMCORE:
		return CAPTURE_NO_VMCORE;
	case CAPTURE_VETOED:
		return CAPTURE_VETOED;
	default:
		return CAPTURE_FAILED;
	}
}

static enum capture_end run_worker(struct supervisor *s, const char *name, unsigned limit_s,
				   enum capture_end (*work)(struct capture *c))
{
	struct board *b = s->c->board;
	struct stall stall = { 0 };
	sigset_t none;
	pid_t pid;
	int status;

	step_begin(s->c, name, limit_s);
	pid = fork();
	if (pid < 0) {
		say("%s: cannot start a process: %s", name, strerror(errno));
		return CAPTURE_FAILED;
	}
	if (pid == 0) {
		setpgid(0, 0);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		_exit(work(s->c));
	}
	setpgid(pid, pid);
	watchdogs_feed(&s->dogs, s->c->root, b->watchdog_s);
	while (!reap(pid, &status)) {
		if (overdue(s->c)) {
			say("%s: step \"%.31s\" did not end in time; it is given up", name, b->step);
			kill_worker(pid);
			return CAPTURE_FAILED;
		}
		if (!b->stall_s)
			stall = (struct stall){ 0 };
		else if (stall_found(&stall, s->c->root, pid, b->stall_s)) {
			say("%s: nothing has moved for %u s in step \"%.31s\"; it is given up", name,
			    b->stall_s, b->step);
			kill_worker(pid);
			return CAPTURE_FAILED;
		}
		/* fed only while the worker is within its limits */
		watchdogs_feed(&s->dogs, s->c->root, b->watchdog_s);
		memory_look(&s->memory, s->c->root);
		wait_a_tick();
	}
	kill(-pid, SIGKILL); /* what it may have left behind */
	return judge(name, b, status);
}

/* The log at a second place, when it is nowhere yet. */
static void keep_evidence(struct supervisor *s)
{
	struct board *b = s->c->board;

	if (b->nr_evidence && !b->log_saved)
		run_worker(s, "evidence", FIRST_LIMIT_S, capture_evidence);
}

/* What to do after a failed capture; returns the restart that ends it. */
static enum plan_action fail(struct supervisor *s, enum capture_end end)
{
	struct board *b = s->c->board;
	enum plan_action action = b->failure_action;

	say("FAILED; failure action: %s", plan_action_name(action));
	if (end != CAPTURE_NO_VMCORE && action != PLAN_DUMP_TO_ROOTFS)
		keep_evidence(s);
	if (end != CAPTURE_NO_VMCORE && b->nr_emergency)
		run_worker(s, "emergency", FIRST_LIMIT_S, capture_emergency);
	switch (action) {
	case PLAN_REBOOT:
	case PLAN_HALT:
	case PLAN_POWEROFF:
		return action;
	case PLAN_SHELL:
		run_worker(s, "shell", 0, capture_shell);
		break;
	case PLAN_DUMP_TO_ROOTFS:
		if (end == CAPTURE_NO_VMCORE) /* nothing to save, and no disk may be touched */
			break;
		if (run_worker(s, "dump_to_rootfs", FIRST_LIMIT_S, capture_fallback) == CAPTURE_DONE)
			say("saved on the root file system");
		else
			keep_evidence(s);
		break;
	}
	return b->final_action;
}

void capture_supervise(struct capture *c)
{
	struct supervisor s = { .c = c };
	enum plan_action action;
	enum capture_end end;
	sigset_t child;

	c->board = mmap(NULL, sizeof(*c->board), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->board == MAP_FAILED) {
		say("no memory to begin with");
		c->ops->restart(c, PLAN_REBOOT);
		return;
	}
	say_setup(c->root, false);
	c->board->sync_s = FIRST_LIMIT_S;
	c->board->action_s = FIRST_LIMIT_S;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);

	end = run_worker(&s, "capture", FIRST_LIMIT_S, capture_steps);
	say_setup(c->root, false); /* with /dev mounted there is /dev/kmsg */
	memory_say(&s.memory);
	action = end == CAPTURE_DONE || end == CAPTURE_VETOED ? c->board->final_action : fail(&s, end);
	run_worker(&s, "finish", c->board->sync_s, capture_finish);
	say("%s", plan_action_name(action) ? plan_action_name(action) : "reboot");
	watchdogs_close(&s.dogs, action != PLAN_REBOOT);
	c->ops->restart(c, action);
	munmap(c->board, sizeof(*c->board));
	c->board = NULL;
}
