/*
 * The extended form of IBM Z stand-alone dumps: megabytes of zeros are left out, what is left
 * are segments, each behind a head of 4096 bytes. A packed segment is cut into entries that
 * are packed each by itself.
 *
 * Offsets and lengths of packed data count in blocks of the disk that the dump was written to,
 * and nothing in the file says how long these are. They have 4096 bytes in practice; the other
 * possible lengths are taken where only they lead to the next head or the trailer.
 */
#include "dump/s390-priv.h"

#include "base/base.h"

#define ENTRIES_MAX    1011 /* that a head has room for */
#define ENTRY_SIZE_MAX (4u << 20)
#define NR_SEGMENTS    (1u << 22)
#define ENTRIES_OFF    0x34
#define RAW	       0x80000000u /* the entry is not packed */
#define TRAILER	       "DUMP_END"

struct head {
	uint64_t start, len;
	bool last;
	uint32_t blocks, entries;
};

bool s390_has_trailer(struct source *s, uint64_t off, uint64_t tod)
{
	unsigned char raw[16];
	_cleanup_error_ struct error *e = source_read(s, off, raw, sizeof(raw));

	return !e && !memcmp(raw, TRAILER, 8) && get_u64(raw + 8, true) >= tod;
}

static bool read_head(struct source *s, uint64_t off, struct head *ret)
{
	unsigned char raw[ENTRIES_OFF];
	_cleanup_error_ struct error *e = source_read(s, off, raw, sizeof(raw));

	if (e)
		return false;
	*ret = (struct head){
		.start = get_u64(raw, true),
		.len = get_u64(raw + 8, true),
		.last = get_u64(raw + 16, true) != 0,
		.blocks = get_u32(raw + 24, true),
		.entries = get_u32(raw + 48, true),
	};
	return true;
}

/* Whether a segment's head can be true behind memory that ends at `end`. */
static bool head_is_sane(const struct s390_chain *c, const struct head *h, uint64_t end,
			 uint64_t mem_size)
{
	if (!h->len)
		return h->last;
	if (h->start < end || h->start % S390_PAGE || h->len % S390_PAGE ||
	    !range_fits(h->start, h->len, mem_size))
		return false;
	if (!h->blocks)
		return true;
	return c->entry_size && h->entries <= ENTRIES_MAX &&
	       h->entries == (h->len + c->entry_size - 1) / c->entry_size;
}

/* Whether the file goes on at `off` as it should behind a segment. */
static bool goes_on(struct source *s, const struct s390_chain *c, const struct head *h,
		    uint64_t off, uint64_t mem_size)
{
	struct head next;

	if (h->last)
		return s390_has_trailer(s, off, 0);
	return read_head(s, off, &next) && head_is_sane(c, &next, h->start + h->len, mem_size);
}

static uint32_t choose_block(struct source *s, const struct s390_chain *c, const struct head *h,
			     uint64_t data, uint64_t mem_size)
{
	for (uint32_t block = 4096; block >= 512; block /= 2)
		if (goes_on(s, c, h, data + (uint64_t)h->blocks * block, mem_size))
			return block;
	return 4096;
}

struct error *s390_chain_read(struct source *s, uint64_t off, uint64_t mem_size,
			      uint32_t entry_size, struct s390_chain *c)
{
	struct head h;

	if (entry_size % S390_PAGE || entry_size > ENTRY_SIZE_MAX)
		return error_new(ERROR_BAD_DATA,
				 "%s: packed in entries of %u bytes, expected whole pages and "
				 "at most %u",
				 s->name, entry_size, ENTRY_SIZE_MAX);
	c->entry_size = entry_size;
	while (!c->ended && c->segments.n < NR_SEGMENTS && read_head(s, off, &h) &&
	       head_is_sane(c, &h, c->known_end, mem_size)) {
		struct s390_segment seg = { h.start, h.len, off, h.len, h.blocks != 0 };

		off += S390_SEGMENT_HEAD;
		if (h.blocks && !c->block)
			c->block = choose_block(s, c, &h, off, mem_size);
		if (h.blocks)
			seg.data_len = (uint64_t)h.blocks * c->block;
		if (h.len && !vector_push(&c->segments, seg))
			return error_nomem();
		if (add_overflows(off, seg.data_len, &off))
			return error_new(ERROR_BAD_DATA, "%s: a segment ends past all offsets",
					 s->name);
		c->known_end = h.len ? h.start + h.len : c->known_end;
		c->ended = h.last;
	}
	c->end_off = off;
	return NULL;
}

/* The segment that holds the address, or null. */
static const struct s390_segment *segment_of(const struct s390_chain *c, uint64_t pa)
{
	size_t lo = 0, hi = c->segments.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->segments.v[mid].start + c->segments.v[mid].len > pa)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo < c->segments.n && c->segments.v[lo].start <= pa ? &c->segments.v[lo] : NULL;
}

/* Where an entry is in the file. */
struct place {
	uint64_t pa, len; /* memory of the whole entry */
	uint64_t off, stored;
	bool packed;
};

static struct error *find_entry(struct source *s, const struct s390_chain *c,
				const struct s390_segment *seg, uint64_t pa, struct place *ret)
{
	uint64_t i = (pa - seg->start) / c->entry_size, data = seg->off + S390_SEGMENT_HEAD;
	uint64_t last = (seg->len - 1) / c->entry_size, end = seg->data_len, start;
	unsigned char raw[8];
	uint32_t word;

	TRY(source_read(s, seg->off + ENTRIES_OFF + 4 * i, raw, i < last ? 8 : 4));
	word = get_u32(raw, true);
	start = (uint64_t)(word & ~RAW) * c->block;
	if (i < last)
		end = (uint64_t)(get_u32(raw + 4, true) & ~RAW) * c->block;
	ret->pa = seg->start + i * c->entry_size;
	ret->len = MIN((uint64_t)c->entry_size, seg->start + seg->len - ret->pa);
	ret->off = data + start;
	ret->stored = end - start;
	ret->packed = !(word & RAW);
	if (start > end || end > seg->data_len || ret->stored > 2 * (uint64_t)c->entry_size ||
	    (!ret->packed && ret->stored < ret->len))
		return error_new(ERROR_BAD_DATA,
				 "memory at 0x%llx: packed data of 0x%llx to 0x%llx in a segment "
				 "of 0x%llx bytes cannot be true",
				 (unsigned long long)ret->pa, (unsigned long long)start,
				 (unsigned long long)end, (unsigned long long)seg->data_len);
	return NULL;
}

static struct error *find_place(struct source *s, const struct s390_chain *c,
				const struct s390_segment *seg, uint64_t pa, struct place *ret)
{
	if (seg->packed) {
		TRY(find_entry(s, c, seg, pa, ret));
		if (ret->packed)
			return NULL;
		ret->off += pa - ret->pa;
	} else {
		ret->off = seg->off + S390_SEGMENT_HEAD + (pa - seg->start);
	}
	*ret = (struct place){ pa, S390_PAGE, ret->off, S390_PAGE, false };
	return NULL;
}

enum page_answer s390_chain_state(struct source *s, const struct s390_chain *c, uint64_t pa)
{
	const struct s390_segment *seg = segment_of(c, pa);
	struct place place;
	struct error *e;

	if (!seg)
		return c->ended || pa < c->known_end ? PAGE_ZERO : PAGE_LOST;
	e = find_place(s, c, seg, pa, &place);
	if (!e && range_fits(place.off, place.stored, s->size))
		return PAGE_OK;
	error_free(e);
	return PAGE_LOST;
}

/* Unpacks into the entry used longest ago. */
static struct error *load_entry(struct source *s, struct s390_chain *c, const struct place *p,
				struct s390_entry **ret)
{
	struct s390_entry *e = &c->entries[0];

	for (size_t i = 1; i < S390_NR_ENTRIES; i++)
		if (c->entries[i].used < e->used)
			e = &c->entries[i];
	if (!e->bytes)
		e->bytes = malloc(c->entry_size);
	if (!c->stored)
		c->stored = malloc(2 * (size_t)c->entry_size);
	if (!e->bytes || !c->stored)
		return error_nomem();
	e->used = 0;
	TRY(source_read(s, p->off, c->stored, p->stored));
	TRY(codec_set_unpack(&c->unpackers, 1, c->stored, p->stored, e->bytes, p->len));
	e->pa = p->pa;
	e->len = p->len;
	*ret = e;
	return NULL;
}

struct error *s390_chain_page(struct source *s, struct s390_chain *c, uint64_t pa, void *buf)
{
	const struct s390_segment *seg = segment_of(c, pa);
	struct s390_entry *entry = NULL;
	struct place place;

	for (size_t i = 0; i < S390_NR_ENTRIES; i++)
		if (c->entries[i].used && pa >= c->entries[i].pa &&
		    pa - c->entries[i].pa < c->entries[i].len)
			entry = &c->entries[i];
	if (!entry) {
		TRY(find_place(s, c, seg, pa, &place));
		if (!place.packed)
			return source_read(s, place.off, buf, S390_PAGE);
		TRY(load_entry(s, c, &place, &entry));
	}
	entry->used = ++c->tick;
	memcpy(buf, entry->bytes + (pa - entry->pa), S390_PAGE);
	return NULL;
}

void s390_chain_done(struct s390_chain *c)
{
	vector_done(&c->segments);
	for (size_t i = 0; i < S390_NR_ENTRIES; i++)
		free(c->entries[i].bytes);
	free(c->stored);
	codec_set_done(&c->unpackers);
}
