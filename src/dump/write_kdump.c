/*
 * Writes the kdump-compressed format, header version 6. Layout: makedumpfile IMPLEMENTATION and
 * diskdump_mod.h, crash diskdump.h; doc/formats/kdump-compressed.md.
 *
 *	header | sub header, notes | bitmap 1 | bitmap 2 | descriptors ... | zero page, data
 *
 * Which frames the dump will hold is known before the first page is read (dump_facts.kept). So
 * bitmap 2 is final when it is written, each page's descriptor has its place, and pages may come
 * in two goes. What is kept in memory of the bitmap is a count and a checksum for every 4096 bytes.
 *
 * The file tells the truth at any moment, also when this process is killed. Nobody takes it for a
 * dump before the main header, which comes when all that stands before the descriptors is there
 * and says "incomplete" until the very end. A page that is not there yet has a descriptor of zeros,
 * which readers take as a lost page; data goes into the file before its descriptors.
 *
 * A stream gets each byte once (sink.h). Its header is that of a complete dump, since a stream
 * that broke off has no end record; when one ends incomplete but orderly, it is sent again.
 */
#include "dump/write_kdump-priv.h"

#include <string.h>

#include "base/bytes.h"
#include "base/checked.h"
#include "dump/pfn_bits.h"

#define CHUNK	  ((size_t)1 << 20) /* data goes out in pieces that end at a multiple */
#define PENDING	  8192		    /* most descriptors written at once */
#define BITS_LEN  4096u		    /* bitmap bytes handled at once */
#define BITS_PFNS (BITS_LEN * 8ull)

static struct kdump_writer *kdump(struct dump_writer *w)
{
	return container_of(w, struct kdump_writer, w);
}

/* ---- bitmaps ---- */

/* Bytes of the bitmap in a block: the last one may be shorter. */
static size_t block_len(const struct kdump_writer *k, uint64_t block)
{
	return MIN((uint64_t)BITS_LEN, k->bitmap_len - block * BITS_LEN);
}

static struct error *write_bits(struct kdump_writer *k, uint64_t off, uint64_t block,
				const unsigned char *bits)
{
	size_t len = block_len(k, block);

	/* crash maps streams badly where there are gaps */
	if (k->w.sink->gaps_are_zero && !k->w.sink->is_stream && bytes_are_zero(bits, len))
		return NULL;
	return sink_write_vital(k->w.sink, off + block * BITS_LEN, bits, len);
}

/* The frames that exist: bitmap 1. */
static void memory_bits(const struct kdump_writer *k, uint64_t block, unsigned char *bits)
{
	pfn_bits(k->w.facts.memory, k->first_pfn + block * BITS_PFNS, k->w.facts.max_pfn, bits,
		 BITS_LEN);
}

/* The frames that the dump is to hold: bitmap 2. */
static struct error *kept_bits(const struct kdump_writer *k, uint64_t block, unsigned char *bits)
{
	const struct dump_facts *f = &k->w.facts;
	unsigned char exist[BITS_LEN];

	/* large pages make the bitmap longer than its frames */
	if (block * BITS_PFNS >= k->max_pfn) {
		memset(bits, 0, BITS_LEN);
		return NULL;
	}
	memory_bits(k, block, exist);
	if (f->kept)
		TRY(f->kept(f->kept_arg, k->first_pfn + block * BITS_PFNS, bits, BITS_LEN));
	else
		memcpy(bits, exist, BITS_LEN);
	for (size_t i = 0; f->kept && i < BITS_LEN; i++)
		bits[i] &= exist[i];
	return NULL;
}

static struct error *write_memory_bits(struct kdump_writer *k)
{
	for (uint64_t i = 0; i < k->nr_blocks; i++) {
		memory_bits(k, i, k->bits);
		TRY(write_bits(k, k->bitmap1_off, i, k->bits));
	}
	return NULL;
}

/* FNV-1a over words: whether a block's bits are what they were. */
static uint64_t sum_of(const unsigned char *bits)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (size_t i = 0; i < BITS_LEN; i += 8)
		sum = (sum ^ get_u64(bits + i, false)) * 0x100000001b3;
	return sum;
}

/* Asks for a block of bitmap 2 and writes it down. */
static struct error *put_kept_bits(struct kdump_writer *k, uint64_t block, bool again)
{
	TRY(kept_bits(k, block, k->bits));
	k->sums[block] = sum_of(k->bits);
	k->ranks[block + 1] = k->ranks[block] + pfn_bits_count(k->bits, 0, BITS_PFNS);
	if (again) /* a block that is empty now may have been another */
		return sink_write_vital(k->w.sink, k->bitmap2_off + block * BITS_LEN, k->bits,
					block_len(k, block));
	return write_bits(k, k->bitmap2_off, block, k->bits);
}

static struct error *write_kept_bits(struct kdump_writer *k)
{
	for (uint64_t i = 0; i < k->nr_blocks; i++)
		TRY(put_kept_bits(k, i, false));
	return NULL;
}

static struct error *select_block(struct kdump_writer *k, uint64_t block)
{
	if (block == k->block)
		return NULL;
	k->block = UINT64_MAX;
	TRY(kept_bits(k, block, k->bits));
	k->block = block;
	k->counted_bit = k->counted = 0;
	k->spoiled = sum_of(k->bits) != k->sums[block];
	return NULL;
}

/* The place of a frame's descriptor; the frame's block is selected. */
static uint64_t rank_of(struct kdump_writer *k, uint64_t pfn)
{
	unsigned bit = pfn % BITS_PFNS;

	if (bit < k->counted_bit)
		k->counted_bit = k->counted = 0;
	k->counted += pfn_bits_count(k->bits, k->counted_bit, bit);
	k->counted_bit = bit;
	return k->ranks[k->block] + k->counted;
}

/* How many frames that the dump is to hold are below `pfn`. */
static struct error *count_below(struct kdump_writer *k, uint64_t pfn, uint64_t *ret)
{
	if (pfn == k->max_pfn || pfn % BITS_PFNS == 0) {
		*ret = k->ranks[(pfn + BITS_PFNS - 1) / BITS_PFNS];
		return NULL;
	}
	TRY(select_block(k, pfn / BITS_PFNS));
	*ret = rank_of(k, pfn);
	return NULL;
}

/* How many descriptors there are, in a part of a set those of its own pages. */
static struct error *count_descs(struct kdump_writer *k)
{
	uint64_t end;

	TRY(count_below(k, k->start_pfn, &k->first_rank));
	TRY(count_below(k, k->end_pfn, &end));
	k->nr_descs = end - k->first_rank;
	return NULL;
}

/* ---- descriptors and data ---- */

/* Gives the descriptors their place on the disk, as zeros: a full disk is then met by data, never
 * by the descriptors of data that was stored. */
static struct error *prepare_descriptors(struct kdump_writer *k)
{
	static unsigned char zeros[65536]; /* not const: takes no room in the program file */
	uint64_t len = k->nr_descs * DESC_LEN, done = 0;
	bool reserved = false;

	if (k->w.sink->is_stream)
		return NULL; /* gaps are zeros */
	if (k->w.sink->gaps_are_zero)
		TRY(sink_reserve(k->w.sink, k->desc_off, len, &reserved));
	while (!reserved && done < len) {
		size_t piece = MIN(len - done, (uint64_t)sizeof(zeros));

		TRY(sink_write(k->w.sink, k->desc_off + done, zeros, piece));
		done += piece;
	}
	return NULL;
}

/* Writes descriptors, in runs of neighbours. */
static struct error *write_descs(struct kdump_writer *k, const unsigned char *descs,
				 const uint64_t *at, size_t n)
{
	for (size_t i = 0, run; i < n; i += run) {
		for (run = 1; i + run < n && at[i + run] == at[i] + run; run++)
			;
		TRY(sink_write_vital(k->w.sink, k->desc_off + (at[i] - k->first_rank) * DESC_LEN,
				     descs + i * DESC_LEN, run * DESC_LEN));
	}
	return NULL;
}

/* Settles the first `n` pending pages, whose data is in the file. */
static struct error *settle(struct kdump_writer *k, size_t n)
{
	size_t left = k->nr_pending - n;

	TRY(write_descs(k, k->descs, k->at, n));
	k->settled += n;
	memmove(k->descs, k->descs + n * DESC_LEN, left * DESC_LEN);
	memmove(k->at, k->at + n, left * sizeof(*k->at));
	k->nr_pending = left;
	return NULL;
}

/* Writes the data taken so far and settles its pages. */
static struct error *flush(struct kdump_writer *k)
{
	TRY(sink_write(k->w.sink, k->data_off, k->data, k->data_len));
	k->data_off += k->data_len;
	k->data_len = 0;
	return settle(k, k->nr_pending);
}

static struct error *take_data(struct kdump_writer *k, const unsigned char *p, size_t len)
{
	while (len) {
		size_t room = CHUNK - k->data_off % CHUNK - k->data_len;
		size_t n = MIN(len, room);

		memcpy(k->data + k->data_len, p, n);
		k->data_len += n;
		p += n;
		len -= n;
		if (n == room)
			TRY(flush(k));
	}
	return NULL;
}

static struct error *take_page(struct kdump_writer *k, uint64_t pfn, const void *bytes,
			       size_t len, const struct codec *codec, bool is_zero)
{
	bool big = k->w.facts.big, first_go = k->w.facts.two_goes && !k->rewound;
	struct early_page p = { .pfn = pfn };
	uint64_t off = k->zero_off;
	unsigned bit = pfn % BITS_PFNS;

	if (pfn < k->next_pfn)
		return error_new(ERROR_BAD_DATA, "page 0x%llx comes out of order",
				 (unsigned long long)pfn);
	if (pfn < k->start_pfn || pfn >= k->end_pfn)
		return error_new(ERROR_BAD_DATA, "page 0x%llx belongs to another part of the set",
				 (unsigned long long)pfn);
	TRY(select_block(k, pfn / BITS_PFNS));
	if (k->spoiled) {
		k->has_lost = true;
		return NULL;
	}
	if (!(k->bits[bit / 8] >> (bit % 8) & 1))
		return error_new(ERROR_BAD_DATA, "page 0x%llx is none of those that were announced",
				 (unsigned long long)pfn);
	k->next_pfn = pfn + 1;
	if (!bytes && !is_zero) {
		k->has_lost = true; /* its descriptor is what it was: zeros */
		return NULL;
	}
	if (bytes) {
		off = k->data_off + k->data_len;
		TRY(take_data(k, bytes, len));
	}
	p.at = rank_of(k, pfn);
	put_u64(p.desc, off, big);
	put_u32(p.desc + 8, is_zero ? k->w.facts.page_size : len, big);
	put_u32(p.desc + 12, bytes && codec ? codec->kdump_flag : 0, big);
	if (first_go && !vector_push(&k->early, p))
		return error_nomem();
	memcpy(k->descs + k->nr_pending * DESC_LEN, p.desc, DESC_LEN);
	k->at[k->nr_pending++] = p.at;
	return k->nr_pending == PENDING ? flush(k) : NULL;
}

static struct error *kdump_page(struct dump_writer *w, uint64_t pfn, const void *bytes, size_t len,
				const struct codec *codec, bool is_zero)
{
	struct kdump_writer *k = kdump(w);
	struct error *e = take_page(k, pfn - k->first_pfn, bytes, len, codec, is_zero);

	k->failed |= e != NULL;
	return e;
}

static struct error *kdump_rewind(struct dump_writer *w)
{
	struct kdump_writer *k = kdump(w);
	struct error *e = flush(k);

	k->failed |= e != NULL;
	k->rewound = true;
	k->next_pfn = 0;
	return e;
}

/* ---- thinning ---- */

/* Descriptors of the early pages from row `first` on. */
static struct error *clear_early(struct kdump_writer *k, size_t first)
{
	static const unsigned char none[DESC_LEN];

	for (size_t i = first; i < k->early.n; i++)
		TRY(write_descs(k, none, &k->early.v[i].at, 1));
	return NULL;
}

static struct error *put_early(struct kdump_writer *k, size_t first)
{
	for (size_t i = first; i < k->early.n; i++) {
		struct early_page *p = &k->early.v[i];

		TRY(select_block(k, p->pfn / BITS_PFNS));
		p->at = rank_of(k, p->pfn);
		TRY(write_descs(k, p->desc, &p->at, 1));
	}
	return NULL;
}

/*
 * Where descriptors belong is about to change. Of the pages behind `pfn` only the early ones have
 * one; they are away while bitmap 2 is rewritten, so that none is ever taken for another page's.
 */
static struct error *thin(struct kdump_writer *k, uint64_t pfn)
{
	size_t first = 0;

	if (k->spoiled || pfn < k->next_pfn)
		return error_new(ERROR_OTHER, "pages behind 0x%llx are in the dump already",
				 (unsigned long long)pfn);
	while (first < k->early.n && k->early.v[first].pfn < pfn)
		first++;
	TRY(flush(k));
	TRY(clear_early(k, first));
	k->block = UINT64_MAX;
	for (uint64_t i = pfn / BITS_PFNS; i < k->nr_blocks; i++)
		TRY(put_kept_bits(k, i, true));
	TRY(count_descs(k));
	TRY(put_early(k, first));
	return kdump_write_level(k);
}

static struct error *kdump_thin(struct dump_writer *w, uint64_t pfn)
{
	struct kdump_writer *k = kdump(w);
	struct error *e = thin(k, pfn - MIN(pfn, k->first_pfn));

	k->failed |= e != NULL;
	return e;
}

/* ---- begin and end ---- */

/* The start of RAM, where frames count from it. Blocks of the bitmaps must begin at it. */
static uint64_t first_frame(const struct dump_facts *f)
{
	uint64_t first = f->phys_base / f->page_size;

	if (f->arch != &arch_arm || first % BITS_PFNS || first >= f->max_pfn || !f->memory->n ||
	    f->memory->v[0].start < first)
		return 0;
	return first;
}

/* All sizes come from the input's headers. */
static struct error *lay_out(struct kdump_writer *k)
{
	const struct dump_facts *f = &k->w.facts;
	uint64_t bs = f->page_size;

	k->sub_header_len = kdump_sub_header_len(f);
	if (!f->arch || !IS_POW2(bs) || bs < 4096 || bs > 1 << 20)
		return error_new(ERROR_UNSUPPORTED, "cannot write a dump with pages of %u bytes",
				 f->page_size);
	if (f->max_pfn == 0 || f->max_pfn > UINT64_MAX / bs)
		return error_new(ERROR_BAD_DATA, "cannot write a dump of %llu page frames",
				 (unsigned long long)f->max_pfn);
	if (f->notes_len > 1 << 30)
		return error_new(ERROR_UNSUPPORTED, "cannot write a dump with %zu bytes of notes",
				 f->notes_len);
	if (f->eraseinfo_len > 1 << 30)
		return error_new(ERROR_UNSUPPORTED, "cannot write a dump with %zu bytes of erase "
						    "information", f->eraseinfo_len);
	if (f->split && (f->start_pfn > f->end_pfn || f->end_pfn > f->max_pfn))
		return error_new(ERROR_OTHER, "a part of pages 0x%llx to 0x%llx of 0x%llx",
				 (unsigned long long)f->start_pfn, (unsigned long long)f->end_pfn,
				 (unsigned long long)f->max_pfn);
	k->first_pfn = first_frame(f);
	k->max_pfn = f->max_pfn - k->first_pfn;
	k->start_pfn = f->split ? f->start_pfn - MIN(f->start_pfn, k->first_pfn) : 0;
	k->end_pfn = f->split ? f->end_pfn - MIN(f->end_pfn, k->first_pfn) : k->max_pfn;
	k->head_len = ROUND_UP(k->sub_header_len + f->notes_len + f->eraseinfo_len, bs);
	k->bitmap_len = ROUND_UP((k->max_pfn + 7) / 8, bs);
	if (2 * k->bitmap_len / bs > INT32_MAX)
		return error_new(ERROR_UNSUPPORTED, "%llu page frames are too many for the "
						    "kdump-compressed format",
				 (unsigned long long)f->max_pfn);
	k->bitmap1_off = bs + k->head_len;
	k->bitmap2_off = k->bitmap1_off + k->bitmap_len;
	k->desc_off = k->bitmap2_off + k->bitmap_len;
	k->nr_blocks = (k->bitmap_len + BITS_LEN - 1) / BITS_LEN;
	return NULL;
}

/* The data, behind the descriptors. */
static struct error *lay_out_data(struct kdump_writer *k)
{
	uint64_t nr = k->nr_descs, bs = k->w.facts.page_size, bytes, end;

	if (mul_overflows(nr, (uint64_t)DESC_LEN, &bytes) ||
	    add_overflows(k->desc_off, bytes, &end) || round_up_overflows(end, bs, &k->zero_off))
		return error_new(ERROR_BAD_DATA, "%llu pages are too many", (unsigned long long)nr);
	k->data_off = k->zero_off + bs;
	return NULL;
}

static struct error *kdump_begin(struct dump_writer *w)
{
	struct kdump_writer *k = kdump(w);
	_cleanup_free_ unsigned char *zeros = NULL;

	TRY(lay_out(k));
	k->ranks = calloc(k->nr_blocks + 1, sizeof(*k->ranks));
	k->sums = calloc(k->nr_blocks, sizeof(*k->sums));
	k->block = UINT64_MAX;
	k->data = aligned_alloc(4096, CHUNK); /* see pipeline.c: quicker to copy from */
	k->descs = malloc(PENDING * DESC_LEN);
	k->at = malloc(PENDING * sizeof(*k->at));
	k->bits = malloc(BITS_LEN);
	zeros = calloc(1, w->facts.page_size);
	if (!k->ranks || !k->sums || !k->data || !k->descs || !k->at || !k->bits || !zeros)
		return error_nomem();

	TRY(kdump_write_sub_header(k));
	TRY(write_memory_bits(k));
	TRY(write_kept_bits(k));
	TRY(count_descs(k));
	TRY(lay_out_data(k));
	TRY(prepare_descriptors(k));
	TRY(sink_write(w->sink, k->zero_off, zeros, w->facts.page_size));
	return kdump_write_header(k, w->sink->is_stream);
}

/* After a full disk: stores as much of the chunk as fits, in ever smaller pieces, and settles
 * the pages that are whole. */
static void rescue(struct kdump_writer *k)
{
	bool big = k->w.facts.big;
	uint64_t end;
	size_t done = 0, n = 0;

	for (size_t piece = 65536; piece >= 512 && done < k->data_len;) {
		size_t len = MIN(piece, k->data_len - done);
		struct error *e = sink_write(k->w.sink, k->data_off + done, k->data + done, len);

		if (e)
			piece /= 2;
		else
			done += len;
		error_free(e);
	}
	end = k->data_off + done;
	while (n < k->nr_pending) {
		const unsigned char *d = k->descs + n * DESC_LEN;

		if (get_u64(d, big) + get_u32(d + 8, big) > end)
			break;
		n++;
	}
	k->data_off = end;
	k->data_len = 0;
	error_free(settle(k, n)); /* then they stay lost pages */
	k->nr_pending = 0;
}

/* The last step: the file is whole, or stays what it says it is. */
static struct error *commit(struct kdump_writer *k, bool complete)
{
	struct sink *s = k->w.sink;
	bool whole = complete && !k->has_lost && k->settled == k->nr_descs;
	struct error *e;

	if (complete)
		TRY(sink_flush(s)); /* nothing may reach the disk later than the header that promises it */
	if (s->is_stream ? !whole : whole)
		TRY(kdump_write_status(k, whole));
	e = sink_finish(s, k->data_off);
	if (e && whole && !s->is_stream) /* what is on the disk is not known */
		error_free(kdump_write_status(k, false));
	k->w.whole = whole && !e;
	return e;
}

static struct error *kdump_end(struct dump_writer *w, bool complete)
{
	struct kdump_writer *k = kdump(w);
	struct error *e;

	if (k->failed && complete)
		return error_new(ERROR_OTHER, "a dump that misses pages cannot be made complete");
	if (!k->failed) {
		e = flush(k);
		k->failed = e != NULL;
		if (e && complete)
			return e;
		error_free(e); /* rescued as after any failure */
	}
	if (k->failed && !w->sink->is_stream)
		rescue(k);
	return commit(k, complete);
}

static void kdump_close(struct dump_writer *w)
{
	struct kdump_writer *k = kdump(w);

	free(k->ranks);
	free(k->sums);
	free(k->data);
	free(k->descs);
	free(k->at);
	free(k->bits);
	vector_done(&k->early);
	free(k);
}

static const struct dump_writer_ops kdump_ops = {
	.name = "kdump-compressed",
	.page = kdump_page,
	.rewind = kdump_rewind,
	.thin = kdump_thin,
	.end = kdump_end,
	.close = kdump_close,
};

struct error *writer_open_kdump(struct sink *s, const struct dump_facts *facts,
				uint32_t codec_flag, struct dump_writer **ret)
{
	struct kdump_writer *k = calloc(1, sizeof(*k));
	struct error *e;

	if (!k)
		return error_nomem();
	k->has_lost = facts->source_incomplete;
	k->w = (struct dump_writer){ .ops = &kdump_ops, .sink = s, .facts = *facts };
	k->codec_flag = codec_flag;
	e = kdump_begin(&k->w);
	if (e) {
		kdump_close(&k->w);
		return error_prefix(e, "kdump-compressed");
	}
	*ret = &k->w;
	return NULL;
}
