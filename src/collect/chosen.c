/* Which frames the new dump holds; see chosen.h. */
#include "collect/chosen.h"

#include <string.h>

#include "base/base.h"
#include "dump/pfn_bits.h"

#define BLOCK_LEN     (CHOSEN_BLOCK / 8)
#define REMEMBER_MAX  (4u << 20) /* bytes of bits: machines of up to 128 GiB */
#define UNITS_MAX     65536u	 /* for which frames are counted by class */
#define UNIT_MIN_LOG  9		 /* of frames; all units divide CHOSEN_BLOCK */
#define STEPS_MAX     40

/* Frames of a unit by class, without those that the input does not have. */
struct unit {
	uint16_t n[CLASS_MAX];
};

/* A level that is in effect from a frame on. */
struct step {
	uint64_t pfn;
	int level;
};

struct chosen {
	struct chosen_request r;
	uint64_t nr_blocks;
	unsigned char *bits; /* null: not remembered */
	bool *known;	     /* by block: it was asked for once, and is counted */
	unsigned char recent[2][BLOCK_LEN]; /* where bits are not remembered: even and odd blocks */
	uint64_t recent_block[2];	    /* + 1; 0: none */
	struct unit *units;
	unsigned unit_log; /* 2^unit_log frames in each */
	struct step steps[STEPS_MAX];
	size_t nr_steps;
	/* chosen_left() goes forward: units below `counted` are not in `left` any more */
	uint64_t left[CLASS_MAX], counted;
};

static int level_at(const struct chosen *c, uint64_t pfn, uint64_t *ret_end)
{
	size_t i = c->nr_steps - 1;

	while (c->steps[i].pfn > pfn)
		i--;
	*ret_end = i + 1 < c->nr_steps ? c->steps[i + 1].pfn : UINT64_MAX;
	return c->steps[i].level;
}

/* ---- one run of frames of one class ---- */

/* Frames [pfn, end) of a class are still to come (`sign` 1), or not any more (-1). */
static void add_left(struct chosen *c, uint64_t pfn, uint64_t end, enum page_class class, int sign)
{
	for (uint64_t n; pfn < end; pfn += n) {
		n = MIN(end, ((pfn >> c->unit_log) + 1) << c->unit_log) - pfn;
		c->units[pfn >> c->unit_log].n[class] += sign * (int64_t)n;
		c->left[class] += sign * (int64_t)n;
	}
}

static void count_run(struct chosen *c, uint64_t pfn, uint64_t end, enum page_class class, bool kept,
		      bool already)
{
	uint64_t a = MAX(pfn, c->r.start_pfn), b = MIN(end, c->r.end_pfn);
	struct collect_counts *n = c->r.counts;

	if (a < b) {
		n->memory += b - a;
		if (!kept)
			n->dropped[class] += b - a;
		else if (already)
			n->already += b - a;
	}
	if (!already)
		add_left(c, a, b, class, 1);
}

/* Frames that are kept, by what the input says of each. */
static void take_kept(struct chosen *c, uint64_t pfn, uint64_t end, enum page_class class,
		      unsigned char *bits, bool count)
{
	uint64_t first = ROUND_DOWN(pfn, (uint64_t)CHOSEN_BLOCK), off;

	for (uint64_t at = pfn, n; at < end; at += n) {
		bool already = false;

		if (!dump_locate(c->r.dump, at, end, &off, &n)) {
			already = dump_page_state(c->r.dump, at) == PAGE_EXCLUDED;
			n = 1;
		}
		if (!already)
			pfn_bits_set(bits, at - first, at + n - first);
		if (count)
			count_run(c, at, at + n, class, true, already);
	}
}

/* [pfn, end) of one block, which is memory. */
static void take_memory(struct chosen *c, uint64_t pfn, uint64_t end, unsigned char *bits, bool count)
{
	uint64_t until = pfn;
	unsigned wanted = 0;

	for (uint64_t n; pfn < end; pfn += n) {
		enum page_class class;

		if (pfn >= until)
			wanted = keep_classes(level_at(c, pfn, &until));
		class = keep_class(c->r.keep, pfn, MIN(end, until), &n);
		if (wanted >> class & 1)
			take_kept(c, pfn, pfn + n, class, bits, count);
		else if (count)
			count_run(c, pfn, pfn + n, class, false, false);
	}
}

static void work_out(struct chosen *c, uint64_t block, unsigned char *bits, bool count)
{
	const struct ranges *m = &c->r.dump->memory;
	uint64_t first = block * CHOSEN_BLOCK, end = first + CHOSEN_BLOCK;

	memset(bits, 0, BLOCK_LEN);
	for (size_t i = ranges_search(m, first); i < m->n && m->v[i].start < end; i++)
		take_memory(c, MAX(m->v[i].start, first), MIN(m->v[i].end, end), bits, count);
}

/* ---- blocks ---- */

struct error *chosen_block(struct chosen *c, uint64_t block, const unsigned char **ret)
{
	unsigned char *bits = c->bits ? c->bits + block * BLOCK_LEN : c->recent[block % 2];
	bool have = c->bits ? c->known[block] : c->recent_block[block % 2] == block + 1;

	if (!have) {
		work_out(c, block, bits, !c->known[block]);
		c->known[block] = true;
		c->recent_block[block % 2] = block + 1;
	}
	*ret = bits;
	return NULL;
}

struct error *chosen_kept(void *arg, uint64_t first, unsigned char *bits, size_t len)
{
	const unsigned char *p;

	if (first % CHOSEN_BLOCK || len != BLOCK_LEN)
		return error_new(ERROR_OTHER, "not a block of %u frames", CHOSEN_BLOCK);
	TRY(chosen_block(arg, first / CHOSEN_BLOCK, &p));
	memcpy(bits, p, len);
	return NULL;
}

struct error *chosen_count(struct chosen *c)
{
	const unsigned char *p;

	for (uint64_t i = 0; i < c->nr_blocks; i++)
		if (!c->known[i])
			TRY(chosen_block(c, i, &p));
	return NULL;
}

struct error *chosen_runs(struct chosen *c, int level, uint64_t *ret)
{
	const struct step before = c->steps[0];
	unsigned char *bits = malloc(BLOCK_LEN);
	uint64_t runs = 0;
	bool last = false;

	if (!bits)
		return error_nomem();
	c->steps[0].level = level;
	for (uint64_t i = 0; i < c->nr_blocks; i++) {
		work_out(c, i, bits, false);
		for (unsigned bit = 0; bit < CHOSEN_BLOCK; bit++) {
			bool set = bits[bit / 8] >> bit % 8 & 1;

			runs += set && !last;
			last = set;
		}
	}
	c->steps[0] = before;
	free(bits);
	*ret = runs;
	return NULL;
}

/* ---- what is left, and less of it ---- */

uint64_t chosen_left(struct chosen *c, uint64_t pfn, int level)
{
	uint64_t left = 0;

	for (; c->counted < pfn >> c->unit_log; c->counted++)
		for (int i = 0; i < CLASS_MAX; i++)
			c->left[i] -= c->units[c->counted].n[i];
	for (int i = 0; i < CLASS_MAX; i++)
		if (keep_wants(i, level))
			left += c->left[i];
	return left;
}

void chosen_written(struct chosen *c, uint64_t pfn, uint64_t end)
{
	for (uint64_t n; pfn < end; pfn += n) {
		enum page_class class = keep_class(c->r.keep, pfn, end, &n);

		add_left(c, pfn, pfn + n, class, -1);
	}
}

uint64_t chosen_of_class(const struct chosen *c, enum page_class class)
{
	return c->left[class];
}

/* Moves frames from kept to dropped; their blocks are worked out again when they are asked for. */
struct error *chosen_thin(struct chosen *c, uint64_t pfn, int level)
{
	uint64_t none;
	int before = level_at(c, pfn, &none);
	const struct ranges *m = &c->r.dump->memory;

	if (c->nr_steps == STEPS_MAX)
		return error_new(ERROR_OTHER, "thinned %u times already", STEPS_MAX);
	for (size_t i = ranges_search(m, pfn); i < m->n; i++) {
		uint64_t end = MIN(m->v[i].end, c->r.end_pfn);

		for (uint64_t at = MAX(MAX(m->v[i].start, pfn), c->r.start_pfn), n; at < end; at += n) {
			enum page_class class = keep_class(c->r.keep, at, end, &n);

			if (!keep_wants(class, before) || keep_wants(class, level))
				continue;
			for (uint64_t k = at; k < at + n; k++) {
				bool already = dump_page_state(c->r.dump, k) == PAGE_EXCLUDED;

				c->r.counts->already -= already;
				c->r.counts->dropped[class]++;
			}
		}
	}
	c->steps[c->nr_steps++] = (struct step){ pfn, level };
	c->recent_block[0] = c->recent_block[1] = 0;
	for (uint64_t i = pfn / CHOSEN_BLOCK; c->bits && i < c->nr_blocks; i++)
		work_out(c, i, c->bits + i * BLOCK_LEN, false);
	return NULL;
}

/* ---- set-up ---- */

struct error *chosen_new(const struct chosen_request *r, struct chosen **ret)
{
	CLEANUP(chosen_free) struct chosen *c = calloc(1, sizeof(*c));
	uint64_t max_pfn = r->dump->max_pfn, nr_units;

	if (!c)
		return error_nomem();
	c->r = *r;
	c->steps[c->nr_steps++] = (struct step){ 0, r->keep->level };
	c->nr_blocks = (max_pfn + CHOSEN_BLOCK - 1) / CHOSEN_BLOCK;
	c->unit_log = UNIT_MIN_LOG;
	while (max_pfn >> c->unit_log >= UNITS_MAX && 1u << c->unit_log < CHOSEN_BLOCK)
		c->unit_log++;
	nr_units = (max_pfn >> c->unit_log) + 1;
	c->units = calloc(nr_units, sizeof(*c->units));
	c->known = calloc(c->nr_blocks + 1, sizeof(*c->known));
	if (c->nr_blocks * BLOCK_LEN <= REMEMBER_MAX)
		c->bits = malloc(c->nr_blocks * BLOCK_LEN + 1);
	if (!c->units || !c->known)
		return error_nomem();
	*ret = take_ptr(c);
	return NULL;
}

void chosen_free(struct chosen *c)
{
	if (!c)
		return;
	free(c->bits);
	free(c->known);
	free(c->units);
	free(c);
}
