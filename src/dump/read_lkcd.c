/*
 * LKCD, the "Linux Kernel Crash Dump" patches of 1999 to 2006, also SUSE's and zfcpdump's
 * format of that time (doc/formats/lkcd.md). After a header come page records in any order up
 * to an end record.
 */
#include "dump/lkcd-priv.h"

#include "base/base.h"
#include "codec/codec.h"
#include "codec/rle.h"
#include "dump/dump-priv.h"

#define GAP_MAX	    (1u << 18) /* pages: a longer gap is a hole of the machine */
#define MAX_PFN_TOLD (1u << 30) /* 4 TiB of 4 KiB pages: more no such machine had */
#define FLAG_ZLIB   1u	       /* what gzip is in codec.h */

struct lkcd {
	struct lkcd_header h;
	struct lkcd_index index;
	unsigned char *packed, *page;
	struct codec_set codecs;
};

static const char *const names[][2] = {
	[1] = { "LKCD version 1", "LKCD version 1, live" },
	[2] = { "LKCD version 2", "LKCD version 2, live" },
	[3] = { "LKCD version 3", "LKCD version 3, live" },
	[5] = { "LKCD version 5", "LKCD version 5, live" },
	[6] = { "LKCD version 6", "LKCD version 6, live" },
	[7] = { "LKCD version 7", "LKCD version 7, live" },
	[8] = { "LKCD version 8", "LKCD version 8, live" },
	[9] = { "LKCD version 9", "LKCD version 9, live" },
	[10] = { "LKCD version 10", "LKCD version 10, live" },
};

static int lkcd_bid(struct source *s)
{
	struct lkcd_header h;

	return lkcd_is_mine(s, &h) ? 60 : 0;
}

static void take_header(struct dump *d, const struct lkcd_header *h)
{
	d->format = names[h->version][h->live];
	d->arch = h->arch;
	d->is_64bit = h->arch->is_64bit;
	d->big = h->big;
	d->page_size = h->page_size;
	d->utsname = h->utsname;
	d->timestamp = h->time;
	d->crashed_then = !h->live;
	d->panic_task = h->task;
	memcpy(d->panic_text, h->panic, sizeof(d->panic_text));
}

/* Whether the memory between two records is likely to be there and not in the file. */
static bool gap_is_memory(const struct lkcd *l, uint64_t n)
{
	return n <= GAP_MAX &&
	       (!l->h.all_pages || (!l->index.ended && !l->index.ascending));
}

/* The end of memory by the header, where that can be true: it often says nonsense. */
static uint64_t end_by_header(const struct lkcd *l)
{
	const struct lkcd_header *h = &l->h;

	if (h->mem_start >= h->mem_end || h->mem_end / h->page_size > MAX_PFN_TOLD)
		return 0;
	return h->mem_end / h->page_size;
}

static struct error *list_memory(struct dump *d)
{
	const struct lkcd *l = d->state;
	uint64_t start = 0, end = 0, limit = end_by_header(l);

	for (size_t i = 0; i < l->index.runs.n; i++) {
		uint64_t pfn = lkcd_run_pfn(&l->index.runs.v[i]);

		if (!i) {
			start = pfn;
		} else if (pfn > end && !gap_is_memory(l, pfn - end)) {
			TRY(ranges_add(&d->memory, start, end));
			start = pfn;
		}
		end = MAX(end, pfn + lkcd_run_len(&l->index.runs.v[i]));
	}
	/* what a cut-off file no longer tells of */
	if (!l->index.ended && limit > end)
		end = limit;
	TRY(ranges_add(&d->memory, start, end));
	d->max_pfn = end;
	return NULL;
}

static struct error *lkcd_open(struct dump *d)
{
	struct lkcd *l = calloc(1, sizeof(*l));

	if (!l)
		return error_nomem();
	d->state = l;
	TRY(lkcd_read_header(d->source, &l->h));
	take_header(d, &l->h);
	TRY(lkcd_index_build(d->source, &l->h, &l->index));
	if (!l->index.ended || l->index.damaged)
		d->complete = false;
	TRY(list_memory(d));
	l->packed = malloc(2 * (size_t)d->page_size);
	l->page = malloc(d->page_size);
	if (!l->packed || !l->page)
		return error_nomem();
	return lkcd_take_cpus(d, &l->h);
}

static enum page_answer lkcd_state_of(struct dump *d, uint64_t pfn)
{
	const struct lkcd *l = d->state;

	if (lkcd_index_has(&l->index, pfn))
		return PAGE_OK;
	if (!ranges_find(&d->memory, pfn))
		return PAGE_HOLE;
	if (!l->index.ended && (!l->index.ascending || pfn > l->index.highest))
		return PAGE_LOST;
	return PAGE_EXCLUDED;
}

static enum page_answer lost(struct error *e, struct error **ret_why)
{
	if (ret_why)
		*ret_why = e;
	else
		error_free(e);
	return PAGE_LOST;
}

/* Unpacks the record's bytes into l->page. */
static struct error *load_page(struct dump *d, const struct lkcd_record *r)
{
	struct lkcd *l = d->state;

	if (!r->packed) {
		if (r->len != d->page_size)
			return error_new(ERROR_BAD_DATA, "a raw page of %u bytes, expected %u",
					 r->len, d->page_size);
		return source_read(d->source, r->off, l->page, r->len);
	}
	TRY(source_read(d->source, r->off, l->packed, r->len));
	switch (l->h.compress) {
	case LKCD_RLE:
		return rle_unpack(l->packed, r->len, l->page, d->page_size);
	case LKCD_GZIP:
		return codec_set_unpack(&l->codecs, FLAG_ZLIB, l->packed, r->len, l->page,
					d->page_size);
	}
	return error_new(ERROR_BAD_DATA,
			 "packed, but the header names no compression that is known (%u)",
			 l->h.compress);
}

static enum page_answer lkcd_page(struct dump *d, uint64_t pfn, void *buf,
				  struct error **ret_why)
{
	struct lkcd *l = d->state;
	enum page_answer answer = lkcd_state_of(d, pfn);
	struct lkcd_record r;
	struct error *e;

	if (answer == PAGE_LOST)
		return lost(error_new(ERROR_LOST,
				      "page 0x%llx: the file has no end record, so it was cut "
				      "off before this page",
				      (unsigned long long)pfn),
			    ret_why);
	if (answer != PAGE_OK)
		return answer;
	e = lkcd_index_find(d->source, &l->h, &l->index, pfn, &r);
	if (!e && !r.packed && !r.len) {
		memset(buf, 0, d->page_size);
		return PAGE_ZERO;
	}
	if (!e)
		e = load_page(d, &r);
	if (e)
		return lost(error_prefix(e, "page 0x%llx", (unsigned long long)pfn), ret_why);
	memcpy(buf, l->page, d->page_size);
	return PAGE_OK;
}

static void lkcd_close(struct dump *d)
{
	struct lkcd *l = d->state;

	if (!l)
		return;
	codec_set_done(&l->codecs);
	lkcd_index_done(&l->index);
	free(l->packed);
	free(l->page);
	free(l);
}

const struct dump_format read_lkcd = {
	.name = "LKCD",
	.bid = lkcd_bid,
	.open = lkcd_open,
	.page = lkcd_page,
	.state_of = lkcd_state_of,
	.close = lkcd_close,
};
