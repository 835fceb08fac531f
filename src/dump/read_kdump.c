/*
 * kdump-compressed files: makedumpfile's own format, also QEMU's (doc/formats/
 * kdump-compressed.md). After the headers come two bitmaps (which pages exist, which are in
 * the file), one 24-byte descriptor per page in the file, and the packed pages.
 *
 * A page's descriptor is found by its rank: how many pages below it are in the file.
 */
#include "dump/kdump_header-priv.h"

#include "base/base.h"
#include "codec/codec.h"
#include "dump/bitmap-priv.h"
#include "dump/dump-priv.h"

#define DESC_LEN	24
#define DESCS_PER_BLOCK 170 /* read at once */
#define MAX_PFN_LIMIT	(1ull << 36)
#define LOOK_BACK	(1u << 16) /* descriptors */
#define ERASEINFO_MAX	(16u << 20)

struct page_desc {
	uint64_t off;
	uint32_t len, flags;
};

struct kdump {
	struct kdump_header h;
	struct bitmap exist, present;
	uint64_t first_pfn; /* see count_from_ram() */
	struct area descs;
	/* Ranks count the pages in the file; a part of a split set looks only at the bits of its
	 * own range. */
	uint64_t end_rank;   /* one past the rank of the last page here */
	uint64_t first_rank; /* rank of the first page of this part of a split set */
	bool whole, bitmaps_whole; /* as in struct kdump_part */
	uint64_t data_off;
	uint64_t zero_off; /* where a stored page of zeros was met; 0: none yet */
	unsigned char *packed, *page;
	struct codec_set codecs;
};

static int kdump_bid(struct source *s)
{
	char magic[8];
	_cleanup_error_ struct error *e = source_read(s, 0, magic, sizeof(magic));

	return !e && !memcmp(magic, KDUMP_SIGNATURE, sizeof(magic)) ? 60 : 0;
}

static struct error *find_areas(struct dump *d)
{
	struct kdump *k = d->state;
	const struct kdump_header *h = &k->h;
	uint64_t bs = h->block_size, one, start = (1 + (uint64_t)h->sub_hdr_size) * bs;
	uint64_t all = h->bitmap_blocks * bs, half = h->bitmap_blocks / 2 * bs;

	if (!h->max_mapnr || h->max_mapnr > MAX_PFN_LIMIT)
		return error_new(ERROR_BAD_DATA,
				 "%s: the header tells of %llu page frames, "
				 "expected 1 to %llu",
				 d->source->name, (unsigned long long)h->max_mapnr,
				 MAX_PFN_LIMIT);
	if (h->split && (h->start_pfn > h->end_pfn || h->end_pfn > h->max_mapnr))
		return error_new(ERROR_BAD_DATA, "%s: a split part of pages 0x%llx to 0x%llx of 0x%llx",
				 d->source->name, (unsigned long long)h->start_pfn,
				 (unsigned long long)h->end_pfn, (unsigned long long)h->max_mapnr);
	one = ROUND_UP((h->max_mapnr + 7) / 8, bs);
	if (all < one)
		return error_new(ERROR_BAD_DATA,
				 "%s: %llu page frames need bitmaps of %llu bytes, "
				 "but there are %llu",
				 d->source->name, (unsigned long long)h->max_mapnr,
				 (unsigned long long)one, (unsigned long long)all);
	TRY(bitmap_init(&k->exist, d->source, start, one, false));
	TRY(bitmap_init(&k->present, d->source, half < one ? start : start + half, one, false));
	k->bitmaps_whole = start + all <= d->source->size;
	d->complete &= k->bitmaps_whole;
	return NULL;
}

static struct error *find_descs(struct dump *d)
{
	struct kdump *k = d->state;
	const struct kdump_header *h = &k->h;
	uint64_t off, start = h->split ? h->start_pfn : 0, end = h->split ? h->end_pfn : h->max_mapnr;

	TRY(bitmap_index(&k->present, start, end));
	TRY(bitmap_rank(&k->present, start, &k->first_rank));
	TRY(bitmap_rank(&k->present, end, &k->end_rank));
	off = (1 + (uint64_t)h->sub_hdr_size + h->bitmap_blocks) * h->block_size;
	k->data_off = off + (k->end_rank - k->first_rank) * DESC_LEN;
	if (k->data_off > d->source->size)
		d->complete = false;
	return area_init(&k->descs, d->source, off, k->data_off - off, DESCS_PER_BLOCK * DESC_LEN);
}

static struct error *take_notes(struct dump *d)
{
	struct kdump *k = d->state;
	const struct kdump_header *h = &k->h;
	_cleanup_free_ void *text = NULL;

	if (h->note_len)
		TRY(dump_read_notes(d, h->note_off, h->note_len));
	if (d->vmcoreinfo || !h->vmcoreinfo_len)
		return NULL;
	if (h->vmcoreinfo_len > 1 << 20 ||
	    !range_fits(h->vmcoreinfo_off, h->vmcoreinfo_len, d->source->size)) {
		d->complete = false;
		return NULL;
	}
	text = malloc(h->vmcoreinfo_len);
	if (!text)
		return error_nomem();
	TRY(source_read(d->source, h->vmcoreinfo_off, text, h->vmcoreinfo_len));
	return dump_set_vmcoreinfo(d, text, h->vmcoreinfo_len);
}

static struct error *take_eraseinfo(struct dump *d)
{
	struct kdump *k = d->state;
	const struct kdump_header *h = &k->h;

	if (!h->erase_len)
		return NULL;
	if (h->erase_len > ERASEINFO_MAX || !range_fits(h->erase_off, h->erase_len, d->source->size)) {
		d->complete = false;
		return NULL;
	}
	d->eraseinfo = malloc(h->erase_len + 1);
	if (!d->eraseinfo)
		return error_nomem();
	TRY(source_read(d->source, h->erase_off, d->eraseinfo, h->erase_len));
	d->eraseinfo[h->erase_len] = '\0';
	d->eraseinfo_len = h->erase_len;
	return NULL;
}

static struct error *take_header(struct dump *d, const struct kdump_header *h)
{
	d->arch = arch_by_machine_name(h->utsname.machine);
	if (!d->arch)
		return error_new(ERROR_UNSUPPORTED,
				 "%s: the machine \"%s\" is none of those that "
				 "are understood",
				 d->source->name, h->utsname.machine);
	d->is_64bit = d->arch->is_64bit;
	d->big = h->big;
	d->page_size = h->block_size;
	d->max_pfn = h->max_mapnr;
	d->dump_level = h->dump_level;
	d->phys_base = h->phys_base;
	d->utsname = h->utsname;
	d->timestamp = h->timestamp;
	d->codec_flag = h->original ? 0 : h->status & KDUMP_STATUS_CODECS;
	d->parts_missing = h->split && (h->start_pfn > 0 || h->end_pfn < h->max_mapnr);
	if (h->incomplete)
		d->complete = false;
	return NULL;
}

/* The descriptor of a rank in this part. */
static struct error *read_desc(struct dump *d, uint64_t rank, struct page_desc *ret)
{
	struct kdump *k = d->state;
	const unsigned char *p;

	TRY(area_block(&k->descs, rank / DESCS_PER_BLOCK, &p));
	p += rank % DESCS_PER_BLOCK * DESC_LEN;
	ret->off = get_u64(p, d->big);
	ret->len = get_u32(p + 8, d->big);
	ret->flags = get_u32(p + 12, d->big);
	return NULL;
}

/* Finds the descriptor and whether it can be true. */
static struct error *find_page(struct dump *d, uint64_t pfn, struct page_desc *ret)
{
	struct kdump *k = d->state;
	unsigned long long at = pfn;
	uint64_t rank, bit = pfn - k->first_pfn;

	if (k->h.split && (bit < k->h.start_pfn || bit >= k->h.end_pfn))
		return error_new(ERROR_LOST, "page 0x%llx is in another part of the split set",
				 at);
	TRY(bitmap_rank(&k->present, bit, &rank));
	TRY(read_desc(d, rank - k->first_rank, ret));
	if (!ret->off || !ret->len)
		return error_new(ERROR_LOST,
				 "page 0x%llx was never written (the dump is cut off)", at);
	if (ret->len > d->page_size || (!ret->flags && ret->len != d->page_size) ||
	    ret->off < k->data_off)
		return error_new(ERROR_BAD_DATA,
				 "page 0x%llx: descriptor of %u bytes at 0x%llx "
				 "with flags 0x%x cannot be true",
				 at, ret->len, (unsigned long long)ret->off, ret->flags);
	if (!range_fits(ret->off, ret->len, d->source->size)) {
		d->complete = k->whole = false;
		return error_new(ERROR_LOST,
				 "page 0x%llx: its data at 0x%llx lie past the end of "
				 "the file (the dump is cut off)",
				 at, (unsigned long long)ret->off);
	}
	return NULL;
}

/*
 * A dump that was cut off shows it in its last pages. Those that share the page of zeros tell
 * nothing, so look back to the last one with bytes of its own.
 */
static struct error *look_at_end(struct dump *d)
{
	struct kdump *k = d->state;
	uint64_t nr = k->end_rank - k->first_rank, shared = 0;

	for (uint64_t i = 0; i < nr && i < LOOK_BACK; i++) {
		struct page_desc desc;

		TRY(read_desc(d, nr - 1 - i, &desc));
		if (!desc.off || !range_fits(desc.off, desc.len, d->source->size))
			d->complete = false;
		if (!d->complete || (i && desc.off != shared))
			break;
		shared = desc.off;
	}
	return NULL;
}

/*
 * On 32-bit Arm makedumpfile counts page frames from the start of RAM (its ARCH_PFN_OFFSET), and
 * crash expects that; QEMU counts from address 0 there too. Memory below the start of RAM tells
 * which it is.
 */
static void count_from_ram(struct dump *d)
{
	struct kdump *k = d->state;
	uint64_t first = k->h.phys_base / d->page_size;

	if (d->arch != &arch_arm || !d->memory.n || d->memory.v[0].start >= first ||
	    k->h.phys_base >> d->arch->max_phys_bits)
		return;
	for (size_t i = 0; i < d->memory.n; i++) {
		d->memory.v[i].start += first;
		d->memory.v[i].end += first;
	}
	d->max_pfn += first;
	k->first_pfn = first;
}

static struct error *kdump_open(struct dump *d)
{
	struct kdump *k = calloc(1, sizeof(*k));

	if (!k)
		return error_nomem();
	d->state = k;
	TRY(kdump_read_header(d->source, &k->h));
	TRY(take_header(d, &k->h));
	TRY(find_areas(d));
	TRY(take_notes(d));
	TRY(take_eraseinfo(d));
	TRY(find_descs(d));
	TRY(bitmap_list(&k->exist, d->max_pfn, &d->memory));
	count_from_ram(d);
	k->packed = malloc(d->page_size);
	k->page = malloc(d->page_size);
	if (!k->packed || !k->page)
		return error_nomem();
	TRY(look_at_end(d));
	k->whole = d->complete;
	d->complete &= !k->h.split; /* a part of a whole */
	return NULL;
}

struct kdump_part kdump_part_of(const struct dump *d)
{
	const struct kdump *k = d->state;

	return (struct kdump_part){ &k->h, k->whole, k->first_pfn, k->bitmaps_whole };
}

static enum page_answer lost(struct error *e, struct error **ret_why)
{
	if (ret_why)
		*ret_why = e;
	else
		error_free(e);
	return PAGE_LOST;
}

/* PAGE_OK with the descriptor when the page should be readable. */
static enum page_answer judge_page(struct dump *d, uint64_t pfn, struct page_desc *desc,
				   struct error **ret_why)
{
	struct kdump *k = d->state;
	bool exists = false, kept;
	uint64_t bit = pfn - k->first_pfn;
	struct error *e;

	if (pfn < k->first_pfn)
		return PAGE_HOLE;
	e = bitmap_test(&k->present, bit, &kept);
	if (!e && !kept)
		e = bitmap_test(&k->exist, bit, &exists);
	if (!e && !kept)
		return exists ? PAGE_EXCLUDED : PAGE_HOLE;
	if (!e)
		e = find_page(d, pfn, desc);
	if (e)
		return lost(e, ret_why);
	return k->zero_off && !desc->flags && desc->off == k->zero_off ? PAGE_ZERO : PAGE_OK;
}

static struct error *load_page(struct dump *d, uint64_t pfn, const struct page_desc *desc)
{
	struct kdump *k = d->state;

	if (!desc->flags)
		return source_read(d->source, desc->off, k->page, d->page_size);
	TRY(source_read(d->source, desc->off, k->packed, desc->len));
	return error_prefix(codec_set_unpack(&k->codecs, desc->flags, k->packed, desc->len,
					     k->page, d->page_size),
			    "page 0x%llx", (unsigned long long)pfn);
}

static enum page_answer kdump_page(struct dump *d, uint64_t pfn, void *buf,
				   struct error **ret_why)
{
	struct kdump *k = d->state;
	struct page_desc desc;
	enum page_answer answer = judge_page(d, pfn, &desc, ret_why);
	struct error *e;

	if (answer == PAGE_ZERO)
		memset(buf, 0, d->page_size);
	if (answer != PAGE_OK)
		return answer;
	e = load_page(d, pfn, &desc);
	if (e)
		return lost(e, ret_why);
	memcpy(buf, k->page, d->page_size);
	if (desc.flags || !bytes_are_zero(k->page, d->page_size))
		return PAGE_OK;
	k->zero_off = desc.off;
	return PAGE_ZERO;
}

static enum page_answer kdump_stored(struct dump *d, uint64_t pfn, void *buf, size_t *ret_len,
				     uint32_t *ret_codec_flag, struct error **ret_why)
{
	struct page_desc desc = { 0 };
	enum page_answer answer = judge_page(d, pfn, &desc, ret_why);
	struct error *e;

	*ret_len = d->page_size;
	*ret_codec_flag = desc.flags;
	if (answer != PAGE_OK || !desc.flags)
		return answer == PAGE_OK ? kdump_page(d, pfn, buf, ret_why) : answer;
	*ret_len = desc.len;
	e = source_read(d->source, desc.off, buf, desc.len);
	return e ? lost(e, ret_why) : PAGE_OK;
}

static enum page_answer kdump_state_of(struct dump *d, uint64_t pfn)
{
	struct page_desc desc;

	return judge_page(d, pfn, &desc, NULL);
}

static void kdump_close(struct dump *d)
{
	struct kdump *k = d->state;

	if (!k)
		return;
	codec_set_done(&k->codecs);
	bitmap_done(&k->exist);
	bitmap_done(&k->present);
	area_done(&k->descs);
	free(k->packed);
	free(k->page);
	free(k);
}

const struct dump_format read_kdump = {
	.name = "kdump-compressed",
	.bid = kdump_bid,
	.open = kdump_open,
	.open_set = kdump_open_set,
	.page = kdump_page,
	.state_of = kdump_state_of,
	.stored = kdump_stored,
	.close = kdump_close,
};
