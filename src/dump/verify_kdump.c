/*
 * The inside of a kdump-compressed file: that bitmap 2 names only frames that bitmap 1 knows, that
 * descriptors can be true, and that no two pages share bytes but those of zeros. Read anew, not by
 * what the reader remembers.
 */
#include "dump/verify.h"

#include "base/base.h"
#include "dump/bitmap-priv.h"
#include "dump/kdump_header-priv.h"
#include "dump/pfn_bits.h"

#define DESC_LEN	24
#define DESCS_PER_BLOCK 170
#define BLOCK		4096u
#define RANGES_MAX	(1u << 18) /* of bytes that pages take; more, and overlaps are not looked for */
#define SHOWN_MAX	64	   /* findings of a kind, one by one */

struct inside {
	struct verifier *v;
	struct dump *d;
	struct kdump_header h;
	struct area exist, present, descs;
	uint64_t first, end; /* frames whose descriptors are here */
	uint64_t desc_off, data_off, nr_descs;
	struct ranges taken; /* bytes of the file */
	uint64_t shared_off, shared_len; /* the page of zeros */
	uint64_t nr_overlaps, nr_strays, nr_empty;
};

static struct error *lay_out(struct inside *in)
{
	const struct kdump_header *h = &in->h;
	struct source *s = in->d->source;
	uint64_t bs = h->block_size, start = (1 + (uint64_t)h->sub_hdr_size) * bs;
	uint64_t one = ROUND_UP((h->max_mapnr + 7) / 8, bs), half = h->bitmap_blocks / 2 * bs;

	TRY(area_init(&in->exist, s, start, one, BLOCK));
	TRY(area_init(&in->present, s, half < one ? start : start + half, one, BLOCK));
	in->first = h->split ? h->start_pfn : 0;
	in->end = h->split ? h->end_pfn : h->max_mapnr;
	in->desc_off = start + (uint64_t)h->bitmap_blocks * bs;
	return NULL;
}

/* Bits of bitmap 2 that bitmap 1 does not have, or behind the last frame; counts descriptors. */
static struct error *verify_bitmaps(struct inside *in)
{
	uint64_t bytes = (in->h.max_mapnr + 7) / 8, strays = 0, first_stray = 0, beyond = 0;
	uint64_t size = in->d->source->size;
	uint64_t there = size > in->present.off ? MIN(in->present.len, size - in->present.off) : 0;

	for (uint64_t at = 0; at < there; at += BLOCK) {
		const unsigned char *exist, *present;
		size_t len = MIN((uint64_t)BLOCK, in->present.len - at);

		TRY(area_block(&in->exist, at / BLOCK, &exist));
		TRY(area_block(&in->present, at / BLOCK, &present));
		for (size_t i = 0; i < len; i++) {
			uint64_t pfn = (at + i) * 8;
			unsigned char stray = present[i] & ~exist[i];

			if (at + i >= bytes || (in->h.max_mapnr - pfn < 8 &&
						present[i] >> (in->h.max_mapnr - pfn)))
				beyond += present[i] != 0;
			if (stray && !strays)
				first_stray = pfn + __builtin_ctz(stray);
			strays += __builtin_popcount(stray);
		}
		if (at * 8 < in->end && (at + len) * 8 > in->first) {
			uint64_t a = MAX(at * 8, in->first) - at * 8, b = MIN((at + len) * 8, in->end) - at * 8;

			in->nr_descs += pfn_bits_count(present, a, b);
		}
	}
	if (strays)
		verify_bytes(in->v, FINDING_DAMAGED, in->present.off, in->present.len,
			     "bitmaps: %llu page frames from 0x%llx on are in the dump, but do not exist",
			     (unsigned long long)strays, (unsigned long long)first_stray);
	if (beyond)
		verify_bytes(in->v, FINDING_DAMAGED, in->present.off, in->present.len,
			     "bitmap 2 has bits behind the last page frame 0x%llx",
			     (unsigned long long)in->h.max_mapnr);
	in->data_off = in->desc_off + in->nr_descs * DESC_LEN;
	if (in->desc_off > size)
		verify_bytes(in->v, FINDING_INCOMPLETE, in->exist.off, in->desc_off - in->exist.off,
			     "the file ends before its bitmaps do");
	else if (in->data_off > size)
		verify_bytes(in->v, FINDING_INCOMPLETE, in->desc_off, in->data_off - in->desc_off,
			     "the file ends before its %llu descriptors do",
			     (unsigned long long)in->nr_descs);
	return area_init(&in->descs, in->d->source, in->desc_off, in->data_off - in->desc_off,
			 DESCS_PER_BLOCK * DESC_LEN);
}

static struct error *is_page_of_zeros(struct inside *in, uint64_t off, uint32_t len, uint32_t flags,
				      bool *ret)
{
	_cleanup_free_ unsigned char *page = NULL;

	*ret = false;
	if (flags || len != in->h.block_size)
		return NULL;
	page = malloc(len);
	if (!page)
		return error_nomem();
	TRY(source_read(in->d->source, off, page, len));
	*ret = bytes_are_zero(page, len);
	return NULL;
}

/* Notes a page's bytes as taken. */
static struct error *take_bytes(struct inside *in, uint64_t off, uint32_t len, uint32_t flags)
{
	/* the page of zeros is stored raw and once; whatever else is shared is an overlap */
	if (!flags && off == in->shared_off && len == in->shared_len)
		return NULL;
	if (ranges_meet(&in->taken, off, off + len)) {
		bool zeros;

		TRY(is_page_of_zeros(in, off, len, flags, &zeros));
		if (zeros) {
			in->shared_off = off;
			in->shared_len = len;
			return NULL;
		}
		if (in->nr_overlaps++ < SHOWN_MAX)
			verify_bytes(in->v, FINDING_DAMAGED, off, len,
				     "bytes that belong to two pages");
		return NULL;
	}
	if (in->taken.n >= RANGES_MAX) {
		in->v->counts->overlaps_unknown = true;
		return NULL;
	}
	return ranges_add(&in->taken, off, off + len);
}

static struct error *verify_desc(struct inside *in, uint64_t i, const unsigned char *p)
{
	uint64_t off = get_u64(p, in->d->big), end;
	uint32_t len = get_u32(p + 8, in->d->big), flags = get_u32(p + 12, in->d->big);

	if (!off && !len) {
		in->nr_empty++;
		return NULL; /* a lost page: reading it tells */
	}
	/* what cannot be true of one descriptor is found by reading its page */
	if (off < in->data_off || len > in->h.block_size || add_overflows(off, (uint64_t)len, &end) ||
	    end > in->d->source->size) {
		if (in->nr_strays++ < SHOWN_MAX && off < in->data_off)
			verify_bytes(in->v, FINDING_DAMAGED, in->desc_off + i * DESC_LEN, DESC_LEN,
				     "descriptor %llu points at 0x%llx, in front of the data",
				     (unsigned long long)i, (unsigned long long)off);
		return NULL;
	}
	return take_bytes(in, off, len, flags);
}

static struct error *verify_descs(struct inside *in)
{
	for (uint64_t i = 0; i < in->nr_descs; i++) {
		const unsigned char *p;

		TRY(area_block(&in->descs, i / DESCS_PER_BLOCK, &p));
		TRY(verify_desc(in, i, p + i % DESCS_PER_BLOCK * DESC_LEN));
	}
	/* a stream that broke off never came to say so */
	if (in->nr_empty && !in->h.incomplete && !in->d->flattened)
		verify_bytes(in->v, FINDING_DAMAGED, 0, in->h.block_size,
			     "the header says that the dump is complete, but %llu descriptors are empty",
			     (unsigned long long)in->nr_empty);
	if (in->nr_overlaps > SHOWN_MAX)
		verify_bytes(in->v, FINDING_DAMAGED, in->desc_off, in->nr_descs * DESC_LEN,
			     "%llu more pages overlap others",
			     (unsigned long long)in->nr_overlaps - SHOWN_MAX);
	return NULL;
}

static struct error *look_inside(struct inside *in)
{
	uint64_t size = in->d->source->size;

	TRY(kdump_read_header(in->d->source, &in->h));
	if (in->h.vmcoreinfo_len && !range_fits(in->h.vmcoreinfo_off, in->h.vmcoreinfo_len, size))
		verify_bytes(in->v, FINDING_INCOMPLETE, in->h.vmcoreinfo_off, in->h.vmcoreinfo_len,
			     "VMCOREINFO is outside the file");
	if (in->h.note_len && !range_fits(in->h.note_off, in->h.note_len, size))
		verify_bytes(in->v, FINDING_INCOMPLETE, in->h.note_off, in->h.note_len,
			     "notes are outside the file");
	TRY(lay_out(in));
	TRY(verify_bitmaps(in));
	return verify_descs(in);
}

struct error *verify_kdump(struct verifier *v)
{
	struct inside in = { .v = v, .d = v->r->dump };
	struct error *e = look_inside(&in);

	area_done(&in.exist);
	area_done(&in.present);
	area_done(&in.descs);
	ranges_done(&in.taken);
	return e;
}
