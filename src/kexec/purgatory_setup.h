/* Filling in purgatory's block. */
#pragma once

#include "kexec/console.h"
#include "kexec/segments.h"

struct purgatory_setup {
	uint64_t entry;
	uint64_t boot_params;
	uint64_t backup_from, backup_to, backup_len;
	struct kexec_console console;
	bool check;
	bool comes_back; /* PURGATORY_COMES_BACK */
	uint64_t way_back_text;
	bool guarded; /* PURGATORY_GUARDED */
};

uint64_t purgatory_mem_len(void);
/* The digest over all parts marked for it, in address order; also lists them in `args`. */
struct purgatory_args;
void purgatory_digest(const struct kexec_parts *parts, struct purgatory_args *args);
/* Gives `part` the blob with its block filled in. The other parts have their bytes. */
struct error *purgatory_setup(const struct purgatory_setup *how, const struct kexec_parts *parts,
			      struct kexec_part *part) MUST_CHECK;
