/* Builders of kernel logs. */
#include "make/fake_printk.h"

#include <string.h>

#define INFO_LEN                                                                               \
	96	     /* seq 0, ts_nsec 8, text_len 16, facility 18, flags/level 19, caller 20  \
		      */
#define DESC_RING 16 /* inside printk_ringbuffer: not where real kernels have it */

static uint64_t desc_len(const struct fake_ring *r)
{
	return 4 * r->f->long_size; /* one unsigned long in front */
}

static uint64_t id_mask(const struct fake_ring *r)
{
	return (r->f->is_64bit ? UINT64_MAX : UINT32_MAX) >> 2;
}

void fake_ring_init(struct fake_ring *r, struct fake *f, uint64_t base, unsigned count_bits,
		    unsigned size_bits, uint64_t first_lpos, bool ids_32)
{
	uint64_t count = 1ull << count_bits;

	*r = (struct fake_ring){
		.f = f, .base = base, .count_bits = count_bits, .size_bits = size_bits};
	r->prb = fake_alloc(f, 256, 64);
	r->descs = fake_alloc(f, count * desc_len(r), 64);
	r->infos = fake_alloc(f, count * INFO_LEN, 64);
	r->data = fake_alloc(f, 1ull << size_bits, 64);
	r->head_id = -(count + 1);
	if (ids_32)
		r->head_id &= UINT32_MAX;
	r->head_id &= id_mask(r);
	r->tail_id = (r->head_id + 1) & id_mask(r);
	r->head_lpos = r->tail_lpos = first_lpos;
}

uint64_t fake_ring_desc(const struct fake_ring *r, uint64_t id)
{
	return r->descs + (id & ((1ull << r->count_bits) - 1)) * desc_len(r);
}

uint64_t fake_ring_info(const struct fake_ring *r, uint64_t id)
{
	return r->infos + (id & ((1ull << r->count_bits) - 1)) * INFO_LEN;
}

static void put_state(struct fake_ring *r, uint64_t id, enum fake_state state)
{
	fake_put_long(r->f, fake_ring_desc(r, id) + r->f->long_size,
		      id | (uint64_t)state * (id_mask(r) + 1));
}

static void drop_oldest(struct fake_ring *r)
{
	put_state(r, r->tail_id, FAKE_REUSABLE);
	r->tail_id = (r->tail_id + 1) & id_mask(r);
}

/* Where a block of `len` bytes ends that begins at the head. */
static uint64_t end_of_block(const struct fake_ring *r, uint64_t len)
{
	uint64_t size = 1ull << r->size_bits, end = r->head_lpos + len;

	if (r->head_lpos / size == (r->exact_fit ? end - 1 : end) / size)
		return end;
	return end / size * size + len; /* at the start of the next round */
}

uint64_t fake_ring_add(struct fake_ring *r, enum fake_state state, uint64_t ts_ns,
		       const char *text)
{
	unsigned ul = r->f->long_size;
	uint64_t id = (r->head_id + 1) & id_mask(r), size = 1ull << r->size_bits, at, info;
	uint64_t begin = 1, next = 1;
	size_t len = text ? strlen(text) : 5;

	if (((id - r->tail_id) & id_mask(r)) >> r->count_bits)
		drop_oldest(r);
	if (text && !len)
		begin = next = 3;
	if (text && len) {
		begin = r->head_lpos;
		next = end_of_block(r, ROUND_UP(ul + len, ul));
		while (next - r->tail_lpos > size) {
			/* the oldest record's block goes */
			uint64_t desc = fake_ring_desc(r, r->tail_id), lpos = 0;

			for (unsigned i = 0; i < ul; i++)
				lpos = lpos << 8 | r->f->memory[desc + 3 * ul +
								(r->f->big ? i : ul - 1 - i)];
			if (!(lpos & 1))
				r->tail_lpos = lpos;
			drop_oldest(r);
		}
		at = begin % size;
		if (begin / size != (next - 1) / size)
			at = 0;
		fake_put_long(r->f, r->data + at, id);
		fake_put_bytes(r->f, r->data + at + ul, text, len);
		r->head_lpos = next;
	}
	r->head_id = id;
	put_state(r, id, state);
	fake_put_long(r->f, fake_ring_desc(r, id) + 2 * ul, begin);
	fake_put_long(r->f, fake_ring_desc(r, id) + 3 * ul, next);
	info = fake_ring_info(r, id);
	fake_put(r->f, info, 8, r->seq++);
	fake_put(r->f, info + 8, 8, ts_ns);
	fake_put(r->f, info + 16, 2, len);
	fake_put(r->f, info + 18, 1, 3);
	fake_put(r->f, info + 19, 1,
		 r->f->big ? 2 << 3 | 6 : 6 << 5 | 2); /* flags 2, level 6 */
	fake_put(r->f, info + 20, 4, 42);
	return id;
}

void fake_ring_finish(struct fake_ring *r, bool caller)
{
	struct fake *f = r->f;
	unsigned ul = f->long_size;
	uint64_t symbol = fake_alloc(f, ul, ul), ring = r->prb + DESC_RING;
	uint64_t text_ring = DESC_RING + 6 * ul;

	fake_put_long(f, symbol, r->base + r->prb);
	fake_put(f, ring, 4, r->count_bits);
	fake_put_long(f, ring + ul, r->base + r->descs);
	fake_put_long(f, ring + 2 * ul, r->base + r->infos);
	fake_put_long(f, ring + 3 * ul, r->head_id);
	fake_put_long(f, ring + 4 * ul, r->tail_id);
	fake_put(f, r->prb + text_ring, 4, r->size_bits);
	fake_put_long(f, r->prb + text_ring + ul, r->base + r->data);

	fake_info(f, "SYMBOL(prb)=%llx", (unsigned long long)(r->base + symbol));
	fake_info(f, "SIZE(printk_ringbuffer)=%u", 16 + 16 * ul);
	fake_info(f, "OFFSET(printk_ringbuffer.desc_ring)=%u", DESC_RING);
	fake_info(f, "OFFSET(printk_ringbuffer.text_data_ring)=%llu",
		  (unsigned long long)text_ring);
	fake_info(f, "SIZE(prb_desc_ring)=%u", 6 * ul);
	fake_info(f, "OFFSET(prb_desc_ring.count_bits)=0");
	fake_info(f, "OFFSET(prb_desc_ring.descs)=%u", ul);
	fake_info(f, "OFFSET(prb_desc_ring.infos)=%u", 2 * ul);
	fake_info(f, "OFFSET(prb_desc_ring.head_id)=%u", 3 * ul);
	fake_info(f, "OFFSET(prb_desc_ring.tail_id)=%u", 4 * ul);
	fake_info(f, "SIZE(prb_data_ring)=%u", 4 * ul);
	fake_info(f, "OFFSET(prb_data_ring.size_bits)=0");
	fake_info(f, "OFFSET(prb_data_ring.data)=%u", ul);
	fake_info(f, "SIZE(prb_desc)=%llu", (unsigned long long)desc_len(r));
	fake_info(f, "OFFSET(prb_desc.state_var)=%u", ul);
	fake_info(f, "OFFSET(prb_desc.text_blk_lpos)=%u", 2 * ul);
	fake_info(f, "SIZE(prb_data_blk_lpos)=%u", 2 * ul);
	fake_info(f, "OFFSET(prb_data_blk_lpos.begin)=0");
	fake_info(f, "OFFSET(prb_data_blk_lpos.next)=%u", ul);
	fake_info(f, "SIZE(printk_info)=%u", INFO_LEN);
	fake_info(f, "OFFSET(printk_info.seq)=0");
	fake_info(f, "OFFSET(printk_info.ts_nsec)=8");
	fake_info(f, "OFFSET(printk_info.text_len)=16");
	if (caller)
		fake_info(f, "OFFSET(printk_info.caller_id)=20");
	fake_info(f, "OFFSET(atomic_long_t.counter)=0");
}

void fake_records_init(struct fake_records *r, struct fake *f, uint64_t base, uint32_t len,
		       bool old, bool caller)
{
	*r = (struct fake_records){
		.f = f, .base = base, .len = len, .old = old, .caller = caller};
	r->header = caller ? 24 : 16;
	r->buf = fake_alloc(f, len, 64);
}

uint32_t fake_records_add(struct fake_records *r, uint64_t ts_ns, unsigned level,
			  const char *text, const char *dict)
{
	size_t text_len = strlen(text), dict_len = strlen(dict);
	uint32_t len = ROUND_UP(r->header + text_len + dict_len, 8), at;

	/* there is always room for a marker behind a record */
	if (r->next + len + r->header > r->len) {
		fake_put(r->f, r->buf + r->next + 8, 2, 0);
		r->next = 0;
	}
	at = r->next;
	fake_put(r->f, r->buf + at, 8, ts_ns);
	fake_put(r->f, r->buf + at + 8, 2, len);
	fake_put(r->f, r->buf + at + 10, 2, text_len);
	fake_put(r->f, r->buf + at + 12, 2, dict_len);
	fake_put(r->f, r->buf + at + 14, 1, 4);
	fake_put(r->f, r->buf + at + 15, 1, r->f->big ? 1 << 3 | level : level << 5 | 1);
	if (r->caller)
		fake_put(r->f, r->buf + at + 16, 4, 0x80000003);
	fake_put_bytes(r->f, r->buf + at + r->header, text, text_len);
	fake_put_bytes(r->f, r->buf + at + r->header + text_len, dict, dict_len);
	r->next = at + len;
	return at;
}

static void add_variable(struct fake *f, uint64_t base, const char *name, unsigned width,
			 uint64_t value)
{
	uint64_t at = fake_alloc(f, width, width);

	fake_put(f, at, width, value);
	fake_info(f, "SYMBOL(%s)=%llx", name, (unsigned long long)(base + at));
}

void fake_records_finish(struct fake_records *r, uint32_t clear_idx)
{
	const char *type = r->old ? "log" : "printk_log";

	add_variable(r->f, r->base, "log_buf", r->f->long_size, r->base + r->buf);
	add_variable(r->f, r->base, "log_buf_len", 4, r->len);
	add_variable(r->f, r->base, "log_first_idx", 4, r->first);
	add_variable(r->f, r->base, "log_next_idx", 4, r->next);
	add_variable(r->f, r->base, "clear_idx", 4, clear_idx);
	fake_info(r->f, "SIZE(%s)=%u", type, r->header);
	fake_info(r->f, "OFFSET(%s.ts_nsec)=0", type);
	fake_info(r->f, "OFFSET(%s.len)=8", type);
	fake_info(r->f, "OFFSET(%s.text_len)=10", type);
	fake_info(r->f, "OFFSET(%s.dict_len)=12", type);
	if (r->caller)
		fake_info(r->f, "OFFSET(%s.caller_id)=16", type);
}

void fake_bytes(struct fake *f, uint64_t base, uint32_t len, const char *logged,
		uint32_t since_clear)
{
	uint64_t buf = fake_alloc(f, len, 64);
	size_t n = strlen(logged);

	for (size_t i = 0; i < n; i++)
		fake_put(f, buf + i % len, 1, (unsigned char)logged[i]);
	add_variable(f, base, "log_buf", f->long_size, base + buf);
	add_variable(f, base, "log_buf_len", 4, len);
	add_variable(f, base, "log_end", 4, n);
	add_variable(f, base, "logged_chars", 4, since_clear);
}
