/*
 * Floor 1: what the running machine says of itself in /proc and /sys. Every reader takes
 * `root`, the descriptor of a folder that stands for "/" and resolves relative names there,
 * so that tests hand it a recorded tree. Nothing here writes.
 */
#pragma once

#include "host/cmdline.h"
#include "host/crash_notes.h"
#include "host/firmware.h"
#include "host/iomem.h"
#include "host/kcore.h"
#include "host/kexec_state.h"

/* The running kernel's release (/proc/sys/kernel/osrelease), malloc'd. */
struct error *host_kernel_release(int root, char **ret) MUST_CHECK;
/* The first two numbers of a release: "6.12.117+deb13" is 6, 12. False when not of that form. */
bool kernel_release_numbers(const char *release, unsigned *ret_major, unsigned *ret_minor);
/* Whether the running kernel is a 64-bit one (/proc/sys/kernel/arch, since 6.1).
 * ERROR_NOT_FOUND where it does not say. */
struct error *host_is_64bit(int root, bool *ret) MUST_CHECK;
/* Whether /proc/cpuinfo's flags of the first CPU hold `flag`. */
struct error *host_cpu_flag(int root, const char *flag, bool *ret) MUST_CHECK;
