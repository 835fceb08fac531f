/* Shared by the files of this folder. */
#pragma once

#include "capture/capture.h"

#define TARGET_FOLDER "target" /* where the target is mounted, below the root */

/* An absolute path as the *at() calls want it, below the root's descriptor. */
static inline const char *below_root(const char *path)
{
	return path + 1;
}

/* Messages: "salvage: text" on the console, and in the kernel's log for kexec-dmesg.log. */
/* Opens both; may be called again when /dev has come. PID 1 must not `wait` for a console that
 * takes nothing; a worker may, within its step's limit, so that no word is lost. */
/* trial.c: kdumpctl test. The test's id; false: this crash is none. */
#define TRIAL_ID_ROOM 48
bool trial_id(const struct capture *c, char to[TRIAL_ID_ROOM]);
/* Notes in the dump folder how far the test came; nothing when it is none. */
void trial_note(struct capture *c, bool saved);

/* memory.c: how much the capture took at most. */
struct memory_use {
	uint64_t used_kb, total_kb; /* 0: not looked at yet */
};

void memory_look(struct memory_use *m, int root);
void memory_say(const struct memory_use *m);

void say_setup(int root, bool wait);
void say(const char *fmt, ...) PRINTF(1, 2);
/* Says "text: message" and frees the error; null says nothing. */
void say_error(struct error *e, const char *fmt, ...) PRINTF(2, 3);

/* steps.c: notes the step on the board; its deadline is `limit_s` from now. */
void step_begin(struct capture *c, const char *name, unsigned limit_s);
void step_begin_planned(struct capture *c, enum plan_step step);
struct error *read_plan(struct capture *c) MUST_CHECK;

/* modules.c: in the plan's order; each file is removed when it is in. */
struct error *insert_modules(struct capture *c) MUST_CHECK;

/* target_fs.c */
/* Mount options as mount(2) takes them; *ret_rest is malloc'd. */
struct error *mount_options(const char *options, unsigned long *ret_flags,
			    char **ret_rest) MUST_CHECK;

/* store.c: the dump folder and the files in it, on a mounted file system. See struct target_ops. */
struct error *store_make_folder(struct capture *c) MUST_CHECK;
void store_retain(struct capture *c, bool after);
struct error *store_create(struct capture *c, const char *name,
			   struct target_file *ret) MUST_CHECK;
/* fsync, rename INCOMPLETE to NAME, fsync the folder. */
struct error *store_commit(struct capture *c, struct target_file *f, const char *incomplete,
			   const char *name) MUST_CHECK;
void store_abandon(struct capture *c, struct target_file *f, const char *incomplete);

/* save.c */
#define SAVE_COLLECTOR "/bin/salvage-collect"
#define SAVE_REPORT    "/bin/salvage-report"
#define SAVE_VMCORE    "/proc/vmcore"
/* Runs to the end within the step's limit; anything but success is an error. */
struct error *save_run(struct capture *c, char *const *argv, enum plan_step step, int stdin_fd,
		       int stdout_fd) MUST_CHECK;
void save_dmesg(struct capture *c);  /* failures are said, and the capture goes on */
void save_report(struct capture *c); /* likewise */
struct error *save_dump(struct capture *c) MUST_CHECK;
void save_own_log_begin(struct capture *c); /* sets room aside on the target */
void save_own_log(struct capture *c);

/* fence.c: starts telling the nodes of the plan, when it names any. */
void fence_begin(struct capture *c);
/* `count` times (0: for ever); `said` is whether a failure was told already. */
void fence_tell_all(const struct plan_fence *f, unsigned count, bool *said);

/* hooks.c: programs of the site, in their order, each within its limit. */
/* False: kdump_pre says that there shall be no dump. */
bool hooks_before(struct capture *c);
void hooks_after(struct capture *c, int status);

/* when.c: the time to name the dump after: the clock's, or where that is not set the time of
 * the crash, or the clock chip's. */
time_t capture_time(struct capture *c);

/* steps.c: for workers. */
struct error *worker_begin(struct capture *c) MUST_CHECK; /* the plan, nothing mounted */
void worker_end(struct capture *c);

/* stall.c: zero-initialised for each worker; asked every now and then. */
struct stall {
	uint64_t ticks; /* processor time of the worker's programs */
	uint64_t moved_ms, looked_ms;
};
/* True when the programs of the group have used no processor time for `limit_s`. */
bool stall_found(struct stall *s, int root, pid_t group, unsigned limit_s);

/* watchdog.c: zero-initialised. */
#define WATCHDOGS_MAX 8
struct watchdogs {
	int fd[WATCHDOGS_MAX];
	unsigned n, tried /* bit N: /dev/watchdogN was there */, feedings;
};
/* Opens those that have appeared, and feeds all. `seconds` 0: the plan wants none. */
void watchdogs_feed(struct watchdogs *w, int root, unsigned seconds);
/* `stop`: they shall not restart the machine any more, where they can be stopped. */
void watchdogs_close(struct watchdogs *w, bool stop);
/* layers.c: makes the device when the plan says how, with all that it stands on. */
struct error *layers_build(struct capture *c, const char *device, uint64_t deadline_ms) MUST_CHECK;
struct error *map_make(int root, const struct plan_layer *l, const dm_table *rows) MUST_CHECK;
/* array.c */
struct error *array_make(int root, const struct plan_layer *l,
			 const struct words *members) MUST_CHECK;

/* device.c */
struct error *devices_find(int root, const struct plan_place *place, size_t want,
			   uint64_t deadline_ms, struct words *ret) MUST_CHECK;
struct error *device_find(int root, const struct plan_place *place, uint64_t deadline_ms,
			  char **ret) MUST_CHECK;
