/*
 * Flattened streams. Besides what make.h says:
 *
 *	flat			first
 *	type N | version N	of the header, 1 unless told
 *	record TARGET DATA	one record; len= says another length than that of the data
 *	no-end			no end record
 *	include elf|kdump [piece=N] [backwards]
 *	...			the lines up to `end` describe a file, which becomes records of
 *	end			N bytes each (4096 unless told), from the last to the first if
 *				so wished
 */
#include "make/make.h"

struct maker {
	bool started, no_end;
	uint64_t type, version;
	struct strbuf records;
	/* an include that is being collected */
	make_fn *inner;
	struct strbuf inner_text;
	uint64_t piece;
	bool backwards;
};

static void add_record(struct maker *m, uint64_t target, uint64_t said, const void *bytes,
		       size_t len)
{
	unsigned char head[16];

	put_u64(head, target, true);
	put_u64(head + 8, said, true);
	strbuf_add(&m->records, head, sizeof(head));
	strbuf_add(&m->records, bytes, len);
}

static struct error *take_record(struct maker *m, struct words *w)
{
	struct strbuf data = { 0 };
	uint64_t target, said = 0;
	struct error *e;

	TRY(make_number(w, 1, &target));
	e = make_data(w->n > 2 ? w->v[2] : "", 0, &data);
	if (!e)
		e = make_key_number(w, "len", data.len, &said);
	if (!e)
		add_record(m, target, said, strbuf_str(&data), data.len);
	strbuf_done(&data);
	return e;
}

static struct error *end_include(struct maker *m)
{
	struct image im = { .cut = SIZE_MAX };
	struct error *e = m->inner(strbuf_str(&m->inner_text), &im);
	size_t nr = (im.len + m->piece - 1) / m->piece;

	for (size_t i = 0; i < nr && !e; i++) {
		size_t off = (m->backwards ? nr - 1 - i : i) * m->piece;
		size_t len = MIN(m->piece, (uint64_t)(im.len - off));

		add_record(m, off, len, im.bytes + off, len);
	}
	image_done(&im);
	strbuf_done(&m->inner_text);
	m->inner_text = (struct strbuf){ 0 };
	m->inner = NULL;
	return e;
}

static struct error *take_inner(struct maker *m, struct words *w)
{
	if (!strcmp(w->v[0], "end"))
		return end_include(m);
	for (size_t i = 0; i < w->n; i++)
		strbuf_printf(&m->inner_text, "%s%c", w->v[i], i + 1 < w->n ? ' ' : '\n');
	return strbuf_error(&m->inner_text);
}

static struct error *take_line(void *arg, struct words *w)
{
	struct maker *m = arg;

	if (m->inner)
		return take_inner(m, w);
	if (!m->started) {
		m->started = !strcmp(w->v[0], "flat");
		return m->started ? NULL : error_new(ERROR_USAGE, "flat comes first");
	}
	if (!strcmp(w->v[0], "record"))
		return take_record(m, w);
	if (!strcmp(w->v[0], "type"))
		return make_number(w, 1, &m->type);
	if (!strcmp(w->v[0], "version"))
		return make_number(w, 1, &m->version);
	if (!strcmp(w->v[0], "no-end")) {
		m->no_end = true;
		return NULL;
	}
	if (!strcmp(w->v[0], "include") && w->n > 1) {
		m->inner = strcmp(w->v[1], "elf") ? make_kdump : make_elf;
		m->backwards = words_have(w, "backwards");
		return make_key_number(w, "piece", 4096, &m->piece);
	}
	return error_new(ERROR_USAGE, "unknown statement %s", w->v[0]);
}

struct error *make_flat(const char *text, struct image *ret)
{
	struct maker m = { .type = 1, .version = 1 };
	unsigned char head[4096] = "makedumpfile", end[16];
	struct error *e;

	image_done(ret);
	e = make_each_line(text, ret, &m, take_line);
	if (!e && (!m.started || m.inner))
		e = error_new(ERROR_USAGE, "nothing to make, or an include without end");
	put_u64(head + 16, m.type, true);
	put_u64(head + 24, m.version, true);
	memset(end, 0xff, sizeof(end));
	if (!e && !m.no_end)
		strbuf_add(&m.records, end, sizeof(end));
	if (!e)
		e = strbuf_error(&m.records);
	if (!e)
		e = image_put(ret, 0, head, sizeof(head));
	if (!e)
		e = image_put(ret, sizeof(head), strbuf_str(&m.records), m.records.len);
	if (!e)
		e = make_finish(ret);
	strbuf_done(&m.records);
	strbuf_done(&m.inner_text);
	return e;
}
