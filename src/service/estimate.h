/* How much memory the capture will need, reckoned from the files that it is made of. */
#pragma once

#include "service/crashkernel.h"
#include "service/image.h"

struct large_module {
	char *name;
	uint64_t bytes;
};

struct estimate {
	uint64_t reserved, recommended, fallback; /* bytes; `fallback` is the default for this RAM */
	uint64_t kernel, modules, image, runtime; /* what the recommendation is the sum of: image counts 3 times */
	uint64_t luks;				  /* to open the key slots of the target; 0: none */
	VECTOR(struct large_module) large;	  /* 1 MiB and more */
	bool enough;
};

/* The image need not be built. */
struct error *estimate_make(const struct image *im, const struct sysconfig *conf, struct estimate *ret) MUST_CHECK;
void estimate_done(struct estimate *e);

/* Bytes of memory that a kernel file takes once it runs: what its ELF segments ask for. ERROR_UNSUPPORTED
 * when the file does not tell. `name` is for messages. */
struct error *kernel_footprint(const char *name, const void *bytes, size_t len, uint64_t *ret) MUST_CHECK;
/* The same of a module's ELF file: the sections that are loaded. */
struct error *module_footprint(const char *name, const void *bytes, size_t len, uint64_t *ret) MUST_CHECK;

static inline void estimate_done_cleanup(struct estimate *e)
{
	estimate_done(e);
}
#define _cleanup_estimate_ CLEANUP(estimate_done)
