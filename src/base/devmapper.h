/*
 * The kernel's device-mapper by its ioctls (linux/dm-ioctl.h, version 4): a table is rows, each
 * a range of the new device's sectors of 512 bytes, the name of a target and its parameters,
 * in which devices stand as MAJOR:MINOR or by their path.
 */
#pragma once

#include "base/error.h"
#include "base/vector.h"

#define DM_CONTROL "dev/mapper/control" /* below the root */

struct dm_row {
	uint64_t start, len; /* sectors */
	char *type;	     /* "linear", "crypt", ... */
	char *params;	     /* may be empty */
};

typedef VECTOR(struct dm_row) dm_table;

void dm_table_done(dm_table *t);
/* Reads "START LENGTH TYPE PARAMETERS", as dmsetup prints it. ERROR_USAGE. */
struct error *dm_table_add(dm_table *t, const char *text) MUST_CHECK;

/*
 * The table in force of an existing device. `control` is DM_CONTROL, open. For tests it may be
 * a regular file of the text "MAJOR:MINOR START LENGTH TYPE PARAMETERS", a row a line.
 */
struct error *dm_table_read(int control, unsigned major, unsigned minor, dm_table *ret) MUST_CHECK;
/* A new device with this table, ready for use. uuid may be null. */
struct error *dm_create(int control, const char *name, const char *uuid, const dm_table *t,
			unsigned *ret_major, unsigned *ret_minor) MUST_CHECK;

static inline void dm_table_done_cleanup(dm_table *t)
{
	dm_table_done(t);
}
#define _cleanup_dm_table_ CLEANUP(dm_table_done)
