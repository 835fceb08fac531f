/*
 * The memory of struct pages whose frames are all left out (makedumpfile -e). On large machines it is
 * most of what is left: 64 bytes for each frame of 4 KiB, used or not.
 *
 * Runs of frames that the level leaves out are translated to the pages that hold their struct
 * pages and nothing else. Pages that are mapped at several places are kept: the kernel frees the
 * struct pages of huge pages by mapping one page for all of them (HVO), which may serve others too.
 */
#include "collect/keep.h"

#include "kernel/memmap.h"
#include "kernel/vmem.h"

#define NR_RANGES_MAX (1u << 18) /* 4 MiB; what comes after that is kept */
#define PIECE	      (1u << 15) /* frames at once: the smallest section has no fewer of these */

struct finder {
	struct keep *keep;
	struct kernel *k;
	struct memmap *map;
	uint64_t last; /* page frame found last; UINT64_MAX: none */
};

/* The page at `pa`. */
static struct error *add_page(struct finder *f, uint64_t pfn)
{
	struct ranges *r = &f->keep->unused_map;

	if (pfn == f->last)
		return ranges_cut(r, pfn, pfn + 1);
	f->last = pfn;
	return r->n < NR_RANGES_MAX ? ranges_add(r, pfn, pfn + 1) : NULL;
}

/* The pages of virtual memory [va, end), both at page boundaries. */
static struct error *add_pages(struct finder *f, uint64_t va, uint64_t end)
{
	uint64_t ps = f->k->page_size, pa, len;

	for (; va < end; va += ps) {
		struct error *e = vmem_translate(f->k, va, &pa, &len);

		if (e && error_kind(e) == ERROR_NOMEM)
			return e;
		error_free(e);
		if (!e && pa % ps == 0 && len >= ps)
			TRY(add_page(f, pa / ps));
	}
	return NULL;
}

/* Frames [pfn, end) are left out. */
static struct error *add_run(struct finder *f, uint64_t pfn, uint64_t end)
{
	uint64_t size = memmap_page_struct_size(f->map), ps = f->k->page_size;

	while (pfn < end) {
		uint64_t until = MIN(end, ROUND_DOWN(pfn, (uint64_t)PIECE) + PIECE), first, last;
		struct error *e = memmap_address(f->map, pfn, &first);

		if (!e)
			e = memmap_address(f->map, until - 1, &last);
		if (e && error_kind(e) == ERROR_NOMEM)
			return e;
		/* a section's struct pages stand one behind the other */
		if (!e && last - first == (until - 1 - pfn) * size)
			TRY(add_pages(f, ROUND_UP(first, ps), ROUND_DOWN(last + size, ps)));
		error_free(e);
		pfn = until;
	}
	return NULL;
}

/* Runs go on from one class to the next, but a piece's boundary ends them too: a page of struct
 * pages never reaches over it. */
static struct error *find_all(struct finder *f, struct dump *d)
{
	for (size_t i = 0; i < d->memory.n; i++) {
		const struct range *m = &d->memory.v[i];
		uint64_t start = m->start;

		for (uint64_t pfn = m->start, n; pfn < m->end; pfn += n) {
			if (!keep_at(f->keep, pfn, m->end, &n))
				continue;
			TRY(add_run(f, start, pfn));
			start = pfn + n;
		}
		TRY(add_run(f, start, m->end));
	}
	return NULL;
}

struct error *keep_drop_unused_map(struct keep *keep, struct kernel *k, struct dump *d, struct strbuf *why)
{
	struct finder f = { .keep = keep, .k = k, .last = UINT64_MAX };
	struct error *e;

	if (!keep->classes) {
		strbuf_puts(why, "-e: struct pages cannot be found; they are kept.\n");
		return NULL;
	}
	e = memmap_open(k, &f.map);
	if (!e)
		e = find_all(&f, d);
	memmap_close(f.map);
	return e;
}
