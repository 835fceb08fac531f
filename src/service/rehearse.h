/*
 * The crash as a rehearsal: a virtual machine that is thrown away starts the capture kernel's own
 * file with a reservation of a given size, loads that kernel, its command line and its image there
 * (tools/salvage-rehearse.c), and panics. What then happens is the real capture, onto a snapshot of the
 * target's disks, or onto an empty disk of the same kind, file system, label and UUID.
 *
 * The machine's disks are only read. Everything ends within the limit.
 */
#pragma once

#include "base/base.h"
#include "service/capkernel.h"
#include "service/resolve.h"
#include "service/sysconfig.h"

enum rehearse_disks {
	REHEARSE_SNAPSHOT, /* or scratch ones where they cannot be read */
	REHEARSE_SCRATCH,  /* never look at the machine's disks */
	REHEARSE_NONE,	   /* there is nothing to save to: the floor */
};

struct rehearse_how {
	int root;
	const struct sysconfig *conf;
	const struct capture_kernel *kernel;
	const struct target *target;
	const char *cmdline;	/* of the capture kernel; a serial console is added */
	uint64_t reserve;	/* bytes */
	unsigned ram_mb;	/* of the virtual machine besides the reservation; 0: 1024 */
	unsigned limit_s;	/* 0: 900 */
	enum rehearse_disks disks;
	bool floor; /* an init that only powers off instead of the image */
	FILE *console; /* gets every line with its time; may be null */
};

enum rehearse_end {
	REHEARSE_SAVED,	    /* the dump is whole (the floor: its init ran) */
	REHEARSE_FAILED,    /* the capture began and did not succeed */
	REHEARSE_NO_START,  /* the capture kernel did not come as far as its init */
	REHEARSE_NOT_LOADED, /* the virtual machine could not arm it */
	REHEARSE_TIMEOUT,
};

struct rehearse_result {
	enum rehearse_end end;
	char *disks;	   /* "a snapshot of /dev/vda (virtio-blk-pci)"; one line for people */
	char *saved;	   /* where, on the target; null: nowhere */
	char *reason;	   /* the last words that tell why it failed; null */
	uint64_t bytes;	   /* of the dump; 0: not known */
	unsigned used_mb, total_mb; /* memory of the capture kernel: at most used, and all; 0: not known */
	unsigned init_ms, saved_ms; /* after the panic; 0: did not happen */
	bool slow; /* without the processor's help: seconds are many times those of the machine */
};

/* ERROR_NOT_FOUND when there is no QEMU, ERROR_UNSUPPORTED for what it cannot play. */
struct error *rehearse(const struct rehearse_how *how, struct rehearse_result *ret) MUST_CHECK;
void rehearse_result_done(struct rehearse_result *r);

/* The smallest reservation, in steps of `step`, with which it ends well; at most `high`, of which it is
 * known. `guess` (0: none) is where to look first. `tried` (may be null) is told each size and outcome. */
struct error *rehearse_smallest(const struct rehearse_how *how, uint64_t high, uint64_t guess, uint64_t step,
				void (*tried)(uint64_t size, enum rehearse_end end), uint64_t *ret) MUST_CHECK;

static inline void rehearse_result_done_cleanup(struct rehearse_result *r)
{
	rehearse_result_done(r);
}
#define _cleanup_rehearse_result_ CLEANUP(rehearse_result_done)
