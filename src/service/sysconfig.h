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
	SYSCONFIG_FADUMP_APPEND,
	SYSCONFIG_KEXEC_ARGS,
	SYSCONFIG_BOOTDIR,
	SYSCONFIG_IMG,
	SYSCONFIG_IMG_EXT,
	SYSCONFIG_STDLOGLVL, /* levels of messages: 0 none to 4 debug; standard error */
	SYSCONFIG_SYSLOGLVL, /* syslog */
	SYSCONFIG_KMSGLOGLVL, /* the kernel's log */
	SYSCONFIG_NOTIFICATION, /* "yes": start and status tell of the last test of a crash */
	SYSCONFIG_COUNT
};

struct sysconfig_variable {
	char *name;
	char *value;
	unsigned line;
};

struct sysconfig {
	/* Set before reading: `NAME = VALUE` lines are taken as well, as systemd's EnvironmentFile= takes them;
	 * the value is the rest of the line then. */
	bool spaced;
	VECTOR(struct sysconfig_variable) variables;
	struct words warnings; /* settings that have no effect here */
};

/* Reads the text of `file` into `s`, zeroed but for `spaced`; sysconfig_done() whatever the outcome. */
struct error *sysconfig_parse(struct sysconfig *s, const char *file, const char *text,
			      size_t len) MUST_CHECK;
/* The same from a file below `root`. A missing file is an empty one: the defaults hold. */
struct error *sysconfig_read(struct sysconfig *s, int root, const char *file) MUST_CHECK;
void sysconfig_done(struct sysconfig *s);

/* SUSE has a file of the same name with other variables; taking it for this one would lose them all. */
bool sysconfig_is_suse(const struct sysconfig *s);
/* Warns of variables that look like ours and are none. */
struct error *sysconfig_check_names(struct sysconfig *s, const char *file) MUST_CHECK;

/* The value in force, never null: as assigned (an empty assignment is empty), else the stock
 * value for this machine's CPU. */
const char *sysconfig_get(const struct sysconfig *s, enum sysconfig_key key);
/* What another file's settings mean here (dialect.h). */
struct error *sysconfig_set(struct sysconfig *s, enum sysconfig_key key, const char *value) MUST_CHECK;
/* The stock value for a CPU (as uname -m says; null: this machine's). */
const char *sysconfig_stock(const char *arch, enum sysconfig_key key);
const char *sysconfig_name(enum sysconfig_key key);
int sysconfig_find(const char *name); /* the key of a variable, or -1 */

/* The value that the file itself assigns to a variable of any name, or null. */
const char *sysconfig_assigned(const struct sysconfig *s, const char *name);

/* Adds to the value in force, as NAME+="WORD" at the end of the file would. */
struct error *sysconfig_append(struct sysconfig *s, enum sysconfig_key key, const char *word,
			       const char *more) MUST_CHECK;

static inline void sysconfig_done_cleanup(struct sysconfig *s)
{
	sysconfig_done(s);
}
#define _cleanup_sysconfig_ CLEANUP(sysconfig_done)
