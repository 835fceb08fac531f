/*
 * What a dump can be written to, at capture time. One struct of functions per kind; the list
 * is in target.c. A target is opened, gets a place of its own for this dump (make_folder), then
 * files one after the other: created under a name that says "incomplete", written by a program
 * through a descriptor, and committed, which makes them durable and gives them their name.
 *
 *	fs	files in a folder of a mounted file system; anything that mount(2) takes
 *	ssh	files in a folder of another machine
 *	raw	a block device without names: one file, the dump, as a flattened stream
 *
 * A kind that reaches its place through a program (a pipe into `ssh host 'dd of=...'`) starts
 * it in create() with stream_to_program() and renames in commit(); the file is a stream then.
 *
 * Every call may be made by the worker alone, within the limit of the step that the caller has
 * begun; a call that hangs ends with the worker.
 */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

struct capture;

/* A file while it is written. */
struct target_file {
	int fd;		  /* where the writer writes: a regular file, or a pipe's end */
	pid_t helper;	  /* the process at the other end of the pipe; 0: `fd` is the file itself */
	int result;	  /* where that process tells what it did, when its kind does */
};

/* Nothing can be sought or read back: the dump is written flattened. */
static inline bool target_file_is_stream(const struct target_file *f)
{
	return f->helper != 0;
}

struct target_ops {
	enum plan_target kind;
	bool one_file; /* it takes the dump and nothing else: no log, no report */
	struct error *(*open)(struct capture *c, const struct plan_place *place);
	/* Thins out older dumps as the plan says, before or after this one. Null: it can't. What
	 * fails is said, and nothing else comes of it. */
	void (*retain)(struct capture *c, bool after);
	/* A new folder for this dump; sets c->folder_path for messages. Null: there are none. */
	struct error *(*make_folder)(struct capture *c);
	struct error *(*create)(struct capture *c, const char *name, struct target_file *ret);
	/* Durable, then renamed. Closes the file whatever the outcome; an error means that the
	 * file has not got its name. */
	struct error *(*commit)(struct capture *c, struct target_file *f, const char *incomplete,
				const char *name);
	/* Closes the file and leaves what there is of it under its first name, durable as well
	 * as can be; an empty one is removed. */
	void (*abandon)(struct capture *c, struct target_file *f, const char *incomplete);
	/* Leaves the target clean. Also called when open() failed. */
	struct error *(*close)(struct capture *c);
};

extern const struct target_ops target_fs, target_raw, target_ssh;

/* Opens the place with its kind's functions and makes that kind the capture's. */
struct error *target_open(struct capture *c, const struct plan_place *place) MUST_CHECK;
void target_retain(struct capture *c, bool after);
/* For open(): waits for the place's device, made first where the plan says so; *ret is malloc'd.
 * A place without one is its own name. */
struct error *target_find(struct capture *c, const struct plan_place *place, char **ret) MUST_CHECK;
struct error *target_make_folder(struct capture *c) MUST_CHECK;
struct error *target_create(struct capture *c, const char *name,
			    struct target_file *ret) MUST_CHECK;
struct error *target_commit(struct capture *c, struct target_file *f, const char *incomplete,
			    const char *name) MUST_CHECK;
void target_abandon(struct capture *c, struct target_file *f, const char *incomplete);
struct error *target_close(struct capture *c) MUST_CHECK;

/* stream.c: files that are pipes into another process of the worker's group. */
/* A process that copies the pipe to the descriptor (borrowed) in whole blocks of 512 bytes, the
 * last one filled up with zeros, and syncs it. */
struct error *stream_to_device(int device, struct target_file *ret) MUST_CHECK;
/* A program with the pipe as its standard input. */
struct error *stream_to_program(char *const *argv, struct target_file *ret) MUST_CHECK;
/* Closes the pipe and waits for the process; anything but exit 0 is an error. */
struct error *stream_end(struct target_file *f, const char *what) MUST_CHECK;
