/*
 * After the restart: what PID 1 kept of a crash in the firmware, because its target had failed
 * (doc/plan.md, second places), is put into a dump folder below /var/crash, where `salvage
 * list` shows it, and taken out of the firmware. What it kept on the root file system is there
 * already.
 */
#pragma once

#include "base/base.h"

/* *ret_folder: where it is now, absolute, malloc'd; null when there was nothing. */
struct error *evidence_collect(int root, char **ret_folder) MUST_CHECK;
