/* Places to erase: found, brought into the order of memory, recorded and carried out. */
#include "collect/erase-priv.h"

#include <string.h>

#include "base/base.h"
#include "kernel/vmem.h"

#define PIECES_MAX (1u << 20)

/* Bytes of one page frame. */
struct piece {
	uint64_t pa;
	uint32_t len;
	uint32_t spot; /* in the order of addresses: what comes later lies over it */
	unsigned char fill;
};

struct erase {
	uint32_t page_size;
	VECTOR(struct piece) pieces; /* sorted */
	struct strbuf lines;
};

static int by_address(const void *a, const void *b)
{
	const struct erase_spot *x = a, *y = b;

	if (x->pa != y->pa)
		return x->pa < y->pa ? -1 : 1;
	if (x->command != y->command)
		return x->command < y->command ? -1 : 1;
	return x->turn < y->turn ? -1 : x->turn > y->turn;
}

static int by_command(const void *a, const void *b)
{
	const struct erase_spot *x = a, *y = b;

	if (x->command != y->command)
		return x->command < y->command ? -1 : 1;
	return x->turn < y->turn ? -1 : x->turn > y->turn;
}

static int by_piece(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->pa != y->pa)
		return x->pa < y->pa ? -1 : 1;
	return x->spot < y->spot ? -1 : x->spot > y->spot;
}

/* Two commands that begin at the same byte are one, the longer, as makedumpfile has it. What cannot be
 * found in memory is not in the dump either. */
static void unite(struct kernel *k, struct erase_spots *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->list.n; i++) {
		struct erase_spot *spot = &s->list.v[i];
		struct error *e = vmem_translate(k, spot->va, &spot->pa, NULL);

		if (!e)
			s->list.v[n++] = *spot;
		error_free(e);
	}
	s->list.n = n;
	if (!n)
		return;
	qsort(s->list.v, n, sizeof(*s->list.v), by_address);
	n = 1;
	for (size_t i = 1; i < s->list.n; i++) {
		struct erase_spot *last = &s->list.v[n - 1];

		if (s->list.v[i].pa == last->pa)
			last->len = MAX(last->len, s->list.v[i].len);
		else
			s->list.v[n++] = s->list.v[i];
	}
	s->list.n = n;
}

static struct error *add_piece(struct erase *e, uint64_t pa, uint32_t len, uint32_t number, bool nullify)
{
	if (e->pieces.n == PIECES_MAX)
		return error_new(ERROR_UNSUPPORTED, "more than %u pages", PIECES_MAX);
	return vector_push(&e->pieces, (struct piece){ pa, len, number, nullify ? 0 : 'X' }) ? NULL : error_nomem();
}

/* A spot goes on through virtual memory: each page is looked for. */
static struct error *add_pieces(const struct erase_request *r, struct erase *e, struct erase_spot *s, uint32_t number)
{
	for (uint64_t va = s->va, end = s->va + s->len; va < end;) {
		uint64_t len = MIN(end - va, e->page_size - va % e->page_size), pa;
		struct error *why = vmem_translate(r->kernel, va, &pa, NULL);

		if (!why) {
			/* segments may map addresses to others with another place in their page */
			len = MIN(len, e->page_size - pa % e->page_size);
			TRY(add_piece(e, pa, len, number, s->nullify));
			if (!r->kept || r->kept(r->kept_arg, pa / e->page_size))
				s->kept += len;
		}
		error_free(why);
		va += len;
	}
	return NULL;
}

static void write_lines(const struct erase_rules *rules, struct erase_spots *s, struct strbuf *out)
{
	if (s->list.n)
		qsort(s->list.v, s->list.n, sizeof(*s->list.v), by_command);
	for (size_t i = 0; i < s->list.n; i++) {
		const struct erase_spot *spot = &s->list.v[i];
		const char *text = rules->commands.v[spot->command].what.text;

		if (spot->kept && spot->nullify)
			strbuf_printf(out, "erase %s nullify\n", text);
		else if (spot->kept)
			strbuf_printf(out, "erase %s size %llu\n", text, (unsigned long long)spot->kept);
	}
}

static struct error *gather(const struct erase_request *r, struct strbuf *why, struct erase_spots *spots,
			    struct erase *e)
{
	TRY(erase_find(r, why, spots));
	unite(r->kernel, spots);
	for (size_t i = 0; i < spots->list.n; i++) {
		struct error *full = add_pieces(r, e, &spots->list.v[i], i);

		if (!error_drop_if(&full, ERROR_UNSUPPORTED)) {
			TRY(full);
			continue;
		}
		strbuf_printf(why, "The rules erase more than %u pages: %zu of the %zu places are not erased, or not whole.\n",
			      PIECES_MAX, spots->list.n - i, spots->list.n);
		break;
	}
	if (e->pieces.n)
		qsort(e->pieces.v, e->pieces.n, sizeof(*e->pieces.v), by_piece);
	write_lines(r->rules, spots, &e->lines);
	return strbuf_error(&e->lines);
}

struct error *erase_gather(const struct erase_request *r, struct strbuf *why, struct erase **ret)
{
	CLEANUP(erase_free) struct erase *e = calloc(1, sizeof(*e));
	struct erase_spots spots = { 0 };
	struct error *err;

	if (!e)
		return error_nomem();
	e->page_size = r->kernel->dump->page_size; /* that of the pages; the kernel may say what it likes */
	err = gather(r, why, &spots, e);
	vector_done(&spots.list);
	TRY(err);
	*ret = take_ptr(e);
	return NULL;
}

void erase_free(struct erase *e)
{
	if (!e)
		return;
	vector_done(&e->pieces);
	strbuf_done(&e->lines);
	free(e);
}

const char *erase_lines(const struct erase *e, size_t *ret_len)
{
	*ret_len = e->lines.len;
	return e->lines.len ? e->lines.s : NULL;
}

/* The first piece at or above `pa`. */
static size_t first_from(const struct erase *e, uint64_t pa)
{
	size_t lo = 0, hi = e->pieces.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (e->pieces.v[mid].pa < pa)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool erase_touches(const struct erase *e, uint64_t pfn)
{
	size_t i = first_from(e, pfn * e->page_size);

	return i < e->pieces.n && e->pieces.v[i].pa / e->page_size == pfn;
}

void erase_page(const struct erase *e, uint64_t pfn, void *page)
{
	for (size_t i = first_from(e, pfn * e->page_size);
	     i < e->pieces.n && e->pieces.v[i].pa / e->page_size == pfn; i++) {
		const struct piece *p = &e->pieces.v[i];

		memset((char *)page + p->pa % e->page_size, p->fill, p->len);
	}
}
