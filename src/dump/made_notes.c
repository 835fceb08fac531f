/* Registers and VMCOREINFO of formats that have no notes, as notes: readers and writers then
 * know one form. */
#include "dump/dump-priv.h"

#include <elf.h>

#include "base/base.h"

#define PRSTATUS_MAX 1536
#define NOTES_MAX    (64u << 20)

void put_note(struct strbuf *to, bool big, const char *name, uint32_t type, const void *desc,
	      size_t len)
{
	unsigned char head[12];
	size_t name_len = strlen(name) + 1;

	put_u32(head, name_len, big);
	put_u32(head + 4, len, big);
	put_u32(head + 8, type, big);
	strbuf_add(to, head, sizeof(head));
	strbuf_add(to, name, name_len);
	strbuf_fill(to, 0, -to->len & 3);
	strbuf_add(to, desc, len);
	strbuf_fill(to, 0, -to->len & 3);
}

void put_cpu_note(const struct dump *d, unsigned cpu, const void *regs, size_t len,
		  struct strbuf *to)
{
	const struct arch *a = d->arch;
	unsigned char desc[PRSTATUS_MAX] = { 0 };

	if (a->prstatus_size > sizeof(desc))
		return;
	/* the word behind the registers is pr_fpvalid */
	memcpy(desc + a->prstatus_regs, regs,
	       MIN(len, (size_t)a->prstatus_size - a->prstatus_regs - 4));
	put_u32(desc + (d->is_64bit ? 32 : 24), cpu + 1, d->big);
	put_note(to, d->big, "CORE", NT_PRSTATUS, desc, a->prstatus_size);
}

struct error *take_made_notes(struct dump *d, struct strbuf *notes)
{
	size_t len;
	char *raw;

	TRY(strbuf_error(notes));
	if (!notes->len)
		return NULL;
	raw = strbuf_take(notes, &len);
	return raw ? dump_take_notes(d, (unsigned char *)raw, len) : error_nomem();
}

struct error *dump_add_vmcoreinfo(struct dump *d, const void *text, size_t len)
{
	_cleanup_strbuf_ struct strbuf notes = { 0 };

	TRY(dump_set_vmcoreinfo(d, text, len));
	/* what is that large is mapped, and stays as it is */
	if (d->raw_notes_len > NOTES_MAX)
		return NULL;
	put_note(&notes, d->big, "VMCOREINFO", 0, text, len);
	strbuf_add(&notes, d->raw_notes, d->raw_notes_len);
	return take_made_notes(d, &notes);
}
