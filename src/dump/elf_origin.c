/* Netdump's and diskdump's ELF files, /proc/kcore; see elf_origin-priv.h. */
#include "dump/elf_origin-priv.h"

#include <elf.h>

#include "base/base.h"
#include "dump/dump-priv.h"

#ifndef NT_TASKSTRUCT
#define NT_TASKSTRUCT 4
#endif
#define NT_DISKDUMP 0x70000001

/* A task's address in front of the descriptor; crash's snap puts more behind it. */
static void take_task(struct dump *d, const struct dump_note *n)
{
	size_t word = d->is_64bit ? 8 : 4;

	if (n && n->desc_len >= word)
		d->panic_task = get_uint(n->desc, word, d->big);
}

/* The running kernel calls itself so in the note that names a process elsewhere (pr_fname, whose
 * place depends on the architecture); netdump too. */
static bool is_vmlinux(const struct dump *d)
{
	const struct dump_note *n = dump_find_note(d, "CORE", NT_PRPSINFO);

	return n && memmem(n->desc, n->desc_len, "vmlinux", sizeof("vmlinux"));
}

struct error *elf_take_kcore(struct dump *d, size_t nr_virtual, bool all_at_zero, bool *ret_kcore)
{
	_cleanup_strbuf_ struct strbuf notes = { 0 };
	unsigned char *none;

	*ret_kcore = is_vmlinux(d) && (nr_virtual || all_at_zero);
	if (!*ret_kcore)
		return NULL;
	if (!nr_virtual)
		return error_new(ERROR_UNSUPPORTED,
				 "%s: the running kernel is older than 4.11 and does not tell the physical "
				 "addresses of its memory here",
				 d->source->name);
	d->format = "/proc/kcore";
	if (d->vmcoreinfo) {
		put_note(&notes, d->big, "VMCOREINFO", 0, d->vmcoreinfo, d->vmcoreinfo_len);
		return take_made_notes(d, &notes);
	}
	none = malloc(1);
	return none ? dump_take_notes(d, none, 0) : error_nomem();
}

struct elf_origin elf_take_origin(struct dump *d, uint64_t off, uint64_t align)
{
	const struct dump_note *task = dump_find_note(d, "CORE", NT_TASKSTRUCT);
	const struct dump_note *snap = dump_find_note(d, "SNAP", NT_TASKSTRUCT);
	bool diskdump = dump_find_note(d, "DISKDUMP", NT_DISKDUMP);
	/* a process's core file looks alike, but for its auxiliary vector */
	bool netdump = task || (dump_find_note(d, "CORE", NT_PRPSINFO) &&
				!dump_find_note(d, "CORE", NT_AUXV));

	take_task(d, snap ? snap : task);
	if (snap) {
		d->format = "ELF vmcore, crash's snap";
		return (struct elf_origin){ 0 };
	}
	if (d->vmcoreinfo || !(diskdump || netdump) || !align || off % 4096)
		return (struct elf_origin){ 0 };
	d->format = diskdump ? "ELF vmcore, diskdump" : "ELF vmcore, netdump";
	if (!IS_POW2(align) || !(align & d->arch->page_sizes))
		align = 0;
	return (struct elf_origin){ true, align };
}
