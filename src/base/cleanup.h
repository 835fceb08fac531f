/*
 * Scope guards: what is marked with one of these is released at the closing brace.
 * `return take_ptr(p)` hands the value out without releasing it.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <dirent.h>

/* Defines a guard NAME_cleanup() for a `type` variable, calling `fn` unless it is null. */
#define DEFINE_CLEANUP(type, fn)                                                                \
	static inline void fn##_cleanup(type *p)                                                \
	{                                                                                       \
		if (*p)                                                                         \
			fn(*p);                                                                 \
	}
#define CLEANUP(fn) __attribute__((cleanup(fn##_cleanup)))

static inline void free_cleanup(void *p)
{
	free(*(void **)p);
}
#define _cleanup_free_ CLEANUP(free)

/* Descriptors: -1 is "none". errno is kept, so that a failing path can still report it. */
void close_keep_errno(int fd);
static inline void fd_cleanup(int *fd)
{
	if (*fd >= 0)
		close_keep_errno(*fd);
}
#define _cleanup_close_ __attribute__((cleanup(fd_cleanup)))

static inline void fclose_cleanup(FILE **f)
{
	if (*f)
		fclose(*f);
}
#define _cleanup_fclose_ __attribute__((cleanup(fclose_cleanup)))

static inline void closedir_cleanup(DIR **d)
{
	if (*d)
		closedir(*d);
}
#define _cleanup_closedir_ __attribute__((cleanup(closedir_cleanup)))

#define take_ptr(p)                                                                             \
	({                                                                                      \
		__typeof__(p) taken_ = (p);                                                     \
		(p) = NULL;                                                                     \
		taken_;                                                                         \
	})

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}
