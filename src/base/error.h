/*
 * The one error idiom: a function that can fail returns `struct error *`; null is success.
 *
 *	struct error *e = dump_open(path, &d);
 *	if (e)
 *		return error_prefix(e, "%s", path);
 *
 * The caller owns what it gets: it hands it on, prints it (programs only) or drops it with
 * error_free(). Out of memory is a static object, so failing needs no memory. Messages are
 * whole sentences without a final full stop and say what, where, and what was expected.
 */
#pragma once

#include "base/cleanup.h"
#include "base/macro.h"

enum error_kind {
	ERROR_OTHER,	   /* none of those below */
	ERROR_NOMEM,	   /* this process is out of memory */
	ERROR_SYSTEM,	   /* a system call failed: error_errno() tells how */
	ERROR_USAGE,	   /* the command line or configuration is wrong */
	ERROR_BAD_DATA,	   /* the input contradicts itself or its format */
	ERROR_NOT_FOUND,   /* no such symbol, type, member, file, format */
	ERROR_UNSUPPORTED, /* understood, but not something we do */
	ERROR_LOST,	   /* memory that should be in the dump and is not, or is damaged */
	ERROR_EXCLUDED,	   /* memory left out of the dump on purpose */
	ERROR_NO_SPACE,	   /* the target is full */
	ERROR_TIMEOUT,	   /* a time limit ran out */
	ERROR_NOT_PERMITTED, /* lockdown, signature, missing capability */
};

struct error; /* opaque */

struct error *error_new(enum error_kind kind, const char *fmt, ...) PRINTF(2, 3) MUST_CHECK;
/* ERROR_SYSTEM (or NOMEM, NO_SPACE, NOT_PERMITTED, NOT_FOUND where errno `err` says so);
 * ": strerror" is appended. */
struct error *error_sys(int err, const char *fmt, ...) PRINTF(2, 3) MUST_CHECK;
struct error *error_nomem(void) MUST_CHECK;
/* Puts "words: " in front. Consumes `e`, returns the longer one. Null stays null. */
struct error *error_prefix(struct error *e, const char *fmt, ...) PRINTF(2, 3) MUST_CHECK;

enum error_kind error_kind(const struct error *e);
int error_errno(const struct error *e); /* 0 when no system call was involved */
const char *error_message(const struct error *e);
void error_free(struct error *e); /* null is fine */
/* True, and `*e` is freed and nulled, when `*e` is an error of that kind. */
bool error_drop_if(struct error **e, enum error_kind kind);

DEFINE_CLEANUP(struct error *, error_free)
#define _cleanup_error_ CLEANUP(error_free)

/* Returns the error out of the calling function when there is one. */
#define TRY(expr)                                                                               \
	do {                                                                                    \
		struct error *try_e_ = (expr);                                                  \
		if (try_e_)                                                                     \
			return try_e_;                                                          \
	} while (0)
