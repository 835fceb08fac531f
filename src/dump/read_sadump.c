/*
 * sadump files (doc/formats/sadump.md): two bitmaps, then the pages of the second one in order,
 * as they are. In a disk set the pages go on behind the part header of the next disk.
 */
#include "dump/sadump-priv.h"

#include "base/base.h"
#include "dump/bitmap-priv.h"
#include "dump/dump-priv.h"

/* The part of the pages that one disk holds. */
struct extent {
	struct source *source; /* null: the disk is not among the files */
	uint64_t start, end;   /* bytes of all pages */
	uint64_t off;	       /* in the source */
};

struct sadump {
	struct sadump_part part;
	struct sadump_header h;
	struct bitmap ram, dumpable;
	uint64_t nr_pages;			       /* in the file(s) */
	struct source *disks[SADUMP_NR_DISKS_MAX + 1]; /* of a set, from 2 on; owned */
	struct extent extents[SADUMP_NR_DISKS_MAX];
	size_t nr_extents;
	unsigned char *page;
};

static int sadump_bid(struct source *s)
{
	uint64_t off;

	return sadump_find_part(s, &off) ? 60 : 0;
}

static struct error *open_bitmaps(struct dump *d, struct sadump *sa)
{
	const struct sadump_header *h = &sa->h;

	TRY(bitmap_init(&sa->ram, d->source, h->ram_off, (h->max_pfn + 7) / 8, true));
	TRY(bitmap_init(&sa->dumpable, d->source, h->dumpable_off, (h->max_pfn + 7) / 8, true));
	TRY(bitmap_index(&sa->dumpable, 0, h->max_pfn));
	TRY(bitmap_rank(&sa->dumpable, h->max_pfn, &sa->nr_pages));
	return bitmap_list(&sa->ram, h->max_pfn, &d->memory);
}

/* `len` bytes of the pages follow each other at `off`; what lies past the end of the file is
 * left out, and found missing when it is asked for. */
static void add_extent(struct sadump *sa, struct source *s, uint64_t off, uint64_t len)
{
	struct extent *x = &sa->extents[sa->nr_extents];
	uint64_t start = sa->nr_extents ? x[-1].end : 0;

	if (add_overflows(start, len, &len))
		len = UINT64_MAX;
	*x = (struct extent){s, start, len, off};
	sa->nr_extents++;
}

/* How much of the pages a disk of a set holds. */
static struct error *disk_len(const struct sadump *sa, unsigned disk, uint64_t *ret)
{
	struct sadump_part part;
	uint64_t off = sa->h.block_size;

	TRY(sadump_read_part(sa->disks[disk], &part));
	*ret = part.used > off ? part.used - off : 0;
	return NULL;
}

/* One missing disk held what is not on the others. */
static struct error *missing_len(const struct sadump *sa, uint64_t first, unsigned missing,
				 uint64_t *ret)
{
	uint64_t left = sa->nr_pages * sa->h.block_size, len = first;

	for (unsigned i = 1; i <= sa->h.nr_disks; i++) {
		if (i == missing)
			continue;
		if (i > 1)
			TRY(disk_len(sa, i, &len));
		left -= MIN(left, len);
	}
	*ret = left;
	return NULL;
}

static struct error *find_extents(struct dump *d, struct sadump *sa)
{
	uint64_t all = sa->nr_pages * sa->h.block_size, off = sa->h.data_off,
		 first = UINT64_MAX;
	unsigned missing = 0, nr_missing = 0;

	/* what the partition holds behind the dump is older */
	if (!sa->part.media && sa->part.used)
		first = sa->part.used > off ? sa->part.used - off : 0;
	add_extent(sa, d->source, off, first);
	for (unsigned i = 2; i <= sa->h.nr_disks; i++) {
		nr_missing += !sa->disks[i];
		missing = sa->disks[i] ? missing : i;
	}
	for (unsigned i = 2; i <= sa->h.nr_disks; i++) {
		uint64_t len;

		if (sa->disks[i])
			TRY(disk_len(sa, i, &len));
		else if (nr_missing == 1)
			TRY(missing_len(sa, first, missing, &len));
		else
			break; /* where the next disk goes on cannot be told */
		add_extent(sa, sa->disks[i], sa->h.block_size, len);
	}
	for (size_t i = 0; i < sa->nr_extents; i++) {
		const struct extent *x = &sa->extents[i];
		uint64_t len = MIN(x->end, all) - MIN(x->start, all);

		if (len && (!x->source || !range_fits(x->off, len, x->source->size)))
			d->complete = false;
	}
	if (sa->extents[sa->nr_extents - 1].end < all)
		d->complete = false;
	return NULL;
}

static struct error *open_first(struct dump *d, struct sadump *sa)
{
	const struct sadump_header *h = &sa->h;

	TRY(sadump_read_part(d->source, &sa->part));
	if (sa->part.disk > 1 && !sa->part.media)
		return error_new(
			ERROR_UNSUPPORTED,
			"%s: disk %u of a sadump disk set: give all disks of the set together, the "
			"first one has the headers",
			d->source->name, sa->part.disk);
	TRY(sadump_read_header(d->source, &sa->part, &sa->h));
	d->page_size = h->block_size;
	d->max_pfn = h->max_pfn;
	d->dump_level = 0; /* pages of zeros are left out, and known */
	d->timestamp = sadump_time(sa->part.time);
	if (h->data_off > d->source->size)
		d->complete = false;
	TRY(sadump_take_cpus(d, h));
	TRY(open_bitmaps(d, sa));
	sa->page = malloc(h->block_size);
	return sa->page ? NULL : error_nomem();
}

static struct error *sadump_open(struct dump *d)
{
	struct sadump *sa = calloc(1, sizeof(*sa));

	d->state = sa;
	if (!sa)
		return error_nomem();
	TRY(open_first(d, sa));
	return find_extents(d, sa);
}

/* The file that has the headers. */
static struct error *find_first(struct dump_part *parts, size_t n, struct dump_part **ret)
{
	struct sadump_part part;

	*ret = NULL;
	for (size_t i = 0; i < n; i++) {
		if (!parts[i].source->size)
			continue;
		TRY(sadump_read_part(parts[i].source, &part));
		if (part.media || !part.disk)
			return error_new(
				ERROR_UNSUPPORTED,
				"%s is a whole sadump file, not a disk of a set; give it alone",
				parts[i].source->name);
		if (part.disk == 1 && *ret)
			return error_new(ERROR_BAD_DATA,
					 "%s and %s are both the first disk of a sadump set",
					 (*ret)->source->name, parts[i].source->name);
		if (part.disk == 1)
			*ret = &parts[i];
	}
	if (*ret)
		return NULL;
	return error_new(ERROR_NOT_FOUND,
			 "%s: the first disk of the sadump set is missing; it has the headers",
			 parts[0].source->name);
}

/* Takes a further disk when it belongs to the set. */
static struct error *add_disk(struct dump *d, struct sadump *sa, struct dump_part *p)
{
	const char *name = p->source->name, *why = NULL;
	struct sadump_part part;

	TRY(sadump_read_part(p->source, &part));
	if (memcmp(part.system, sa->part.system, SADUMP_GUID))
		why = "it is of another system";
	else if (memcmp(part.set, sa->part.set, SADUMP_GUID))
		why = "it is of another disk set";
	else if (memcmp(part.time, sa->part.time, sizeof(part.time)))
		why = "it is of a dump at another time";
	else if (part.disk > sa->h.nr_disks)
		why = "the set has fewer disks";
	else if (memcmp(part.volume, sa->h.volumes[part.disk], SADUMP_GUID))
		why = "the set names another volume in its place";
	else if (part.block_size != sa->h.block_size)
		why = "its blocks are of another size";
	else if (sa->disks[part.disk])
		why = "this disk was given twice";
	if (why)
		return error_new(ERROR_BAD_DATA,
				 "%s, disk %u, does not belong to the sadump set of %s: %s",
				 name, part.disk, d->source->name, why);
	d->flattened |= p->flattened;
	d->encrypted |= p->encrypted;
	d->complete &= p->complete;
	sa->disks[part.disk] = take_ptr(p->source);
	return NULL;
}

static struct error *sadump_open_set(struct dump *d, struct dump_part *parts, size_t n)
{
	struct sadump *sa = calloc(1, sizeof(*sa));
	struct dump_part *first;

	d->state = sa;
	if (!sa)
		return error_nomem();
	TRY(find_first(parts, n, &first));
	d->source = take_ptr(first->source);
	d->flattened = first->flattened;
	d->encrypted = first->encrypted;
	d->complete = first->complete;
	TRY(open_first(d, sa));
	for (size_t i = 0; i < n; i++)
		if (parts[i].source && parts[i].source->size)
			TRY(add_disk(d, sa, &parts[i]));
	return find_extents(d, sa);
}

static enum page_answer judge_page(struct dump *d, uint64_t pfn, uint64_t *ret_at,
				   struct error **ret_why)
{
	struct sadump *sa = d->state;
	bool exists = false, stored = false;
	struct error *e = bitmap_test(&sa->ram, pfn, &exists);

	if (!e)
		e = bitmap_test(&sa->dumpable, pfn, &stored);
	if (!e && stored)
		e = bitmap_rank(&sa->dumpable, pfn, ret_at);
	if (!e && !stored && !exists)
		return PAGE_HOLE;
	if (!e && !stored && sa->h.dumpable_off + pfn / 8 >= d->source->size)
		e = error_new(ERROR_LOST, "page 0x%llx: the dump is cut off in its bitmaps",
			      (unsigned long long)pfn);
	if (!e && !stored)
		return PAGE_ZERO;
	*ret_at *= sa->h.block_size;
	if (!e)
		return PAGE_OK;
	if (ret_why)
		*ret_why = e;
	else
		error_free(e);
	return PAGE_LOST;
}

/* Reads `len` bytes at `at` of all pages; a page may lie on two disks. */
static struct error *read_data(struct dump *d, uint64_t at, unsigned char *to, size_t len)
{
	const struct sadump *sa = d->state;

	for (size_t i = 0; i < sa->nr_extents && len; i++) {
		const struct extent *x = &sa->extents[i];
		uint64_t off;
		size_t n;

		if (at >= x->end)
			continue;
		if (!x->source)
			return error_new(ERROR_LOST, "disk %zu of the sadump set is not here",
					 i + 1);
		n = MIN((uint64_t)len, x->end - at);
		if (add_overflows(x->off, at - x->start, &off) ||
		    !range_fits(off, n, x->source->size))
			return error_new(
				ERROR_LOST,
				"%s: the file ends before the page's data at 0x%llx (the dump is "
				"cut off)",
				x->source->name, (unsigned long long)off);
		TRY(source_read(x->source, off, to, n));
		to += n;
		at += n;
		len -= n;
	}
	if (!len)
		return NULL;
	return error_new(ERROR_LOST, sa->h.nr_disks ? "its disk of the sadump set is not here"
						    : "the firmware did not write that far");
}

static enum page_answer sadump_page(struct dump *d, uint64_t pfn, void *buf,
				    struct error **ret_why)
{
	struct sadump *sa = d->state;
	uint64_t at = 0;
	enum page_answer answer = judge_page(d, pfn, &at, ret_why);
	struct error *e;

	if (answer == PAGE_ZERO)
		memset(buf, 0, d->page_size);
	if (answer != PAGE_OK)
		return answer;
	e = read_data(d, at, sa->page, d->page_size);
	if (e) {
		d->complete = false;
		if (ret_why)
			*ret_why = error_prefix(e, "page 0x%llx", (unsigned long long)pfn);
		else
			error_free(e);
		return PAGE_LOST;
	}
	memcpy(buf, sa->page, d->page_size);
	return PAGE_OK;
}

static enum page_answer sadump_state_of(struct dump *d, uint64_t pfn)
{
	uint64_t at = 0;

	return judge_page(d, pfn, &at, NULL);
}

static void sadump_close(struct dump *d)
{
	struct sadump *sa = d->state;

	if (!sa)
		return;
	bitmap_done(&sa->ram);
	bitmap_done(&sa->dumpable);
	for (size_t i = 0; i < ARRAY_SIZE(sa->disks); i++)
		source_close(sa->disks[i]);
	free(sa->page);
	free(sa);
}

const struct dump_format read_sadump = {
	.name = "sadump",
	.bid = sadump_bid,
	.open = sadump_open,
	.open_set = sadump_open_set,
	.page = sadump_page,
	.state_of = sadump_state_of,
	.close = sadump_close,
};
