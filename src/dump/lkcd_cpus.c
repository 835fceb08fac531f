/*
 * Registers and tasks out of the architecture's header of an LKCD dump. Its arrays have as
 * many rows as the kernel was built for (NR_CPUS), which nothing says: the header's length
 * tells it for the packed layouts of version 8 and later. Before those only the CPU that made
 * the dump is told of in a way that is the same for every kernel.
 *
 * Layouts: dump_header_asm_t of each architecture in crash's lkcd_vmdump_v2_v3.h and
 * lkcd_dump_v8.h, df_lkcd_hdr_asm in zgetdump's df_lkcd.h.
 */
#include "dump/lkcd-priv.h"

#include "base/base.h"
#include "dump/dump-priv.h"
#include "dump/s390_lowcore-priv.h"

#define MAGIC	   0xdeaddeadu
#define MAGIC_S390 0x733339302d64756dull
#define HEADER_MAX (1u << 20)
#define CPUS_MAX   1024

/* struct pt_regs as the header has it, and what a note has more. */
static const struct regs_layout {
	const struct arch *arch;
	uint16_t regs;		/* of the dumping CPU, in the header */
	uint16_t regs_len;	/* bytes a CPU */
	uint16_t gap, gap_len;	/* the note has two registers more here (fs, gs) */
	uint8_t word;		/* of a task's address */
} layouts[] = {
	{ &arch_i386, 24, 60, 36, 8, 4 },
	{ &arch_x86_64, 16, 168, 168, 0, 8 },
};

static void put_cpu(struct dump *d, const struct regs_layout *l, unsigned cpu,
		    const unsigned char *regs, struct strbuf *to)
{
	unsigned char note[256] = { 0 };

	memcpy(note, regs, l->gap);
	memcpy(note + l->gap + l->gap_len, regs + l->gap, l->regs_len - l->gap);
	put_cpu_note(d, cpu, note, l->regs_len + l->gap_len, to);
}

/* Arrays of version 8: registers, tasks, stacks, stack pointers; one row a possible CPU. */
static struct error *take_rows(struct dump *d, const struct regs_layout *l,
			       const unsigned char *raw, size_t len, struct strbuf *to)
{
	size_t counts = l->regs + l->regs_len, rows = counts + 8;
	size_t each = l->regs_len + 3 * (size_t)l->word, possible = 0;
	uint32_t cpus = get_u32(raw + counts, d->big);

	if (len > rows)
		possible = (len - rows) / each;
	if (!cpus || cpus > possible || cpus > CPUS_MAX)
		return NULL;
	d->cpu_tasks = calloc(cpus, sizeof(*d->cpu_tasks));
	if (!d->cpu_tasks)
		return error_nomem();
	d->nr_cpu_tasks = cpus;
	for (uint32_t i = 0; i < cpus; i++) {
		const unsigned char *task = raw + rows + possible * l->regs_len + i * l->word;

		put_cpu(d, l, i, raw + rows + i * l->regs_len, to);
		d->cpu_tasks[i] = get_uint(task, l->word, d->big);
	}
	return NULL;
}

static struct error *take_regs(struct dump *d, const struct lkcd_header *h,
			       const unsigned char *raw, size_t len, struct strbuf *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		const struct regs_layout *l = &layouts[i];

		if (l->arch != d->arch || len < l->regs + l->regs_len + (size_t)8)
			continue;
		if (h->version >= 8)
			TRY(take_rows(d, l, raw, len, to));
		if (!to->len)
			put_cpu(d, l, 0, raw + l->regs, to);
	}
	return NULL;
}

static struct error *read_asm(struct dump *d, const struct lkcd_header *h, struct strbuf *to)
{
	unsigned char head[S390_ASM_HEAD] = { 0 };
	_cleanup_free_ unsigned char *raw = NULL;
	uint64_t magic;
	uint32_t len;

	if (!range_fits(h->header_size, sizeof(head), MIN(h->first_record, d->source->size)))
		return NULL;
	TRY(source_read(d->source, h->header_size, head, sizeof(head)));
	magic = get_u64(head, d->big);
	len = get_u32(head + 12, d->big);
	if (magic != MAGIC && magic != MAGIC_S390)
		return NULL;
	if (len > HEADER_MAX || len < sizeof(head) ||
	    !range_fits(h->header_size, len, MIN(h->first_record, d->source->size)))
		return NULL;
	raw = malloc(len);
	if (!raw)
		return error_nomem();
	TRY(source_read(d->source, h->header_size, raw, len));
	if (magic == MAGIC)
		return take_regs(d, h, raw, len, to);
	if (d->arch == &arch_s390x)
		s390_take_lowcores(d, raw + S390_ASM_HEAD, (len - S390_ASM_HEAD) / 4,
				   get_u16(head + 16, d->big), to);
	return NULL;
}

struct error *lkcd_take_cpus(struct dump *d, const struct lkcd_header *h)
{
	_cleanup_strbuf_ struct strbuf notes = { 0 };

	TRY(read_asm(d, h, &notes));
	if (d->arch == &arch_s390x)
		TRY(s390_take_vmcoreinfo(d, &notes));
	return take_made_notes(d, &notes);
}
