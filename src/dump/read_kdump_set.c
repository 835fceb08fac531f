/*
 * The parts of a `makedumpfile --split` set as one dump. Each part is a kdump-compressed file
 * with the whole dump's headers and bitmaps, but with the pages of its own range of page frames
 * only (makedumpfile.c, writeout_multiple_dumpfiles). Nothing but that range tells the parts
 * apart, and nothing tells how many there should be: what no part covers is lost.
 */
#include "dump/kdump_header-priv.h"

#include "base/base.h"
#include "dump/dump-priv.h"

#define MAIN_HEADER_LEN 464 /* with its block, and the sub header behind: the least of a part  \
			     */

struct member {
	struct dump *dump;
	uint64_t start, end; /* page frames */
};

struct set {
	struct member *parts; /* sorted by `start`, disjoint */
	size_t n;
	struct words left_out; /* files that are cut off inside their headers */
	struct dump *model;    /* the part whose headers and bitmaps stand for all */
};

/* A part that was cut off inside its headers cannot say which range it is. */
static bool is_too_short(struct source *s)
{
	struct kdump_header h;
	_cleanup_error_ struct error *e = NULL;

	if (s->size < MAIN_HEADER_LEN)
		return true;
	e = kdump_read_header(s, &h);
	return !e && s->size < h.block_size + 104ull;
}

static struct error *open_parts(struct dump *d, struct set *set, struct dump_part *parts,
				size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct member *m = &set->parts[set->n];
		struct kdump_part facts;

		if (is_too_short(parts[i].source)) {
			TRY(words_add(&set->left_out, parts[i].source->name));
			d->complete = false;
			continue;
		}
		d->flattened |= parts[i].flattened;
		d->encrypted |= parts[i].encrypted;
		TRY(dump_open_part(&parts[i], &m->dump));
		set->n++;
		facts = kdump_part_of(m->dump);
		if (!facts.h->split)
			return error_new(
				ERROR_UNSUPPORTED,
				"%s is a whole dump, not a part of a split set; give it alone",
				m->dump->source->name);
		m->start = facts.first_pfn + facts.h->start_pfn;
		m->end = facts.first_pfn + facts.h->end_pfn;
	}
	if (set->n)
		return NULL;
	return error_new(ERROR_BAD_DATA, "all %zu parts are cut off inside their headers", n);
}

static void choose_model(struct set *set)
{
	set->model = set->parts[0].dump;
	for (size_t i = 1; i < set->n && !kdump_part_of(set->model).bitmaps_whole; i++)
		set->model = set->parts[i].dump;
}

static bool same_ranges(const struct ranges *a, const struct ranges *b)
{
	return a->n == b->n && (!a->n || !memcmp(a->v, b->v, a->n * sizeof(*a->v)));
}

/* What of two parts cannot belong to one dump; null: they fit. */
static const char *find_difference(const struct dump *a, const struct dump *b)
{
	struct kdump_part x = kdump_part_of(a), y = kdump_part_of(b);

	if (a->arch != b->arch || a->big != b->big)
		return "machines of different kinds";
	if (memcmp(&a->utsname, &b->utsname, sizeof(a->utsname)))
		return "different kernels or host names";
	if (x.h->timestamp != y.h->timestamp)
		return "different times of the dump";
	if (a->page_size != b->page_size || a->max_pfn != b->max_pfn ||
	    x.h->sub_hdr_size != y.h->sub_hdr_size)
		return "different numbers of pages";
	if (a->dump_level != b->dump_level)
		return "different dump levels";
	if (!x.bitmaps_whole || !y.bitmaps_whole)
		return NULL;
	if (a->raw_notes_len != b->raw_notes_len ||
	    (a->raw_notes_len && memcmp(a->raw_notes, b->raw_notes, a->raw_notes_len)) ||
	    !text_equal(a->vmcoreinfo, b->vmcoreinfo))
		return "different notes (registers, VMCOREINFO)";
	return same_ranges(&a->memory, &b->memory) ? NULL : "different memory maps";
}

static struct error *check_fit(const struct set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		const char *why = find_difference(set->model, set->parts[i].dump);

		if (why)
			return error_new(
				ERROR_BAD_DATA,
				"%s and %s are not parts of the same dump: their headers tell "
				"of %s",
				set->parts[i].dump->source->name, set->model->source->name,
				why);
	}
	return NULL;
}

static int by_start(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

/* Sorts the parts; *ret_all: every page frame is in one of them. */
static struct error *put_in_order(struct set *set, bool *ret_all)
{
	uint64_t end = kdump_part_of(set->model).first_pfn;

	qsort(set->parts, set->n, sizeof(*set->parts), by_start);
	*ret_all = true;
	for (size_t i = 0; i < set->n; i++) {
		const struct member *m = &set->parts[i];

		if (m->start < end)
			return error_new(
				ERROR_BAD_DATA,
				"%s and %s both hold pages 0x%llx to 0x%llx: the same part "
				"twice, or parts of two sets",
				m[-1].dump->source->name, m->dump->source->name,
				(unsigned long long)m->start,
				(unsigned long long)MIN(m->end, end));
		*ret_all &= m->start == end;
		end = m->end;
	}
	*ret_all &= end >= set->model->max_pfn;
	return NULL;
}

/* The set's facts are those of its model, and it takes over what is allocated for them. */
static struct error *take_facts(struct dump *d, const struct set *set)
{
	struct dump *m = set->model;

	d->arch = m->arch;
	d->is_64bit = m->is_64bit;
	d->big = m->big;
	d->page_size = m->page_size;
	d->max_pfn = m->max_pfn;
	d->dump_level = m->dump_level;
	d->timestamp = m->timestamp;
	d->codec_flag = m->codec_flag;
	d->phys_base = m->phys_base;
	d->utsname = m->utsname;
	d->vmcoreinfo = take_ptr(m->vmcoreinfo);
	d->vmcoreinfo_len = m->vmcoreinfo_len;
	d->notes = take_ptr(m->notes);
	d->nr_notes = m->nr_notes;
	d->raw_notes = take_ptr(m->raw_notes);
	d->raw_notes_len = m->raw_notes_len;
	d->raw_notes_mapped = m->raw_notes_mapped;
	m->nr_notes = m->raw_notes_len = m->vmcoreinfo_len = 0;
	for (size_t i = 0; i < set->n; i++)
		d->complete &= kdump_part_of(set->parts[i].dump).whole;
	return ranges_copy(&m->memory, &d->memory);
}

/* What was erased from any part, in the order of the parts; what each of them says is said
 * once. */
static struct error *take_eraseinfo(struct dump *d, const struct set *set)
{
	_cleanup_strbuf_ struct strbuf all = {0};
	const struct dump *before = NULL;

	for (size_t i = 0; i < set->n; i++) {
		const struct dump *p = set->parts[i].dump;

		if (!p->eraseinfo_len ||
		    (before && before->eraseinfo_len == p->eraseinfo_len &&
		     !memcmp(before->eraseinfo, p->eraseinfo, p->eraseinfo_len)))
			continue;
		strbuf_add(&all, p->eraseinfo, p->eraseinfo_len);
		before = p;
	}
	TRY(strbuf_error(&all));
	if (!all.len)
		return NULL;
	d->eraseinfo = strbuf_take(&all, &d->eraseinfo_len);
	return d->eraseinfo ? NULL : error_nomem();
}

static const struct dump_format kdump_set;

struct error *kdump_open_set(struct dump *d, struct dump_part *parts, size_t n)
{
	struct set *set = calloc(1, sizeof(*set));
	bool all;

	d->ops = &kdump_set;
	d->state = set;
	if (!set)
		return error_nomem();
	set->parts = calloc(n, sizeof(*set->parts));
	if (!set->parts)
		return error_nomem();
	TRY(open_parts(d, set, parts, n));
	choose_model(set);
	TRY(check_fit(set));
	TRY(put_in_order(set, &all));
	d->complete &= all;
	d->parts_missing = !all;
	TRY(take_eraseinfo(d, set));
	return take_facts(d, set);
}

/* The part that owns the page; null: it is not among them. */
static struct dump *find_owner(const struct set *set, uint64_t pfn)
{
	size_t lo = 0, hi = set->n;

	while (lo < hi) { /* the first part that ends above pfn */
		size_t mid = lo + (hi - lo) / 2;

		if (set->parts[mid].end > pfn)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo < set->n && set->parts[lo].start <= pfn ? set->parts[lo].dump : NULL;
}

static struct error *owner_lacks(const struct set *set, const struct dump *owner, uint64_t pfn)
{
	unsigned long long at = pfn;

	if (owner)
		return error_new(ERROR_LOST, "page 0x%llx: %s is cut off in its bitmaps", at,
				 owner->source->name);
	if (set->left_out.n)
		return error_new(
			ERROR_LOST,
			"page 0x%llx is in a part of the split set that is not here, or is cut "
			"off inside its header (%s)",
			at, set->left_out.v[0]);
	return error_new(ERROR_LOST,
			 "page 0x%llx is in a part of the split set that is not here", at);
}

/* What the model's bitmaps say of a page that its owner cannot judge. */
static enum page_answer ask_model(const struct set *set, const struct dump *owner, uint64_t pfn,
				  struct error **ret_why)
{
	enum page_answer answer = dump_page_state(set->model, pfn);

	if (answer == PAGE_EXCLUDED || answer == PAGE_HOLE)
		return answer;
	if (ret_why)
		*ret_why = owner_lacks(set, owner, pfn);
	return PAGE_LOST;
}

static bool can_judge(const struct set *set, const struct dump *owner)
{
	return owner && (owner == set->model || kdump_part_of(owner).bitmaps_whole);
}

static enum page_answer set_page(struct dump *d, uint64_t pfn, void *buf,
				 struct error **ret_why)
{
	struct set *set = d->state;
	struct dump *owner = find_owner(set, pfn);
	enum page_answer answer;

	if (!can_judge(set, owner))
		return ask_model(set, owner, pfn, ret_why);
	answer = dump_read_page(owner, pfn, buf, ret_why);
	d->complete &= kdump_part_of(owner).whole;
	return answer;
}

static enum page_answer set_stored(struct dump *d, uint64_t pfn, void *buf, size_t *ret_len,
				   uint32_t *ret_codec_flag, struct error **ret_why)
{
	struct set *set = d->state;
	struct dump *owner = find_owner(set, pfn);
	enum page_answer answer;

	if (!can_judge(set, owner))
		return ask_model(set, owner, pfn, ret_why);
	answer = dump_read_stored(owner, pfn, buf, ret_len, ret_codec_flag, ret_why);
	d->complete &= kdump_part_of(owner).whole;
	return answer;
}

static enum page_answer set_state_of(struct dump *d, uint64_t pfn)
{
	struct set *set = d->state;
	struct dump *owner = find_owner(set, pfn);

	return can_judge(set, owner) ? dump_page_state(owner, pfn)
				     : ask_model(set, owner, pfn, NULL);
}

static void set_close(struct dump *d)
{
	struct set *set = d->state;

	if (!set)
		return;
	for (size_t i = 0; i < set->n; i++)
		dump_close(set->parts[i].dump);
	words_done(&set->left_out);
	free(set->parts);
	free(set);
}

/* Never bids: read_kdump opens it for several files. */
static const struct dump_format kdump_set = {
	.name = "kdump-compressed",
	.page = set_page,
	.state_of = set_state_of,
	.stored = set_stored,
	.close = set_close,
};
