/*
 * Floor 5: PID 1 of the capture kernel. It carries the plan out and decides nothing.
 *
 * Two kinds of processes. The supervisor is PID 1: it forks a worker, waits for it no longer
 * than the worker's current step may last, and then restarts the machine. It reads no plan and
 * touches no device, so that nothing that goes wrong there can take it along; what it must
 * know the worker writes on the board, a page that both share. A worker does the steps: the
 * capture, then (when that failed and the plan says so) the log at a second place, the site's
 * programs, the fallback or the shell, then the unmounting. A worker that crashes, is killed or hangs, in the kernel too, is a failed one.
 * The supervisor's own end is a panic, which `panic=` on the command line turns into a restart.
 *
 * Everything that reaches out of the process goes through capture_ops, so that the tests can
 * run the whole with a folder for a root and any step failing.
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "base/process.h"
#include "capture/target.h"
#include "plan/plan.h"

/* How a worker ended: its exit status. */
enum capture_end {
	CAPTURE_DONE = 0,
	CAPTURE_FAILED = 1,
	CAPTURE_NO_VMCORE = 2, /* this is no capture boot: no disk may be touched */
	CAPTURE_VETOED = 3,    /* the site's program says that there shall be no dump */
};

/* Shared between supervisor and workers. Written by one worker at a time. */
struct board {
	volatile uint64_t deadline_ms; /* clock_now_ms() when the step is overdue; 0: no limit */
	volatile enum plan_action failure_action, final_action;
	volatile unsigned sync_s, action_s;
	volatile unsigned stall_s; /* the step may not be idle longer; 0: it may */
	volatile unsigned watchdog_s;
	volatile unsigned nr_emergency, nr_evidence; /* of the plan; 0: no worker is needed for them */
	volatile bool log_saved; /* the dead kernel's log or the report is safe somewhere */
	char step[32]; /* for messages */
};

struct capture;

struct capture_ops {
	/* As mount(2) and umount2(2), but `where` is relative to the root: 0, or -1 and errno. */
	int (*mount)(struct capture *c, const char *device, const char *where,
		     const char *fstype, unsigned long flags, const char *options);
	int (*umount)(struct capture *c, const char *where, int flags);
	/* finit_module(2) with no flags. */
	int (*insert)(struct capture *c, int fd, const char *parameters);
	/* Waits until a block device that the plan names so is there, at most until
	 * `deadline_ms`; *ret is its /dev path, malloc'd. */
	struct error *(*find_device)(struct capture *c, const struct plan_place *place,
				     uint64_t deadline_ms, char **ret);
	/* process_run() with argv[0] below the root. */
	struct error *(*run)(struct capture *c, char *const *argv,
			     const struct process_how *how, struct process_result *ret);
	/* Seconds since 1970, UTC, as this kernel has it. */
	time_t (*now)(struct capture *c);
	/* What the clock chip says; 0: nothing. */
	time_t (*chip_time)(struct capture *c);
	/* At least one of the devices that answer to the name, `want` of them when they come in
	 * good time: paths are added to the zeroed or earlier `ret`. */
	struct error *(*find_devices)(struct capture *c, const struct plan_place *place, size_t want,
				      uint64_t deadline_ms, struct words *ret);
	/* Make a device of the plan: /dev/mapper/NAME with these rows; /dev/NAME of these members. */
	struct error *(*make_map)(struct capture *c, const struct plan_layer *l, const dm_table *rows);
	struct error *(*make_array)(struct capture *c, const struct plan_layer *l,
				    const struct words *members);
	/* net_bring_up() */
	struct error *(*network)(struct capture *c);
	/* Never returns on a machine; in tests it does. */
	void (*restart)(struct capture *c, enum plan_action action);
};

struct capture {
	const struct capture_ops *ops;
	int root;	     /* descriptor of "/" */
	unsigned grace_ms;   /* how long over its limit a worker may be: it ends its programs first */
	struct board *board; /* shared */
	struct plan plan;    /* the worker's */
	const struct target_ops *to; /* the target's kind; null: none was opened */
	int target;	     /* its descriptor: a mounted file system's root, a device; -1: none */
	int folder;	     /* the dump folder on it; -1: none */
	char *folder_path;   /* absolute in the capture system, for foreign collectors and messages */
	const char *path;    /* where folders are made on the target; null: where the plan says */
	int dump_status;     /* of the collector, as its exit status; for the site's programs */
	bool has_keys;	     /* this worker has taken the keys of encrypted disks */
	struct target_file own_log; /* kexec-dmesg.log, with room set aside; fd -1: none */
};

extern const struct capture_ops capture_linux;

/* The supervisor, from the start to the restart. `c` needs ops and root. */
void capture_supervise(struct capture *c);

/* Workers. */
enum capture_end capture_steps(struct capture *c);    /* the capture */
enum capture_end capture_fallback(struct capture *c); /* dump_to_rootfs */
enum capture_end capture_emergency(struct capture *c); /* the site's programs for failures */
enum capture_end capture_evidence(struct capture *c);  /* log and report at a second place */
enum capture_end capture_shell(struct capture *c);
enum capture_end capture_finish(struct capture *c); /* sync and unmount */
