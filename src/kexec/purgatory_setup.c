/*
 * Filling in purgatory's block; see purgatory/purgatory.h.
 *
 * The digest covers the bytes that we load, not the zeros behind them: that room is the
 * kernel's workspace, which it clears before use, and hashing it would only cost time while
 * the machine is down.
 */
#include "kexec/purgatory_setup.h"

#include <stdlib.h>
#include <string.h>

#include "kexec/purgatory_blob.h"
#include "purgatory/lanes.h"
#include "purgatory/purgatory.h"

#define RESET_SECONDS 10

uint64_t purgatory_mem_len(void)
{
	struct purgatory_head head;

	memcpy(&head, purgatory_blob, sizeof(head));
	return head.mem_len;
}

static int by_address(const void *a, const void *b)
{
	const struct kexec_part *const *x = a, *const *y = b;

	return (*x)->pa < (*y)->pa ? -1 : (*x)->pa > (*y)->pa;
}

void purgatory_digest(const struct kexec_parts *parts, struct purgatory_args *args)
{
	const struct kexec_part *sorted[KEXEC_SEGMENTS];
	struct lanes l;
	size_t n = 0;

	for (size_t i = 0; i < parts->n; i++)
		if (parts->v[i].in_digest)
			sorted[n++] = &parts->v[i];
	qsort(sorted, n, sizeof(*sorted), by_address);
	lanes_init(&l, lanes_best());
	for (size_t i = 0; i < n; i++) {
		args->regions[i] = (struct purgatory_region){ sorted[i]->pa, sorted[i]->len };
		lanes_add(&l, sorted[i]->bytes, sorted[i]->len);
	}
	args->nr_regions = n;
	lanes_end(&l, args->digest);
}

struct error *purgatory_setup(const struct purgatory_setup *how, const struct kexec_parts *parts,
			      struct kexec_part *part)
{
	struct purgatory_args args = {
		.entry = how->entry,
		.boot_params = how->boot_params,
		.backup_from = how->backup_from,
		.backup_to = how->backup_to,
		.backup_len = how->backup_len,
		.flags = (how->check ? PURGATORY_CHECK : 0) | (how->console.vga ? PURGATORY_VGA : 0) |
			 (how->console.reset_vga ? PURGATORY_RESET_VGA : 0) |
			 (how->guarded ? PURGATORY_GUARDED : 0) |
			 (how->comes_back ? PURGATORY_COMES_BACK : 0),
		.way_back_text = how->way_back_text,
		.serial_port = how->console.port,
		.serial_divisor = how->console.divisor,
		.reset_seconds = RESET_SECONDS,
	};
	unsigned char *blob = malloc(purgatory_blob_len);

	if (!blob)
		return error_nomem();
	purgatory_digest(parts, &args);
	memcpy(blob, purgatory_blob, purgatory_blob_len);
	memcpy(blob + offsetof(struct purgatory_head, args), &args, sizeof(args));
	part->bytes = part->owned = blob;
	part->len = purgatory_blob_len;
	return NULL;
}
