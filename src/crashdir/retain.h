/*
 * Thinning out saved dumps by count and bytes. Only folders below one folder are looked at,
 * only those whose name is one that this machine gives (names.h) and that hold files of a dump
 * and no folders; everything else is somebody else's.
 *
 * What goes first: the oldest. An incomplete dump that nobody has read yet (its access time is
 * not behind its modification time) goes after all others, since it is what somebody still has
 * to look at. The newest stays whatever the rules say, and so does what is about to be written.
 * A stamp from before 2000 is of a clock that was not set: how old it is nobody knows, so it
 * counts as new.
 */
#pragma once

#include "crashdir/names.h"

struct crashdir_rules {
	unsigned count; /* keep at most so many */
	uint64_t bytes; /* of at most so much disk together */
	uint64_t free;	/* and so that so many bytes are free */
};			/* 0 each: no such rule */

struct crashdir_retain {
	struct crashdir_names names;
	struct crashdir_rules rules;
	unsigned coming;   /* dumps about to be written: the count leaves room for them */
	const char *spare; /* name of a folder that stays; null: none */
	/* Told of each folder that goes (its name); may be null. */
	void (*say)(void *arg, const char *name);
	void *arg;
};

/* Removes the folder of one crash, whatever its name. ERROR_NOT_FOUND when there is none; ERROR_USAGE for a name that
 * is none of an entry, and for a folder that holds folders or no file of a dump. */
struct error *crashdir_remove(int dir, const char *path, const char *name) MUST_CHECK;
/* `dir` is the folder (called `path` in messages) that the dump folders are in. The number of
 * removed ones is in *ret_removed (may be null) after failures too. */
struct error *crashdir_retain(int dir, const char *path, const struct crashdir_retain *how,
			      unsigned *ret_removed) MUST_CHECK;
