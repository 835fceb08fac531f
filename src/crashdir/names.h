/*
 * Floor 1: the folders that dumps are saved in, for those who make them (PID 1) and those who
 * thin them out (PID 1 and the service); doc/dump-directory.md.
 *
 * A name is made of who (an address or a host name, or nothing) and a stamp of local time, and
 * of `-1`, `-2` ... when that folder is there already.
 */
#pragma once

#include <time.h>

#include "base/error.h"
#include "base/strbuf.h"

/* In the order of crashdir_naming_name(). */
enum crashdir_naming {
	CRASHDIR_IP_TIME,   /* ADDRESS-YYYY-MM-DD-HH:MM:SS (kdump-utils) */
	CRASHDIR_HOST_TIME, /* HOST-YYYY-MM-DD-HH:MM:SS */
	CRASHDIR_DATE,	    /* YYYY-MM-DD-HH:MM, over the network HOST-... (the guides of RHEL 5: %DATE) */
	CRASHDIR_DEBIAN,    /* YYYYMMDDHHMM, over the network HOST-... (kdump-tools) */
	CRASHDIR_SUSE,	    /* YYYY-MM-DD-HH-MM, over the network HOST-... */
	CRASHDIR_NAMINGS,
};

#define CRASHDIR_LOCAL "127.0.0.1" /* the address that local targets say */

/* Who names folders, and how. */
struct crashdir_names {
	enum crashdir_naming naming;
	const char *address; /* null: CRASHDIR_LOCAL */
	const char *host;    /* null: the address stands for it */
};

/* Words of the configuration and the plan; null and -1 for none. */
const char *crashdir_naming_name(enum crashdir_naming naming);
int crashdir_naming_find(const char *name);

/* Appends the name for a time that is local already (seconds since 1970 plus the offset). */
struct error *crashdir_name(const struct crashdir_names *n, time_t local, struct strbuf *to) MUST_CHECK;
/* Whether `name` is one that crashdir_name() makes for these names at some time, `-N` behind
 * it included. *ret_stamp (may be null) points to its stamp. */
bool crashdir_is_own(const struct crashdir_names *n, const char *name, const char **ret_stamp);
