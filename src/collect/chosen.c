/* Which frames the new dump holds; see chosen.h. */
#include "collect/chosen.h"

#include <string.h>

#include "base/base.h"
#include "dump/pfn_bits.h"

#define BLOCK_LEN     (CHOSEN_BLOCK / 8)
#define REMEMBER_MAX  (4u << 20) /* bytes of bits: machines of up to 128 GiB */
#define SAVED_MAX     (16u << 20) /* bytes of larger ones' blocks, packed where that is shorter */
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

/* A block's bits: lengths of runs, 16 bits each, the first of clear ones; or, when that is longer, as
 * they are. */
struct saved {
	uint32_t len; /* 0: not saved; BLOCK_LEN: as they are */
	unsigned char *p;
};

struct chosen {
	struct chosen_request r;
	uint64_t nr_blocks;
	unsigned char *bits; /* null: not remembered */
	bool *known;	     /* by block: it was asked for once, and is counted */
	struct saved *saved; /* by block, where bits are not remembered all at once */
	size_t saved_len;
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

/* Frames of one unit by class. */
struct tally {
	uint32_t n[CLASS_MAX];	     /* all of them */
	uint32_t already[CLASS_MAX]; /* and kept ones that the input does not have */
};

/* Of a part of a split dump only its own frames count. */
static uint64_t own_frames(const struct chosen *c, uint64_t pfn, uint64_t end)
{
	uint64_t a = MAX(pfn, c->r.start_pfn), b = MIN(end, c->r.end_pfn);

	return a < b ? b - a : 0;
}

static void count_tally(struct chosen *c, uint64_t unit, const struct tally *t, unsigned wanted)
{
	struct collect_counts *counts = c->r.counts;

	for (int i = 0; i < CLASS_MAX; i++) {
		bool kept = wanted >> i & 1;

		counts->memory += t->n[i];
		counts->already += t->already[i];
		counts->dropped[i] += kept ? 0 : t->n[i];
		c->units[unit].n[i] += t->n[i] - t->already[i];
		c->left[i] += t->n[i] - t->already[i];
	}
}

/* Frames that are kept, by what the input says of each; returns how many of the own ones it lacks. */
static uint32_t take_kept(struct chosen *c, uint64_t pfn, uint64_t end, unsigned char *bits)
{
	uint64_t first = ROUND_DOWN(pfn, (uint64_t)CHOSEN_BLOCK), off;
	uint32_t lacking = 0;

	for (uint64_t at = pfn, n; at < end; at += n) {
		bool already = false;

		if (!dump_locate(c->r.dump, at, end, &off, &n)) {
			already = dump_page_state(c->r.dump, at) == PAGE_EXCLUDED;
			n = 1;
		}
		if (!already)
			pfn_bits_set(bits, at - first, at + n - first);
		else
			lacking += own_frames(c, at, at + n);
	}
	return lacking;
}

/* [pfn, end) of one unit, at one level: `wanted` are the classes that it keeps. Frames up to `ahead` will
 * be asked for next. The loop is what filtering a machine costs: where neighbours differ it turns once a
 * frame. */
static void take_unit(struct chosen *c, uint64_t pfn, uint64_t end, uint64_t ahead, unsigned wanted,
		      unsigned char *bits, bool count)
{
	bool whole = pfn >= c->r.start_pfn && end <= c->r.end_pfn;
	uint64_t unit = pfn >> c->unit_log;
	struct tally t = { 0 };

	while (pfn < end) {
		const struct class_run *runs;
		unsigned nr = keep_runs(c->r.keep, pfn, ahead, &runs);

		for (unsigned i = 0; i < nr && pfn < end; i++) {
			uint64_t n = MIN(runs[i].n, end - pfn);

			t.n[runs[i].class] += whole ? n : own_frames(c, pfn, pfn + n);
			if (wanted >> runs[i].class & 1)
				t.already[runs[i].class] += take_kept(c, pfn, pfn + n, bits);
			pfn += n;
		}
	}
	if (count)
		count_tally(c, unit, &t, wanted);
}

/* [pfn, end) of one block, which is memory. */
static void take_memory(struct chosen *c, uint64_t pfn, uint64_t end, unsigned char *bits, bool count)
{
	uint64_t until = pfn, unit_len = 1ull << c->unit_log;
	unsigned wanted = 0;

	for (uint64_t stop; pfn < end; pfn = stop) {
		if (pfn >= until)
			wanted = keep_classes(level_at(c, pfn, &until));
		stop = MIN(MIN(end, until), ROUND_DOWN(pfn, unit_len) + unit_len);
		take_unit(c, pfn, stop, MIN(end, until), wanted, bits, count);
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

/* ---- blocks that are saved ---- */

static void forget(struct chosen *c, uint64_t block)
{
	struct saved *s = &c->saved[block];

	c->saved_len -= s->len;
	free(s->p);
	*s = (struct saved){ 0 };
}

/* The length of the run that begins at bit `from`, with all bits like it. */
static unsigned run_length(const unsigned char *bits, unsigned from)
{
	unsigned set = bits[from / 8] >> from % 8 & 1, to = from;
	unsigned char whole = set ? 0xff : 0;

	while (to < CHOSEN_BLOCK) {
		if (to % 8 == 0 && bits[to / 8] == whole)
			to += 8;
		else if ((bits[to / 8] >> to % 8 & 1u) == set)
			to++;
		else
			break;
	}
	return to - from;
}

/* Packs into `out` of BLOCK_LEN bytes; 0: that is no shorter. */
static size_t pack_bits(const unsigned char *bits, unsigned char *out)
{
	size_t len = 0;
	unsigned at = 0;

	if (bits[0] & 1) { /* no clear ones in front */
		put_u16(out, 0, false);
		len = 2;
	}
	for (unsigned n; at < CHOSEN_BLOCK; at += n) {
		if (len + 2 >= BLOCK_LEN)
			return 0;
		n = run_length(bits, at);
		put_u16(out + len, n, false);
		len += 2;
	}
	return len;
}

/* For as long as there is room; what is not saved is worked out again. */
static void save(struct chosen *c, uint64_t block, const unsigned char *bits)
{
	unsigned char packed[BLOCK_LEN];
	size_t len = pack_bits(bits, packed);
	struct saved *s = &c->saved[block];

	if (c->saved_len + (len ? len : BLOCK_LEN) > SAVED_MAX)
		return;
	s->p = malloc(len ? len : BLOCK_LEN);
	if (!s->p)
		return;
	s->len = len ? len : BLOCK_LEN;
	memcpy(s->p, len ? packed : bits, s->len);
	c->saved_len += s->len;
}

static void restore(const struct saved *s, unsigned char *bits)
{
	uint64_t at = 0;

	if (s->len == BLOCK_LEN) {
		memcpy(bits, s->p, BLOCK_LEN);
		return;
	}
	memset(bits, 0, BLOCK_LEN);
	for (size_t i = 0; i < s->len; i += 2) {
		uint64_t n = get_u16(s->p + i, false);

		if (i % 4)
			pfn_bits_set(bits, at, at + n);
		at += n;
	}
}

/* ---- blocks ---- */

struct error *chosen_block(struct chosen *c, uint64_t block, const unsigned char **ret)
{
	unsigned char *bits = c->bits ? c->bits + block * BLOCK_LEN : c->recent[block % 2];
	bool have = c->bits ? c->known[block] : c->recent_block[block % 2] == block + 1;

	if (!have && c->saved && c->saved[block].len) {
		restore(&c->saved[block], bits);
	} else if (!have) {
		work_out(c, block, bits, !c->known[block]);
		c->known[block] = true;
		if (c->saved)
			save(c, block, bits);
	}
	if (!c->bits)
		c->recent_block[block % 2] = block + 1;
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
	for (uint64_t i = pfn / CHOSEN_BLOCK; c->saved && i < c->nr_blocks; i++)
		forget(c, i);
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
	if (!c->bits)
		c->saved = calloc(c->nr_blocks + 1, sizeof(*c->saved)); /* without it, they are worked out again */
	if (!c->units || !c->known)
		return error_nomem();
	*ret = take_ptr(c);
	return NULL;
}

void chosen_free(struct chosen *c)
{
	if (!c)
		return;
	for (uint64_t i = 0; c->saved && i < c->nr_blocks; i++)
		free(c->saved[i].p);
	free(c->saved);
	free(c->bits);
	free(c->known);
	free(c->units);
	free(c);
}
