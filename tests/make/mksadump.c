/*
 * sadump files. Besides what make.h says:
 *
 *	sadump single|media|disk N	first; disk N of a set is made from the same text as the
 *				others
 *	block N			block (page) size, 4096 unless told
 *	version N		1 unless told
 *	maxpfn N		one past the highest page unless told
 *	disks N			in the set, 2 unless told
 *	share N			bytes of pages on each disk but the last, 8192 unless told
 *	used N			bytes used on this disk; what there is unless told
 *	medium N		sequence number of a media backup, 1 unless told
 *	system DATA | set DATA | volume DATA	identities of 16 bytes; volume is that of this
 *				disk, by default as the first disk names it
 *	time YEAR MONTH DAY HOUR MINUTE SECOND ZONE
 *	ram PFN [COUNT]		pages that exist and hold zeros
 *	page PFN KEYS		a page in the file: data= (filled up with zeros), count=N: N in
 *a row, seeds going up by one
 *	cpu KEYS		one CPU's save area: rip= rsp= rbp= rax= r15= cr3= cr4= idt=
 *gdt= efer= (0x500, long mode, unless told) cs= (0x10 unless told)
 *	no-cpus			no sub header
 */
#include "make/make.h"

#define AREA 1024

struct page {
	uint64_t pfn;
	size_t off; /* in `data` */
	bool stored;
};

struct maker {
	bool started, media, no_cpus;
	uint64_t disk, block, version, max, disks, share, used, medium;
	unsigned char ids[3][16], time[16];
	bool volume_told;
	VECTOR(struct page) pages;
	struct strbuf data, areas;
};

static struct error *start(struct maker *m, struct words *w)
{
	if (strcmp(w->v[0], "sadump") || w->n < 2)
		return error_new(ERROR_USAGE, "sadump single|media|disk N comes first");
	m->started = true;
	m->media = !strcmp(w->v[1], "media");
	if (strcmp(w->v[1], "disk"))
		return NULL;
	return make_number(w, 2, &m->disk);
}

static struct error *take_id(struct maker *m, struct words *w, unsigned char *id)
{
	struct strbuf s = {0};
	struct error *e = make_data(w->n > 1 ? w->v[1] : "", 0, &s);

	memset(id, 0, 16);
	memcpy(id, strbuf_str(&s), MIN(s.len, (size_t)16));
	strbuf_done(&s);
	return e;
}

static struct error *take_time(struct maker *m, struct words *w)
{
	uint64_t v[7];

	for (size_t i = 0; i < 6; i++)
		TRY(make_number(w, i + 1, &v[i]));
	put_u16(m->time, v[0], false);
	for (size_t i = 1; i < 6; i++)
		m->time[i + 1] = v[i];
	put_u16(m->time + 12, w->n > 7 ? atoi(w->v[7]) : 2047, false);
	return NULL;
}

static struct error *take_cpu(struct maker *m, struct words *w)
{
	static const struct {
		const char *key;
		uint16_t off, high; /* high: where the upper half is, 0: behind the lower one */
		uint64_t otherwise;
	} keys[] = {
		{"rip", 984},
		{"rsp", 892},
		{"rbp", 900},
		{"rax", 860},
		{"r15", 796},
		{"cr3", 1008},
		{"cr4", 576},
		{"idt", 660, 472},
		{"gdt", 652, 464},
		{"cs", 940, 0, 0x10},
		{"efer", 992, 0, 0x500},
	};
	unsigned char area[AREA] = {0};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		uint64_t v;

		TRY(make_key_number(w, keys[i].key, keys[i].otherwise, &v));
		put_u32(area + keys[i].off, v, false);
		if (v >> 32)
			put_u32(area + (keys[i].high ? keys[i].high : keys[i].off + 4), v >> 32,
				false);
	}
	strbuf_add(&m->areas, area, sizeof(area));
	return strbuf_error(&m->areas);
}

static struct error *take_pages(struct maker *m, struct words *w, bool stored)
{
	const char *data = make_key(w, "data");
	uint64_t pfn, count = 1;

	TRY(make_number(w, 1, &pfn));
	if (stored)
		TRY(make_key_number(w, "count", 1, &count));
	else if (w->n > 2)
		TRY(make_number(w, 2, &count));
	for (uint64_t i = 0; i < count; i++) {
		struct page p = {pfn + i, m->data.len, stored};

		if (stored) {
			TRY(make_data(data ? data : "", i, &m->data));
			if (m->data.len < p.off + m->block)
				strbuf_fill(&m->data, 0, p.off + m->block - m->data.len);
		}
		if (!vector_push(&m->pages, p))
			return error_nomem();
	}
	return strbuf_error(&m->data);
}

static struct error *take_line(void *arg, struct words *w)
{
	struct maker *m = arg;
	const struct {
		const char *word;
		uint64_t *to;
	} numbers[] = {
		{"block", &m->block},	{"version", &m->version}, {"maxpfn", &m->max},
		{"disks", &m->disks},	{"share", &m->share},	  {"used", &m->used},
		{"medium", &m->medium},
	};
	static const char *const ids[] = {"system", "set", "volume"};

	if (!m->started)
		return start(m, w);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!strcmp(w->v[0], numbers[i].word))
			return make_number(w, 1, numbers[i].to);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (!strcmp(w->v[0], ids[i])) {
			m->volume_told |= i == 2;
			return take_id(m, w, m->ids[i]);
		}
	if (!strcmp(w->v[0], "time"))
		return take_time(m, w);
	if (!strcmp(w->v[0], "cpu"))
		return take_cpu(m, w);
	if (!strcmp(w->v[0], "page") || !strcmp(w->v[0], "ram"))
		return take_pages(m, w, w->v[0][0] == 'p');
	if (strcmp(w->v[0], "no-cpus"))
		return error_new(ERROR_USAGE, "unknown statement %s", w->v[0]);
	m->no_cpus = true;
	return NULL;
}

struct pen {
	struct image *im;
	uint64_t base;
	struct error *e;
};

static void put(struct pen *p, uint64_t off, size_t width, uint64_t value)
{
	if (!p->e)
		p->e = image_put_uint(p->im, p->base + off, width, false, value);
}

static void put_bytes(struct pen *p, uint64_t off, const void *bytes, size_t len)
{
	if (!p->e)
		p->e = image_put(p->im, p->base + off, bytes, len);
}

static void volume_of(uint64_t disk, unsigned char *id)
{
	memset(id, 0x60 + (int)disk, 16);
}

static void put_part(struct pen *p, const struct maker *m, uint64_t used)
{
	uint32_t magic = 0x1234;

	put_bytes(p, 0, "sadump\0\0", 8);
	put(p, 12, 4, 60);
	for (size_t i = 0; i < 3; i++)
		put_bytes(p, 88 + 16 * i, m->ids[i], 16);
	put_bytes(p, 136, m->time, 16);
	put(p, 152, 4, m->disk);
	put(p, 160, 8, used);
	for (uint64_t off = 168; off < m->block; off += 4) {
		put(p, off, 4, magic);
		magic = (magic + 7) * 11;
	}
}

static void put_media(struct pen *p, const struct maker *m)
{
	put_bytes(p, 0, m->ids[0], 16);
	put_bytes(p, 16, m->ids[1], 16);
	put_bytes(p, 32, m->time, 16);
	put(p, 48, 1, m->medium);
	put(p, 4095, 1, 0);
}

static void put_set(struct pen *p, const struct maker *m)
{
	unsigned char id[16];

	put(p, 0, 4, 1);
	put(p, 4, 4, m->disks);
	for (uint64_t i = 2; i <= m->disks; i++) {
		volume_of(i, id);
		put_bytes(p, 16 + (i - 2) * 32, id, 16);
	}
	put(p, m->block - 1, 1, 0);
}

static int by_pfn(const void *a, const void *b)
{
	const struct page *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

static void set_bit(struct pen *p, uint64_t off, uint64_t pfn)
{
	uint64_t at = p->base + off + pfn / 8;
	unsigned char b = at < p->im->len ? p->im->bytes[at] : 0;

	put(p, off + pfn / 8, 1, b | 0x80 >> (pfn & 7));
}

/* Dump header, sub header, bitmaps; returns the bytes that they take. */
static uint64_t put_dump(struct pen *p, const struct maker *m)
{
	uint64_t nr = m->areas.len / AREA, bs = m->block;
	uint64_t sub = m->no_cpus ? 0 : (4 + nr * 16 + m->areas.len + bs - 1) / bs;
	uint64_t bitmap = ((m->max + 7) / 8 + bs - 1) / bs, ram, dumpable;

	put_bytes(p, 0, "sadump\0\0", 8);
	put(p, 8, 4, m->version);
	put_bytes(p, 16, m->time, 16);
	put(p, 40, 4, bs);
	put(p, 48, 4, sub);
	put(p, 52, 4, bitmap);
	put(p, 56, 4, bitmap);
	put(p, 60, 4, m->max);
	put(p, 80, 4, nr);
	if (m->version)
		put(p, 88, 8, m->max);
	if (sub) {
		put(p, bs, 4, m->areas.len);
		for (uint64_t i = 0; i < nr; i++)
			put(p, bs + 4 + 16 * i, 8, i);
		put_bytes(p, bs + 4 + 16 * nr, strbuf_str(&m->areas), m->areas.len);
	}
	ram = bs * (1 + sub);
	dumpable = ram + bitmap * bs;
	for (size_t i = 0; i < m->pages.n; i++) {
		set_bit(p, ram, m->pages.v[i].pfn);
		if (m->pages.v[i].stored)
			set_bit(p, dumpable, m->pages.v[i].pfn);
	}
	put(p, dumpable + bitmap * bs - 1, 1,
	    dumpable + bitmap * bs - 1 + p->base < p->im->len
		    ? p->im->bytes[p->base + dumpable + bitmap * bs - 1]
		    : 0);
	return dumpable + bitmap * bs;
}

/* The pages in order, as one run of bytes; this file's share of it. */
static void put_data(struct pen *p, const struct maker *m, uint64_t start, uint64_t end)
{
	uint64_t at = 0;

	for (size_t i = 0; i < m->pages.n; i++) {
		const struct page *page = &m->pages.v[i];
		uint64_t from = MAX(at, start), to = MIN(at + m->block, end);

		if (!page->stored)
			continue;
		if (from < to)
			put_bytes(p, from - start, m->data.s + page->off + (from - at),
				  to - from);
		at += m->block;
	}
}

static struct error *write_file(struct maker *m, struct image *im)
{
	struct pen p = {im};
	uint64_t start = 0, end = UINT64_MAX, used;

	if (m->pages.n)
		qsort(m->pages.v, m->pages.n, sizeof(*m->pages.v), by_pfn);
	if (m->max == UINT64_MAX)
		m->max = m->pages.n ? m->pages.v[m->pages.n - 1].pfn + 1 : 1;
	if (!m->areas.len && !m->no_cpus)
		TRY(take_cpu(m, &(struct words){0}));
	if (m->disk && !m->volume_told)
		volume_of(m->disk, m->ids[2]);
	if (m->disk) {
		start = (m->disk - 1) * m->share;
		end = m->disk == m->disks ? UINT64_MAX : start + m->share;
	}
	if (m->media) {
		put_media(&p, m);
		p.base = 4096;
	}
	uint64_t part = p.base;

	p.base += m->block;
	if (m->disk == 1) {
		put_set(&p, m);
		p.base += m->block;
	}
	if (m->disk <= 1)
		p.base += put_dump(&p, m);
	put_data(&p, m, start, end);
	used = m->used == UINT64_MAX ? MAX(im->len, (size_t)m->block) : m->used;
	p.base = part;
	put_part(&p, m, used);
	return p.e;
}

struct error *make_sadump(const char *text, struct image *ret)
{
	struct maker m = {
		.block = 4096,
		.version = 1,
		.max = UINT64_MAX,
		.disks = 2,
		.share = 8192,
		.used = UINT64_MAX,
		.medium = 1,
		.ids = {{1}, {2}, {3}},
		.time = {0xe8, 7, 3, 1, 12, 30, 5, 0, 0, 0, 0, 0, 0xff, 7},
	};
	struct error *e;

	image_done(ret);
	e = make_each_line(text, ret, &m, take_line);
	if (!e && !m.started)
		e = error_new(ERROR_USAGE, "nothing to make");
	if (!e)
		e = write_file(&m, ret);
	if (!e)
		e = make_finish(ret);
	vector_done(&m.pages);
	strbuf_done(&m.data);
	strbuf_done(&m.areas);
	return e;
}
