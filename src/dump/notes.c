/*
 * ELF notes of a dump. Each has a 12-byte head (namesz, descsz, type), then name and
 * descriptor, each padded to 4 bytes in 32- and in 64-bit files alike (the kernel's
 * include/linux/elfcore.h and append_elf_note(), kernel/crash_core.c).
 */
#include "base/base.h"
#include "dump/dump.h"

#define NOTES_MAX      (64u << 20) /* bytes that are copied; more only where it can be mapped */
#define NOTES_COPY_MAX (1u << 20)  /* above it a mapping is tried first */
#define NR_NOTES_MAX   (1u << 18)
#define VMCOREINFO_MAX (1u << 20)

struct error *dump_set_vmcoreinfo(struct dump *d, const void *text, size_t len)
{
	char *copy;

	if (len > VMCOREINFO_MAX)
		return error_new(ERROR_BAD_DATA,
				 "VMCOREINFO of %zu bytes is larger than the "
				 "limit of %u",
				 len, VMCOREINFO_MAX);
	copy = malloc(len + 1);
	if (!copy)
		return error_nomem();
	memcpy(copy, text, len);
	/* the note may be padded with NULs inside its length */
	while (len && !copy[len - 1])
		len--;
	copy[len] = '\0';
	free(d->vmcoreinfo);
	d->vmcoreinfo = copy;
	d->vmcoreinfo_len = len;
	return NULL;
}

bool dump_vmcoreinfo_u64(const struct dump *d, const char *key, uint64_t *ret)
{
	size_t len = strlen(key);
	const char *line = d->vmcoreinfo;

	while (line && *line) {
		size_t line_len = strcspn(line, "\n");

		if (line_len > len && !strncmp(line, key, len) && line[len] == '=') {
			char number[32];

			if (line_len - len - 1 >= sizeof(number))
				return false;
			memcpy(number, line + len + 1, line_len - len - 1);
			number[line_len - len - 1] = '\0';
			return text_u64(number, ret);
		}
		line += line_len;
		line += *line == '\n';
	}
	return false;
}

/* One note at the cursor; false at the end of what can be read. */
static bool next_note(struct cursor *c, struct dump_note *ret)
{
	uint32_t name_len, desc_len;

	if (cursor_left(c) < 12)
		return false;
	name_len = cursor_u32(c);
	desc_len = cursor_u32(c);
	ret->type = cursor_u32(c);
	if (!name_len)
		return false;
	ret->name = cursor_bytes(c, name_len);
	cursor_align(c, 4);
	ret->desc = cursor_bytes(c, desc_len);
	ret->desc_len = desc_len;
	if (c->failed || memchr(ret->name, 0, name_len) == NULL)
		return false;
	if (cursor_left(c))
		cursor_align(c, 4);
	return true;
}

static struct error *parse_notes(struct dump *d)
{
	VECTOR(struct dump_note) notes = { 0 };
	struct dump_note note;
	struct cursor c;

	cursor_init(&c, "notes", d->raw_notes, d->raw_notes_len, d->big);
	while (notes.n < NR_NOTES_MAX && next_note(&c, &note)) {
		if (!vector_push(&notes, note)) {
			vector_done(&notes);
			return error_nomem();
		}
	}
	free(d->notes);
	d->notes = notes.v;
	d->nr_notes = notes.n;
	for (size_t i = 0; i < d->nr_notes && !d->vmcoreinfo; i++) {
		const struct dump_note *n = &d->notes[i];

		if (!strcmp(n->name, "VMCOREINFO") && n->desc_len <= VMCOREINFO_MAX)
			TRY(dump_set_vmcoreinfo(d, n->desc, n->desc_len));
	}
	return NULL;
}

static void drop_notes(struct dump *d)
{
	if (!d->raw_notes_mapped)
		free((void *)d->raw_notes);
	d->raw_notes = NULL;
	d->raw_notes_len = 0;
}

struct error *dump_take_notes(struct dump *d, unsigned char *raw, size_t len)
{
	drop_notes(d);
	d->raw_notes = raw;
	d->raw_notes_len = len;
	d->raw_notes_mapped = false;
	return parse_notes(d);
}

/* The same for notes inside a lasting mapping of d->source, not taken over. */
static struct error *take_mapped_notes(struct dump *d, const unsigned char *raw, size_t len)
{
	drop_notes(d);
	d->raw_notes = raw;
	d->raw_notes_len = len;
	d->raw_notes_mapped = true;
	return parse_notes(d);
}

struct error *dump_read_notes(struct dump *d, uint64_t off, uint64_t len)
{
	_cleanup_free_ unsigned char *raw = NULL;
	struct source *s = d->source;

	if (!range_fits(off, len, s->size)) {
		d->complete = false;
		len = off < s->size ? s->size - off : 0;
	}
	if (!len)
		return NULL;
	if (len > NOTES_COPY_MAX && len == (size_t)len) {
		const void *p = source_map_forever(s, off, len);

		if (p)
			return take_mapped_notes(d, p, len);
	}
	if (len > NOTES_MAX)
		return error_new(ERROR_BAD_DATA,
				 "%s: notes of %llu bytes are larger than the "
				 "limit of %u",
				 s->name, (unsigned long long)len, NOTES_MAX);
	raw = malloc(len);
	if (!raw)
		return error_nomem();
	TRY(source_read(s, off, raw, len));
	return dump_take_notes(d, take_ptr(raw), len);
}

const struct dump_note *dump_find_note(const struct dump *d, const char *name, uint32_t type)
{
	for (size_t i = 0; i < d->nr_notes; i++)
		if (d->notes[i].type == type && !strcmp(d->notes[i].name, name))
			return &d->notes[i];
	return NULL;
}
