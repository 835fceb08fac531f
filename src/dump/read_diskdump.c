/*
 * The original diskdump of RHEL 3 and 4, in the form of a file with page descriptors
 * (doc/formats/kdump-compressed.md, which is made after it). Pages are found as in its
 * successor; there are no notes, but a task_struct pointer for each CPU behind the header, and
 * the registers of the CPU that made the dump in the sub header (diskdump.h of RHEL's kernels;
 * crash's diskdump.h).
 *
 * The dump partition itself holds raw pages without descriptors: diskdumputils makes a file of
 * it.
 */
#include "dump/kdump_header-priv.h"

#include "base/base.h"
#include "dump/dump-priv.h"

#define PARTITION_SIGNATURE "diskdump"
#define REGS_MAX	    1536

static int diskdump_bid(struct source *s)
{
	char magic[8];
	_cleanup_error_ struct error *e = source_read(s, 0, magic, sizeof(magic));

	if (!e && !memcmp(magic, DISKDUMP_SIGNATURE, sizeof(magic)))
		return 60;
	return !e && !memcmp(magic, PARTITION_SIGNATURE, sizeof(magic)) ? 10 : 0;
}

static struct error *take_tasks(struct dump *d, const struct kdump_header *h)
{
	size_t word = d->is_64bit ? 8 : 4, nr = h->nr_cpus > 0 ? h->nr_cpus : 0;
	_cleanup_free_ unsigned char *raw = NULL;

	/* they are in the header's block */
	nr = MIN(nr, (h->block_size - h->tasks_off) / word);
	raw = malloc(nr * word + 1);
	d->cpu_tasks = calloc(nr + 1, sizeof(*d->cpu_tasks));
	if (!raw || !d->cpu_tasks)
		return error_nomem();
	TRY(source_read(d->source, h->tasks_off, raw, nr * word));
	for (size_t i = 0; i < nr; i++)
		d->cpu_tasks[i] = get_uint(raw + i * word, word, d->big);
	d->nr_cpu_tasks = nr;
	if (h->current_cpu < nr)
		d->panic_task = d->cpu_tasks[h->current_cpu];
	return NULL;
}

static struct error *take_regs(struct dump *d, const struct kdump_header *h)
{
	size_t len = d->arch->prstatus_size - d->arch->prstatus_regs - 4;
	_cleanup_strbuf_ struct strbuf notes = { 0 };
	unsigned char raw[REGS_MAX];

	if (len > sizeof(raw) || !range_fits(h->block_size, len, d->source->size))
		return NULL;
	TRY(source_read(d->source, h->block_size, raw, len));
	if (!bytes_are_zero(raw, len))
		put_cpu_note(d, h->current_cpu, raw, len, &notes);
	return take_made_notes(d, &notes);
}

static struct error *diskdump_open(struct dump *d)
{
	const struct kdump_header *h;
	char magic[8];

	TRY(source_read(d->source, 0, magic, sizeof(magic)));
	if (!memcmp(magic, PARTITION_SIGNATURE, sizeof(magic)))
		return error_new(ERROR_UNSUPPORTED,
				 "%s: a diskdump partition, which holds raw pages: make a file of "
				 "it with savecore of diskdumputils first",
				 d->source->name);
	TRY(read_kdump.open(d));
	d->crashed_then = true;
	h = kdump_part_of(d).h;
	TRY(take_tasks(d, h));
	return take_regs(d, h);
}

static enum page_answer diskdump_page(struct dump *d, uint64_t pfn, void *buf,
				      struct error **ret_why)
{
	return read_kdump.page(d, pfn, buf, ret_why);
}

static enum page_answer diskdump_state_of(struct dump *d, uint64_t pfn)
{
	return read_kdump.state_of(d, pfn);
}

static void diskdump_close(struct dump *d)
{
	read_kdump.close(d);
}

const struct dump_format read_diskdump = {
	.name = "diskdump",
	.bid = diskdump_bid,
	.open = diskdump_open,
	.page = diskdump_page,
	.state_of = diskdump_state_of,
	.close = diskdump_close,
};
