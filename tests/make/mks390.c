/*
 * IBM Z stand-alone dumps. Besides what make.h says:
 *
 *	s390 plain|extended	first
 *	arch N			2 (64 bit) unless told; 1 is 31 bit
 *	memory SIZE		bytes, 16 MiB unless told
 *	tod N | cpus N | volume N | mvdump N | pagesize N | headersize N
 *	prefix CPU ADDRESS	a CPU's prefix area; cpus goes up
 *	entrysize N		memory a packed entry stands for, 1 MiB unless told
 *	block N			bytes of a block of the disk, 4096 unless told
 *	at ADDRESS DATA		bytes of memory
 *	segment START LEN [packed [raw=I] [length=N]]	extended: this stretch of memory goes
 *				into the file. raw: entry I is stored as it is; length: what
 *				the segment claims
 *	no-stop			the last segment is not marked
 *	no-trailer
 */
#include "make/make.h"

#include "codec/codec.h"

struct segment {
	uint64_t start, len, raw, length;
	bool packed;
};

struct maker {
	bool started, extended, no_stop, no_trailer;
	uint64_t arch, memory, tod, cpus, volume, mvdump, page_size, header_size, entry, block;
	uint32_t prefixes[512];
	struct image mem;
	VECTOR(struct segment) segments;
	struct codec_state *zlib;
};

static struct error *take_segment(struct maker *m, struct words *w)
{
	struct segment s = { .packed = words_have(w, "packed") };

	TRY(make_number(w, 1, &s.start));
	TRY(make_number(w, 2, &s.len));
	TRY(make_key_number(w, "raw", UINT64_MAX, &s.raw));
	TRY(make_key_number(w, "length", s.len, &s.length));
	return vector_push(&m->segments, s) ? NULL : error_nomem();
}

static struct error *take_at(struct maker *m, struct words *w)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	uint64_t at;

	TRY(make_number(w, 1, &at));
	if (w->n != 3)
		return error_new(ERROR_USAGE, "at ADDRESS DATA");
	TRY(make_data(w->v[2], 0, &b));
	return image_put(&m->mem, at, strbuf_str(&b), b.len);
}

static struct error *take_line(void *arg, struct words *w)
{
	struct maker *m = arg;
	const struct make_field numbers[] = {
		{ "arch", &m->arch },	    { "memory", &m->memory },
		{ "tod", &m->tod },	    { "cpus", &m->cpus },
		{ "volume", &m->volume },   { "mvdump", &m->mvdump },
		{ "entrysize", &m->entry }, { "block", &m->block },
		{ "pagesize", &m->page_size }, { "headersize", &m->header_size },
	};
	const struct make_field *field;
	uint64_t cpu, address;

	if (!m->started) {
		if (strcmp(w->v[0], "s390") || w->n != 2)
			return error_new(ERROR_USAGE, "s390 plain|extended comes first");
		m->extended = !strcmp(w->v[1], "extended");
		m->started = true;
		return NULL;
	}
	TRY(make_take_field(w, numbers, ARRAY_SIZE(numbers), &field));
	if (field)
		return NULL;
	if (!strcmp(w->v[0], "prefix")) {
		TRY(make_number(w, 1, &cpu));
		TRY(make_number(w, 2, &address));
		if (cpu >= ARRAY_SIZE(m->prefixes))
			return error_new(ERROR_USAGE, "the header has room for 512 CPUs");
		m->prefixes[cpu] = address;
		m->cpus = MAX(m->cpus, cpu + 1);
		return NULL;
	}
	if (!strcmp(w->v[0], "at"))
		return take_at(m, w);
	if (!strcmp(w->v[0], "segment"))
		return take_segment(m, w);
	if (!strcmp(w->v[0], "no-stop"))
		m->no_stop = true;
	else if (!strcmp(w->v[0], "no-trailer"))
		m->no_trailer = true;
	else
		return error_new(ERROR_USAGE, "unknown statement %s", w->v[0]);
	return NULL;
}

static struct error *put_header(const struct maker *m, struct image *im)
{
	const struct {
		uint16_t off;
		uint8_t width;
		uint64_t value;
	} fields[] = {
		{ 0, 8, m->extended ? 0xa8190173618f23feull : 0xa8190173618f23fdull },
		{ 8, 4, m->extended ? 2 : 5 },
		{ 0xc, 4, m->header_size },
		{ 0x10, 4, 4 },
		{ 0x14, 4, m->page_size },
		{ 0x18, 8, m->memory },
		{ 0x28, 8, m->memory },
		{ 0x30, 4, m->memory / 4096 },
		{ 0x38, 8, m->tod },
		{ 0x48, 4, m->arch },
		{ 0x4c, 4, m->volume },
		{ 0x50, 4, m->arch },
		{ 0x54, 8, m->memory },
		{ 0x5c, 1, m->mvdump },
		{ 0x5d, 2, m->cpus },
		{ 0x5f, 2, m->cpus },
		{ 0x61, 1, m->extended },
		{ 0x62, 4, m->extended ? m->entry : 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		TRY(image_put_uint(im, fields[i].off, fields[i].width, true, fields[i].value));
	for (size_t i = 0; i < ARRAY_SIZE(m->prefixes); i++)
		TRY(image_put_uint(im, 0x800 + 4 * i, 4, true, m->prefixes[i]));
	return NULL;
}

/* Memory as a dump program sees it: what nothing was put into is zero. */
static struct error *memory_at(struct maker *m, uint64_t start, uint64_t len,
			       const unsigned char **ret)
{
	TRY(image_put(&m->mem, start + len, "", 0));
	*ret = m->mem.bytes + start;
	return NULL;
}

/* Entries of one packed segment; `at` is behind the head and moves on. */
static struct error *put_entries(struct maker *m, struct image *im, const struct segment *s,
				 uint64_t head, uint64_t *at)
{
	uint64_t nr = (s->len + m->entry - 1) / m->entry, data = *at;

	if (!m->zlib)
		m->zlib = codec_zlib.open(true, 0);
	if (!m->zlib)
		return error_nomem();
	for (uint64_t i = 0; i < nr; i++) {
		uint64_t len = MIN(m->entry, s->len - i * m->entry);
		_cleanup_free_ unsigned char *out = malloc(2 * len);
		const unsigned char *in;
		size_t n = 0;

		TRY(memory_at(m, s->start + i * m->entry, len, &in));
		if (out && s->raw != i)
			n = codec_zlib.pack(m->zlib, in, len, out, 2 * len);
		TRY(image_put_uint(im, head + 0x34 + 4 * i, 4, true,
				   (*at - data) / m->block | (n ? 0 : 0x80000000u)));
		TRY(image_put(im, *at, n ? out : in, n ? n : len));
		*at += ((n ? n : len) + m->block - 1) / m->block * m->block;
		TRY(image_put(im, *at, "", 0));
	}
	TRY(image_put_uint(im, head + 0x18, 4, true, (*at - data) / m->block));
	return image_put_uint(im, head + 0x30, 4, true, nr);
}

static struct error *put_segments(struct maker *m, struct image *im, uint64_t *at)
{
	for (size_t i = 0; i < m->segments.n; i++) {
		const struct segment *s = &m->segments.v[i];
		bool last = i + 1 == m->segments.n && !m->no_stop;
		uint64_t head = *at;
		const unsigned char *bytes;

		TRY(image_put_uint(im, head, 8, true, s->start));
		TRY(image_put_uint(im, head + 8, 8, true, s->length));
		TRY(image_put_uint(im, head + 16, 8, true, last ? UINT64_MAX : 0));
		*at += 4096;
		TRY(image_put(im, *at, "", 0));
		if (s->packed) {
			TRY(put_entries(m, im, s, head, at));
			continue;
		}
		TRY(memory_at(m, s->start, s->len, &bytes));
		TRY(image_put(im, *at, bytes, s->len));
		*at += s->len;
	}
	return NULL;
}

static struct error *write_file(void *arg, struct image *im)
{
	struct maker *m = arg;
	uint64_t at = 4096;
	const unsigned char *bytes;

	TRY(put_header(m, im));
	TRY(image_put(im, at, "", 0));
	if (m->extended) {
		TRY(put_segments(m, im, &at));
	} else {
		TRY(memory_at(m, 0, m->memory, &bytes));
		TRY(image_put(im, at, bytes, m->memory));
		at += m->memory;
	}
	if (m->no_trailer)
		return NULL;
	TRY(image_put(im, at, "DUMP_END", 8));
	return image_put_uint(im, at + 8, 8, true, m->tod + 1);
}

struct error *make_s390(const char *text, struct image *ret)
{
	struct maker m = { .arch = 2, .memory = 16 << 20, .page_size = 4096,
			   .header_size = 4096, .entry = 1 << 20, .block = 4096,
			   .mem.cut = SIZE_MAX };
	struct error *e = make_file(text, ret, &m, &m.started, take_line, write_file);

	if (m.zlib)
		codec_zlib.close(m.zlib);
	image_done(&m.mem);
	vector_done(&m.segments);
	return e;
}
