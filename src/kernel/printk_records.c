/*
 * The record log of Linux 3.5 to 5.9 (kernel/printk.c, kernel/printk/printk.c): records one
 * after the other in log_buf, from log_first_idx to log_next_idx. A record of length 0 says
 * that the next one is at the start of the buffer.
 *
 *   0 u64 ts_nsec   8 u16 len   10 u16 text_len   12 u16 dict_len
 *   14 u8 facility  15 u8 flags:5 level:3   16 u32 caller_id (5.1, only if configured)
 *
 * The structure is `log` until 3.10, `printk_log` since 3.11.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/checked.h"
#include "base/text.h"
#include "kernel/printk-priv.h"

#define MAX_HEADER 64

struct layout {
	size_t size, ts, len, text_len, caller;
	bool has_caller;
};

struct records {
	struct kernel *k;
	struct layout l;
	uint64_t buf_va;
	uint32_t buf_len;
	unsigned char header[MAX_HEADER];
	char *text; /* 65536: text_len is 16 bits wide */
};

static struct error *read_layout(struct kernel *k, struct layout *ret)
{
	const char *type = vmcoreinfo_get(k->info, "SIZE(printk_log)") ? "printk_log" : "log";

	TRY(printk_size(k, type, MAX_HEADER, &ret->size));
	TRY(printk_offset(k, type, "ts_nsec", 8, ret->size, &ret->ts));
	TRY(printk_offset(k, type, "len", 2, ret->size, &ret->len));
	/* dict_len, facility, flags and level follow */
	TRY(printk_offset(k, type, "text_len", 6, ret->size, &ret->text_len));
	if (type[0] == 'p' && vmcoreinfo_get(k->info, "OFFSET(printk_log.caller_id)")) {
		TRY(printk_offset(k, type, "caller_id", 4, ret->size, &ret->caller));
		ret->has_caller = true;
	}
	return NULL;
}

static struct error *read_u32_of(struct kernel *k, const char *symbol, uint32_t *ret)
{
	uint64_t va;

	TRY(printk_symbol(k, symbol, &va));
	return vmem_read_u32(k, va, ret);
}

static void take_level(const struct records *r, struct printk_record *rec)
{
	const unsigned char *p = r->header + r->l.text_len + 4;

	/* 3.5 had one u16 here: facility above three bits of level */
	if (text_starts(r->k->release, "3.5.") || text_equal(r->k->release, "3.5")) {
		rec->level = get_u16(p, r->k->big) & 7;
		rec->facility = get_u16(p, r->k->big) >> 3;
		return;
	}
	rec->facility = p[0];
	rec->level = r->k->big ? p[1] & 7 : p[1] >> 5;
}

/* The record at `idx`, whose header is read and fits. */
static struct error *walk_one(struct records *r, struct printk_walk *w, uint32_t idx,
			      size_t len, uint64_t seq)
{
	bool big = r->k->big;
	size_t text_len = get_u16(r->header + r->l.text_len, big);
	struct printk_record rec = {
		.seq = seq,
		.ts_ns = get_u64(r->header + r->l.ts, big),
		.has_time = true,
		.has_caller = r->l.has_caller,
		.text = r->text,
	};
	struct error *e;

	take_level(r, &rec);
	if (rec.has_caller)
		rec.caller = get_u32(r->header + r->l.caller, big);
	if (text_len > len - r->l.size) {
		w->damaged++;
		text_len = len - r->l.size;
	}
	e = vmem_read(r->k, r->buf_va + idx + r->l.size, r->text, text_len);
	if (e) {
		error_free(e);
		w->damaged++;
		rec.lost = true;
		text_len = 0;
	}
	rec.len = text_len;
	return w->each(&rec, w->arg);
}

static struct error *walk_records(struct records *r, struct printk_walk *w)
{
	uint32_t idx, next;
	bool wrapped = false;
	const char *first = "log_first_idx";

	if (w->partial && vmcoreinfo_get(r->k->info, "SYMBOL(clear_idx)"))
		first = "clear_idx";
	TRY(read_u32_of(r->k, first, &idx));
	TRY(read_u32_of(r->k, "log_next_idx", &next));
	/* Every step forward is at least a header, and the end is passed once. */
	for (uint64_t seq = 0; idx != next; seq++) {
		struct error *e;
		size_t len;

		if (!range_fits(idx, r->l.size, r->buf_len)) {
			w->damaged++;
			return NULL;
		}
		e = vmem_read(r->k, r->buf_va + idx, r->header, r->l.size);
		if (e) {
			error_free(e);
			w->damaged++;
			return NULL;
		}
		len = get_u16(r->header + r->l.len, r->k->big);
		if (len == 0 && !wrapped) {
			wrapped = true;
			idx = 0;
			seq--;
			continue;
		}
		if (len < r->l.size || !range_fits(idx, len, r->buf_len) ||
		    (wrapped && idx + len > next)) {
			w->damaged++;
			return NULL;
		}
		TRY(walk_one(r, w, idx, len, seq));
		idx += len;
	}
	return NULL;
}

static struct error *records_walk(struct printk_walk *w)
{
	struct records r = {.k = w->k};
	uint64_t va;
	struct error *e;

	TRY(read_layout(w->k, &r.l));
	TRY(printk_symbol(w->k, "log_buf", &va));
	TRY(vmem_read_long(w->k, va, &r.buf_va));
	TRY(read_u32_of(w->k, "log_buf_len", &r.buf_len));
	if (r.buf_len > PRINTK_MAX_LEN)
		return error_new(ERROR_BAD_DATA, "kernel log: log_buf_len %u makes no sense",
				 r.buf_len);
	r.text = malloc(65536);
	if (!r.text)
		return error_nomem();
	e = walk_records(&r, w);
	free(r.text);
	return e;
}

static bool records_are_here(struct kernel *k)
{
	return vmcoreinfo_get(k->info, "SYMBOL(log_first_idx)") != NULL;
}

const struct printk_generation printk_records = {
	.name = "records",
	.is_here = records_are_here,
	.walk = records_walk,
};
