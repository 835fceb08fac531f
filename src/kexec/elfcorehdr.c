/* Building core headers; see elfcorehdr.h. */
#include "kexec/elfcorehdr.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define HEADERS_MAX 65000 /* e_phnum is 16 bits, 0xffff has a meaning of its own */
#define LOW_END	    0x100000u

struct phdr {
	uint32_t type, flags;
	uint64_t offset, va, pa, len;
};

struct writer {
	unsigned char *bytes;
	size_t at;
	bool elf32;
};

static void put_long(struct writer *w, uint64_t v)
{
	if (w->elf32)
		put_u32(w->bytes + w->at, (uint32_t)v, false);
	else
		put_u64(w->bytes + w->at, v, false);
	w->at += w->elf32 ? 4 : 8;
}

static void put_word(struct writer *w, uint32_t v)
{
	put_u32(w->bytes + w->at, v, false);
	w->at += 4;
}

static void put_half(struct writer *w, uint16_t v)
{
	put_u16(w->bytes + w->at, v, false);
	w->at += 2;
}

static void write_ehdr(struct writer *w, uint16_t machine, unsigned nr)
{
	unsigned char ident[EI_NIDENT] = ELFMAG;

	ident[EI_CLASS] = w->elf32 ? ELFCLASS32 : ELFCLASS64;
	ident[EI_DATA] = ELFDATA2LSB;
	ident[EI_VERSION] = EV_CURRENT;
	memcpy(w->bytes, ident, sizeof(ident));
	w->at = sizeof(ident);
	put_half(w, ET_CORE);
	put_half(w, machine);
	put_word(w, EV_CURRENT);
	put_long(w, 0); /* entry */
	put_long(w, w->elf32 ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr));
	put_long(w, 0); /* sections */
	put_word(w, 0); /* flags */
	put_half(w, w->elf32 ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr));
	put_half(w, w->elf32 ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr));
	put_half(w, (uint16_t)nr);
	put_half(w, 0);
	put_half(w, 0);
	put_half(w, 0);
}

static void write_phdr(struct writer *w, const struct phdr *p)
{
	put_word(w, p->type);
	if (!w->elf32)
		put_word(w, p->flags);
	put_long(w, p->offset);
	put_long(w, p->va);
	put_long(w, p->pa);
	put_long(w, p->len);
	put_long(w, p->len);
	if (w->elf32)
		put_word(w, p->flags);
	put_long(w, p->type == PT_NOTE ? 4 : 0);
}

static void write_note(struct writer *w, uint64_t pa, uint64_t len)
{
	write_phdr(w, &(struct phdr){ PT_NOTE, 0, pa, 0, pa, len });
}

static void write_ram(struct writer *w, const struct elfcorehdr_input *in, uint64_t start,
		      uint64_t end, uint64_t offset)
{
	/* a 64-bit kernel's addresses do not fit into ELF32: better none than cut ones */
	bool known = in->kcore->have_direct_map && !in->elf32;
	uint64_t va = known ? in->kcore->direct_map_va + start : 0;

	write_phdr(w, &(struct phdr){ PT_LOAD, PF_R | PF_W | PF_X, offset, va, start, end - start });
}

/* A range that holds the saved low memory is cut in up to three. */
static unsigned ram_pieces(const struct elfcorehdr_input *in, const struct range *r,
			   struct range piece[3])
{
	uint64_t from = MAX(in->backup_from, r->start);
	uint64_t to = MIN(in->backup_from + in->backup_len, r->end);
	unsigned n = 0;

	if (!in->backup_len || from >= to) {
		piece[0] = *r;
		return 1;
	}
	if (r->start < from)
		piece[n++] = (struct range){ r->start, from };
	piece[n++] = (struct range){ from, to };
	if (to < r->end)
		piece[n++] = (struct range){ to, r->end };
	return n;
}

static void write_loads(struct writer *w, const struct elfcorehdr_input *in, unsigned *nr)
{
	for (size_t i = 0; i < in->ram->n; i++) {
		struct range piece[3];
		unsigned n = ram_pieces(in, &in->ram->v[i], piece);

		for (unsigned j = 0; w && j < n; j++) {
			uint64_t start = piece[j].start, off = start;

			if (start >= in->backup_from && start - in->backup_from < in->backup_len)
				off = in->backup_to + (start - in->backup_from);
			write_ram(w, in, start, piece[j].end, off);
		}
		*nr += n;
	}
}

static bool have_text(const struct elfcorehdr_input *in)
{
	return in->kcore->have_text && !in->elf32;
}

static struct error *check(const struct elfcorehdr_input *in, unsigned nr)
{
	if (nr > HEADERS_MAX)
		return error_new(ERROR_UNSUPPORTED,
				 "%u memory ranges and CPUs are more than core headers can hold (%d)",
				 nr, HEADERS_MAX);
	if (in->elf32 && in->ram->n && in->ram->v[in->ram->n - 1].end > 1ull << 32)
		return error_new(ERROR_UNSUPPORTED,
				 "ELF32 core headers cannot name memory above 4 GiB, and RAM ends at 0x%llx",
				 (unsigned long long)in->ram->v[in->ram->n - 1].end);
	return NULL;
}

struct error *elfcorehdr_build(const struct elfcorehdr_input *in, unsigned char **ret,
			       size_t *ret_len)
{
	unsigned nr = (unsigned)in->notes->cpus.n + !!in->notes->vmcoreinfo_len + have_text(in);
	struct writer w = { .elf32 = in->elf32 };
	size_t len;

	write_loads(NULL, in, &nr);
	TRY(check(in, nr));
	len = in->elf32 ? sizeof(Elf32_Ehdr) + nr * sizeof(Elf32_Phdr) :
			  sizeof(Elf64_Ehdr) + nr * sizeof(Elf64_Phdr);
	w.bytes = calloc(1, len);
	if (!w.bytes)
		return error_nomem();
	write_ehdr(&w, in->machine, nr);
	for (size_t i = 0; i < in->notes->cpus.n; i++)
		write_note(&w, in->notes->cpus.v[i].pa, in->notes->cpus.v[i].len);
	if (in->notes->vmcoreinfo_len)
		write_note(&w, in->notes->vmcoreinfo_pa, in->notes->vmcoreinfo_len);
	if (have_text(in))
		write_phdr(&w, &(struct phdr){ PT_LOAD, PF_R | PF_W | PF_X, in->kcore->text_pa,
					       in->kcore->text_va, in->kcore->text_pa,
					       in->kcore->text_len });
	write_loads(&w, in, &nr);
	*ret = w.bytes;
	*ret_len = len;
	return NULL;
}

struct error *elfcorehdr_ram(const struct ranges *all, const struct ranges *regions,
			     const struct ranges *cma, bool keep_low, struct ranges *ret)
{
	_cleanup_ranges_ struct ranges ram = { 0 };

	TRY(ranges_copy(all, &ram));
	if (!keep_low)
		TRY(ranges_cut(&ram, 0, LOW_END));
	for (size_t i = 0; i < regions->n; i++)
		TRY(ranges_cut(&ram, regions->v[i].start, regions->v[i].end));
	for (size_t i = 0; i < cma->n; i++)
		TRY(ranges_cut(&ram, cma->v[i].start, cma->v[i].end));
	for (size_t i = 0; i < ram.n; i++) {
		uint64_t start = ROUND_UP(ram.v[i].start, 4096u), end = ROUND_DOWN(ram.v[i].end, 4096u);

		if (start < end)
			TRY(ranges_add(ret, start, end));
	}
	return NULL;
}
