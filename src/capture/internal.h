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
struct error *store_create(struct capture *c, const char *name,
			   struct target_file *ret) MUST_CHECK;
/* fsync, rename INCOMPLETE to NAME, fsync the folder. */
struct error *store_commit(struct capture *c, struct target_file *f, const char *incomplete,
			   const char *name) MUST_CHECK;
void store_abandon(struct capture *c, struct target_file *f, const char *incomplete);

/* save.c */
void save_dmesg(struct capture *c);  /* failures are said, and the capture goes on */
void save_report(struct capture *c); /* likewise */
struct error *save_dump(struct capture *c) MUST_CHECK;
void save_own_log_begin(struct capture *c); /* sets room aside on the target */
void save_own_log(struct capture *c);

/* stall.c: zero-initialised for each worker; asked every now and then. */
struct stall {
	uint64_t ticks; /* processor time of the worker's programs */
	uint64_t moved_ms, looked_ms;
};
/* True when the programs of the group have used no processor time for `limit_s`. */
bool stall_found(struct stall *s, int root, pid_t group, unsigned limit_s);

/* device.c */
struct error *device_find(int root, const struct plan_place *place, uint64_t deadline_ms,
			  char **ret) MUST_CHECK;
