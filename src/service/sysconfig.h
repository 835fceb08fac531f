/*
 * /etc/sysconfig/kdump: assignments in shell spelling, read and not run.
 *
 * Understood: `NAME=value`, `NAME+=value`, `export NAME=value`, double and single quotes,
 * backslashes, values over several lines, comments, and `$NAME` / `${NAME}` of a name that
 * the same file assigned before. Anything that would need a shell (commands, substitutions)
 * is refused with its line.
 */
#pragma once

#include "base/base.h"

enum sysconfig_key {
	SYSCONFIG_KERNELVER,
	SYSCONFIG_COMMANDLINE,
	SYSCONFIG_COMMANDLINE_REMOVE,
	SYSCONFIG_COMMANDLINE_APPEND,
	SYSCONFIG_KEXEC_ARGS,
	SYSCONFIG_BOOTDIR,
	SYSCONFIG_IMG,
	SYSCONFIG_IMG_EXT,
	SYSCONFIG_STDLOGLVL,
	SYSCONFIG_COUNT
};

struct sysconfig_variable {
	char *name;
	char *value;
	unsigned line;
};

struct sysconfig {
	VECTOR(struct sysconfig_variable) variables;
	struct words warnings; /* settings that have no effect here */
};

/* Reads the text of `file` into zeroed `s`; sysconfig_done() whatever the outcome. */
struct error *sysconfig_parse(struct sysconfig *s, const char *file, const char *text,
			      size_t len) MUST_CHECK;
/* The same from a file below `root`. A missing file is an empty one: the defaults hold. */
struct error *sysconfig_read(struct sysconfig *s, int root, const char *file) MUST_CHECK;
void sysconfig_done(struct sysconfig *s);

/* The value in force, never null: as assigned (an empty assignment is empty), else the stock
 * value for this machine's CPU. */
const char *sysconfig_get(const struct sysconfig *s, enum sysconfig_key key);

/* Adds to the value in force, as NAME+="WORD" at the end of the file would. */
struct error *sysconfig_append(struct sysconfig *s, enum sysconfig_key key, const char *word,
			       const char *more) MUST_CHECK;
/* The value that the file itself assigns to a variable of any name, or null. */
const char *sysconfig_assigned(const struct sysconfig *s, const char *name);

static inline void sysconfig_done_cleanup(struct sysconfig *s)
{
	sysconfig_done(s);
}
#define _cleanup_sysconfig_ CLEANUP(sysconfig_done)
