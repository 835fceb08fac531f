/* Memory for an ELF image's segments; see build.h. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/build.h"

#define GAP_MAX (2u << 20) /* segments that are nearer than this become one part */

/* Loads [from, to) that lie close together. */
struct group {
	size_t from, to;
	uint64_t start, end; /* whole pages */
	uint64_t bytes_end;  /* of what the file holds; `start` for nothing */
};

static struct group next_group(const struct elf_image *elf, size_t from)
{
	struct group g = { .from = from, .to = from };

	g.start = g.bytes_end = ROUND_DOWN(elf->loads[from].pa, (uint64_t)KEXEC_PAGE);
	do {
		const struct elf_load *l = &elf->loads[g.to];

		g.end = ROUND_UP(l->pa + l->mem_len, (uint64_t)KEXEC_PAGE);
		if (l->file_len)
			g.bytes_end = l->pa + l->file_len;
		g.to++;
	} while (g.to < elf->nr_loads && elf->loads[g.to].pa < g.end + GAP_MAX);
	return g;
}

static struct error *fill(const struct build *b, const struct elf_image *elf, const struct group *g,
			  struct kexec_part *part)
{
	unsigned char *bytes;

	part->len = g->bytes_end - g->start;
	if (!part->len)
		return NULL;
	part->bytes = part->owned = bytes = calloc(1, part->len);
	if (!bytes)
		return error_nomem();
	for (size_t i = g->from; i < g->to; i++)
		memcpy(bytes + (elf->loads[i].pa - g->start), b->p->image.kernel.bytes + elf->loads[i].off,
		       elf->loads[i].file_len);
	part->in_digest = true;
	/* the running kernel finds the core headers among the segments by this */
	if (b->p->rq.panic && part->len > SELFMAG && !memcmp(bytes, ELFMAG, SELFMAG))
		return error_new(ERROR_UNSUPPORTED,
				 "the ELF kernel loads its own header, which the running kernel would take for the core headers");
	return NULL;
}

static struct error *find_delta(struct build *b, const struct elf_image *elf, struct place where,
				uint64_t *ret)
{
	_cleanup_ranges_ struct ranges free = { 0 };
	uint64_t align = MAX(elf->align, (uint64_t)KEXEC_PAGE), base = ROUND_DOWN(elf->start, align);
	uint64_t pa, len = ROUND_UP(elf->end - base, (uint64_t)KEXEC_PAGE);

	where.align = MAX(where.align, align);
	TRY(ranges_copy(&b->free, &free));
	TRY(space_take(&free, "kernel", len, &where, &pa));
	*ret = pa - base;
	return NULL;
}

/* Where it was linked for, when all of that is free. */
static bool fits_in_place(const struct build *b, const struct elf_image *elf)
{
	for (size_t i = 0; i < elf->nr_loads;) {
		struct group g = next_group(elf, i);

		if (!ranges_contain(&b->free, g.start, g.end))
			return false;
		i = g.to;
	}
	return true;
}

struct error *build_put_elf(struct build *b, const struct elf_image *elf, bool may_move,
			    struct place where, uint64_t *ret_delta)
{
	uint64_t delta = 0;
	struct error *e;

	if (!fits_in_place(b, elf)) {
		if (!may_move)
			return error_new(ERROR_NO_SPACE,
					 "the kernel must lie at 0x%llx-0x%llx, where no memory is free for it",
					 (unsigned long long)elf->start, (unsigned long long)elf->end - 1);
		where.min = MAX(where.min, elf->start);
		e = find_delta(b, elf, where, &delta);
		if (error_drop_if(&e, ERROR_NO_SPACE)) {
			where.min = LOW_END;
			e = find_delta(b, elf, where, &delta);
		}
		TRY(e);
	}
	for (size_t i = 0; i < elf->nr_loads;) {
		struct group g = next_group(elf, i);
		struct place here = { g.start + delta, g.end + delta, KEXEC_PAGE, false };
		struct kexec_part *part;

		TRY(parts_add(&b->p->parts, &b->free, "kernel", g.end - g.start, &here, &part));
		TRY(fill(b, elf, &g, part));
		i = g.to;
	}
	*ret_delta = delta;
	return NULL;
}
