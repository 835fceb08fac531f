/* The steps of a capture, in their order, as a worker does them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "capture/internal.h"

#define DIRTY_BYTES "4194304" /* written back early: the reserved memory is small */

void step_begin(struct capture *c, const char *name, unsigned limit_s)
{
	struct board *b = c->board;

	strncpy(b->step, name, sizeof(b->step) - 1);
	b->deadline_ms = limit_s ? clock_now_ms() + (uint64_t)limit_s * 1000 : 0;
	b->stall_s = 0;
}

void step_begin_planned(struct capture *c, enum plan_step step)
{
	step_begin(c, plan_step_name(step), plan_limit_s(&c->plan, step));
	if (step == PLAN_STEP_COLLECTOR)
		c->board->stall_s = plan_limit_s(&c->plan, PLAN_STEP_STALL);
}

/* --- before the plan ---------------------------------------------------------------- */

static struct error *mount_kernel_trees(struct capture *c)
{
	static const struct {
		const char *where, *fstype, *options;
		unsigned long flags;
	} trees[] = {
		{ "proc", "proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "sys", "sysfs", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "dev", "devtmpfs", "mode=0755", MS_NOSUID },
		{ "run", "tmpfs", "mode=0755,size=1m", MS_NOSUID | MS_NODEV },
	};

	for (size_t i = 0; i < ARRAY_SIZE(trees); i++) {
		const char *where = trees[i].where;

		if (mkdirat(c->root, where, 0755) < 0 && errno != EEXIST)
			return error_sys(errno, "/%s: cannot make the folder", where);
		if (c->ops->mount(c, trees[i].fstype, where, trees[i].fstype, trees[i].flags,
				  trees[i].options) < 0 &&
		    errno != EBUSY) /* already there: kernels mount devtmpfs on their own */
			return error_sys(errno, "/%s: cannot mount %s", where, trees[i].fstype);
	}
	return NULL;
}

static void poke(struct capture *c, const char *name, const char *value)
{
	say_error(file_poke(c->root, name, value), "goes on without the setting");
}

static void spare_memory(struct capture *c)
{
	poke(c, "proc/sys/vm/dirty_bytes", DIRTY_BYTES);
	poke(c, "proc/sys/vm/drop_caches", "3");
}

struct error *read_plan(struct capture *c)
{
	_cleanup_words_ struct words warnings = { 0 };
	_cleanup_free_ char *text = NULL;
	struct board *b = c->board;
	size_t len;

	TRY(file_read(c->root, below_root(PLAN_PATH), PLAN_LIMIT, &text, &len));
	TRY(plan_parse(PLAN_PATH, text, len, &c->plan, &warnings));
	for (size_t i = 0; i < warnings.n; i++)
		say("%s", warnings.v[i]);
	b->failure_action = c->plan.failure_action;
	b->final_action = c->plan.final_action;
	b->sync_s = plan_limit_s(&c->plan, PLAN_STEP_SYNC);
	b->action_s = plan_limit_s(&c->plan, PLAN_STEP_ACTION);
	b->watchdog_s = c->plan.watchdog_s;
	b->nr_emergency = c->plan.hooks[PLAN_HOOK_EMERGENCY].n;
	b->nr_evidence = c->plan.nr_evidence;
	return NULL;
}

static void greet(struct capture *c)
{
	_cleanup_free_ char *release = NULL;
	struct error *e = file_read(c->root, "proc/sys/kernel/osrelease", 256, &release, NULL);

	if (e) {
		error_free(e);
		return;
	}
	text_strip(release);
	say("capture of the crashed kernel%s%s, running %s", c->plan.host ? " of " : "",
	    c->plan.host ? c->plan.host : "", release);
	if (c->plan.kernel && strcmp(release, c->plan.kernel) != 0)
		say("this kernel is %s, the plan was made for %s: its modules may not fit", release,
		    c->plan.kernel);
}

/* --- the capture -------------------------------------------------------------------- */

/* Everything that is written, onto a target that is open. */
static struct error *save(struct capture *c)
{
	struct error *e;

	target_retain(c, false);
	step_begin_planned(c, PLAN_STEP_MOUNT);
	TRY(target_make_folder(c));
	trial_note(c, false);
	save_own_log_begin(c);
	save_dmesg(c);
	save_report(c);
	spare_memory(c);
	c->dump_status = 0;
	e = save_dump(c);
	if (e && !c->dump_status)
		c->dump_status = 1;
	if (e)
		say("%s", error_message(e)); /* now, so that the log on the target has it */
	else if (c->to->one_file)
		say("saved the dump on %s", c->folder_path);
	else
		say("saved %s/vmcore", c->folder_path + strlen("/" TARGET_FOLDER));
	if (!e)
		trial_note(c, true);
	hooks_after(c, c->dump_status);
	if (!e)
		target_retain(c, true);
	save_own_log(c);
	return e;
}

/* What needs no network goes on without: the server is then one that is only told something. */
static struct error *network(struct capture *c)
{
	struct error *e;

	if (!c->plan.net.links.n)
		return NULL;
	step_begin_planned(c, PLAN_STEP_NETWORK);
	e = c->ops->network(c);
	if (e && !plan_place_is_remote(&c->plan.target)) {
		say_error(e, "goes on without a network");
		return NULL;
	}
	if (!e)
		fence_begin(c);
	return error_prefix(e, "network");
}

static struct error *capture_to(struct capture *c, const struct plan_place *place, bool *ret_vetoed)
{
	struct error *e = target_open(c, place);

	*ret_vetoed = !e && !hooks_before(c);
	if (!e && !*ret_vetoed)
		e = save(c);
	step_begin_planned(c, PLAN_STEP_SYNC);
	say_error(target_close(c), "leaving the target");
	return e;
}

struct error *worker_begin(struct capture *c)
{
	say_setup(c->root, true);
	TRY(read_plan(c));
	/* the worker before may have left its target mounted; the sync is the finish's */
	c->ops->umount(c, TARGET_FOLDER, MNT_DETACH);
	return NULL;
}

void worker_end(struct capture *c)
{
	plan_done(&c->plan);
	free(c->folder_path);
	c->folder_path = NULL;
}

enum capture_end capture_steps(struct capture *c)
{
	bool vetoed = false;
	struct error *e;
	struct stat st;

	step_begin(c, "start", 30);
	e = mount_kernel_trees(c);
	say_setup(c->root, true);
	/* the plan even without a vmcore: it says what to do then */
	if (!e)
		e = read_plan(c);
	if (!e && fstatat(c->root, "proc/vmcore", &st, 0) < 0) {
		say("/proc/vmcore: %s: this is no boot after a crash; nothing is written",
		    strerror(errno));
		worker_end(c);
		return CAPTURE_NO_VMCORE;
	}
	if (!e) {
		greet(c);
		spare_memory(c);
		step_begin_planned(c, PLAN_STEP_MODULES);
		e = insert_modules(c);
	}
	if (!e)
		e = network(c);
	if (!e)
		e = capture_to(c, &c->plan.target, &vetoed);
	worker_end(c);
	if (!e)
		return vetoed ? CAPTURE_VETOED : CAPTURE_DONE;
	say_error(e, "the capture failed");
	return CAPTURE_FAILED;
}

enum capture_end capture_fallback(struct capture *c)
{
	struct error *e = worker_begin(c);
	bool vetoed = false;

	if (!e)
		e = capture_to(c, &c->plan.root, &vetoed);
	worker_end(c);
	if (!e)
		return vetoed ? CAPTURE_VETOED : CAPTURE_DONE;
	say_error(e, "dump_to_rootfs failed");
	return CAPTURE_FAILED;
}

enum capture_end capture_shell(struct capture *c)
{
	char *argv[] = { "/bin/sh", NULL };
	pid_t pid;

	say_setup(c->root, true);
	if (!file_exists(c->root, "bin/sh")) {
		say("there is no /bin/sh in the initramfs");
		return CAPTURE_FAILED;
	}
	say("a shell on the console; the machine restarts when it ends");
	/* a worker leads a process group, which can't become a session's leader: its child can */
	pid = fork();
	if (pid == 0) {
		setsid();
		(void)ioctl(0, TIOCSCTTY, 1); /* without it there is no job control */
		execv(argv[0], argv);
		say("/bin/sh: %s", strerror(errno));
		_exit(1);
	}
	if (pid < 0) {
		say("/bin/sh: cannot start a process: %s", strerror(errno));
		return CAPTURE_FAILED;
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return CAPTURE_FAILED;
}

enum capture_end capture_finish(struct capture *c)
{
	if (c->ops->umount(c, TARGET_FOLDER, 0) == 0)
		return CAPTURE_DONE;
	if (errno != EINVAL && errno != ENOENT) { /* it is mounted, and in use */
		sync();
		if (c->ops->mount(c, NULL, TARGET_FOLDER, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0)
			say("the target can't be unmounted: %s", strerror(errno));
	}
	return CAPTURE_DONE;
}
