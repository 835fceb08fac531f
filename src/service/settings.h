/*
 * /etc/kdump.conf: every directive in one table, its rules, its value.
 *
 * Grammar, as the established service reads it: one `key value` a line; everything from the
 * first `#` is cut, inside values too; blanks around words do not matter; one enclosing pair
 * of double quotes around the value is removed; keys are case-sensitive. Unknown, deprecated,
 * empty and repeated keys are refused with file and line, as are two targets.
 */
#pragma once

#include "base/base.h"
#include "service/dracut_args.h"

enum setting {
	SETTING_PATH,
	SETTING_CORE_COLLECTOR,
	SETTING_FAILURE_ACTION,
	SETTING_FINAL_ACTION,
	SETTING_FORCE_REBUILD,
	SETTING_FORCE_NO_REBUILD,
	SETTING_AUTO_RESET_CRASHKERNEL,
	SETTING_EXTRA_BINS,
	SETTING_EXTRA_MODULES,
	SETTING_TARGET, /* the value of ext4, nfs, raw, …; settings.target_type says which */
	SETTING_LUKS_KEY_FILE,
	SETTING_SSHKEY,
	SETTING_KDUMP_PRE,
	SETTING_KDUMP_POST,
	SETTING_KDUMP_EMERGENCY,
	SETTING_FENCE_KDUMP_ARGS,
	SETTING_FENCE_KDUMP_NODES,
	SETTING_DRACUT_ARGS,
	SETTING_KEEP_DUMPS,
	SETTING_KEEP_BYTES,
	SETTING_KEEP_FREE,
	SETTING_DUMP_NAMING,
	SETTING_SECOND_PLACE,
	SETTING_TIME_LIMITS,
	SETTING_COUNT
};

/* What settings_parse() found wrong, when it was asked to go on. */
struct settings_problem {
	unsigned line;
	char *text;
	char *key, *value; /* of the line, null for what is found after reading */
	bool unknown;	   /* the key is no directive */
	bool warning;	   /* not refused */
};

struct settings {
	char *file; /* for messages */
	char *value[SETTING_COUNT]; /* null: not given */
	unsigned line[SETTING_COUNT];
	const char *target_type; /* "ext4", "nfs", …; static; null: no target was named */
	struct dracut_args dracut; /* dracut_args, translated; its --mount is the target as well */
	/* Set before parsing: mistakes in lines are put here and do not end the reading. */
	bool collect;
	VECTOR(struct settings_problem) problems;
	struct words warnings; /* what a program should say although nothing failed */
};

/* Reads the text of `file` into zeroed `s`. Call settings_done() whatever the outcome;
 * `warnings` is valid also after a failure. */
struct error *settings_parse(struct settings *s, const char *file, const char *text,
			     size_t len) MUST_CHECK;
/* The same from a file below `root`; ERROR_NOT_FOUND when it is not there. */
struct error *settings_read(struct settings *s, int root, const char *file) MUST_CHECK;
/* The same piece by piece, for files that are no kdump.conf: begin, values under the names of directives,
 * end. */
struct error *settings_begin(struct settings *s, const char *file) MUST_CHECK;
struct error *settings_put(struct settings *s, const char *key, const char *value, unsigned line) MUST_CHECK;
struct error *settings_end(struct settings *s) MUST_CHECK;
void settings_done(struct settings *s);

/* The value in force: as written, else the default of the table (null where there is none). */
const char *settings_get(const struct settings *s, enum setting which);
/* The directive's name; the type of the target for SETTING_TARGET. Null where nothing has set it. */
const char *settings_key(const struct settings *s, enum setting which);
/* The directive whose name is written most like `key`, or null when none is near. */
const char *settings_nearest(const char *key);
/* Whether the directive names a target ("ext4", "nfs", …). */
bool settings_is_target(const char *key);
/* The value of the target when it is of this type ("ssh", "nfs", …), else null. */
const char *settings_target(const struct settings *s, const char *type);
/* The value of a directive that is a number or a size in bytes. */
uint64_t settings_number(const struct settings *s, enum setting which);
/* force_rebuild and force_no_rebuild, whose values are looked at only when it comes to that. */
struct error *settings_rebuild_wish(const struct settings *s, bool *ret_force,
				    bool *ret_never) MUST_CHECK;

static inline void settings_done_cleanup(struct settings *s)
{
	settings_done(s);
}
#define _cleanup_settings_ CLEANUP(settings_done)
