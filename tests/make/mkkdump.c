/*
 * kdump-compressed files. Besides what make.h says:
 *
 *	kdump LAYOUT little|big	first. LAYOUT of the main header: lp64, ilp32, ilp32-time64
 *				(8-aligned), i386-time64 (4-aligned)
 *	diskdump LAYOUT little|big	instead: the original diskdump
 *	task ADDRESS | cpu N | regs DATA	diskdump: the next CPU's task, the CPU that made
 *				the dump, its registers
 *	sub LAYOUT		of the sub header: lp64, packed, padded; by default what the
 *				compiler of the main header would make
 *	version N		header version, 6 unless told
 *	block N			block (page) size, 4096 unless told
 *	maxpfn N		number of page frames; one past the highest page unless told
 *	maxpfn32 N		the old 32-bit field; the low half of maxpfn unless told
 *	status N | cpus N | level N | physbase N
 *	split START END		one part of a set
 *	uts FIELD TEXT		sysname nodename release version machine domainname; machine is
 *				x86_64 (lp64) or i686 unless told
 *	note NAME TYPE DATA	a VMCOREINFO note also gets the offset of its text
 *	erase DATA		erase information, behind the notes
 *	no-notes-offset		leave the note fields zero
 *	one-bitmap		only one bitmap, for both purposes
 *	exists PFN [COUNT]	pages that exist and are not in the file
 *	page PFN KEYS		a page in the file: data= (filled up with zeros)
 *				codec=raw|zlib|lzo|snappy|zstd; packed=DATA gives the stored
 *				bytes themselves. count=N: N in a row, seeds going up by one.
 *				off= size= flags= : the descriptor lies
 *				zero: shares one raw page of zeros; lost: an empty descriptor
 */
#include "make/make.h"

#include "codec/codec.h"

enum { LP64, ILP32, ILP32_TIME64, I386_TIME64 };
enum { SUB_LP64, SUB_PACKED, SUB_PADDED };
static const char *const layouts[] = { "lp64", "ilp32", "ilp32-time64", "i386-time64", NULL };
static const char *const sub_layouts[] = { "lp64", "packed", "padded", NULL };

struct page {
	uint64_t pfn;
	bool stored;		   /* false: exists only */
	size_t data_off, data_len; /* in `data` */
	uint64_t off, size;	   /* UINT64_MAX: as they come */
	uint32_t flags;
	bool zero, lost;
};

struct maker {
	bool big, started, original, split, one_bitmap, no_notes;
	int layout, sub;
	uint64_t version, block, max, max32, status, cpus, level, physbase, start, end;
	uint64_t cpu;
	struct strbuf notes, erase, data, tasks, regs;
	size_t info_off, info_len; /* VMCOREINFO text in `notes` */
	char uts[6][65];
	VECTOR(struct page) pages;
	struct codec_state *codec_states[8];
};

static struct error *start(struct maker *m, struct words *w)
{
	m->original = !strcmp(w->v[0], "diskdump");
	if ((!m->original && strcmp(w->v[0], "kdump")) || w->n != 3)
		return error_new(ERROR_USAGE, "kdump|diskdump LAYOUT little|big comes first");
	if (m->original)
		m->version = 1;
	m->layout = make_find(layouts, w->v[1]);
	if (m->layout < 0)
		return error_new(ERROR_USAGE, "unknown layout %s", w->v[1]);
	m->big = !strcmp(w->v[2], "big");
	m->sub = m->layout == LP64	     ? SUB_LP64
		 : m->layout == ILP32_TIME64 ? SUB_PADDED
					     : SUB_PACKED;
	strcpy(m->uts[4], m->layout == LP64 ? "x86_64" : "i686");
	m->started = true;
	return NULL;
}

/* Packs block-sized bytes; returns the codec's flag, 0 when they are stored raw. */
static struct error *pack(struct maker *m, const char *name, const char *raw,
			  uint32_t *ret_flag)
{
	_cleanup_free_ char *out = malloc(m->block * 2);

	if (!out)
		return error_nomem();
	*ret_flag = 0;
	for (size_t i = 0; codecs[i]; i++) {
		size_t n;

		if (strcmp(codecs[i]->name, name))
			continue;
		if (!m->codec_states[i])
			m->codec_states[i] = codecs[i]->open(true, 0);
		n = m->codec_states[i] ? codecs[i]->pack(m->codec_states[i], raw, m->block, out,
							 m->block - 1)
				       : 0;
		if (!n)
			return error_new(ERROR_USAGE, "the page cannot be packed by %s", name);
		strbuf_add(&m->data, out, n);
		*ret_flag = codecs[i]->kdump_flag;
		return NULL;
	}
	if (strcmp(name, "raw"))
		return error_new(ERROR_USAGE, "unknown codec %s", name);
	strbuf_add(&m->data, raw, m->block);
	return NULL;
}

static struct error *take_page(struct maker *m, struct words *w)
{
	const char *data = make_key(w, "data"), *packed = make_key(w, "packed");
	const char *codec = make_key(w, "codec");
	uint64_t count, flags, first;

	TRY(make_number(w, 1, &first));
	TRY(make_key_number(w, "count", 1, &count));
	for (uint64_t i = 0; i < count; i++) {
		struct page p = { .pfn = first + i, .stored = true, .data_off = m->data.len };
		struct strbuf raw = { 0 };
		struct error *e = NULL;

		p.zero = words_have(w, "zero");
		p.lost = words_have(w, "lost");
		if (packed) {
			e = make_data(packed, i, &m->data);
		} else if (!p.zero && !p.lost) {
			e = make_data(data ? data : "", i, &raw);
			if (raw.len < m->block)
				strbuf_fill(&raw, 0, m->block - raw.len);
			if (!e)
				e = pack(m, codec ? codec : "raw", raw.s, &p.flags);
		}
		strbuf_done(&raw);
		TRY(e);
		p.data_len = m->data.len - p.data_off;
		TRY(make_key_number(w, "off", UINT64_MAX, &p.off));
		TRY(make_key_number(w, "size", UINT64_MAX, &p.size));
		TRY(make_key_number(w, "flags", p.flags, &flags));
		p.flags = flags;
		if (!vector_push(&m->pages, p))
			return error_nomem();
	}
	return NULL;
}

static struct error *take_exists(struct maker *m, struct words *w)
{
	uint64_t pfn, count = 1;

	TRY(make_number(w, 1, &pfn));
	if (w->n > 2)
		TRY(make_number(w, 2, &count));
	while (count--)
		if (!vector_push(&m->pages, (struct page){ .pfn = pfn++ }))
			return error_nomem();
	return NULL;
}

static struct error *take_task(struct maker *m, struct words *w)
{
	size_t width = m->layout == LP64 ? 8 : 4;
	uint64_t address;

	TRY(make_number(w, 1, &address));
	for (size_t i = 0; i < width; i++)
		strbuf_putc(&m->tasks, address >> 8 * (m->big ? width - 1 - i : i));
	m->cpus = m->tasks.len / width;
	return strbuf_error(&m->tasks);
}

static struct error *take_note(struct maker *m, struct words *w)
{
	size_t before = m->notes.len;

	TRY(make_note(w, 1, m->big, &m->notes));
	if (!strcmp(w->v[1], "VMCOREINFO")) {
		m->info_off = before + 12 + 12;
		m->info_len = get_u32(m->notes.s + before + 4, m->big);
	}
	return NULL;
}

static struct error *take_line(void *arg, struct words *w)
{
	struct maker *m = arg;
	const struct make_field numbers[] = {
		{ "version", &m->version }, { "block", &m->block },	  { "maxpfn", &m->max },
		{ "maxpfn32", &m->max32 },  { "status", &m->status },	  { "cpus", &m->cpus },
		{ "level", &m->level },	    { "physbase", &m->physbase },
		{ "cpu", &m->cpu },
	};
	const struct make_field *field;

	if (!m->started)
		return start(m, w);
	TRY(make_take_field(w, numbers, ARRAY_SIZE(numbers), &field));
	if (field)
		return NULL;
	if (!strcmp(w->v[0], "page"))
		return take_page(m, w);
	if (!strcmp(w->v[0], "exists"))
		return take_exists(m, w);
	if (!strcmp(w->v[0], "task"))
		return take_task(m, w);
	if (!strcmp(w->v[0], "regs") && w->n == 2)
		return make_data(w->v[1], 0, &m->regs);
	if (!strcmp(w->v[0], "note") && w->n == 4)
		return take_note(m, w);
	if (!strcmp(w->v[0], "sub") && w->n == 2 && make_find(sub_layouts, w->v[1]) >= 0) {
		m->sub = make_find(sub_layouts, w->v[1]);
		return NULL;
	}
	if (!strcmp(w->v[0], "uts"))
		return make_uts(w, m->uts);
	if (!strcmp(w->v[0], "split")) {
		m->split = true;
		TRY(make_number(w, 1, &m->start));
		return make_number(w, 2, &m->end);
	}
	if (!strcmp(w->v[0], "one-bitmap"))
		m->one_bitmap = true;
	else if (!strcmp(w->v[0], "erase") && w->n == 2)
		return make_data(w->v[1], 0, &m->erase);
	else if (!strcmp(w->v[0], "no-notes-offset"))
		m->no_notes = true;
	else
		return error_new(ERROR_USAGE, "unknown statement %s", w->v[0]);
	return NULL;
}

struct pen {
	struct maker *m;
	struct image *im;
	uint64_t at;
	struct error *e;
};

static void put(struct pen *p, size_t width, uint64_t value)
{
	if (!p->e)
		p->e = image_put_uint(p->im, p->at, width, p->m->big, value);
	p->at += width;
}

static void put_main(struct pen *p, uint64_t sub_blocks, uint64_t bitmap_blocks)
{
	static const unsigned status_at[] = { 424, 412, 424, 420 };
	struct maker *m = p->m;

	p->e = image_put(p->im, 0, m->original ? "DISKDUMP" : "KDUMP   ", 8);
	p->at = 8;
	put(p, 4, m->version);
	for (size_t i = 0; i < 6 && !p->e; i++) {
		p->e = image_put(p->im, p->at, m->uts[i], 65);
		p->at += 65;
	}
	p->at = status_at[m->layout];
	put(p, 4, m->status);
	put(p, 4, m->block);
	put(p, 4, sub_blocks);
	put(p, 4, bitmap_blocks);
	put(p, 4, m->max32 == UINT64_MAX ? m->max : m->max32);
	p->at += 12;
	put(p, 4, m->cpu);
	put(p, 4, m->cpus);
	if (!p->e)
		p->e = image_put(p->im, p->at, strbuf_str(&m->tasks), m->tasks.len);
}

static void put_aligned(struct pen *p, uint64_t value)
{
	if (p->m->sub == SUB_PADDED)
		p->at = (p->at - p->m->block + 7) / 8 * 8 + p->m->block;
	put(p, 8, value);
}

static const unsigned sub_len[] = { 104, 80, 96 };

static void put_sub(struct pen *p)
{
	struct maker *m = p->m;
	size_t width = m->sub == SUB_LP64 ? 8 : 4;
	uint64_t notes = m->block + sub_len[m->sub];

	p->at = m->block;
	if (m->original && !p->e)
		p->e = image_put(p->im, p->at, strbuf_str(&m->regs), m->regs.len);
	if (m->original)
		return;
	put(p, width, m->physbase);
	if (m->version >= 1)
		put(p, 4, m->level);
	if (m->version >= 2) {
		put(p, 4, m->split);
		put(p, width, m->split ? m->start : 0);
		put(p, width, m->split ? m->end : 0);
	}
	if (m->version >= 3) {
		put_aligned(p, m->info_len ? notes + m->info_off : 0);
		put(p, width, m->info_len);
	}
	if (m->version >= 4) {
		put_aligned(p, m->notes.len && !m->no_notes ? notes : 0);
		put(p, width, m->no_notes ? 0 : m->notes.len);
	}
	if (m->version >= 5) {
		put_aligned(p, m->erase.len ? notes + m->notes.len : 0);
		put(p, width, m->erase.len);
	}
	if (m->version >= 6) {
		put_aligned(p, m->split ? m->start : 0);
		put(p, 8, m->split ? m->end : 0);
		put(p, 8, m->max);
	}
	if (!p->e)
		p->e = image_put(p->im, notes, strbuf_str(&m->notes), m->notes.len);
	if (!p->e)
		p->e = image_put(p->im, notes + m->notes.len, strbuf_str(&m->erase), m->erase.len);
}

static int by_pfn(const void *a, const void *b)
{
	const struct page *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

static struct error *set_bit(struct image *im, uint64_t off, uint64_t bit)
{
	unsigned char b = off + bit / 8 < im->len ? im->bytes[off + bit / 8] : 0;

	b |= 1 << bit % 8;
	return image_put(im, off + bit / 8, &b, 1);
}

static bool is_mine(const struct maker *m, const struct page *p)
{
	return p->stored && (!m->split || (p->pfn >= m->start && p->pfn < m->end));
}

static void put_desc(struct pen *p, const struct page *page, uint64_t off, uint64_t len)
{
	put(p, 8, page->off == UINT64_MAX ? off : page->off);
	put(p, 4, page->size == UINT64_MAX ? len : page->size);
	put(p, 4, page->flags);
	put(p, 8, 0);
}

/* Descriptors, the shared page of zeros, then the data in the order of the descriptors. */
static void put_pages(struct pen *p, uint64_t descs)
{
	struct maker *m = p->m;
	size_t nr = 0;
	bool zero = false;
	uint64_t data, zero_at;

	for (size_t i = 0; i < m->pages.n; i++) {
		nr += is_mine(m, &m->pages.v[i]);
		zero |= m->pages.v[i].zero;
	}
	p->at = descs;
	zero_at = data = descs + nr * 24;
	data += zero ? m->block : 0;
	if (zero && !p->e)
		p->e = image_put_uint(p->im, data - 1, 1, false, 0);
	for (size_t i = 0; i < m->pages.n && !p->e; i++) {
		const struct page *page = &m->pages.v[i];

		if (!is_mine(m, page))
			continue;
		if (page->lost)
			put_desc(p, page, 0, 0);
		else if (page->zero)
			put_desc(p, page, zero_at, m->block);
		else
			put_desc(p, page, data, page->data_len);
		if (!p->e)
			p->e = image_put(p->im, data, m->data.s + page->data_off,
					 page->data_len);
		data += page->data_len;
	}
}

static struct error *write_file(void *arg, struct image *im)
{
	struct maker *m = arg;
	uint64_t bs = m->block, sub, bitmap, bitmap1, bitmap2;
	struct pen p = { m, im };

	if (m->pages.n)
		qsort(m->pages.v, m->pages.n, sizeof(*m->pages.v), by_pfn);
	if (m->max == UINT64_MAX)
		m->max = m->pages.n ? m->pages.v[m->pages.n - 1].pfn + 1 : 1;
	sub = (sub_len[m->sub] + m->notes.len + m->erase.len + bs - 1) / bs;
	bitmap = ((m->max + 7) / 8 + bs - 1) / bs;
	bitmap1 = (1 + sub) * bs;
	bitmap2 = m->one_bitmap ? bitmap1 : bitmap1 + bitmap * bs;
	put_main(&p, sub, m->one_bitmap ? bitmap : 2 * bitmap);
	put_sub(&p);
	TRY(p.e);
	for (size_t i = 0; i < m->pages.n; i++) {
		TRY(set_bit(im, bitmap1, m->pages.v[i].pfn));
		if (m->pages.v[i].stored)
			TRY(set_bit(im, bitmap2, m->pages.v[i].pfn));
	}
	TRY(image_put(im, bitmap2 + bitmap * bs, "", 0));
	put_pages(&p, bitmap2 + bitmap * bs);
	return p.e;
}

struct error *make_kdump(const char *text, struct image *ret)
{
	struct maker m = {
		.version = 6, .block = 4096, .max = UINT64_MAX, .max32 = UINT64_MAX, .cpus = 1
	};
	struct error *e = make_file(text, ret, &m, &m.started, take_line, write_file);

	for (size_t i = 0; codecs[i]; i++)
		if (m.codec_states[i])
			codecs[i]->close(m.codec_states[i]);
	strbuf_done(&m.notes);
	strbuf_done(&m.erase);
	strbuf_done(&m.data);
	strbuf_done(&m.tasks);
	strbuf_done(&m.regs);
	vector_done(&m.pages);
	return e;
}
