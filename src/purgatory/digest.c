/* The check itself: plain memory reads, so that tests run it too. */
#include "purgatory/lanes.h"
#include "purgatory/purgatory.h"

bool purgatory_digest_ok(const struct purgatory_args *args, int unit)
{
	unsigned char digest[SHA256_DIGEST_LEN], differ = 0;
	struct lanes l;

	if (args->nr_regions > PURGATORY_REGIONS)
		return false;
	lanes_init(&l, (enum lanes_unit)unit);
	for (uint64_t i = 0; i < args->nr_regions; i++)
		lanes_add(&l, (const void *)(uintptr_t)args->regions[i].start, args->regions[i].len);
	lanes_end(&l, digest);
	for (int i = 0; i < SHA256_DIGEST_LEN; i++)
		differ |= digest[i] ^ args->digest[i];
	return !differ;
}
