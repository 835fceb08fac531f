/*
 * VMCOREINFO out of memory. Hypervisors that dump a machine from outside have no such note
 * unless the guest handed it over; but the kernel keeps one ready for its own crash: a whole
 * ELF note in the byte order of the machine, at the start of a page of its own (4.13 and
 * later; kernel/vmcore_info.c, crash_save_vmcoreinfo_init). Found there, it is put behind the
 * dump's notes, so that readers and writers need not know where it came from.
 *
 * Its byte order is the machine's, whatever the file's headers are in: QEMU writes big-endian
 * headers for little-endian POWER guests. The notes are turned to the same order then.
 */
#include "dump/dump-priv.h"

#include <elf.h>

#include "base/base.h"

#define PAGE_LEN 4096 /* no page is smaller */
#define CHUNK	 (1u << 20)
#define HEAD_LEN 24 /* name and descriptor lengths, type, "VMCOREINFO" padded */
#define DESC_MAX (256u << 10)

#define PID_OFF_64 32 /* of NT_PRSTATUS */
#define PID_OFF_32 24
#define LOOKED_AT  (HEAD_LEN + sizeof(first_line) - 1)

static const char name[12] = "VMCOREINFO";
static const char first_line[] = "OSRELEASE=";

static bool is_head(const unsigned char *p, bool big, uint64_t left, size_t *ret_len)
{
	uint32_t desc_len = get_u32(p + 4, big);

	if (get_u32(p, big) != sizeof("VMCOREINFO") || get_u32(p + 8, big) != 0 ||
	    memcmp(p + 12, name, sizeof(name)) != 0 ||
	    memcmp(p + HEAD_LEN, first_line, sizeof(first_line) - 1) != 0)
		return false;
	*ret_len = HEAD_LEN + (size_t)desc_len;
	return desc_len > sizeof(first_line) && desc_len <= DESC_MAX && *ret_len <= left;
}

static void turn(unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		unsigned char c = p[i];

		p[i] = p[n - 1 - i];
		p[n - 1 - i] = c;
	}
}

/* The notes in the other byte order; of their contents the registers and their pid too. */
static struct error *turn_notes(const struct dump *d, struct strbuf *to)
{
	const struct arch *a = d->arch;

	for (size_t i = 0; i < d->nr_notes; i++) {
		const struct dump_note *n = &d->notes[i];
		_cleanup_free_ unsigned char *desc = malloc(n->desc_len ? n->desc_len : 1);

		if (!desc)
			return error_nomem();
		memcpy(desc, n->desc, n->desc_len);
		if (n->type == NT_PRSTATUS && strcmp(n->name, "CORE") == 0 &&
		    n->desc_len >= a->prstatus_size) {
			turn(desc + (d->is_64bit ? PID_OFF_64 : PID_OFF_32), 4);
			for (const struct arch_reg *r = a->regs; r->name; r++)
				turn(desc + a->prstatus_regs + r->off, r->size);
		}
		put_note(to, !d->big, n->name, n->type, desc, n->desc_len);
	}
	return strbuf_error(to);
}

/* Puts the note of `len` bytes at `off` of the file, which is in byte order `big`, behind those
 * that there are. */
static struct error *take_note(struct dump *d, uint64_t off, size_t len, bool big)
{
	_cleanup_strbuf_ struct strbuf all = {0};
	_cleanup_free_ unsigned char *note = malloc(len);

	if (!note)
		return error_nomem();
	TRY(source_read(d->source, off, note, len));
	if (big != d->big)
		TRY(turn_notes(d, &all));
	else
		strbuf_add(&all, d->raw_notes, d->raw_notes_len);
	strbuf_fill(&all, '\0', -all.len & 3);
	strbuf_add(&all, note, len);
	strbuf_fill(&all, '\0', -all.len & 3);
	log_debug("%s: VMCOREINFO found in memory, at offset 0x%llx of the file%s",
		  d->source->name, (unsigned long long)off,
		  big != d->big ? "; headers are in the wrong byte order" : "");
	d->big = big;
	return take_made_notes(d, &all);
}

static struct error *search_chunk(struct dump *d, uint64_t off, const unsigned char *p,
				  size_t len, uint64_t left)
{
	for (size_t at = 0; at + LOOKED_AT <= len; at += PAGE_LEN) {
		size_t note_len;

		for (int big = 0; big <= d->arch->maybe_big; big++)
			if (is_head(p + at, big, left - at, &note_len))
				return take_note(d, off + at, note_len, big);
	}
	return NULL;
}

struct error *find_info_in_memory(struct dump *d, uint64_t pa, uint64_t off, uint64_t len)
{
	_cleanup_free_ unsigned char *buf = NULL;
	uint64_t skip = -pa & (PAGE_LEN - 1);

	for (uint64_t at = skip; at < len && !d->vmcoreinfo; at += CHUNK) {
		size_t part = MIN((uint64_t)CHUNK, len - at);
		const unsigned char *p = source_map(d->source, off + at, part);

		if (!p) {
			struct error *e;

			if (!buf && !(buf = malloc(CHUNK)))
				return error_nomem();
			e = source_read(d->source, off + at, buf, part);
			if (e) { /* a bad spot of the file is told by whoever needs it */
				error_free(e);
				continue;
			}
			p = buf;
		}
		TRY(search_chunk(d, off + at, p, part, len - at));
	}
	return NULL;
}
