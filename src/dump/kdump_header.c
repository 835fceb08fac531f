/* Which of the possible layouts a kdump-compressed header has; see kdump_header-priv.h. */
#include "dump/kdump_header-priv.h"

#include "base/base.h"
#include "dump/dump-priv.h"

#define VERSION_MAX 10 /* 6 is the last one known; later ones are expected to add at the end   \
			*/
#define UTSNAME_OFF 12
#define HEADER_LEN  464
#define SUB_LEN_MAX 104

/* Bits of `status`. In kdump-compressed files the others name compressions, in the original
 * diskdump 8 does. */
#define KDUMP_INCOMPLETE    8
#define DISKDUMP_INCOMPLETE 1

/*
 * The main header differs by width and alignment of the time stamp in front of `status`:
 * 64-bit or 8-aligned (424), i386 with 64-bit time_t (420), 32-bit time_t (412). The rest
 * follows in 4-byte steps.
 */
static const uint16_t status_offs[] = { 424, 412, 420 };

enum sub_layout { SUB_LP64, SUB_PACKED, SUB_PADDED, NR_SUB_LAYOUTS };

static void take_main(const unsigned char *raw, uint16_t status_off, bool big,
		      struct kdump_header *h)
{
	const unsigned char *p = raw + status_off;

	h->big = big;
	h->version = get_u32(raw + 8, big);
	/* seconds and microseconds, each 4 bytes in the layout whose status is at 412, else 8 */
	h->timestamp = status_off == 412 ? get_u32(p - 8, big) : get_u64(p - 16, big);
	h->original = !memcmp(raw, DISKDUMP_SIGNATURE, 8);
	h->status = get_u32(p, big);
	h->incomplete = h->status & (h->original ? DISKDUMP_INCOMPLETE : KDUMP_INCOMPLETE);
	h->block_size = get_u32(p + 4, big);
	h->sub_hdr_size = get_u32(p + 8, big);
	h->bitmap_blocks = get_u32(p + 12, big);
	h->max_mapnr_32 = get_u32(p + 16, big);
	h->current_cpu = get_u32(p + 32, big);
	h->nr_cpus = get_u32(p + 36, big);
	h->tasks_off = status_off + 40;
	h->dump_level = -1;
}

/* 0: impossible; the more fits, the higher. */
static int judge_main(const struct kdump_header *h, uint64_t file_size)
{
	uint64_t capacity = (uint64_t)h->bitmap_blocks * h->block_size * 8;
	int score = 1;

	if (h->version < 0 || h->version > VERSION_MAX)
		return 0;
	if (h->block_size < 4096 || h->block_size > 262144 ||
	    h->block_size & (h->block_size - 1))
		return 0;
	if (!h->sub_hdr_size || h->sub_hdr_size > INT32_MAX || !h->bitmap_blocks)
		return 0;
	/* the number of pages may be the low half of a larger one */
	score += 2 * (capacity >= h->max_mapnr_32);
	score += h->nr_cpus > 0 && h->nr_cpus <= 1 << 16;
	score += h->status < 0x100;
	score +=
		(1 + (uint64_t)h->sub_hdr_size + h->bitmap_blocks) * h->block_size <= file_size;
	return score;
}

static void align_field(struct cursor *c, enum sub_layout layout)
{
	if (layout == SUB_PADDED)
		cursor_align(c, 8);
}

static void take_sub(const unsigned char *raw, enum sub_layout layout, struct kdump_header *h)
{
	bool wide = layout == SUB_LP64;
	struct cursor c;

	/* zeros behind what the version has */
	cursor_init(&c, "sub header", raw, SUB_LEN_MAX, h->big);
	h->phys_base = cursor_long(&c, wide);
	if (h->version >= 1)
		h->dump_level = cursor_u32(&c);
	if (h->version >= 2) {
		h->split = cursor_u32(&c) != 0;
		h->start_pfn = cursor_long(&c, wide);
		h->end_pfn = cursor_long(&c, wide);
	}
	align_field(&c, layout);
	if (h->version >= 3) {
		h->vmcoreinfo_off = cursor_u64(&c);
		h->vmcoreinfo_len = cursor_long(&c, wide);
	}
	align_field(&c, layout);
	if (h->version >= 4) {
		h->note_off = cursor_u64(&c);
		h->note_len = cursor_long(&c, wide);
	}
	align_field(&c, layout);
	h->max_mapnr = h->max_mapnr_32;
	if (h->version >= 5) {
		h->erase_off = cursor_u64(&c);
		h->erase_len = cursor_long(&c, wide);
	}
	if (h->version >= 6) {
		align_field(&c, layout);
		h->start_pfn = cursor_u64(&c);
		h->end_pfn = cursor_u64(&c);
		h->max_mapnr = cursor_u64(&c);
	}
}

static bool in_sub_blocks(const struct kdump_header *h, uint64_t off, uint64_t len)
{
	uint64_t start = h->block_size, end = start * (1 + (uint64_t)h->sub_hdr_size);

	return off >= start && off < end && len <= end - off;
}

static int judge_sub(const struct kdump_header *h, enum sub_layout layout)
{
	static const uint64_t lens[NR_SUB_LAYOUTS] = { 104, 80, 96 };
	const struct arch *arch = arch_by_machine_name(h->utsname.machine);
	int score = 0;

	if (h->version >= 4 && h->note_len) {
		score += 4 * in_sub_blocks(h, h->note_off, h->note_len);
		/* notes follow the sub header at once; true of version 6 writers */
		score += 2 * (h->version >= 6 && h->note_off == h->block_size + lens[layout]);
	}
	if (h->version >= 3 && h->vmcoreinfo_len)
		score += 4 * in_sub_blocks(h, h->vmcoreinfo_off, h->vmcoreinfo_len);
	if (h->version >= 6)
		score += 4 * (h->max_mapnr && (uint32_t)h->max_mapnr == h->max_mapnr_32);
	if (h->version >= 1)
		score += h->dump_level >= 0 && h->dump_level < 64;
	if (arch)
		score += 3 * (arch->is_64bit == (layout == SUB_LP64));
	return score;
}

static struct error *choose_sub(struct source *s, struct kdump_header *h)
{
	unsigned char raw[SUB_LEN_MAX] = { 0 };
	struct kdump_header best = *h;
	uint64_t off = h->block_size;
	int best_score = -1;

	if (off < s->size)
		TRY(source_read(s, off, raw, MIN((uint64_t)sizeof(raw), s->size - off)));
	for (int layout = 0; layout < NR_SUB_LAYOUTS; layout++) {
		struct kdump_header tried = *h;
		int score;

		take_sub(raw, layout, &tried);
		score = judge_sub(&tried, layout);
		if (score > best_score) {
			best_score = score;
			best = tried;
		}
	}
	*h = best;
	if (!h->max_mapnr)
		h->max_mapnr = h->max_mapnr_32;
	return NULL;
}

struct error *kdump_read_header(struct source *s, struct kdump_header *ret)
{
	unsigned char raw[HEADER_LEN];
	struct kdump_header best = { 0 };
	int best_score = 0;

	TRY(source_read(s, 0, raw, sizeof(raw)));
	for (size_t i = 0; i < 2 * ARRAY_SIZE(status_offs); i++) {
		struct kdump_header tried = { 0 };
		int score;

		take_main(raw, status_offs[i / 2], i % 2, &tried);
		score = judge_main(&tried, s->size);
		if (score > best_score) {
			best_score = score;
			best = tried;
		}
	}
	if (!best_score)
		return error_new(ERROR_BAD_DATA,
				 "%s: kdump-compressed signature, but the header "
				 "makes no sense in any layout or byte order",
				 s->name);
	header_utsname(raw + UTSNAME_OFF, &best.utsname);
	if (best.original)
		best.max_mapnr = best.max_mapnr_32;
	else
		TRY(choose_sub(s, &best));
	*ret = best;
	return NULL;
}
