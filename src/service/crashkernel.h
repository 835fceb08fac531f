/*
 * The value of crashkernel=, the memory set aside for the capture kernel (kernel/crash_reserve.c;
 * Documentation/admin-guide/kdump/kdump.rst), and what it should be on this machine.
 *
 *	SIZE[@OFFSET]			128M@16M
 *	RANGE:SIZE[,RANGE:SIZE...][@OFFSET]	2G-64G:256M,64G-:512M; the first that holds the RAM
 *	SIZE,high  SIZE,low		above 4 GiB; the part that must lie below it
 *	SIZE,cma			in addition, usable by programs until the crash (6.17)
 *	auto				some distributions' kernels of old only
 */
#pragma once

#include "base/base.h"
#include "service/sysconfig.h"

enum crashkernel_where { CRASHKERNEL_PLAIN, CRASHKERNEL_HIGH, CRASHKERNEL_LOW, CRASHKERNEL_CMA };

struct crashkernel_range {
	uint64_t from, to; /* of RAM, half-open; UINT64_MAX: no end */
	uint64_t size;
};

struct crashkernel {
	enum crashkernel_where where;
	bool automatic;
	VECTOR(struct crashkernel_range) ranges; /* one from 0 when the value has no ranges */
	bool has_offset;
	uint64_t offset;
};

/* ERROR_USAGE, with what is wrong, for what the kernel would not understand. */
struct error *crashkernel_parse(const char *value, struct crashkernel *ret) MUST_CHECK;
void crashkernel_done(struct crashkernel *c);
/* Bytes reserved on a machine with so much RAM; 0: none. */
uint64_t crashkernel_size(const struct crashkernel *c, uint64_t ram);

/* RAM as the kernel counts it for the ranges: "System RAM" of /proc/iomem, up to whole 128 MiB. */
struct error *crashkernel_ram(int root, uint64_t *ret) MUST_CHECK;

enum dump_mode { DUMP_MODE_KDUMP, DUMP_MODE_FADUMP };

/* What decides the default. */
struct crashkernel_facts {
	char arch[16];	     /* uname's machine word: "x86_64" */
	bool encrypted;	     /* AMD SME or SEV is active */
	bool pages_64k;	     /* arm64 */
	bool mlx5, smmu;     /* this driver is loaded; there is such an IOMMU */
	unsigned nr_cpus[2]; /* of the capture kernel, by dump mode; POWER */
};

/* Reads them below `root`, for a kernel of `release` (null: the running one). */
struct error *crashkernel_facts(int root, const struct sysconfig *conf, const char *release,
				struct crashkernel_facts *ret) MUST_CHECK;
/* The value for every amount of RAM: "2G-64G:256M,64G-:512M". Null: none is known. */
struct error *crashkernel_default(const struct crashkernel_facts *f, enum dump_mode mode,
				  char **ret) MUST_CHECK;

static inline void crashkernel_done_cleanup(struct crashkernel *c)
{
	crashkernel_done(c);
}
#define _cleanup_crashkernel_ CLEANUP(crashkernel_done)
