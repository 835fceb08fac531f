/*
 * What the file source asks of the system, so that tests can answer for a /proc/vmcore with
 * pages that cannot be mapped or read.
 */
#pragma once

#include <sys/types.h>

#include "dump/source.h"

struct file_calls {
	void *(*mmap)(void *addr, size_t len, int prot, int flags, int fd, off_t off);
	ssize_t (*pread)(int fd, void *buf, size_t len, off_t off);
};

/* Takes `fd` over, also on failure. `by_windows`: reads go through bounded mappings, and the
 * file is never mapped whole, as is right for /proc/vmcore. */
struct error *source_open_fd(int fd, const char *name, bool by_windows,
			     const struct file_calls *calls, struct source **ret) MUST_CHECK;
