/*
 * Which files configure the service. Three dialects are read through the same table of
 *settings:
 *
 *	/etc/kdump.conf and /etc/sysconfig/kdump (kdump-utils)
 *	/etc/default/kdump-tools (Debian, Ubuntu), when kdump.conf says nothing
 *	/etc/sysconfig/kdump with KDUMP_SAVEDIR or KDUMP_DUMPFORMAT (SUSE), likewise
 *
 * A kdump.conf that holds nothing but comments says nothing: it stands aside for the others.
 */
#pragma once

#include "base/base.h"
#include "service/settings.h"
#include "service/sysconfig.h"

#define DIALECT_CONFIG	  "/etc/kdump.conf"
#define DIALECT_SYSCONFIG "/etc/sysconfig/kdump"
#define DIALECT_DEFAULT	  "/etc/default/kdump-tools"

enum dialect_kind { DIALECT_KDUMP_CONF, DIALECT_DEBIAN, DIALECT_SUSE };

struct dialect {
	enum dialect_kind kind;
	const char *file; /* of the settings; static */
	struct sysconfig
		vars; /* its variables, where they are variables; else those of sysconfig */
	struct words warnings;
};

/* Whether there is any of the files. */
bool dialect_any_file(int root);
/* Finds out which files are in force, and reads the variables. ERROR_NOT_FOUND when there is
 * none. */
struct error *dialect_open(int root, struct dialect *ret) MUST_CHECK;
void dialect_done(struct dialect *d);

/* What the files say of kernel and command line, in the terms of the first dialect; into a
 * zeroed `c`. */
struct error *dialect_sysconfig(const struct dialect *d, int root,
				struct sysconfig *c) MUST_CHECK;
/* What they say of the dump; into a zeroed `s` (its `collect` may be set). */
struct error *dialect_settings(const struct dialect *d, int root,
			       struct settings *s) MUST_CHECK;

static inline void dialect_done_cleanup(struct dialect *d)
{
	dialect_done(d);
}
#define _cleanup_dialect_ CLEANUP(dialect_done)
