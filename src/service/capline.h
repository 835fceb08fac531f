/*
 * The capture kernel's command line: the base (KDUMP_COMMANDLINE, else the running kernel's)
 * without what must not be in it, with what is appended, and with what this machine needs.
 */
#pragma once

#include "base/base.h"
#include "service/sysconfig.h"

/* Reads /proc/cmdline, /proc/cpuinfo and /sys/class/watchdog below `root`. */
struct error *capline_make(int root, const struct sysconfig *conf, char **ret) MUST_CHECK;
/* Modules of the watchdogs that are running now (/sys/class/watchdog, state "active"), and
 * the shortest of their time limits in seconds; 0 for none. */
struct error *watchdogs_active(int root, struct words *ret_modules,
			       unsigned *ret_timeout_s) MUST_CHECK;
