/*
 * LKCD dumps. Besides what make.h says:
 *
 *	lkcd VERSION WIDTH little|big	first. WIDTH 32 or 64: of the writer's long, for
 *				versions before 8
 *	live			the other magic
 *	vendor N		bits ORed into the version: 0x80000000, 0x40000000
 *	pagesize N | level N | memory SIZE START END | panic DATA | time N | task N
 *	compress none|rle|gzip	of the header and of packed pages; rle where the header has no
 *				such field
 *	flags N | device N | buffer N	buffer: where the records start (version 9 on)
 *	uts FIELD TEXT		sysname nodename release version machine domainname; machine is
 *				i686 or x86_64 by WIDTH unless told
 *	arch DATA		behind the header: that of the architecture
 *	headersize N		where the header says that one is
 *	page PFN KEYS		a record: data= (filled up with zeros), packed (by the header's
 *				compression), stored=DATA: the bytes in the file. count=N: N in
 *				a row, seeds going up by one. zero: a raw record of no bytes.
 *				address= size= flags= : the record lies
 *	raw DATA		bytes between the records
 *	no-end			no end record behind the last one
 */
#include "make/make.h"

#include "codec/codec.h"

static const char *const compressions[] = { "none", "rle", "gzip", NULL };

struct maker {
	bool big, wide, started, live, no_end, header_size_told;
	uint64_t version, vendor, page_size, level, mem_size, mem_start, mem_end, time, task,
		flags, device, buffer, header_size, nr_pages;
	int compress;
	char uts[6][65], panic[256];
	struct strbuf arch, records;
	struct codec_state *zlib;
};

static void add_uint(struct strbuf *to, size_t width, bool big, uint64_t value)
{
	for (size_t i = 0; i < width; i++)
		strbuf_putc(to, value >> 8 * (big ? width - 1 - i : i));
}

static struct error *start(struct maker *m, struct words *w)
{
	if (strcmp(w->v[0], "lkcd") || w->n != 4)
		return error_new(ERROR_USAGE, "lkcd VERSION 32|64 little|big comes first");
	TRY(make_number(w, 1, &m->version));
	m->wide = !strcmp(w->v[2], "64");
	m->big = !strcmp(w->v[3], "big");
	strcpy(m->uts[0], "Linux");
	strcpy(m->uts[4], m->wide ? "x86_64" : "i686");
	m->level = m->version < 5 ? 4 : 8;
	m->started = true;
	return NULL;
}

/* Runs of two and more of one byte, at most 256, and every zero. */
static void pack_rle(const unsigned char *in, size_t len, struct strbuf *to)
{
	for (size_t i = 0, n; i < len; i += n) {
		for (n = 1; n < 256 && i + n < len && in[i + n] == in[i]; n++)
			;
		if (n < 4 && in[i]) {
			n = 1;
			strbuf_putc(to, in[i]);
			continue;
		}
		strbuf_putc(to, 0);
		strbuf_putc(to, n - 1);
		if (n > 1)
			strbuf_putc(to, in[i]);
	}
}

static struct error *pack(struct maker *m, const struct strbuf *raw, struct strbuf *to)
{
	_cleanup_free_ char *out = malloc(2 * raw->len);
	size_t n;

	if (m->compress == 1) {
		pack_rle((const unsigned char *)raw->s, raw->len, to);
		return NULL;
	}
	if (!m->zlib)
		m->zlib = codec_zlib.open(true, 0);
	if (!out || !m->zlib)
		return error_nomem();
	n = codec_zlib.pack(m->zlib, raw->s, raw->len, out, 2 * raw->len);
	strbuf_add(to, out, n);
	return NULL;
}

static struct error *add_page(struct maker *m, struct words *w, uint64_t pfn, uint64_t i)
{
	const char *data = make_key(w, "data"), *stored = make_key(w, "stored");
	_cleanup_strbuf_ struct strbuf raw = { 0 }, out = { 0 };
	bool packed = words_have(w, "packed");
	uint64_t address, size, flags;

	if (stored) {
		TRY(make_data(stored, i, &out));
	} else if (!words_have(w, "zero")) {
		TRY(make_data(data ? data : "", i, &raw));
		if (raw.len < m->page_size)
			strbuf_fill(&raw, 0, m->page_size - raw.len);
		if (packed)
			TRY(pack(m, &raw, &out));
		else
			strbuf_add(&out, raw.s, raw.len);
	}
	TRY(make_key_number(w, "address", m->vendor ? pfn : pfn * m->page_size, &address));
	TRY(make_key_number(w, "size", out.len, &size));
	TRY(make_key_number(w, "flags", (packed ? 2 : 1) | m->vendor, &flags));
	add_uint(&m->records, 8, m->big, address);
	add_uint(&m->records, 4, m->big, size);
	add_uint(&m->records, 4, m->big, flags);
	strbuf_add(&m->records, strbuf_str(&out), out.len);
	m->nr_pages++;
	return strbuf_error(&m->records);
}

static struct error *take_page(struct maker *m, struct words *w)
{
	uint64_t count, first;

	TRY(make_number(w, 1, &first));
	TRY(make_key_number(w, "count", 1, &count));
	for (uint64_t i = 0; i < count; i++)
		TRY(add_page(m, w, first + i, i));
	return NULL;
}

static struct error *take_line(void *arg, struct words *w)
{
	struct maker *m = arg;
	const struct make_field numbers[] = {
		{ "vendor", &m->vendor }, { "pagesize", &m->page_size },
		{ "level", &m->level },	  { "time", &m->time },
		{ "task", &m->task },	  { "flags", &m->flags },
		{ "device", &m->device }, { "buffer", &m->buffer },
		{ "headersize", &m->header_size },
	};
	const struct make_field *field;
	int compress;

	if (!m->started)
		return start(m, w);
	TRY(make_take_field(w, numbers, ARRAY_SIZE(numbers), &field));
	m->header_size_told |= field && field->to == &m->header_size;
	if (field)
		return NULL;
	if (!strcmp(w->v[0], "memory")) {
		TRY(make_number(w, 1, &m->mem_size));
		TRY(make_number(w, 2, &m->mem_start));
		return make_number(w, 3, &m->mem_end);
	}
	if (!strcmp(w->v[0], "page"))
		return take_page(m, w);
	if (!strcmp(w->v[0], "raw") && w->n == 2)
		return make_data(w->v[1], 0, &m->records);
	if (!strcmp(w->v[0], "arch") && w->n == 2)
		return make_data(w->v[1], 0, &m->arch);
	if (!strcmp(w->v[0], "panic") && w->n == 2)
		return make_bytes(w->v[1], m->panic, sizeof(m->panic));
	if (!strcmp(w->v[0], "uts"))
		return make_uts(w, m->uts);
	if (!strcmp(w->v[0], "compress") && w->n == 2 &&
	    (compress = make_find(compressions, w->v[1])) >= 0)
		m->compress = compress;
	else if (!strcmp(w->v[0], "live"))
		m->live = true;
	else if (!strcmp(w->v[0], "no-end"))
		m->no_end = true;
	else
		return error_new(ERROR_USAGE, "unknown statement %s", w->v[0]);
	return NULL;
}

/* The header as the compiler of the version's writer laid it out. */
static void make_header(const struct maker *m, struct strbuf *h)
{
	bool packed = m->version >= 8, wide = m->wide || packed;
	size_t word = wide ? 8 : 4;

	add_uint(h, 8, m->big, m->live ? 0xa8190173618f23cdull : 0xa8190173618f23edull);
	add_uint(h, 4, m->big, m->version | m->vendor);
	add_uint(h, 4, m->big, 0); /* its size comes later */
	add_uint(h, 4, m->big, m->level);
	add_uint(h, 4, m->big, m->page_size);
	add_uint(h, 8, m->big, m->mem_size);
	add_uint(h, 8, m->big, m->mem_start);
	add_uint(h, 8, m->big, m->mem_end);
	if (m->version == 1)
		strbuf_fill(h, 0, 8); /* esp, eip */
	add_uint(h, 4, m->big, m->nr_pages);
	strbuf_add(h, m->panic, sizeof(m->panic));
	if (!packed)
		strbuf_fill(h, 0, -h->len & (word - 1));
	add_uint(h, word, m->big, m->time);
	add_uint(h, word, m->big, 0);
	for (size_t i = 0; i < 6; i++)
		strbuf_add(h, m->uts[i], 65);
	if (m->version == 1)
		return; /* registers follow, by architecture */
	if (!packed)
		strbuf_fill(h, 0, -h->len & (word - 1));
	add_uint(h, word, m->big, m->task);
	if (m->version < 5)
		return;
	add_uint(h, 4, m->big, m->compress);
	add_uint(h, 4, m->big, m->flags);
	add_uint(h, 4, m->big, m->device);
	if (m->version >= 9)
		add_uint(h, 8, m->big, m->buffer);
}

static struct error *write_file(void *arg, struct image *im)
{
	struct maker *m = arg;
	uint64_t at = m->version >= 9 ? m->buffer : 65536;
	_cleanup_strbuf_ struct strbuf h = { 0 };

	make_header(m, &h);
	TRY(strbuf_error(&h));
	put_u32(h.s + 12, m->header_size_told ? m->header_size : h.len, m->big);
	TRY(image_put(im, 0, h.s, h.len));
	TRY(image_put(im, h.len, strbuf_str(&m->arch), m->arch.len));
	if (!m->no_end) {
		strbuf_fill(&m->records, 0, 12);
		add_uint(&m->records, 4, m->big, 4);
	}
	TRY(strbuf_error(&m->records));
	return image_put(im, at, strbuf_str(&m->records), m->records.len);
}

struct error *make_lkcd(const char *text, struct image *ret)
{
	struct maker m = { .page_size = 4096, .compress = 1, .buffer = 65536 };
	struct error *e = make_file(text, ret, &m, &m.started, take_line, write_file);

	if (m.zlib)
		codec_zlib.close(m.zlib);
	strbuf_done(&m.arch);
	strbuf_done(&m.records);
	return e;
}
