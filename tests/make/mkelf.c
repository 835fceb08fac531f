/*
 * ELF core files. Besides what make.h says:
 *
 *	elf64|elf32 little|big	first; which file
 *	machine N		e_machine (62 x86_64, 3 i386, 183 aarch64, 21 ppc64)
 *	type N			e_type, 4 unless told
 *	flags N			e_flags
 *	note NAME TYPE DATA	a note; all go into one PT_NOTE in front of the PT_LOADs
 *	split-notes		a PT_NOTE for each note instead
 *	rawnotes DATA		bytes into the note area as they are
 *	load KEYS		a PT_LOAD: pa= va= memsz= data= off= filesz= align= palign=
 *				filesz is the length of data, memsz that of filesz, off where the
 *				data come to lie, unless told; align places the data, palign is
 *				what the header says. count=N step=S: N of them, S apart in pa and
 *				va, with the seeds of the data going up by one
 *	phentsize N		size of a program header, padding behind the known fields
 *	xnum			the number of headers goes into section header 0, as it does by
 *				itself above 65,534
 *	phnum N			say so, whatever is there
 *
 * The file is: header, program headers, section header 0, notes, data.
 */
#include "make/make.h"

struct load {
	uint64_t pa, va, filesz, memsz, off;
	size_t data_off, data_len; /* in `data` */
	uint64_t align, palign;
	bool off_told;
};

struct maker {
	bool wide, big, started, split_notes, xnum;
	uint64_t machine, type, flags, phentsize, phnum;
	bool phnum_told;
	struct strbuf notes, data;
	VECTOR(size_t) note_ends;
	VECTOR(struct load) loads;
};

static struct error *take_load(struct maker *m, struct words *w)
{
	const char *data = make_key(w, "data");
	uint64_t count, step, pa, va;
	struct load l = { 0 };

	TRY(make_key_number(w, "count", 1, &count));
	TRY(make_key_number(w, "step", 0, &step));
	TRY(make_key_number(w, "pa", 0, &pa));
	TRY(make_key_number(w, "va", 0, &va));
	TRY(make_key_number(w, "align", 1, &l.align));
	TRY(make_key_number(w, "palign", 0, &l.palign));
	l.off_told = make_key(w, "off") != NULL;
	TRY(make_key_number(w, "off", 0, &l.off));
	for (uint64_t i = 0; i < count; i++) {
		l.pa = pa + i * step;
		l.va = va + i * step;
		l.data_off = m->data.len;
		TRY(make_data(data ? data : "", i, &m->data));
		l.data_len = m->data.len - l.data_off;
		TRY(make_key_number(w, "filesz", l.data_len, &l.filesz));
		TRY(make_key_number(w, "memsz", l.filesz, &l.memsz));
		if (!vector_push(&m->loads, l))
			return error_nomem();
	}
	return NULL;
}

static struct error *take_line(void *arg, struct words *w)
{
	struct maker *m = arg;
	const struct make_field numbers[] = {
		{ "machine", &m->machine },	{ "type", &m->type },	{ "flags", &m->flags },
		{ "phentsize", &m->phentsize }, { "phnum", &m->phnum },
	};
	const struct make_field *field;

	if (!m->started) {
		m->wide = !strcmp(w->v[0], "elf64");
		if ((!m->wide && strcmp(w->v[0], "elf32")) || w->n != 2)
			return error_new(ERROR_USAGE, "elf64|elf32 little|big comes first");
		m->big = !strcmp(w->v[1], "big");
		m->phentsize = m->wide ? 56 : 32;
		m->started = true;
		return NULL;
	}
	TRY(make_take_field(w, numbers, ARRAY_SIZE(numbers), &field));
	m->phnum_told |= field && field->to == &m->phnum;
	if (field)
		return NULL;
	if (!strcmp(w->v[0], "load"))
		return take_load(m, w);
	if (!strcmp(w->v[0], "split-notes") || !strcmp(w->v[0], "xnum")) {
		*(w->v[0][0] == 'x' ? &m->xnum : &m->split_notes) = true;
		return NULL;
	}
	if (!strcmp(w->v[0], "note"))
		TRY(make_note(w, 1, m->big, &m->notes));
	else if (!strcmp(w->v[0], "rawnotes") && w->n == 2)
		TRY(make_data(w->v[1], 0, &m->notes));
	else
		return error_new(ERROR_USAGE, "unknown statement %s", w->v[0]);
	return vector_push(&m->note_ends, m->notes.len) ? NULL : error_nomem();
}

/* Puts numbers one after the other. */
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

static void put_long(struct pen *p, uint64_t value)
{
	put(p, p->m->wide ? 8 : 4, value);
}

static void put_header(struct pen *p, uint64_t phnum, uint64_t phoff, uint64_t shoff)
{
	struct maker *m = p->m;
	const unsigned char ident[16] = { 0x7f,		  'E', 'L', 'F', m->wide ? 2 : 1,
					  m->big ? 2 : 1, 1 };
	bool many = shoff != 0;

	p->e = image_put(p->im, 0, ident, sizeof(ident));
	p->at = sizeof(ident);
	put(p, 2, m->type);
	put(p, 2, m->machine);
	put(p, 4, 1);
	put_long(p, 0);
	put_long(p, phoff);
	put_long(p, shoff);
	put(p, 4, m->flags);
	put(p, 2, m->wide ? 64 : 52);
	put(p, 2, m->phentsize);
	put(p, 2, many ? 0xffff : phnum);
	put(p, 2, m->wide ? 64 : 40);
	put(p, 2, many ? 1 : 0);
	put(p, 2, 0);
}

static void put_phdr(struct pen *p, uint32_t type, uint64_t off, const struct load *l)
{
	uint64_t start = p->at;

	put(p, 4, type);
	if (p->m->wide)
		put(p, 4, 0);
	put_long(p, off);
	put_long(p, l->va);
	put_long(p, l->pa);
	put_long(p, l->filesz);
	put_long(p, l->memsz);
	if (!p->m->wide)
		put(p, 4, 0);
	put_long(p, l->palign);
	p->at = start + p->m->phentsize;
}

static struct error *write_file(void *arg, struct image *im)
{
	struct maker *m = arg;
	size_t nr_notes = m->split_notes ? m->note_ends.n : m->notes.len > 0, note = 0;
	uint64_t nr = nr_notes + m->loads.n, phoff = m->wide ? 64 : 52;
	uint64_t end = phoff + nr * m->phentsize, shoff = 0, data;
	struct pen p = { m, im };

	if (m->xnum || nr >= 0xffff) {
		shoff = end;
		end += m->wide ? 64 : 40;
	}
	put_header(&p, m->phnum_told ? m->phnum : nr, phoff, shoff);
	if (shoff) {
		p.at = shoff + (m->wide ? 44 : 28);
		put(&p, 4, m->phnum_told ? m->phnum : nr);
		p.at = shoff + (m->wide ? 63 : 39);
		put(&p, 1, 0);
	}
	p.at = phoff;
	for (size_t i = 0; i < nr_notes; i++) {
		size_t to = m->split_notes ? m->note_ends.v[i] : m->notes.len;
		struct load l = { .filesz = to - note };

		put_phdr(&p, 4, end + note, &l);
		note = to;
	}
	data = end + m->notes.len;
	for (size_t i = 0; i < m->loads.n && !p.e; i++) {
		struct load *l = &m->loads.v[i];

		if (l->align > 1 && data % l->align)
			data += l->align - data % l->align;
		put_phdr(&p, 1, l->off_told ? l->off : data, l);
		if (!p.e)
			p.e = image_put(im, data, m->data.s + l->data_off, l->data_len);
		data += l->data_len;
	}
	TRY(p.e);
	return image_put(im, end, strbuf_str(&m->notes), m->notes.len);
}

struct error *make_elf(const char *text, struct image *ret)
{
	struct maker m = { .machine = 62, .type = 4 };
	struct error *e = make_file(text, ret, &m, &m.started, take_line, write_file);

	strbuf_done(&m.notes);
	strbuf_done(&m.data);
	vector_done(&m.note_ends);
	vector_done(&m.loads);
	return e;
}
