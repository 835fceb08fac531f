/*
 * Writes the kdump-compressed format, header version 6. Layout: makedumpfile IMPLEMENTATION and
 * diskdump_mod.h, crash diskdump.h; doc/formats/kdump-compressed.md.
 *
 *	header | sub header, notes | bitmap 1 | bitmap 2 | descriptors ... | zero page, data
 *
 * The descriptor area has room for every page that may come, the data starts behind it, and
 * offsets are absolute, so that descriptors, bitmap 2 and data are three streams that only go
 * forward, in one pass, with the number of pages unknown. What is not used of the area is a
 * hole in the file.
 *
 * A seekable file tells the truth at any moment, also when this process is killed. Its header
 * says "incomplete" until the very end. Bitmap 2 begins as a copy of bitmap 1: every page is
 * there, but its descriptor is still zero, which readers take as a lost page. Pages are then
 * settled in steps: data first, then the bits of bitmap 2 up to the last page whose data is in
 * the file, then their descriptors. The bits below decide which descriptor belongs to a page,
 * so that those above may still be wrong without harm.
 *
 * A stream writes each byte once (sink.h): bitmap 2 byte by byte as it becomes final, and the
 * header at the beginning as that of a complete dump, since a stream that broke off has no end
 * record. When a stream ends incomplete but orderly, the header is sent again.
 */
#include "dump/writer.h"

#include <string.h>

#include "base/bytes.h"
#include "base/checked.h"
#include "dump/pfn_bits.h"

#define STATUS_INCOMPLETE 0x8
#define DESC_LEN	  24
#define CHUNK		  ((size_t)1 << 20) /* data goes out in pieces that end at a multiple */
#define PENDING		  8192		    /* most pages settled at once */
#define BITS_LEN	  4096		    /* bitmap bytes handled at once */
#define BITS_PFNS	  (BITS_LEN * 8ull)

struct kdump_writer {
	struct dump_writer w;
	uint32_t codec_flag;

	/* layout, set once */
	size_t sub_header_len, head_len; /* head: sub header and notes, whole blocks */
	uint64_t bitmap1_off, bitmap2_off, bitmap_len;
	uint64_t desc_off, desc_room; /* room in descriptors */
	uint64_t zero_off;

	/* data on its way: buffer of CHUNK bytes, for file offset data_off on */
	unsigned char *data;
	size_t data_len;
	uint64_t data_off;

	/* pages whose data was taken but which are not settled yet */
	unsigned char *descs;
	uint64_t *pfns;
	size_t nr_pending;

	uint64_t settled;    /* descriptors in the file */
	uint64_t prepared;   /* descriptors whose place was written with zeros */
	uint64_t final_pfn;  /* bitmap 2 is final below this */
	uint64_t sent;	     /* stream: bytes of bitmap 2 below this are sent */
	unsigned char *bits; /* final bits of the block of BITS_PFNS that holds final_pfn */
	bool failed;
	bool has_lost; /* a page could not be read: the dump is never marked complete */
};

static struct kdump_writer *kdump(struct dump_writer *w)
{
	return container_of(w, struct kdump_writer, w);
}

/* ---- header ---- */

/* Offsets of what comes after utsname: of the timestamp's two words and of `status`. Natural
 * alignment of an LP64 machine, and of an ILP32 one with 32-bit time. */
static void put_header(const struct kdump_writer *k, unsigned char *h, uint32_t status)
{
	const struct dump_facts *f = &k->w.facts;
	const char *const names[] = { f->utsname.sysname, f->utsname.nodename, f->utsname.release,
				      f->utsname.version, f->utsname.machine,
				      f->utsname.domainname };
	size_t at;
	bool big = f->big;

	memcpy(h, "KDUMP   ", 8);
	put_u32(h + 8, 6, big);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		memcpy(h + 12 + i * 65, names[i], strnlen(names[i], 64));
	if (f->is_64bit) {
		put_u64(h + 408, f->timestamp, big);
		at = 424;
	} else {
		put_u32(h + 404, f->timestamp, big);
		at = 412;
	}
	put_u32(h + at, status, big);
	put_u32(h + at + 4, f->page_size, big);
	put_u32(h + at + 8, k->head_len / f->page_size, big);
	put_u32(h + at + 12, 2 * k->bitmap_len / f->page_size, big);
	put_u32(h + at + 16, MIN(f->max_pfn, (uint64_t)UINT32_MAX), big);
	put_u32(h + at + 36, f->nr_cpus, big);
}

static struct error *write_header(struct kdump_writer *k, bool complete)
{
	_cleanup_free_ unsigned char *h = calloc(1, k->w.facts.page_size);

	if (!h)
		return error_nomem();
	put_header(k, h, k->codec_flag | (complete ? 0 : STATUS_INCOMPLETE));
	return sink_write(k->w.sink, 0, h, k->w.facts.page_size);
}

/* The three layouts of the sub header: a row per field, a column per layout. */
enum sub_field { PHYS_BASE, DUMP_LEVEL, SPLIT, START_PFN, END_PFN, OFF_INFO, SIZE_INFO, OFF_NOTE,
		 SIZE_NOTE, OFF_ERASE, SIZE_ERASE, START_PFN_64, END_PFN_64, MAX_PFN_64, SUB_LEN };
static const uint8_t sub_layouts[3][SUB_LEN + 1] = {
	/* LP64 */
	{ 0, 8, 12, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104 },
	/* 32 bit, i64 aligned to 8: ARM, PPC, MIPS */
	{ 0, 4, 8, 12, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96 },
	/* 32 bit, i64 aligned to 4: i386 */
	{ 0, 4, 8, 12, 16, 20, 28, 32, 40, 44, 52, 56, 64, 72, 80 },
};

static const uint8_t *sub_layout(const struct dump_facts *f)
{
	if (f->is_64bit)
		return sub_layouts[0];
	return f->arch == &arch_i386 ? sub_layouts[2] : sub_layouts[1];
}

static void put_long(const struct dump_facts *f, unsigned char *p, uint64_t v)
{
	if (f->is_64bit)
		put_u64(p, v, f->big);
	else
		put_u32(p, v, f->big);
}

static struct error *write_sub_header(struct kdump_writer *k)
{
	const struct dump_facts *f = &k->w.facts;
	const uint8_t *at = sub_layout(f);
	unsigned char h[UINT8_MAX] = { 0 };
	uint64_t notes_off = (uint64_t)f->page_size + k->sub_header_len;
	uint64_t erase_off = notes_off + f->notes_len;
	uint64_t pad = k->head_len - k->sub_header_len - f->notes_len - f->eraseinfo_len;
	_cleanup_free_ unsigned char *zeros = calloc(1, f->page_size); /* pad is less */

	if (!zeros)
		return error_nomem();
	put_long(f, h + at[PHYS_BASE], f->phys_base);
	put_u32(h + at[DUMP_LEVEL], f->dump_level > 0 ? f->dump_level : 0, f->big);
	if (f->vmcoreinfo) {
		put_u64(h + at[OFF_INFO],
			notes_off + ((const unsigned char *)f->vmcoreinfo - f->notes), f->big);
		put_long(f, h + at[SIZE_INFO], f->vmcoreinfo_len);
	}
	if (f->notes_len) {
		put_u64(h + at[OFF_NOTE], notes_off, f->big);
		put_long(f, h + at[SIZE_NOTE], f->notes_len);
	}
	if (f->eraseinfo_len) {
		put_u64(h + at[OFF_ERASE], erase_off, f->big);
		put_long(f, h + at[SIZE_ERASE], f->eraseinfo_len);
	}
	if (f->split) {
		put_u32(h + at[SPLIT], 1, f->big);
		put_long(f, h + at[START_PFN], f->start_pfn);
		put_long(f, h + at[END_PFN], f->end_pfn);
		put_u64(h + at[START_PFN_64], f->start_pfn, f->big);
		put_u64(h + at[END_PFN_64], f->end_pfn, f->big);
	}
	put_u64(h + at[MAX_PFN_64], f->max_pfn, f->big);
	TRY(sink_write(k->w.sink, f->page_size, h, k->sub_header_len));
	/* straight from where they are: device dumps (NT_VMCOREDD) are many MiB */
	TRY(sink_write(k->w.sink, notes_off, f->notes, f->notes_len));
	if (f->eraseinfo_len)
		TRY(sink_write(k->w.sink, erase_off, f->eraseinfo, f->eraseinfo_len));
	return sink_write(k->w.sink, erase_off + f->eraseinfo_len, zeros, pad);
}

/* ---- bitmaps ---- */

/* The bits of frames that exist, at `off`: bitmap 1, and what bitmap 2 begins as. */
static struct error *write_memory_bits(struct kdump_writer *k, uint64_t off)
{
	_cleanup_free_ unsigned char *b = malloc(16 * BITS_LEN);

	if (!b)
		return error_nomem();
	for (uint64_t at = 0; at < k->bitmap_len; at += 16 * BITS_LEN) {
		size_t len = MIN(k->bitmap_len - at, (uint64_t)16 * BITS_LEN);

		pfn_bits(k->w.facts.memory, at * 8, k->w.facts.max_pfn, b, len);
		/* crash maps streams badly where there are gaps */
		if (k->w.sink->gaps_are_zero && !k->w.sink->is_stream && bytes_are_zero(b, len))
			continue;
		TRY(sink_write(k->w.sink, off + at, b, len));
	}
	return NULL;
}

/* Writes bytes [from, to) of bitmap 2, all in the block whose bytes are `block`. A stream gets
 * each byte once. */
static struct error *put_bits(struct kdump_writer *k, const unsigned char *block, uint64_t from,
			      uint64_t to)
{
	to = MIN(to, k->bitmap_len);
	if (k->w.sink->is_stream)
		from = MAX(from, k->sent);
	if (from >= to)
		return NULL;
	TRY(sink_write(k->w.sink, k->bitmap2_off + from, block + from % BITS_LEN, to - from));
	k->sent = to;
	return NULL;
}

/* Writes the current block of bitmap 2. Bits from final_pfn on are those of memory. */
static struct error *write_bits(struct kdump_writer *k)
{
	unsigned char block[BITS_LEN];
	uint64_t first = ROUND_DOWN(k->final_pfn, BITS_PFNS);
	size_t n = (k->final_pfn - first) / 8;

	pfn_bits(k->w.facts.memory, first, k->w.facts.max_pfn, block, sizeof(block));
	block[n] &= 0xff << (k->final_pfn % 8);
	memset(block, 0, n);
	for (size_t i = 0; i <= n; i++)
		block[i] |= k->bits[i];
	return put_bits(k, block, first / 8, first / 8 + BITS_LEN);
}

/* Writes the current block of bitmap 2, which is full. Blocks of address space without memory
 * may stay holes. */
static struct error *write_full_bits(struct kdump_writer *k)
{
	uint64_t at = ROUND_DOWN(k->final_pfn, BITS_PFNS) / 8;
	unsigned char block[BITS_LEN];

	pfn_bits(k->w.facts.memory, at * 8, k->w.facts.max_pfn, block, sizeof(block));
	if (k->w.sink->gaps_are_zero && !k->w.sink->is_stream &&
	    bytes_are_zero(block, sizeof(block)) && bytes_are_zero(k->bits, BITS_LEN))
		return NULL;
	return put_bits(k, k->bits, at, at + BITS_LEN);
}

/* Makes bitmap 2 final up to `pfn` (not included); what was not set on the way is clear. */
static struct error *bits_advance(struct kdump_writer *k, uint64_t pfn)
{
	while (pfn - ROUND_DOWN(k->final_pfn, BITS_PFNS) >= BITS_PFNS) {
		TRY(write_full_bits(k));
		memset(k->bits, 0, BITS_LEN);
		k->final_pfn = ROUND_DOWN(k->final_pfn, BITS_PFNS) + BITS_PFNS;
	}
	k->final_pfn = MAX(k->final_pfn, pfn);
	return NULL;
}

static struct error *bits_set(struct kdump_writer *k, uint64_t pfn)
{
	size_t bit;

	if (pfn < k->final_pfn)
		return NULL; /* settled before a step that failed */
	TRY(bits_advance(k, pfn));
	bit = pfn % BITS_PFNS;
	k->bits[bit / 8] |= 1 << (bit % 8);
	/* not over the end of the block: the next page or the end does that */
	return NULL;
}

/* ---- settling ---- */

/* Gives the descriptors to come their place on the disk, as zeros: a full disk is then met by
 * data, never by the descriptors of data that was stored. */
static struct error *prepare_descriptors(struct kdump_writer *k, uint64_t upto)
{
	static unsigned char zeros[65536]; /* not const: takes no room in the program file */
	uint64_t room = k->desc_room * DESC_LEN;
	uint64_t at = k->prepared * DESC_LEN;

	while (k->prepared < upto) {
		size_t len = MIN(room - at, (uint64_t)sizeof(zeros));

		TRY(sink_write(k->w.sink, k->desc_off + at, zeros, len));
		at += len;
		k->prepared = at / DESC_LEN;
		if (at == room)
			k->prepared = k->desc_room;
		else
			at = k->prepared * DESC_LEN;
	}
	return NULL;
}

/* `last` is the last page whose bit is set. */
static struct error *write_settled_bits(struct kdump_writer *k, uint64_t last)
{
	uint64_t before = k->final_pfn;
	struct error *e;

	if (k->w.sink->is_stream) /* the byte of `last` may get more bits */
		return put_bits(k, k->bits, ROUND_DOWN(last / 8, (uint64_t)BITS_LEN), last / 8);
	if ((last + 1) % BITS_PFNS == 0) {
		e = bits_advance(k, last + 1);
	} else {
		k->final_pfn = last + 1;
		e = write_bits(k);
	}
	if (e)
		k->final_pfn = before;
	return e;
}

/* Settles the first `n` pending pages, whose data is in the file. */
static struct error *settle(struct kdump_writer *k, size_t n)
{
	size_t left = k->nr_pending - n;

	if (n == 0)
		return NULL;
	for (size_t i = 0; i < n; i++)
		TRY(bits_set(k, k->pfns[i]));
	TRY(write_settled_bits(k, k->pfns[n - 1]));
	TRY(sink_write(k->w.sink, k->desc_off + k->settled * DESC_LEN, k->descs, n * DESC_LEN));
	k->settled += n;
	memmove(k->descs, k->descs + n * DESC_LEN, left * DESC_LEN);
	memmove(k->pfns, k->pfns + n, left * sizeof(*k->pfns));
	k->nr_pending = left;
	return NULL;
}

/* Writes the data taken so far and settles its pages. */
static struct error *flush(struct kdump_writer *k)
{
	if (!k->w.sink->is_stream)
		TRY(prepare_descriptors(k, k->settled + k->nr_pending));
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
	bool big = k->w.facts.big;
	uint64_t off = is_zero ? k->zero_off : 0;
	unsigned char *d;

	if (k->nr_pending ? pfn <= k->pfns[k->nr_pending - 1] : k->settled && pfn < k->final_pfn)
		return error_new(ERROR_BAD_DATA, "page 0x%llx comes out of order",
				 (unsigned long long)pfn);
	if (k->settled + k->nr_pending >= k->desc_room)
		return error_new(ERROR_BAD_DATA, "page 0x%llx: more than the %llu pages announced",
				 (unsigned long long)pfn, (unsigned long long)k->desc_room);
	if (bytes) {
		off = k->data_off + k->data_len;
		TRY(take_data(k, bytes, len));
	}
	d = k->descs + k->nr_pending * DESC_LEN;
	memset(d, 0, DESC_LEN);
	put_u64(d, off, big);
	put_u32(d + 8, is_zero ? k->w.facts.page_size : bytes ? len : 0, big);
	put_u32(d + 12, bytes && codec ? codec->kdump_flag : 0, big);
	k->pfns[k->nr_pending++] = pfn;
	return k->nr_pending == PENDING ? flush(k) : NULL;
}

/* A page of another part: its bit is set here too, once what is pending below it is settled. */
static struct error *note_elsewhere(struct kdump_writer *k, uint64_t pfn)
{
	if (k->nr_pending)
		TRY(flush(k));
	if (pfn < k->final_pfn)
		return error_new(ERROR_BAD_DATA, "page 0x%llx comes out of order",
				 (unsigned long long)pfn);
	TRY(bits_set(k, pfn));
	if ((pfn + 1) % BITS_PFNS == 0)
		return bits_advance(k, pfn + 1);
	k->final_pfn = pfn + 1;
	return NULL;
}

static struct error *kdump_page(struct dump_writer *w, uint64_t pfn, const void *bytes, size_t len,
				const struct codec *codec, bool is_zero)
{
	struct kdump_writer *k = kdump(w);
	const struct dump_facts *f = &w->facts;
	struct error *e;

	if (f->split && (pfn < f->start_pfn || pfn >= f->end_pfn)) {
		e = note_elsewhere(k, pfn);
		k->failed |= e != NULL;
		return e;
	}
	e = take_page(k, pfn, bytes, len, codec, is_zero);
	k->failed |= e != NULL;
	k->has_lost |= !bytes && !is_zero;
	return e;
}

/* ---- begin and end ---- */

/* All sizes come from the input's headers. */
static struct error *lay_out(struct kdump_writer *k)
{
	const struct dump_facts *f = &k->w.facts;
	uint64_t bs = f->page_size, bytes, end;

	k->sub_header_len = sub_layout(f)[SUB_LEN];
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
	k->head_len = ROUND_UP(k->sub_header_len + f->notes_len + f->eraseinfo_len, bs);
	k->bitmap_len = ROUND_UP((f->max_pfn + 7) / 8, bs);
	if (2 * k->bitmap_len / bs > INT32_MAX)
		return error_new(ERROR_UNSUPPORTED, "%llu page frames are too many for the "
						    "kdump-compressed format",
				 (unsigned long long)f->max_pfn);
	k->desc_room = MIN(MAX(f->max_pages, ranges_total(f->memory)), f->max_pfn);
	if (f->split)
		k->desc_room = MIN(k->desc_room, f->end_pfn - f->start_pfn);
	k->bitmap1_off = bs + k->head_len;
	k->bitmap2_off = k->bitmap1_off + k->bitmap_len;
	k->desc_off = k->bitmap2_off + k->bitmap_len;
	if (mul_overflows(k->desc_room, (uint64_t)DESC_LEN, &bytes) ||
	    add_overflows(k->desc_off, bytes, &end) || round_up_overflows(end, bs, &k->zero_off))
		return error_new(ERROR_BAD_DATA, "%llu pages are too many",
				 (unsigned long long)k->desc_room);
	k->data_off = k->zero_off + bs;
	return NULL;
}

static struct error *kdump_begin(struct dump_writer *w)
{
	struct kdump_writer *k = kdump(w);
	_cleanup_free_ unsigned char *zeros = NULL;

	TRY(lay_out(k));
	k->data = malloc(CHUNK);
	k->descs = malloc(PENDING * DESC_LEN);
	k->pfns = malloc(PENDING * sizeof(*k->pfns));
	k->bits = calloc(1, BITS_LEN);
	zeros = calloc(1, w->facts.page_size);
	if (!k->data || !k->descs || !k->pfns || !k->bits || !zeros)
		return error_nomem();

	TRY(write_header(k, w->sink->is_stream));
	TRY(write_sub_header(k));
	TRY(write_memory_bits(k, k->bitmap1_off));
	if (!w->sink->is_stream)
		TRY(write_memory_bits(k, k->bitmap2_off));
	if (!w->sink->gaps_are_zero)
		TRY(prepare_descriptors(k, k->desc_room));
	return sink_write(w->sink, k->zero_off, zeros, w->facts.page_size);
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
	error_free(settle(k, n)); /* then they stay lost pages, as bitmap 2 says */
	k->nr_pending = 0;
}

/* The rest of bitmap 2 of a stream that ends early: what did not come is lost. */
static struct error *end_stream_bits(struct kdump_writer *k)
{
	while (k->final_pfn < k->w.facts.max_pfn) {
		TRY(write_bits(k));
		memset(k->bits, 0, BITS_LEN);
		k->final_pfn = ROUND_DOWN(k->final_pfn, BITS_PFNS) + BITS_PFNS;
	}
	return write_header(k, false);
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
	if (complete) {
		TRY(bits_advance(k, k->bitmap_len * 8));
		/* nothing may reach the disk later than the header that promises it */
		TRY(sink_flush(w->sink));
		if (k->has_lost == w->sink->is_stream)
			TRY(write_header(k, !k->has_lost));
	} else if (w->sink->is_stream) {
		TRY(end_stream_bits(k));
	} else if (k->failed) {
		rescue(k);
	}
	return sink_finish(w->sink, k->data_off);
}

static void kdump_close(struct dump_writer *w)
{
	struct kdump_writer *k = kdump(w);

	free(k->data);
	free(k->descs);
	free(k->pfns);
	free(k->bits);
	free(k);
}

static const struct dump_writer_ops kdump_ops = {
	.name = "kdump-compressed",
	.begin = kdump_begin,
	.page = kdump_page,
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
