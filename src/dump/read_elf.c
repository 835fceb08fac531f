/*
 * ELF vmcores: /proc/vmcore (fs/proc/vmcore.c), makedumpfile -E, QEMU's dump-guest-memory,
 * netdump and diskdump (elf_origin.c).
 * The layout is that of <elf.h>; doc/formats/elf-vmcore.md says what is accepted.
 *
 * PT_LOAD headers come in any order, may overlap and may lie. They are brought into disjoint
 * pieces, sorted by physical address: what the file holds, what it should hold and does not
 * (cut off), and what merely exists.
 */
#include "dump/dump-priv.h"

#include <elf.h>

#include "base/base.h"
#include "dump/elf_origin-priv.h"

#define NR_HEADERS_MAX	(1u << 22)
#define NR_NOTE_AREAS	4096
#define NOTES_MAX	(64u << 20)
#define CHUNK		(64u << 10)
#define FLAG_INCOMPLETE 1 /* e_flags, makedumpfile elf_info.h */

/* Memory whose bytes are in the file. */
struct piece {
	uint64_t start, end; /* physical */
	uint64_t off;
};

struct elf {
	bool wide; /* ELFCLASS64 */
	uint32_t flags;
	uint64_t phoff, shoff;
	uint32_t phnum;
	uint16_t phentsize, shnum;
	VECTOR(struct dump_segment) loads; /* file order */
	size_t nr_loads_seen, nr_at_zero, nr_virtual;
	uint64_t align;			   /* of the first one */
	VECTOR(struct range) note_areas;   /* file offsets */
	VECTOR(struct piece) pieces;
	struct ranges lost;	/* bytes: should be in the file */
	struct ranges memory;	/* bytes: exist */
	unsigned char *scratch; /* one page */
};

static int elf_bid(struct source *s)
{
	unsigned char ident[EI_NIDENT + 2];
	_cleanup_error_ struct error *e = source_read(s, 0, ident, sizeof(ident));

	if (e || memcmp(ident, ELFMAG, SELFMAG))
		return 0;
	if (ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64)
		return 0;
	if (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB)
		return 0;
	return get_u16(ident + EI_NIDENT, ident[EI_DATA] == ELFDATA2MSB) == ET_CORE ? 50 : 0;
}

static struct error *read_file_header(struct dump *d, struct elf *elf)
{
	unsigned char raw[sizeof(Elf64_Ehdr)];
	size_t len = sizeof(Elf32_Ehdr);
	struct cursor c;
	uint16_t machine;

	TRY(source_read(d->source, 0, raw, EI_NIDENT));
	elf->wide = raw[EI_CLASS] == ELFCLASS64;
	d->big = raw[EI_DATA] == ELFDATA2MSB;
	if (elf->wide)
		len = sizeof(Elf64_Ehdr);
	TRY(source_read(d->source, 0, raw, len));
	cursor_init(&c, d->source->name, raw, len, d->big);
	cursor_seek(&c, EI_NIDENT + 2);
	machine = cursor_u16(&c);
	cursor_skip(&c, 4);
	(void)cursor_long(&c, elf->wide); /* entry */
	elf->phoff = cursor_long(&c, elf->wide);
	elf->shoff = cursor_long(&c, elf->wide);
	elf->flags = cursor_u32(&c);
	cursor_skip(&c, 2);
	elf->phentsize = cursor_u16(&c);
	elf->phnum = cursor_u16(&c);
	cursor_skip(&c, 2);
	elf->shnum = cursor_u16(&c);
	TRY(cursor_error(&c));
	d->arch = arch_by_elf(machine, elf->wide);
	if (!d->arch)
		return error_new(ERROR_UNSUPPORTED,
				 "%s: ELF machine %u is none of those that "
				 "are understood",
				 d->source->name, machine);
	d->is_64bit = d->arch->is_64bit;
	return NULL;
}

/* More headers than 16 bits can say: the number is in section header 0 (elf(5), PN_XNUM). */
static struct error *read_real_phnum(struct dump *d, struct elf *elf)
{
	unsigned char raw[4];
	size_t at = elf->wide ? offsetof(Elf64_Shdr, sh_info) : offsetof(Elf32_Shdr, sh_info);
	uint64_t off;
	struct error *e;

	if (elf->phnum != PN_XNUM)
		return NULL;
	if (add_overflows(elf->shoff, at, &off))
		off = UINT64_MAX;
	e = source_read(d->source, off, raw, sizeof(raw));
	if (e)
		return error_prefix(e, "number of program headers (section header 0)");
	elf->phnum = get_u32(raw, d->big);
	return NULL;
}

static struct error *add_load(struct dump *d, struct elf *elf, struct dump_segment seg)
{
	uint64_t limit = 1ull << d->arch->max_phys_bits, end;

	/* old writers leave memsz out */
	if (!seg.len)
		seg.len = seg.file_len;
	seg.file_len = MIN(seg.file_len, seg.len);
	if (!seg.len)
		return NULL;
	elf->nr_loads_seen++;
	elf->nr_at_zero += !seg.pa;
	/* only virtual: what /proc/kcore has besides the direct map */
	if (seg.pa == (elf->wide ? UINT64_MAX : UINT32_MAX)) {
		elf->nr_virtual++;
		return NULL;
	}
	if (add_overflows(seg.pa, seg.len, &end) || end > limit) {
		log_debug("%s: segment of 0x%llx bytes at physical address 0x%llx ignored: "
			  "%s has no such addresses",
			  d->source->name, (unsigned long long)seg.len,
			  (unsigned long long)seg.pa, d->arch->name);
		d->complete = false;
		return NULL;
	}
	return vector_push(&elf->loads, seg) ? NULL : error_nomem();
}

static struct error *take_program_header(struct dump *d, struct elf *elf, struct cursor *c)
{
	struct dump_segment seg = { 0 };
	uint32_t type = cursor_u32(c);
	uint64_t align;

	if (elf->wide)
		cursor_skip(c, 4); /* flags */
	seg.file_off = cursor_long(c, elf->wide);
	seg.va = cursor_long(c, elf->wide);
	seg.pa = cursor_long(c, elf->wide);
	seg.file_len = cursor_long(c, elf->wide);
	seg.len = cursor_long(c, elf->wide);
	if (!elf->wide)
		cursor_skip(c, 4); /* flags */
	align = cursor_long(c, elf->wide);
	TRY(cursor_error(c));
	if (type == PT_LOAD && !elf->loads.n)
		elf->align = align;
	if (type == PT_LOAD)
		return add_load(d, elf, seg);
	if (type == PT_NOTE && seg.file_len && elf->note_areas.n < NR_NOTE_AREAS) {
		uint64_t end;

		if (add_overflows(seg.file_off, seg.file_len, &end))
			end = UINT64_MAX;
		if (!vector_push(&elf->note_areas, (struct range){ seg.file_off, end }))
			return error_nomem();
	}
	return NULL;
}

static struct error *read_program_headers(struct dump *d, struct elf *elf)
{
	size_t natural = elf->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr), per_chunk;
	_cleanup_free_ unsigned char *raw = NULL;
	uint64_t size = d->source->size, there;

	if (elf->phentsize < natural)
		return error_new(ERROR_BAD_DATA,
				 "%s: program headers of %u bytes, expected %zu",
				 d->source->name, elf->phentsize, natural);
	there = elf->phoff < size ? (size - elf->phoff) / elf->phentsize : 0;
	if (elf->phnum > there) {
		elf->phnum = there;
		d->complete = false;
	}
	if (elf->phnum > NR_HEADERS_MAX)
		return error_new(ERROR_BAD_DATA,
				 "%s: %u program headers are more than the limit "
				 "of %u",
				 d->source->name, elf->phnum, NR_HEADERS_MAX);
	raw = malloc(CHUNK);
	if (!raw)
		return error_nomem();
	per_chunk = CHUNK / elf->phentsize;
	for (uint32_t i = 0; i < elf->phnum; i += per_chunk) {
		size_t n = MIN(per_chunk, (size_t)(elf->phnum - i));
		struct cursor c;

		TRY(source_read(d->source, elf->phoff + (uint64_t)i * elf->phentsize, raw,
				n * elf->phentsize));
		cursor_init(&c, d->source->name, raw, n * elf->phentsize, d->big);
		for (size_t k = 0; k < n; k++) {
			cursor_seek(&c, k * elf->phentsize);
			TRY(take_program_header(d, elf, &c));
		}
	}
	return NULL;
}

/* One merged note segment is the rule; several are put behind each other. */
static struct error *read_note_areas(struct dump *d, struct elf *elf)
{
	_cleanup_free_ unsigned char *all = NULL;
	size_t len = 0;

	if (!elf->note_areas.n)
		return NULL;
	if (elf->note_areas.n == 1)
		return dump_read_notes(d, elf->note_areas.v[0].start,
				       elf->note_areas.v[0].end - elf->note_areas.v[0].start);
	for (size_t i = 0; i < elf->note_areas.n; i++) {
		struct range r = elf->note_areas.v[i];
		unsigned char *grown;

		if (r.end > d->source->size) {
			d->complete = false;
			r.end = MAX(r.start, d->source->size);
		}
		if (r.end - r.start > NOTES_MAX - len)
			break;
		grown = realloc(all, ROUND_UP(len + (r.end - r.start), 4) + 4);
		if (!grown)
			return error_nomem();
		all = grown;
		TRY(source_read(d->source, r.start, all + len, r.end - r.start));
		len += r.end - r.start;
		for (; len & 3; len++)
			all[len] = 0;
	}
	return dump_take_notes(d, take_ptr(all), len);
}

static int by_pa(const void *a, const void *b)
{
	const struct dump_segment *x = a, *y = b;

	if (x->pa != y->pa)
		return x->pa < y->pa ? -1 : 1;
	/* longer first, so that the shorter one adds nothing */
	return x->file_len > y->file_len ? -1 : x->file_len < y->file_len;
}

/* The bytes [start, end) are at `off`; what earlier pieces hold already is left out. */
static struct error *add_piece(struct elf *elf, uint64_t start, uint64_t end, uint64_t off)
{
	struct piece *last = elf->pieces.n ? &elf->pieces.v[elf->pieces.n - 1] : NULL;

	if (last && start < last->end) {
		if (end <= last->end)
			return NULL;
		off += last->end - start;
		start = last->end;
	}
	if (start >= end)
		return NULL;
	if (last && start == last->end && off == last->off + (last->end - last->start)) {
		last->end = end;
		return NULL;
	}
	if (!vector_push(&elf->pieces, (struct piece){ start, end, off }))
		return error_nomem();
	return NULL;
}

static struct error *sort_out(struct dump *d, struct elf *elf)
{
	_cleanup_free_ struct dump_segment *sorted = calloc(elf->loads.n + 1, sizeof(*sorted));

	if (!sorted)
		return error_nomem();
	if (elf->loads.n)
		memcpy(sorted, elf->loads.v, elf->loads.n * sizeof(*sorted));
	qsort(sorted, elf->loads.n, sizeof(*sorted), by_pa);
	for (size_t i = 0; i < elf->loads.n; i++) {
		const struct dump_segment *s = &sorted[i];
		uint64_t there = 0;

		if (s->file_off < d->source->size)
			there = MIN(s->file_len, d->source->size - s->file_off);
		TRY(add_piece(elf, s->pa, s->pa + there, s->file_off));
		TRY(ranges_add(&elf->lost, s->pa + there, s->pa + s->file_len));
		TRY(ranges_add(&elf->memory, s->pa, s->pa + s->len));
	}
	if (elf->lost.n)
		d->complete = false;
	return NULL;
}

/* In a 32-bit netdump of a machine with more than 4 GiB, the length of the one segment lacks its
 * upper half: the file goes on. */
static void lengthen_netdump(const struct dump *d, struct elf *elf)
{
	struct dump_segment *l = &elf->loads.v[0];
	uint64_t end = l->file_off + l->file_len, more;

	if (elf->wide || elf->loads.n != 1 || l->pa || end >= d->source->size)
		return;
	more = d->source->size - end;
	if (round_up_overflows(more, 1ull << 32, &more) ||
	    more > (1ull << d->arch->max_phys_bits) - l->file_len)
		return;
	l->file_len += more;
	l->len = MAX(l->len, l->file_len);
}

/* No note has it: it may be in memory. */
static struct error *search_info(struct dump *d, const struct elf *elf)
{
	uint64_t left = INFO_SEARCH_MAX;

	for (size_t i = 0; i < elf->pieces.n && left && !d->vmcoreinfo; i++) {
		const struct piece *p = &elf->pieces.v[i];
		uint64_t len = MIN(p->end - p->start, left);

		TRY(find_info_in_memory(d, p->start, p->off, len));
		left -= len;
	}
	return NULL;
}

static void choose_page_size(struct dump *d, uint32_t by_alignment)
{
	uint64_t said;

	/* else the smallest that the machine has */
	d->page_size = by_alignment ? by_alignment : d->arch->page_sizes & -d->arch->page_sizes;
	if (dump_vmcoreinfo_u64(d, "PAGESIZE", &said) && said <= UINT32_MAX &&
	    !(said & (said - 1)) && (said & d->arch->page_sizes))
		d->page_size = said;
}

static struct error *list_memory(struct dump *d, struct elf *elf)
{
	uint64_t size = d->page_size;

	for (size_t i = 0; i < elf->memory.n; i++) {
		const struct range *r = &elf->memory.v[i];

		TRY(ranges_add(&d->memory, r->start / size, (r->end + size - 1) / size));
	}
	if (d->memory.n)
		d->max_pfn = d->memory.v[d->memory.n - 1].end;
	return NULL;
}

/* Bit 0 means an incomplete dump; on big-endian ppc64 it is also the number of ABI 1, which
 * the kernel puts there (arch/powerpc, fadump), so there it tells nothing. */
static bool marked_incomplete(const struct dump *d, const struct elf *elf)
{
	return (elf->flags & FLAG_INCOMPLETE) && !(d->arch == &arch_ppc64 && d->big);
}

static struct error *elf_open(struct dump *d)
{
	struct elf *elf = calloc(1, sizeof(*elf));
	struct elf_origin origin = { 0 };
	bool kcore, at_zero;

	if (!elf)
		return error_nomem();
	d->state = elf;
	TRY(read_file_header(d, elf));
	TRY(read_real_phnum(d, elf));
	TRY(read_program_headers(d, elf));
	if (!elf->phnum && elf->shnum > 1)
		return error_new(ERROR_UNSUPPORTED,
				 "%s: a Xen domain core (xl dump-core), its memory is in sections: this is "
				 "not read; let kdump inside the guest save it",
				 d->source->name);
	if (!elf->loads.n)
		return error_new(ERROR_BAD_DATA,
				 "%s: an ELF core file without any memory "
				 "segment",
				 d->source->name);
	TRY(read_note_areas(d, elf));
	at_zero = elf->nr_at_zero > 1 && elf->nr_at_zero == elf->nr_loads_seen;
	TRY(elf_take_kcore(d, elf->nr_virtual, at_zero, &kcore));
	if (!kcore)
		origin = elf_take_origin(d, elf->loads.v[0].file_off, elf->align);
	if (origin.netdump)
		lengthen_netdump(d, elf);
	TRY(sort_out(d, elf));
	/* Where the note decides the byte order or the page size it is needed now; elsewhere the
	 * kernel floor finds it, and checks that it is not an earlier kernel's. */
	if (!d->vmcoreinfo && (d->arch->maybe_big || !IS_POW2(d->arch->page_sizes)))
		TRY(search_info(d, elf));
	choose_page_size(d, origin.page_size);
	TRY(list_memory(d, elf));
	if (marked_incomplete(d, elf))
		d->complete = false;
	elf->scratch = malloc(d->page_size);
	return elf->scratch ? NULL : error_nomem();
}

/* Index of the first piece that ends above `pa` (or n). */
static size_t piece_at(const struct elf *elf, uint64_t pa)
{
	size_t lo = 0, hi = elf->pieces.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (elf->pieces.v[mid].end > pa)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* What is to be said of bytes that no piece holds. */
static enum page_answer judge_gap(const struct elf *elf, uint64_t start, uint64_t end,
				  enum page_answer so_far)
{
	if (start >= end || so_far == PAGE_LOST)
		return so_far;
	if (ranges_meet(&elf->lost, start, end))
		return PAGE_LOST;
	if (ranges_meet(&elf->memory, start, end))
		return PAGE_EXCLUDED;
	return so_far;
}

/* Judges a page from the pieces that meet it, and reads them unless `buf` is null. A page of
 * which memory holds only a part is padded with zeros. */
static enum page_answer walk_page(struct dump *d, uint64_t pfn, unsigned char *buf,
				  struct error **ret_why)
{
	struct elf *elf = d->state;
	uint64_t start = pfn * d->page_size, end = start + d->page_size, at = start;
	enum page_answer answer = PAGE_HOLE;

	for (size_t i = piece_at(elf, start); i < elf->pieces.n; i++) {
		const struct piece *p = &elf->pieces.v[i];
		uint64_t from = MAX(p->start, start), to = MIN(p->end, end);
		struct error *e;

		if (from >= end)
			break;
		answer = judge_gap(elf, at, from, answer == PAGE_HOLE ? PAGE_OK : answer);
		if (buf) {
			memset(buf + (at - start), 0, from - at);
			e = source_read(d->source, p->off + (from - p->start),
					buf + (from - start), to - from);
			if (e && ret_why)
				*ret_why = e;
			else
				error_free(e);
			if (e)
				return PAGE_LOST;
		}
		at = to;
	}
	if (buf)
		memset(buf + (at - start), 0, end - at);
	return judge_gap(elf, at, end, answer);
}

static enum page_answer elf_page(struct dump *d, uint64_t pfn, void *buf,
				 struct error **ret_why)
{
	struct elf *elf = d->state;
	enum page_answer answer = walk_page(d, pfn, NULL, NULL);

	if (answer == PAGE_OK)
		answer = walk_page(d, pfn, elf->scratch, ret_why);
	else if (answer == PAGE_LOST && ret_why)
		*ret_why = error_new(ERROR_LOST,
				     "%s: page 0x%llx should be in the file, but it "
				     "is cut off",
				     d->source->name, (unsigned long long)pfn);
	if (answer == PAGE_OK)
		memcpy(buf, elf->scratch, d->page_size);
	return answer;
}

static bool elf_locate(struct dump *d, uint64_t pfn, uint64_t end, uint64_t *ret_off,
		       uint64_t *ret_n)
{
	const struct elf *elf = d->state;
	uint64_t pa = pfn * d->page_size;
	size_t i = piece_at(elf, pa);
	const struct piece *p;

	if (i == elf->pieces.n)
		return false;
	p = &elf->pieces.v[i];
	if (p->start > pa || p->end - pa < d->page_size)
		return false;
	*ret_off = p->off + (pa - p->start);
	*ret_n = MIN((p->end - pa) / d->page_size, end - pfn);
	return true;
}

static enum page_answer elf_state_of(struct dump *d, uint64_t pfn)
{
	return walk_page(d, pfn, NULL, NULL);
}

static const void *elf_map(struct dump *d, uint64_t pa, size_t len, bool forever)
{
	const struct elf *elf = d->state;
	size_t i = piece_at(elf, pa);
	const struct piece *p;
	uint64_t off;

	if (i == elf->pieces.n)
		return NULL;
	p = &elf->pieces.v[i];
	if (p->start > pa || p->end - pa < len)
		return NULL;
	off = p->off + (pa - p->start);
	return forever ? source_map_forever(d->source, off, len)
		       : source_map(d->source, off, len);
}

static size_t elf_nr_segments(const struct dump *d)
{
	return ((const struct elf *)d->state)->loads.n;
}

static struct dump_segment elf_segment_at(const struct dump *d, size_t i)
{
	return ((const struct elf *)d->state)->loads.v[i];
}

static void elf_close(struct dump *d)
{
	struct elf *elf = d->state;

	if (!elf)
		return;
	vector_done(&elf->loads);
	vector_done(&elf->note_areas);
	vector_done(&elf->pieces);
	ranges_done(&elf->lost);
	ranges_done(&elf->memory);
	free(elf->scratch);
	free(elf);
}

const struct dump_format read_elf = {
	.name = "ELF vmcore",
	.bid = elf_bid,
	.open = elf_open,
	.page = elf_page,
	.state_of = elf_state_of,
	.locate = elf_locate,
	.map = elf_map,
	.nr_segments = elf_nr_segments,
	.segment_at = elf_segment_at,
	.close = elf_close,
};
