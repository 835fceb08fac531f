/* The check itself: plain memory reads, so that tests run it too. */
#include "base/sha256.h"
#include "purgatory/purgatory.h"

bool purgatory_digest_ok(const struct purgatory_args *args)
{
	unsigned char digest[SHA256_DIGEST_LEN], differ = 0;
	struct sha256 s;

	if (args->nr_regions > PURGATORY_REGIONS)
		return false;
	sha256_init(&s);
	for (uint64_t i = 0; i < args->nr_regions; i++)
		sha256_add(&s, (const void *)(uintptr_t)args->regions[i].start,
			   args->regions[i].len);
	sha256_end(&s, digest);
	for (int i = 0; i < SHA256_DIGEST_LEN; i++)
		differ |= digest[i] ^ args->digest[i];
	return !differ;
}
