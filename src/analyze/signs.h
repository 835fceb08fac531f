/*
 * Lines of the kernel log that tell of trouble of their own, whatever ended the machine later:
 * counted while the log is read, with the first and the last one kept.
 */
#pragma once

#include "base/error.h"

enum sign {
	SIGN_SLAB,	      /* the slab allocator found an object broken */
	SIGN_SLAB_OWNER,      /* and says who allocated or freed it */
	SIGN_ATOMIC,	      /* sleeping where it is forbidden */
	SIGN_REFCOUNT,	      /* refcount_t saturated */
	SIGN_STALL_CPU,	      /* which CPU an RCU stall is blamed on */
	SIGN_WORKQUEUE,	      /* the workqueue watchdog */
	SIGN_CSD,	      /* a cross call that is not answered */
	SIGN_OOM_KILL,	      /* the OOM killer killed */
	SIGN_NO_MEMORY,	      /* an allocation failed */
	SIGN_OOM_DUMP,	      /* "Mem-Info:" */
	SIGN_MACHINE_CHECK,
	SIGN_HARDWARE,	      /* EDAC, APEI, PCIe AER */
	SIGN_IO_ERROR,	      /* a block device answered with an error */
	SIGN_IO_TIMEOUT,      /* or not at all */
	SIGN_FILESYSTEM,      /* a file system found itself broken */
	SIGN_NETWORK,	      /* transmit queue timed out */
	SIGN_CLOCK,	      /* clocksource unstable, lost ticks */
	SIGN_BAD_PAGE,
	SIGN_THERMAL,
	SIGN_HUNG,	      /* a task blocked for long */
	SIGN_WARNING,
	SIGN_NMI,
	SIGNS,
};

struct sign_words {
	const char *slug, *words; /* for programs, for people */
	bool shown;		  /* worth a line of the report on its own */
};
extern const struct sign_words sign_words[SIGNS];

struct sign_seen {
	uint64_t count;
	uint64_t first_us, last_us;
	char *first, *last; /* owned */
};

struct signs {
	struct sign_seen v[SIGNS];
};

/* One line without its prefix. */
struct error *signs_add(struct signs *s, const char *line, uint64_t us) MUST_CHECK;
void signs_done(struct signs *s);
