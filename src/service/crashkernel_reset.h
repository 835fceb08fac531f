/* Giving boot entries the default reservation of this machine; see crashkernel.h and bootcfg.h. */
#pragma once

#include "service/bootcfg.h"
#include "service/crashkernel.h"

enum fadump_wish {
	FADUMP_AS_IS,
	FADUMP_OFF,
	FADUMP_ON,
	FADUMP_NOCMA, /* its memory is not lent out meanwhile */
};

enum reset_which {
	RESET_RELEASE,	/* `kernel` is a release */
	RESET_KERNEL,	/* `kernel` is a path or an index of the list */
	RESET_DEFAULT,
	RESET_ALL,
	RESET_RESERVED,	 /* all that reserve something */
	RESET_REAL_TIME, /* the real-time kernels */
};

struct reset_wish {
	enum reset_which which;
	const char *kernel;
	const char *value; /* null: the default */
	enum fadump_wish fadump;
	bool dry; /* only say what would change */
};

struct reset_row {
	char *kernel;
	size_t index; /* in the loader's list */
	char *value;  /* of crashkernel= now */
	const char *fadump; /* set to this word; null: not set now */
	bool fadump_removed;
	bool changed;
	enum dump_mode mode; /* now */
};

struct reset_result {
	const struct bootcfg *loader;
	VECTOR(struct reset_row) rows; /* of the kernels that were asked for */
	struct words notes;
	bool one_for_all; /* this loader has one command line for all kernels */
};

/*
 * ERROR_NOT_FOUND when there is no loader or no such kernel: `result->loader` is null in the first
 * case. Nothing is changed when it fails.
 */
struct error *crashkernel_reset(int root, const struct sysconfig *conf, const struct reset_wish *wish,
				struct reset_result *ret) MUST_CHECK;
void reset_result_done(struct reset_result *r);
/* crashkernel= of the running kernel's entry, or of its command line; null: none. */
struct error *crashkernel_of_running(int root, char **ret) MUST_CHECK;
/* Whether a release is a real-time kernel's: "6.12.48-rt-amd64", "5.14.0-427.rt7.312.el9". */
bool release_is_real_time(const char *release);

static inline void reset_result_done_cleanup(struct reset_result *r)
{
	reset_result_done(r);
}
#define _cleanup_reset_result_ CLEANUP(reset_result_done)
