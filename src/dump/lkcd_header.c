/* Which of the five layouts an LKCD header has; see lkcd-priv.h. */
#include "dump/lkcd-priv.h"

#include "base/base.h"
#include "dump/dump-priv.h"

#define MAGIC	     0xa8190173618f23edull
#define MAGIC_LIVE   0xa8190173618f23cdull
#define VENDOR_BITS  0xc0000000u /* Mission Critical Linux: page numbers, an index of offsets */
#define FIRST_RECORD 65536
#define HEADER_MAX   1024 /* all that is read; the largest layout has 742 bytes */
#define PANIC_OFF    4	  /* behind num_pages */
#define PANIC_LEN    256

/*
 * What follows the 48 bytes that all versions share. Versions 1 to 7 are C structures of the
 * writer's compiler, so the width of a long shifts fields; from 8 on they are packed.
 */
static const struct layout {
	uint8_t from, to; /* versions */
	uint8_t word;	  /* of time: two words */
	uint16_t num_pages, time, uts, task, compress, buffer; /* 0: has none */
	uint8_t task_len;
} layouts[] = {
	{ 1, 1, 4, 56, 316, 324, 0, 0, 0, 0 },
	{ 1, 1, 8, 56, 320, 336, 0, 0, 0, 0 },
	{ 2, 4, 4, 48, 308, 316, 708, 0, 0, 4 },
	{ 2, 4, 8, 48, 312, 328, 720, 0, 0, 8 },
	{ 5, 7, 4, 48, 308, 316, 708, 712, 0, 4 },
	{ 5, 7, 8, 48, 312, 328, 720, 728, 0, 8 },
	{ 8, 8, 8, 48, 308, 324, 714, 722, 0, 8 },
	{ 9, 10, 8, 48, 308, 324, 714, 722, 734, 8 },
};

bool lkcd_is_mine(struct source *s, struct lkcd_header *h)
{
	unsigned char raw[8];
	_cleanup_error_ struct error *e = source_read(s, 0, raw, sizeof(raw));
	uint64_t little = e ? 0 : get_u64(raw, false), big = e ? 0 : get_u64(raw, true);

	h->big = big == MAGIC || big == MAGIC_LIVE;
	h->live = little == MAGIC_LIVE || big == MAGIC_LIVE;
	return h->big || little == MAGIC || little == MAGIC_LIVE;
}

/* The layout that has a known machine's name where it should be. */
static const struct layout *choose_layout(const unsigned char *raw, unsigned version,
					  struct dump_utsname *u)
{
	const struct layout *last = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		if (version < layouts[i].from || version > layouts[i].to)
			continue;
		last = &layouts[i];
		header_utsname(raw + last->uts, u);
		if (arch_by_machine_name(u->machine))
			break;
	}
	return last;
}

static struct error *take_common(struct source *s, const unsigned char *raw,
				 struct lkcd_header *h)
{
	struct cursor c;
	uint32_t level;

	cursor_init(&c, s->name, raw, HEADER_MAX, h->big);
	cursor_seek(&c, 8);
	h->version = cursor_u32(&c) & ~VENDOR_BITS;
	h->header_size = cursor_u32(&c);
	level = cursor_u32(&c);
	h->page_size = cursor_u32(&c);
	cursor_u64(&c); /* memory size: pages or bytes */
	h->mem_start = cursor_u64(&c);
	h->mem_end = cursor_u64(&c);
	if (!h->version || h->version == 4 || h->version > 10)
		return error_new(ERROR_UNSUPPORTED,
				 "%s: LKCD dump of version %u: 1 to 3 and 5 to 10 are "
				 "understood",
				 s->name, h->version);
	h->all_pages = h->version < 5 ? level == 4 : level & 8;
	if (!IS_POW2(h->page_size) || h->page_size < 4096 || h->page_size > 1 << 20)
		return error_new(ERROR_BAD_DATA,
				 "%s: LKCD header with a page size of %u bytes: none has it",
				 s->name, h->page_size);
	return NULL;
}

struct error *lkcd_read_header(struct source *s, struct lkcd_header *h)
{
	unsigned char raw[HEADER_MAX] = { 0 };
	const struct layout *l;

	*h = (struct lkcd_header){ 0 };
	(void)lkcd_is_mine(s, h); /* for the byte order */
	TRY(source_read(s, 0, raw, MIN((uint64_t)sizeof(raw), s->size)));
	TRY(take_common(s, raw, h));
	l = choose_layout(raw, h->version, &h->utsname);
	h->arch = arch_by_machine_name(h->utsname.machine);
	if (!h->arch)
		return error_new(ERROR_UNSUPPORTED,
				 "%s: LKCD dump of the machine \"%s\", which is none of those "
				 "that are understood",
				 s->name, h->utsname.machine);
	header_text(raw + l->num_pages + PANIC_OFF, PANIC_LEN - 1, h->panic);
	h->time = get_uint(raw + l->time, l->word, h->big);
	h->task = l->task ? get_uint(raw + l->task, l->task_len, h->big) : 0;
	h->compress = l->compress ? get_u32(raw + l->compress, h->big) : LKCD_RLE;
	h->first_record = l->buffer ? get_u64(raw + l->buffer, h->big) : FIRST_RECORD;
	if (h->first_record < (uint64_t)l->buffer + 8)
		h->first_record = FIRST_RECORD;
	return NULL;
}
