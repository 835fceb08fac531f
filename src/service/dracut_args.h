/*
 * dracut_args of kdump.conf: options of another image builder (dracut(8)), translated to what
 * they mean for ours. What has no meaning here is named, and never stops anything.
 */
#pragma once

#include "base/base.h"

struct dracut_include {
	char *source; /* a file or folder of the machine */
	char *path;   /* in the image */
};

struct dracut_args {
	struct words modules;	   /* --add-drivers, --force-drivers, --filesystems */
	struct words omit_modules; /* --omit-drivers */
	struct words install;	   /* --install: programs and files, each with what it needs */
	struct words optional;	   /* --install-optional: the same, where it is there */
	VECTOR(struct dracut_include) include;
	/* --mount "DEVICE MOUNTPOINT TYPE [OPTIONS]"; null: there is none */
	char *device, *fstype, *options;
	unsigned nr_mounts;
	const char *packing;   /* "gzip", "zstd", "none"; static; null: none was chosen */
	bool no_watchdog;      /* --omit watchdog */
	struct words warnings; /* what has no meaning here: whole sentences */
	struct words notes;    /* what is meant anyway, or changes nothing: for lint only */
};

/* Reads the options into zeroed `d`; ERROR_USAGE for quotes that do not close and for a --mount
 * that is none. dracut_args_done() whatever the outcome. */
struct error *dracut_args_parse(struct dracut_args *d, const char *args) MUST_CHECK;
void dracut_args_done(struct dracut_args *d);

static inline void dracut_args_done_cleanup(struct dracut_args *d)
{
	dracut_args_done(d);
}
#define _cleanup_dracut_args_ CLEANUP(dracut_args_done)
