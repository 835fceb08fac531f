/*
 * The lockless log of Linux 5.10 and later (kernel/printk/printk_ringbuffer.[ch]): a ring of
 * descriptors with a parallel ring of infos, and a ring of text blocks. Positions ("lpos") and
 * ids count on for ever; modulo the ring's size they are places.
 *
 *   descriptor  state_var: 2 bits of state above the id; text_blk_lpos: begin, next
 *   block       unsigned long id, then the text, padded to unsigned long; a block that would
 *               pass the ring's end lies at its start instead
 *   dataless    odd positions: 1 the text did not fit (lost), 3 an empty line
 *
 * Since 6.19 a block may end exactly at the ring's end. So the block is wrapped if its first
 * and its last byte (not the byte after) are in different rounds; this is right for all.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/checked.h"
#include "kernel/printk-priv.h"

#define MAX_COUNT_BITS 27 /* CONFIG_LOG_BUF_SHIFT and log_buf_len=2G leave less */
#define MAX_SIZE_BITS  31
#define MAX_STRUCT     4096
#define WINDOW_ROWS    64
#define MAX_MISSES     16384 /* pages of records that may be missing */
#define NEWEST	       4096
#define SEQ_MASK       0x3fffffff
#define MAX_TEXT       65536 /* text_len is 16 bits wide */

enum desc_state {
	STATE_RESERVED,	 /* a CPU was writing it */
	STATE_COMMITTED, /* whole, but may be reopened to continue the line */
	STATE_FINALIZED,
	STATE_REUSABLE,
};

/* Rows of an array in the dump, read some at a time. */
struct window {
	struct kernel *k;
	uint64_t va;
	size_t row_size;
	uint64_t first, n; /* what `rows` holds */
	unsigned char *rows;
};

struct ring {
	struct kernel *k;
	uint64_t long_mask, id_mask; /* of an unsigned long of the dump; of an id in it */
	/* offsets inside the structures */
	size_t state_var, lpos_begin, lpos_next;
	size_t seq, ts, text_len, caller;
	size_t info_size;
	bool has_caller;
	/* the rings */
	uint64_t nr_descs, head_id, tail_id;
	uint64_t data_va, data_len;
	uint64_t budget; /* bytes of text that may still come: blocks cannot overlap */
	struct window descs, infos;
	unsigned char *text; /* MAX_TEXT and an id */
};

static struct error *window_init(struct window *w, struct kernel *k, uint64_t va,
				 size_t row_size)
{
	*w = (struct window){.k = k, .va = va, .row_size = row_size};
	w->rows = malloc(row_size * WINDOW_ROWS);
	return w->rows ? NULL : error_nomem();
}

static bool window_fill(struct window *w, uint64_t first, uint64_t n)
{
	struct error *e =
		vmem_read(w->k, w->va + first * w->row_size, w->rows, n * w->row_size);

	w->n = 0;
	if (e) {
		error_free(e);
		return false;
	}
	w->first = first;
	w->n = n;
	return true;
}

/* Row `i` of `count`; null when the dump does not have it, *ret_gone then says how many rows
 * from there on begin in the same missing page. */
static const unsigned char *window_row(struct window *w, uint64_t i, uint64_t count,
				       uint64_t *ret_gone)
{
	if (i - w->first >= w->n) {
		uint64_t first = i - i % WINDOW_ROWS, at = w->va + i * w->row_size;
		uint64_t page = w->k->page_size;

		/* one missing page must not take its neighbours along */
		if (!window_fill(w, first, MIN(count - first, (uint64_t)WINDOW_ROWS)) &&
		    !window_fill(w, i, 1)) {
			*ret_gone = (page - at % page + w->row_size - 1) / w->row_size;
			*ret_gone = MIN(*ret_gone, count - i);
			return NULL;
		}
	}
	return w->rows + (i - w->first) * w->row_size;
}

static uint64_t get_long(const struct ring *r, const unsigned char *p)
{
	return get_uint(p, r->k->long_size, r->k->big);
}

/* Offsets in descriptors and infos; *ret_desc_size, r->info_size. */
static struct error *read_layout(struct ring *r, size_t *ret_desc_size)
{
	struct kernel *k = r->k;
	size_t ul = k->long_size, counter, lpos, lpos_size;

	TRY(printk_size(k, "prb_desc", MAX_STRUCT, ret_desc_size));
	TRY(printk_size(k, "prb_data_blk_lpos", MAX_STRUCT, &lpos_size));
	TRY(printk_size(k, "printk_info", MAX_STRUCT, &r->info_size));
	TRY(printk_offset(k, "atomic_long_t", "counter", ul, ul, &counter));
	TRY(printk_offset(k, "prb_desc", "state_var", ul + counter, *ret_desc_size,
			  &r->state_var));
	r->state_var += counter;
	TRY(printk_offset(k, "prb_desc", "text_blk_lpos", lpos_size, *ret_desc_size, &lpos));
	TRY(printk_offset(k, "prb_data_blk_lpos", "begin", ul, lpos_size, &r->lpos_begin));
	TRY(printk_offset(k, "prb_data_blk_lpos", "next", ul, lpos_size, &r->lpos_next));
	r->lpos_begin += lpos;
	r->lpos_next += lpos;
	TRY(printk_offset(k, "printk_info", "seq", 8, r->info_size, &r->seq));
	TRY(printk_offset(k, "printk_info", "ts_nsec", 8, r->info_size, &r->ts));
	/* facility and the byte of flags and level follow the length; they are not exported */
	TRY(printk_offset(k, "printk_info", "text_len", 4, r->info_size, &r->text_len));
	r->has_caller = vmcoreinfo_get(k->info, "OFFSET(printk_info.caller_id)") != NULL;
	if (r->has_caller)
		TRY(printk_offset(k, "printk_info", "caller_id", 4, r->info_size, &r->caller));
	return NULL;
}

/* A member of the descriptor or data ring inside the copied printk_ringbuffer. */
static struct error *read_ring_member(struct ring *r, const unsigned char *prb, size_t prb_size,
				      const char *ring, const char *type, const char *member,
				      size_t width, uint64_t *ret)
{
	size_t ring_off, ring_size, off;

	TRY(printk_size(r->k, type, MAX_STRUCT, &ring_size));
	TRY(printk_offset(r->k, "printk_ringbuffer", ring, ring_size, prb_size, &ring_off));
	TRY(printk_offset(r->k, type, member, width, ring_size, &off));
	*ret = get_uint(prb + ring_off + off, width, r->k->big);
	return NULL;
}

static struct error *read_rings(struct ring *r, size_t desc_size)
{
	_cleanup_free_ unsigned char *prb = NULL;
	struct kernel *k = r->k;
	size_t ul = k->long_size, size;
	uint64_t va, count_bits, size_bits, descs, infos;

	TRY(printk_symbol(k, "prb", &va));
	TRY(vmem_read_long(k, va, &va));
	TRY(printk_size(k, "printk_ringbuffer", MAX_STRUCT, &size));
	prb = malloc(size);
	if (!prb)
		return error_nomem();
	TRY(vmem_read(k, va, prb, size));
#define MEMBER(ring, type, member, width, ret)                                                 \
	TRY(read_ring_member(r, prb, size, ring, type, member, width, ret))
	MEMBER("desc_ring", "prb_desc_ring", "count_bits", 4, &count_bits);
	MEMBER("desc_ring", "prb_desc_ring", "descs", ul, &descs);
	MEMBER("desc_ring", "prb_desc_ring", "infos", ul, &infos);
	MEMBER("desc_ring", "prb_desc_ring", "head_id", ul, &r->head_id);
	MEMBER("desc_ring", "prb_desc_ring", "tail_id", ul, &r->tail_id);
	MEMBER("text_data_ring", "prb_data_ring", "size_bits", 4, &size_bits);
	MEMBER("text_data_ring", "prb_data_ring", "data", ul, &r->data_va);
#undef MEMBER
	if (count_bits > MAX_COUNT_BITS || size_bits > MAX_SIZE_BITS || size_bits < 3)
		return error_new(
			ERROR_BAD_DATA,
			"kernel log at 0x%llx: 2^%llu records and 2^%llu bytes make no sense",
			(unsigned long long)va, (unsigned long long)count_bits,
			(unsigned long long)size_bits);
	r->nr_descs = 1ull << count_bits;
	r->data_len = r->budget = 1ull << size_bits;
	r->head_id &= r->id_mask;
	r->tail_id &= r->id_mask;
	TRY(window_init(&r->descs, k, descs, desc_size));
	TRY(window_init(&r->infos, k, infos, r->info_size));
	r->text = malloc(MAX_TEXT + 8);
	return r->text ? NULL : error_nomem();
}

/* The sequence number from which on records were not cleared; latched since 5.13. */
static struct error *read_clear_seq(struct kernel *k, uint64_t *ret)
{
	size_t size, off;
	uint64_t va;
	uint32_t latch;

	*ret = 0;
	if (!vmcoreinfo_symbol(k->info, "clear_seq", &va))
		return NULL;
	if (!vmcoreinfo_get(k->info, "SIZE(latched_seq)"))
		return vmem_read_u64(k, va, ret);
	TRY(printk_size(k, "latched_seq", MAX_STRUCT, &size));
	TRY(printk_offset(k, "latched_seq", "val", 16, size, &off));
	TRY(vmem_read_u32(k, va, &latch));
	return vmem_read_u64(k, va + off + 8 * (latch & 1), ret);
}

/* Where the text of a block lies in the ring; false when the positions are no block. */
static bool find_block(const struct ring *r, uint64_t begin, uint64_t next, uint64_t *ret_off,
		       uint64_t *ret_len)
{
	uint64_t span = (next - begin) & r->long_mask, last = (next - 1) & r->long_mask;
	uint64_t off = begin % r->data_len, len = span;
	size_t ul = r->k->long_size;

	if (begin % ul || next % ul || span == 0)
		return false;
	if (begin / r->data_len != last / r->data_len) {
		/* wrapped: at the start of the ring, and no further than where it begins */
		len = last % r->data_len + 1;
		if (span - len != r->data_len - off || len > off)
			return false;
		off = 0;
	}
	if (len <= ul || !range_fits(off, len, r->data_len))
		return false;
	*ret_off = off;
	*ret_len = len;
	return true;
}

/* Of a record in flight nobody knows how much is written: what looks like text is taken. */
static size_t plausible_len(const unsigned char *text, size_t len)
{
	size_t n = 0;

	while (n < len && (text[n] >= 0x20 || text[n] == '\t' || text[n] == '\n') &&
	       text[n] != 0x7f)
		n++;
	return n;
}

/* Reads the text of `rec`; false: it is not there (rec->lost then). */
static bool read_text(struct ring *r, struct printk_walk *w, uint64_t id, uint64_t begin,
		      uint64_t next, size_t text_len, struct printk_record *rec)
{
	size_t ul = r->k->long_size;
	uint64_t off, len;
	struct error *e;

	rec->text = (const char *)r->text + ul;
	rec->len = 0;
	if (begin & 1 || next & 1) {
		rec->lost = begin != 3 || next != 3;
		return !rec->lost;
	}
	rec->lost = true;
	if (!find_block(r, begin, next, &off, &len)) {
		w->damaged++;
		return false;
	}
	len = MIN(len - ul, (uint64_t)MAX_TEXT);
	if (!rec->in_flight || text_len)
		len = MIN(len, (uint64_t)text_len);
	if (len > r->budget) {
		w->damaged++;
		return false;
	}
	r->budget -= len;
	e = vmem_read(r->k, r->data_va + off, r->text, ul + len);
	if (e) {
		error_free(e);
		w->damaged++;
		return false;
	}
	if (get_long(r, r->text) != id) {
		w->damaged++; /* the block belongs to a later record by now */
		return false;
	}
	if (rec->in_flight)
		len = plausible_len(r->text + ul, len);
	rec->len = len;
	rec->lost = false;
	return true;
}

/* *ret_gone: how many records from `id` on cannot be read; 0 when this one can. */
static struct error *walk_one(struct ring *r, struct printk_walk *w, uint64_t id,
			      uint64_t clear_seq, uint64_t *ret_gone)
{
	uint64_t i = id % r->nr_descs, state_var, begin, next;
	const unsigned char *desc = window_row(&r->descs, i, r->nr_descs, ret_gone);
	const unsigned char *info =
		desc ? window_row(&r->infos, i, r->nr_descs, ret_gone) : NULL;
	struct printk_record rec = {.has_time = true};
	enum desc_state state;
	bool big = r->k->big;

	if (!info)
		return NULL;
	*ret_gone = 0;
	state_var = get_long(r, desc + r->state_var);
	if ((state_var & r->id_mask) != id) {
		/* the head moves before its descriptor is taken: one miss there is in order */
		if (id != r->head_id)
			w->damaged++;
		return NULL;
	}
	state = (state_var & r->long_mask) / (r->id_mask + 1);
	if (state == STATE_REUSABLE)
		return NULL;
	rec.seq = get_u64(info + r->seq, big);
	/* Both count records; ids begin one round below zero, which kernels before 7.x compute
	 * in 32 bits: only the bits that all agree on are compared. */
	if ((rec.seq - r->nr_descs - id) & SEQ_MASK) {
		w->damaged++;
		return NULL;
	}
	if (w->partial && rec.seq < clear_seq)
		return NULL;
	rec.in_flight = state == STATE_RESERVED;
	rec.ts_ns = get_u64(info + r->ts, big);
	rec.facility = info[r->text_len + 2];
	rec.level = big ? info[r->text_len + 3] & 7 : info[r->text_len + 3] >> 5;
	rec.has_caller = r->has_caller;
	if (r->has_caller)
		rec.caller = get_u32(info + r->caller, big);
	begin = get_long(r, desc + r->lpos_begin);
	next = get_long(r, desc + r->lpos_next);
	read_text(r, w, id, begin, next, get_u16(info + r->text_len, big), &rec);
	if (rec.in_flight && (rec.lost || rec.len == 0))
		return NULL;
	if (rec.in_flight && !rec.ts_ns)
		rec.has_time = rec.has_caller = false; /* text comes before the rest */
	return w->each(&rec, w->arg);
}

static struct error *walk_ring(struct ring *r, struct printk_walk *w)
{
	uint64_t clear_seq = 0, nr, gone, misses = 0;
	size_t desc_size;

	TRY(read_layout(r, &desc_size));
	TRY(read_rings(r, desc_size));
	if (w->partial)
		TRY(read_clear_seq(r->k, &clear_seq));
	nr = ((r->head_id - r->tail_id) & r->id_mask) + 1;
	if (nr > r->nr_descs) {
		w->damaged++;
		nr = r->nr_descs;
	}
	while (nr) {
		TRY(walk_one(r, w, (r->head_id - nr + 1) & r->id_mask, clear_seq, &gone));
		/* a ring that is mostly missing is no ring: on to the newest records, then stop
		 */
		if (gone && ++misses % MAX_MISSES == 0)
			gone = misses > MAX_MISSES || nr <= NEWEST ? nr : nr - NEWEST;
		w->damaged += MIN(gone, nr);
		nr -= gone ? MIN(gone, nr) : 1;
	}
	return NULL;
}

static struct error *lockless_walk(struct printk_walk *w)
{
	struct ring r = {.k = w->k};
	struct error *e;

	r.long_mask = w->k->is_64bit ? UINT64_MAX : UINT32_MAX;
	r.id_mask = r.long_mask >> 2;
	e = walk_ring(&r, w);
	free(r.descs.rows);
	free(r.infos.rows);
	free(r.text);
	return e;
}

static bool lockless_is_here(struct kernel *k)
{
	return vmcoreinfo_get(k->info, "SYMBOL(prb)") != NULL;
}

const struct printk_generation printk_lockless = {
	.name = "lockless ring",
	.is_here = lockless_is_here,
	.walk = lockless_walk,
};
