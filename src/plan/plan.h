/*
 * Floor 1: the plan, the text contract between the service (writer) and PID 1 of the capture
 * kernel (reader); doc/plan.md is its specification. Text in, struct out, and back: what
 * plan_write() writes, plan_parse() reads to the same struct.
 */
#pragma once

#include "base/devmapper.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "base/vector.h"
#include "plan/net.h"

#define PLAN_PATH    "/etc/salvage.plan" /* inside the capture initramfs */
#define PLAN_VERSION 1
#define PLAN_LIMIT   (1 << 20) /* bytes of text; longer is no plan */
#define PLAN_LIMIT_S_MAX (30 * 24 * 3600) /* of any time limit: longer is a mistake */

enum plan_action {
	PLAN_REBOOT, /* the default of both actions */
	PLAN_HALT,
	PLAN_POWEROFF,
	PLAN_SHELL,	     /* failure only */
	PLAN_DUMP_TO_ROOTFS, /* failure only */
};

/* The steps that have a time limit of their own, in the order of a capture. */
enum plan_step {
	PLAN_STEP_MODULES,
	PLAN_STEP_NETWORK, /* until the way to the server is there */
	PLAN_STEP_DEVICE,
	PLAN_STEP_MOUNT,
	PLAN_STEP_DMESG,
	PLAN_STEP_REPORT,
	PLAN_STEP_COLLECTOR,
	PLAN_STEP_SYNC,
	PLAN_STEP_ACTION,
	PLAN_STEP_STALL, /* no step: how long the collector may be idle */
	PLAN_STEP_HOOK,	 /* each program of the site */
	PLAN_STEP_RETENTION,
	PLAN_STEP_EVIDENCE, /* each second place */
	PLAN_STEP_COUNT,
};

/* Programs of the site, by when they run. */
enum plan_hook {
	PLAN_HOOK_VETO, /* before the dump; a failure means that there shall be none. At most one */
	PLAN_HOOK_PRE,	/* before the dump; a failure is only said */
	PLAN_HOOK_POST, /* after it, with its status; a failure is only said */
	PLAN_HOOK_EMERGENCY, /* before the failure action; likewise */
	PLAN_HOOK_COUNT,
};

/* Second places for the log and the report when the target fails. */
enum plan_evidence {
	PLAN_EVIDENCE_ROOTFS, /* PLAN_EVIDENCE_PATH on the root place */
	PLAN_EVIDENCE_PMSG,   /* /dev/pmsg0: what pstore keeps over the restart */
	PLAN_EVIDENCE_EFI,    /* a variable of the firmware */
	PLAN_EVIDENCE_COUNT,
};

/* Where PLAN_EVIDENCE_ROOTFS puts its folder, and what PLAN_EVIDENCE_EFI calls its variable: the
 * service looks there after the restart. */
#define PLAN_EVIDENCE_PATH "/var/crash"
#define PLAN_EVIDENCE_VARIABLE "SalvageCrash-5b1c7c0e-3d3e-4f6b-9c55-2a7d1b3f8e61"
#define PLAN_EVIDENCE_MAX 16384 /* bytes that go to small places */

struct plan_module {
	char *path;	  /* inside the image, absolute, no blanks */
	char *parameters; /* null: none */
	bool required;	  /* `module!`: failing to insert it fails the capture */
};

/* Kinds of targets. */
enum plan_target {
	PLAN_TARGET_FS,	 /* what mount(2) takes: a local file system, virtiofs, nfs */
	PLAN_TARGET_RAW, /* a block device without a file system */
	PLAN_TARGET_SSH, /* a folder at the other end of `ssh` */
	PLAN_TARGET_COUNT,
};

/* A target: where and how. `device` null means that there is none. */
struct plan_place {
	enum plan_target kind;
	char *device; /* /dev/..., UUID=..., LABEL=...; a tag for virtiofs; nfs: ADDRESS:/EXPORT as
		       * mount(2) takes it; ssh: USER@HOST, for messages */
	char *fstype; /* fs only */
	char *options; /* mount options, comma list; null: none */
};

/*
 * A block device that PID 1 has to make before it can be used. Members and the devices in rows
 * are named as in plan_place, or are devices that are made themselves; made devices are
 * /dev/mapper/NAME and /dev/NAME (an array's partitions: /dev/NAMEpN).
 */
struct plan_layer {
	char *name;	/* "vg-lv", "md127" */
	bool is_array;
	char *uuid;	/* maps: the device-mapper's; null: none */
	dm_table rows;	/* maps: devices stand as <NAME> */
	char *metadata; /* arrays: "1.2", "0.90" */
	unsigned nr_members;
	struct words members; /* arrays: one MD=UUID for all of them, or each by its name */
};

/* A key for rows of type crypt, from a file in the image, put into the keyring. */
struct plan_key {
	char *description; /* of a key of type user: "kdump-cryptsetup:vk-UUID" */
	char *path;
};

struct plan {
	char *host;   /* null: not said */
	char *kernel; /* null: not said */
	VECTOR(struct plan_module) modules;
	struct plan_place target;
	char *path;	      /* absolute, on the target; null for raw */
	char *directory;      /* naming of the dump folder (crashdir/names.h); null: ip-time */
	char *address;	      /* of this machine, for names; null: 127.0.0.1 */
	int timezone_offset;  /* seconds east of UTC */
	struct plan_net net;
	struct plan_fence fence;
	struct words ssh; /* argv that the command for the other side is appended to */
	struct words collector;
	bool no_report;
	bool no_dmesg;
	enum plan_action failure_action;
	enum plan_action final_action;
	struct plan_place root;		     /* the fallback of dump_to_rootfs */
	unsigned limit_s[PLAN_STEP_COUNT]; /* 0: the built-in default */
	unsigned watchdog_s;		     /* 0: off */
	struct words hooks[PLAN_HOOK_COUNT]; /* absolute paths in the image, in their order */
	unsigned keep_count;		     /* 0: as many as there are */
	uint64_t keep_bytes, keep_free;	     /* 0: no limit */
	enum plan_evidence evidence[PLAN_EVIDENCE_COUNT]; /* the first nr_evidence, in their order */
	unsigned nr_evidence;
	VECTOR(struct plan_layer) layers;
	VECTOR(struct plan_key) keys;
	bool kernel_keys; /* the crashed kernel handed keys over */
};

/*
 * Reads `len` bytes of text (need not be NUL-terminated). `name` is for messages, which give
 * the line: "NAME:LINE: ...". All mistakes are ERROR_USAGE. Unknown keys are put into
 * `warnings` (may be null) as whole sentences. *ret is to be freed with plan_done().
 */
struct error *plan_parse(const char *name, const char *text, size_t len, struct plan *ret,
			 struct words *warnings) MUST_CHECK;
/* Appends the plan's text. ERROR_USAGE for a value that the text can't hold (a newline, outer
 * blanks, a blank in a module's path) and for a plan that plan_parse() would refuse. */
struct error *plan_write(const struct plan *p, struct strbuf *to) MUST_CHECK;
struct error *plan_add_module(struct plan *p, const char *path, const char *parameters,
			      bool required) MUST_CHECK;
/* Each takes over what `layer` holds, also when it fails. */
struct error *plan_add_layer(struct plan *p, struct plan_layer *layer) MUST_CHECK;
struct error *plan_copy_layer(struct plan *p, const struct plan_layer *layer) MUST_CHECK;
struct error *plan_add_key(struct plan *p, const char *description, const char *path) MUST_CHECK;
/* The layer that makes this device; null for none. */
const struct plan_layer *plan_find_layer(const struct plan *p, const char *device);
void plan_layer_done(struct plan_layer *layer);
void plan_done(struct plan *p);
void plan_place_done(struct plan_place *place);

/* Words of the contract; null and -1 for none. */
const char *plan_action_name(enum plan_action action);
int plan_action_find(const char *name);
const char *plan_target_name(enum plan_target kind);
int plan_target_find(const char *name);
/* Whether it stands on a block device of this machine that has to be found first. */
bool plan_place_has_device(const struct plan_place *place);
/* Whether it is at the other end of a network. */
bool plan_place_is_remote(const struct plan_place *place);
const char *plan_step_name(enum plan_step step);
int plan_step_find(const char *name);
const char *plan_evidence_name(enum plan_evidence place);
int plan_evidence_find(const char *name);
/* The limit in force, with the built-in default where the plan has none. */
unsigned plan_limit_s(const struct plan *p, enum plan_step step);

static inline void plan_done_cleanup(struct plan *p)
{
	plan_done(p);
}
#define _cleanup_plan_ CLEANUP(plan_done)
