/*
 * Writes an ELF vmcore (ELF gABI; conventions of /proc/vmcore and makedumpfile -E).
 *
 *	Ehdr | program headers ... | section header 0 | notes | pages
 *
 * The note header comes first and e_phoff is sizeof(Ehdr): readers of vmcores insist on both.
 * Room for program headers is taken for as many runs as the caller announces, so that headers
 * and pages are two streams that go forward in one pass.
 *
 * Each run of pages that are all there is one PT_LOAD; the pages left out behind it are its
 * p_memsz beyond p_filesz, those before the first run of a memory range have a PT_LOAD with no
 * bytes (makedumpfile's convention too; but p_offset is never 0, since crash takes the least
 * p_offset for the length of the headers). A frame that the source's headers map at several
 * virtual addresses gets a PT_LOAD for each, with the same bytes. Pages of zeros take no room
 * where the sink allows gaps. More than 65534 headers are counted in section header 0 (PN_XNUM).
 *
 * Until the end e_flags says "incomplete" (bit 0, makedumpfile's convention), and the headers in
 * the file describe the pages that are in the file. Memory that was not reached yet, and pages
 * that could not be read, have PT_LOADs whose bytes are far behind the end of the file: readers
 * see memory that was cut off, not memory that was left out.
 */
#include "dump/writer.h"

#include <elf.h>
#include <string.h>

#include "base/bytes.h"
#include "base/checked.h"

#define FLAG_INCOMPLETE 1
#define CHUNK		((size_t)1 << 20)
#define PHDRS_BUF	4096 /* program headers on their way */
#define GAP_MIN		65536 /* zeros worth a hole */
#define FILE_PAGE	4096  /* of the page cache: the least that is written at once */
#define LOST_RUNS_MAX	256   /* further lost pages become zeros, or look as if left out */

struct elf_writer {
	struct dump_writer w;
	bool elf64;
	uint64_t phdr_room; /* in headers */
	uint64_t shdr_off, notes_off;
	uint64_t first_off;  /* of the first page */
	uint64_t beyond_off; /* behind any end that the file can have */

	/* pages on their way: CHUNK bytes for file offset data_off on, then `zeros` bytes of
	 * zero pages */
	unsigned char *data;
	size_t data_len;
	uint64_t data_off, zeros;

	unsigned char *phdrs; /* closed, not yet in the file */
	size_t nr_phdrs;
	uint64_t phdrs_done; /* in the file */
	uint64_t prepared;   /* headers whose place was written with zeros */

	/* the run of pages being written; start == end: none */
	uint64_t run_start, run_end, run_off;
	bool run_lost;
	unsigned nr_lost_runs;
	uint64_t next_pfn; /* frames below this are in a closed load */
	size_t range;	   /* row of facts.memory that next_pfn lies in or before */
	bool begun; /* there is an ELF header */
	uint64_t shown; /* how many program headers it tells of */
	bool failed, has_lost;
};

static struct elf_writer *elf(struct dump_writer *w)
{
	return container_of(w, struct elf_writer, w);
}

static size_t ehdr_len(const struct elf_writer *x)
{
	return x->elf64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
}

static size_t phdr_len(const struct elf_writer *x)
{
	return x->elf64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

static size_t shdr_len(const struct elf_writer *x)
{
	return x->elf64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
}

/* ---- headers ---- */

static void put_word(const struct elf_writer *x, unsigned char *p, uint64_t v)
{
	if (x->elf64)
		put_u64(p, v, x->w.facts.big);
	else
		put_u32(p, v, x->w.facts.big);
}

/* A member of the class at hand: `p`, its offset in the 64-bit and in the 32-bit struct. */
#define AT(x, base, type, member)                                                               \
	((base) + ((x)->elf64 ? offsetof(Elf64_##type, member) : offsetof(Elf32_##type, member)))

static void put_phdr(const struct elf_writer *x, unsigned char *p, uint32_t type, uint64_t off,
		     uint64_t va, uint64_t pa, uint64_t file_len, uint64_t len)
{
	memset(p, 0, phdr_len(x));
	put_u32(AT(x, p, Phdr, p_type), type, x->w.facts.big);
	if (type == PT_LOAD)
		put_u32(AT(x, p, Phdr, p_flags), PF_R | PF_W | PF_X, x->w.facts.big);
	put_word(x, AT(x, p, Phdr, p_offset), off);
	put_word(x, AT(x, p, Phdr, p_vaddr), va);
	put_word(x, AT(x, p, Phdr, p_paddr), pa);
	put_word(x, AT(x, p, Phdr, p_filesz), file_len);
	put_word(x, AT(x, p, Phdr, p_memsz), len);
}

/* The ELF header, and section header 0 when it must hold the number of program headers. */
static struct error *write_ehdr(struct elf_writer *x, uint64_t nr_phdrs, bool complete)
{
	const struct dump_facts *f = &x->w.facts;
	unsigned char h[sizeof(Elf64_Ehdr)] = { 0 }, s[sizeof(Elf64_Shdr)] = { 0 };
	bool extended = nr_phdrs >= PN_XNUM;

	memcpy(h, ELFMAG, SELFMAG);
	h[EI_CLASS] = x->elf64 ? ELFCLASS64 : ELFCLASS32;
	h[EI_DATA] = f->big ? ELFDATA2MSB : ELFDATA2LSB;
	h[EI_VERSION] = EV_CURRENT;
	put_u16(AT(x, h, Ehdr, e_type), ET_CORE, f->big);
	put_u16(AT(x, h, Ehdr, e_machine), f->arch->elf_machine, f->big);
	put_u32(AT(x, h, Ehdr, e_version), EV_CURRENT, f->big);
	put_word(x, AT(x, h, Ehdr, e_phoff), ehdr_len(x));
	put_u32(AT(x, h, Ehdr, e_flags), complete ? 0 : FLAG_INCOMPLETE, f->big);
	put_u16(AT(x, h, Ehdr, e_ehsize), ehdr_len(x), f->big);
	put_u16(AT(x, h, Ehdr, e_phentsize), phdr_len(x), f->big);
	put_u16(AT(x, h, Ehdr, e_phnum), extended ? PN_XNUM : nr_phdrs, f->big);
	if (extended) {
		put_word(x, AT(x, h, Ehdr, e_shoff), x->shdr_off);
		put_u16(AT(x, h, Ehdr, e_shentsize), shdr_len(x), f->big);
		put_u16(AT(x, h, Ehdr, e_shnum), 1, f->big);
		put_u32(AT(x, s, Shdr, sh_info), nr_phdrs, f->big);
		put_word(x, AT(x, s, Shdr, sh_size), 1);
		TRY(sink_write(x->w.sink, x->shdr_off, s, shdr_len(x)));
	}
	x->shown = nr_phdrs;
	if (x->begun)
		return sink_write(x->w.sink, 0, h, ehdr_len(x));
	/* the magic last: half a header is none */
	TRY(sink_write(x->w.sink, SELFMAG, h + SELFMAG, ehdr_len(x) - SELFMAG));
	return sink_write(x->w.sink, 0, h, SELFMAG);
}

static struct error *write_data(struct elf_writer *x)
{
	TRY(sink_write(x->w.sink, x->data_off, x->data, x->data_len));
	x->data_off += x->data_len;
	x->data_len = 0;
	return NULL;
}

/*
 * Puts the headers at hand into the file; the data that they describe must be there already. When
 * this process is killed on the way, all memory still has a header: their number comes first when it
 * grows (behind are PT_NULL), and then the pages of the file from the last to the first, since what is
 * overwritten in a page may have reached over those behind. Linux writes a page whole or not at all.
 */
static struct error *put_phdrs(struct elf_writer *x)
{
	uint64_t count = x->phdrs_done + x->nr_phdrs, at = ehdr_len(x) + x->phdrs_done * phdr_len(x);
	size_t left = x->nr_phdrs * phdr_len(x);

	if (x->w.sink->is_stream || !x->begun)
		return sink_write(x->w.sink, at, x->phdrs, left);
	if (count > x->shown)
		TRY(write_ehdr(x, count, false));
	while (left) {
		size_t piece = MIN(left, (size_t)((at + left - 1) % FILE_PAGE + 1));

		TRY(sink_write(x->w.sink, at + left - piece, x->phdrs + left - piece, piece));
		left -= piece;
	}
	return NULL;
}

static struct error *write_phdrs(struct elf_writer *x)
{
	TRY(put_phdrs(x));
	x->phdrs_done += x->nr_phdrs;
	x->nr_phdrs = 0;
	return NULL;
}

static struct error *add_phdr(struct elf_writer *x, uint64_t off, uint64_t va, uint64_t pa,
			      uint64_t file_len, uint64_t len)
{
	if (x->phdrs_done + x->nr_phdrs == x->phdr_room)
		return error_new(ERROR_BAD_DATA, "physical address 0x%llx: more runs of pages than "
						 "the memory can have",
				 (unsigned long long)pa);
	if (x->nr_phdrs == PHDRS_BUF) {
		TRY(write_data(x));
		TRY(write_phdrs(x));
	}
	put_phdr(x, x->phdrs + x->nr_phdrs * phdr_len(x), PT_LOAD, file_len ? off : x->first_off, va,
		 pa, file_len, len);
	x->nr_phdrs++;
	return NULL;
}

/* Gives the headers to come their place on the disk, as zeros (PT_NULL): a full disk is then
 * met by pages, never by the headers of pages that were stored. */
static struct error *prepare_phdrs(struct elf_writer *x, uint64_t upto)
{
	static unsigned char zeros[65536]; /* not const: takes no room in the program file */
	uint64_t each = sizeof(zeros) / phdr_len(x);

	upto = MIN(upto, x->phdr_room);
	while (x->prepared < upto) {
		uint64_t n = MIN(each, x->phdr_room - x->prepared);

		TRY(sink_write(x->w.sink, ehdr_len(x) + x->prepared * phdr_len(x), zeros,
			       n * phdr_len(x)));
		x->prepared += n;
	}
	return NULL;
}

/* One load for each of the source's segments that holds frames of [start, end), of which
 * [start, stored) are in the file at `off`. */
static struct error *add_loads(struct elf_writer *x, uint64_t start, uint64_t stored,
			       uint64_t end, uint64_t off)
{
	const struct dump_facts *f = &x->w.facts;
	uint64_t ps = f->page_size;
	bool any = false;

	for (size_t i = 0; i < f->nr_segments; i++) {
		const struct dump_segment *s = &f->segments[i];
		uint64_t pa = ROUND_DOWN(s->pa, ps);
		uint64_t a = MAX(pa / ps, start);
		uint64_t b = MIN((s->pa + s->len + ps - 1) / ps, end);
		uint64_t in_file = stored > a ? MIN(stored, b) - a : 0;

		if (a >= b)
			continue;
		any = true;
		TRY(add_phdr(x, off + (a - start) * ps, s->va - (s->pa - pa) + (a * ps - pa),
			     a * ps, in_file * ps, (b - a) * ps));
	}
	if (any || start == end)
		return NULL;
	return add_phdr(x, off, 0, start * ps, (stored - start) * ps, (end - start) * ps);
}

/* Describes all frames below `pfn` that are not described yet: closes the run, and goes over
 * memory that has no page in the file. */
static struct error *describe(struct elf_writer *x, uint64_t pfn)
{
	const struct ranges *m = x->w.facts.memory;

	for (; x->range < m->n && m->v[x->range].start < pfn; x->range++) {
		uint64_t start = MAX(x->next_pfn, m->v[x->range].start);
		uint64_t end = MIN(pfn, m->v[x->range].end);
		bool in_run = x->run_start < x->run_end && x->run_start < end && x->run_end > start;

		if (start < end) {
			TRY(add_loads(x, start, in_run ? MIN(x->run_end, end) : start, end,
				      x->run_off));
			x->next_pfn = end;
		}
		if (m->v[x->range].end > pfn)
			break;
	}
	x->run_start = x->run_end = 0;
	return NULL;
}

/* Memory that was not reached. */
static struct error *describe_rest(struct elf_writer *x)
{
	const struct ranges *m = x->w.facts.memory;

	for (size_t i = x->range; i < m->n; i++) {
		uint64_t start = MAX(x->next_pfn, m->v[i].start);

		if (start < m->v[i].end)
			TRY(add_loads(x, start, m->v[i].end, m->v[i].end, x->beyond_off));
	}
	return NULL;
}

/* ---- pages ---- */

/* Pages go to the file; then the headers that describe them, when it can go back. */
static struct error *flush(struct elf_writer *x)
{
	const struct dump_facts *f = &x->w.facts;
	size_t more = 2 * (f->nr_segments + f->memory->n) + 2; /* headers of the moment */
	struct elf_writer before;
	uint64_t count;
	struct error *e;

	if (!x->w.sink->is_stream)
		TRY(prepare_phdrs(x, x->phdrs_done + x->nr_phdrs + more));
	TRY(write_data(x));
	if (x->w.sink->is_stream)
		return NULL;
	if (x->nr_phdrs + more > PHDRS_BUF) {
		TRY(write_phdrs(x));
		return write_ehdr(x, x->phdrs_done, false);
	}
	/* the run that goes on is described as far as it is, and again when it is closed */
	before = *x;
	e = describe(x, x->run_end);
	if (!e)
		e = describe_rest(x);
	if (!e)
		e = put_phdrs(x);
	count = x->phdrs_done + x->nr_phdrs;
	if (!e && count != x->shown)
		e = write_ehdr(x, count, false);
	before.shown = x->shown;
	*x = before;
	if (!e) {
		x->phdrs_done += x->nr_phdrs;
		x->nr_phdrs = 0;
	}
	return e;
}

static struct error *take_data(struct elf_writer *x, const unsigned char *p, size_t len)
{
	while (len) {
		size_t room = CHUNK - x->data_off % CHUNK - x->data_len;
		size_t n = MIN(len, room);

		if (p)
			memcpy(x->data + x->data_len, p, n);
		else
			memset(x->data + x->data_len, 0, n);
		x->data_len += n;
		p = p ? p + n : NULL;
		len -= n;
		if (n == room)
			TRY(flush(x));
	}
	return NULL;
}

/* The zero pages met since the last other one: a gap, or bytes where a gap is not worth it. */
static struct error *place_zeros(struct elf_writer *x)
{
	uint64_t n = x->zeros;

	x->zeros = 0;
	if (n < GAP_MIN || !x->w.sink->gaps_are_zero) {
		while (n) {
			size_t len = MIN(n, (uint64_t)CHUNK);

			TRY(take_data(x, NULL, len));
			n -= len;
		}
		return NULL;
	}
	TRY(flush(x));
	x->data_off += n;
	return NULL;
}

static struct error *take_page(struct elf_writer *x, uint64_t pfn, const void *bytes,
			       bool is_zero)
{
	bool lost = !bytes && !is_zero, follows;
	const struct ranges *m = x->w.facts.memory;
	uint64_t ps = x->w.facts.page_size;

	if (pfn < MAX(x->next_pfn, x->run_end))
		return error_new(ERROR_BAD_DATA, "page 0x%llx comes out of order",
				 (unsigned long long)pfn);
	follows = x->run_start < x->run_end && pfn == x->run_end && pfn < m->v[x->range].end;
	if (lost && x->nr_lost_runs == LOST_RUNS_MAX && !(follows && x->run_lost)) {
		/* there is no header to spare: a run that goes on must not be split */
		if (!follows)
			return NULL;
		lost = false;
		is_zero = true;
	}
	if (!follows || lost != x->run_lost) {
		TRY(describe(x, pfn));
		if (x->range == m->n || pfn < m->v[x->range].start)
			return error_new(ERROR_BAD_DATA, "page 0x%llx is outside all memory",
					 (unsigned long long)pfn);
		x->run_start = x->run_end = pfn;
		x->run_off = lost ? x->beyond_off : x->data_off + x->data_len + x->zeros;
		x->run_lost = lost;
		x->nr_lost_runs += lost;
	}
	if (bytes) {
		TRY(place_zeros(x));
		TRY(take_data(x, bytes, ps));
	} else if (is_zero) {
		x->zeros += ps;
	}
	x->run_end = pfn + 1;
	return NULL;
}

static struct error *elf_page(struct dump_writer *w, uint64_t pfn, const void *bytes, size_t len,
			      const struct codec *codec, bool is_zero)
{
	struct elf_writer *x = elf(w);
	struct error *e;

	(void)len; /* checked in writer_page() */
	if (codec)
		return error_new(ERROR_UNSUPPORTED, "ELF dumps hold pages as they are");
	e = take_page(x, pfn, bytes, is_zero);
	x->failed |= e != NULL;
	x->has_lost |= !bytes && !is_zero;
	return e;
}

/* ---- begin and end ---- */

/* How many segments map one frame, at most. */
static uint64_t deepest_mapping(const struct dump_facts *f)
{
	uint64_t deepest = 1;

	if (f->nr_segments > 2048)
		return 2; /* the kernel's text and the linear map */
	for (size_t i = 0; i < f->nr_segments; i++) {
		uint64_t depth = 0, pa = f->segments[i].pa;

		for (size_t j = 0; j < f->nr_segments; j++)
			depth += pa >= f->segments[j].pa &&
				 pa - f->segments[j].pa < f->segments[j].len;
		deepest = MAX(deepest, depth);
	}
	return deepest;
}

/* The most program headers that the memory can need: a load for each run and for what comes
 * before the first run of a range, more at the edges of segments; and lost pages split runs. */
static uint64_t most_phdrs(const struct dump_facts *f)
{
	uint64_t runs = MIN(f->max_runs ? f->max_runs : UINT64_MAX, ranges_total(f->memory) / 2 + 1);

	runs += 2 * (uint64_t)f->memory->n + 2 * LOST_RUNS_MAX;
	return MIN(1 + runs * deepest_mapping(f) + 2 * f->nr_segments, (uint64_t)UINT32_MAX);
}

static struct error *lay_out(struct elf_writer *x)
{
	const struct dump_facts *f = &x->w.facts;
	uint64_t ps = f->page_size, frames = ranges_total(f->memory), bytes, end, room;

	if (!f->arch || !IS_POW2(ps) || ps < 4096 || ps > 1 << 20)
		return error_new(ERROR_UNSUPPORTED, "cannot write a dump with pages of %u bytes",
				 f->page_size);
	room = x->phdr_room = most_phdrs(f);
	/* every offset and address must fit; generous, as 32-bit ELF gains nothing */
	x->elf64 = f->is_64bit || room > 1 << 20 || f->max_pfn > ((uint64_t)3 << 30) / ps;
	x->shdr_off = ehdr_len(x) + x->phdr_room * phdr_len(x);
	x->notes_off = x->shdr_off + shdr_len(x);
	if (add_overflows(x->notes_off, (uint64_t)f->notes_len, &bytes) ||
	    round_up_overflows(bytes, ps, &end) || f->max_pfn > (INT64_MAX - end) / 4 / ps)
		return error_new(ERROR_BAD_DATA, "%llu page frames are too many",
				 (unsigned long long)f->max_pfn);
	x->data_off = x->first_off = end;
	x->beyond_off = end + (frames + 1) * ps;
	return NULL;
}

static struct error *elf_begin(struct dump_writer *w)
{
	struct elf_writer *x = elf(w);
	const struct dump_facts *f = &w->facts;
	unsigned char note[sizeof(Elf64_Phdr)];

	TRY(lay_out(x));
	x->data = malloc(CHUNK);
	x->phdrs = malloc(PHDRS_BUF * phdr_len(x));
	if (!x->data || !x->phdrs)
		return error_nomem();
	put_phdr(x, note, PT_NOTE, x->notes_off, 0, 0, f->notes_len, f->notes_len);
	TRY(sink_write(w->sink, ehdr_len(x), note, phdr_len(x)));
	x->phdrs_done = 1;
	x->prepared = 1;
	TRY(sink_write(w->sink, x->notes_off, f->notes, f->notes_len));
	TRY(flush(x));
	x->begun = true;
	return NULL;
}

/* After a full disk: stores the whole pages of the chunk that fit. The headers go on promising
 * the rest, which is behind the end of the file then. */
static void rescue(struct elf_writer *x)
{
	size_t done = 0;

	while (done < x->data_len) {
		size_t len = MIN(x->data_len - done, (size_t)x->w.facts.page_size);
		struct error *e = sink_write(x->w.sink, x->data_off + done, x->data + done, len);

		if (e) {
			error_free(e);
			break;
		}
		done += len;
	}
	x->data_off += done;
	x->data_len = 0;
	x->zeros = 0;
}

static struct error *elf_end(struct dump_writer *w, bool complete)
{
	struct elf_writer *x = elf(w);
	bool whole = complete && !x->has_lost;
	struct error *e;
	uint64_t size;

	if (x->failed && complete)
		return error_new(ERROR_OTHER, "a dump that misses pages cannot be made complete");
	if (!x->failed) {
		e = flush(x);
		x->failed = e != NULL;
		if (e && complete)
			return e;
		error_free(e); /* rescued as after any failure */
	}
	if (x->failed)
		rescue(x);
	TRY(describe(x, complete ? w->facts.max_pfn : x->run_end));
	if (!complete)
		TRY(describe_rest(x));
	size = x->data_off + x->zeros;
	if (x->zeros && w->sink->is_stream) /* the last byte of a stream tells its size */
		TRY(sink_write(w->sink, size - 1, "", 1));
	TRY(write_phdrs(x));
	if (complete)
		TRY(sink_flush(w->sink));
	TRY(write_ehdr(x, x->phdrs_done, whole));
	e = sink_finish(w->sink, size);
	if (e && whole && !w->sink->is_stream) /* what is on the disk is not known */
		error_free(write_ehdr(x, x->phdrs_done, false));
	w->whole = whole && !e;
	return e;
}

static void elf_close(struct dump_writer *w)
{
	struct elf_writer *x = elf(w);

	free(x->data);
	free(x->phdrs);
	free(x);
}

static const struct dump_writer_ops elf_ops = {
	.name = "ELF",
	.page = elf_page,
	.end = elf_end,
	.close = elf_close,
};

struct error *writer_open_elf(struct sink *s, const struct dump_facts *facts,
			      struct dump_writer **ret)
{
	struct elf_writer *x = calloc(1, sizeof(*x));
	struct error *e;

	if (!x)
		return error_nomem();
	x->has_lost = facts->source_incomplete;
	x->w = (struct dump_writer){ .ops = &elf_ops, .sink = s, .facts = *facts };
	e = elf_begin(&x->w);
	if (e) {
		elf_close(&x->w);
		return error_prefix(e, "ELF");
	}
	*ret = &x->w;
	return NULL;
}
