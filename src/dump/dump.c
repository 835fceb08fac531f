/* Opening a dump of any format, and reading memory across its pages; see dump.h. */
#include "dump/dump-priv.h"

#include "base/base.h"
#include "dump/raw.h"

static const struct dump_format *const formats[] = {
	&read_kdump, &read_elf, &read_lkcd, &read_diskdump, &read_s390, &read_sadump,
};

/*
 * Readers of kernel structures come back to the same pages again and again. Direct-mapped:
 * a page frame has one slot.
 */
#define CACHE_BYTES  (2u << 20)
#define NR_FILES_MAX 1024u

struct dump_cache {
	size_t nr_slots; /* power of two */
	uint64_t *pfn;	 /* UINT64_MAX: empty */
	unsigned char *bytes;
};

static void cache_free(struct dump_cache *c)
{
	if (!c)
		return;
	free(c->pfn);
	free(c->bytes);
	free(c);
}
DEFINE_CLEANUP(struct dump_cache *, cache_free)

static struct error *cache_new(struct dump *d)
{
	CLEANUP(cache_free) struct dump_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return error_nomem();
	c->nr_slots = MAX((size_t)1, (size_t)CACHE_BYTES / d->page_size);
	c->pfn = malloc(c->nr_slots * sizeof(*c->pfn));
	c->bytes = malloc(c->nr_slots * d->page_size);
	if (!c->pfn || !c->bytes)
		return error_nomem();
	for (size_t i = 0; i < c->nr_slots; i++)
		c->pfn[i] = UINT64_MAX;
	d->cache = take_ptr(c);
	return NULL;
}

static const struct dump_format *best_format(struct source *s)
{
	const struct dump_format *found = NULL;
	int best = 0;

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		int bid = formats[i]->bid(s);

		if (bid > best) {
			best = bid;
			found = formats[i];
		}
	}
	return found;
}

static struct error *pick_format(struct source *s, const struct dump_format **ret)
{
	*ret = best_format(s);
	return *ret ? NULL : foreign_refuse(s);
}

static struct error *check_page_size(const struct dump *d, const char *name)
{
	uint32_t size = d->page_size;

	if (size >= 4096 && size <= 1 << 20 && IS_POW2(size))
		return NULL;
	return error_new(ERROR_BAD_DATA, "%s: a page size of %u bytes is impossible", name, size);
}

/* Puts the layers over the file that it asks for: decryption, then the flattened stream. Takes `s`
 * over. */
static struct error *unwrap(struct source *s, struct dump_part *ret)
{
	_cleanup_source_ struct source *own = s;
	bool whole = true, ended = true;

	*ret = (struct dump_part){ .complete = true };
	if (source_is_age(own)) {
		if (!source_decrypt)
			return error_new(ERROR_NOT_PERMITTED, "%s: is encrypted (age): --identity FILE names the "
							      "file of the secret key", s->name);
		TRY(source_decrypt(own, &own, &whole));
		ret->encrypted = true;
	}
	if (source_is_flattened(own)) {
		TRY(source_open_flattened(own, &own, &ended));
		ret->flattened = true;
	}
	ret->complete = whole && ended;
	ret->source = take_ptr(own);
	return NULL;
}

struct dump *dump_new(const struct dump_format *ops)
{
	struct dump *d = calloc(1, sizeof(*d));

	if (d) {
		d->ops = ops;
		d->format = ops ? ops->name : NULL;
		d->dump_level = -1;
		d->complete = true;
	}
	return d;
}

struct error *dump_open_part(struct dump_part *p, struct dump **ret)
{
	_cleanup_source_ struct source *own = take_ptr(p->source);
	_cleanup_dump_ struct dump *d = dump_new(NULL);
	const struct dump_format *format;

	if (!d)
		return error_nomem();
	TRY(pick_format(own, &format));
	d->ops = format;
	d->format = format->name;
	d->source = take_ptr(own);
	d->flattened = p->flattened;
	d->encrypted = p->encrypted;
	d->complete = p->complete;
	TRY(format->open(d));
	TRY(check_page_size(d, d->source->name));
	*ret = take_ptr(d);
	return NULL;
}

struct error *dump_open_source(struct source *s, struct dump **ret)
{
	struct dump_part p;

	TRY(unwrap(s, &p));
	return dump_open_part(&p, ret);
}

/* All files of a set are of one format, which knows sets. Those that a full disk left empty do
 * not count. */
static struct error *pick_set_format(const struct dump_part *parts, size_t n,
				     const struct dump_format **ret)
{
	const struct dump_part *first = NULL;
	const struct dump_format *f;

	*ret = NULL;
	for (size_t i = 0; i < n; i++) {
		if (!parts[i].source->size)
			continue;
		TRY(pick_format(parts[i].source, &f));
		if (*ret && f != *ret)
			return error_new(ERROR_UNSUPPORTED,
					 "%s (%s) and %s (%s) are not parts of one dump",
					 first->source->name, (*ret)->name,
					 parts[i].source->name, f->name);
		first = &parts[i];
		*ret = f;
	}
	if (!first)
		return error_new(ERROR_BAD_DATA, "%s: empty, and so are the other files",
				 parts[0].source->name);
	if (!(*ret)->open_set)
		return error_new(ERROR_UNSUPPORTED,
				 "%s: %s dumps do not come in several files; give one",
				 first->source->name, (*ret)->name);
	return NULL;
}

static struct error *open_set(struct dump_part *parts, size_t n, struct dump **ret)
{
	_cleanup_dump_ struct dump *d = dump_new(NULL);
	const struct dump_format *format;

	if (!d)
		return error_nomem();
	TRY(pick_set_format(parts, n, &format));
	d->ops = format;
	d->format = format->name;
	TRY(format->open_set(d, parts, n));
	TRY(check_page_size(d, "the set"));
	*ret = take_ptr(d);
	return NULL;
}

struct error *dump_open_sources(struct source **sources, size_t n, struct dump **ret)
{
	_cleanup_free_ struct dump_part *parts = NULL;
	struct error *e = NULL;

	if (n == 1)
		return dump_open_source(sources[0], ret);
	parts = calloc(n, sizeof(*parts));
	if (!parts)
		e = error_nomem();
	for (size_t i = 0; !e && i < n; i++)
		e = unwrap(take_ptr(sources[i]), &parts[i]);
	if (!e)
		e = open_set(parts, n, ret);
	for (size_t i = 0; i < n; i++) {
		source_close(sources[i]);
		if (parts)
			source_close(parts[i].source);
	}
	return e;
}

static struct error *open_raw_names(char *const *names, size_t n, struct dump **ret)
{
	_cleanup_raw_layout_ struct raw_layout l = { 0 };

	TRY(raw_parse_names(names, n, &l));
	return dump_open_raw(&l, ret);
}

/* What the running kernel's memory needs is not told by "permission denied". */
static struct error *explain_refusal(struct error *e, const char *path)
{
	if (!text_equal(path, "/proc/kcore") || error_kind(e) != ERROR_NOT_PERMITTED)
		return e;
	error_free(e);
	return error_new(ERROR_NOT_PERMITTED,
			 "%s: cannot open: only root with CAP_SYS_RAWIO may read the memory of the running "
			 "kernel, and with lockdown=confidentiality nobody may",
			 path);
}

struct error *dump_open(const char *path, struct dump **ret)
{
	struct source *s;
	struct error *e;

	if (raw_is_name(path))
		return open_raw_names((char *const[]){ (char *)path }, 1, ret);
	e = source_open_file(path, &s);
	if (e)
		return explain_refusal(e, path);
	return dump_open_source(s, ret);
}

struct error *dump_open_set(char *const *paths, size_t n, struct dump **ret)
{
	_cleanup_free_ struct source **sources = NULL;
	struct error *e = NULL;
	size_t opened = 0;

	if (n == 1)
		return dump_open(paths[0], ret);
	if (!n || n > NR_FILES_MAX)
		return error_new(ERROR_USAGE, "a dump of %zu files; expected 1 to %u", n, NR_FILES_MAX);
	if (raw_is_name(paths[0]))
		return open_raw_names(paths, n, ret);
	sources = calloc(n, sizeof(*sources));
	if (!sources)
		return error_nomem();
	while (!e && opened < n) {
		e = source_open_file(paths[opened], &sources[opened]);
		opened += !e;
	}
	if (!e)
		return dump_open_sources(sources, n, ret);
	while (opened--)
		source_close(sources[opened]);
	return e;
}

struct error *dump_list_files(const char *name, struct words *ret)
{
	_cleanup_raw_layout_ struct raw_layout l = { 0 };

	if (!raw_is_name(name))
		return words_add(ret, name);
	TRY(raw_parse_names((char *const[]){ (char *)name }, 1, &l));
	for (size_t i = 0; i < l.pieces.n; i++)
		TRY(words_add(ret, l.pieces.v[i].file));
	return NULL;
}

void dump_close(struct dump *d)
{
	if (!d)
		return;
	if (d->ops)
		d->ops->close(d);
	cache_free(d->cache);
	if (!d->raw_notes_mapped)
		free((void *)d->raw_notes);
	free(d->notes);
	free(d->cpu_tasks);
	free(d->vmcoreinfo);
	free(d->eraseinfo);
	ranges_done(&d->memory);
	source_close(d->source);
	free(d);
}

enum page_answer dump_read_page(struct dump *d, uint64_t pfn, void *buf, struct error **ret_why)
{
	if (ret_why)
		*ret_why = NULL;
	return pfn < d->max_pfn ? d->ops->page(d, pfn, buf, ret_why) : PAGE_HOLE;
}

bool dump_locate(struct dump *d, uint64_t pfn, uint64_t end, uint64_t *ret_off, uint64_t *ret_n)
{
	return d->ops->locate && d->source->ops->concurrent && pfn < MIN(end, d->max_pfn) &&
	       d->ops->locate(d, pfn, MIN(end, d->max_pfn), ret_off, ret_n);
}

enum page_answer dump_page_state(struct dump *d, uint64_t pfn)
{
	return pfn < d->max_pfn ? d->ops->state_of(d, pfn) : PAGE_HOLE;
}

enum page_answer dump_read_stored(struct dump *d, uint64_t pfn, void *buf, size_t *ret_len,
				  uint32_t *ret_codec_flag, struct error **ret_why)
{
	if (pfn < d->max_pfn && d->ops->stored) {
		if (ret_why)
			*ret_why = NULL;
		return d->ops->stored(d, pfn, buf, ret_len, ret_codec_flag, ret_why);
	}
	*ret_len = d->page_size;
	*ret_codec_flag = 0;
	return dump_read_page(d, pfn, buf, ret_why);
}

static struct error *answer_error(struct dump *d, enum page_answer answer, uint64_t pa,
				  struct error *why)
{
	unsigned long long at = pa;

	switch (answer) {
	case PAGE_OK:
	case PAGE_ZERO:
		return NULL;
	case PAGE_EXCLUDED:
		return error_new(ERROR_EXCLUDED,
				 "physical address 0x%llx: page left out of the "
				 "dump on purpose",
				 at);
	case PAGE_HOLE:
		return error_new(ERROR_LOST,
				 "physical address 0x%llx: the dump knows no memory "
				 "there",
				 at);
	case PAGE_LOST:
		if (!why)
			return error_new(ERROR_LOST, "physical address 0x%llx: page lost", at);
		/* whatever spoilt it, for the caller it is lost memory */
		struct error *e = error_new(ERROR_LOST, "physical address 0x%llx: %s", at,
					    error_message(why));
		error_free(why);
		return e;
	}
	return error_new(ERROR_OTHER, "physical address 0x%llx: no answer", at);
}

void dump_watch(struct dump *d, dump_watcher *watcher, void *arg)
{
	d->watcher = watcher;
	d->watcher_arg = arg;
}

static void note_touched(struct dump *d, uint64_t pa, size_t len)
{
	uint64_t pfn = pa / d->page_size, last;

	if (d->watcher && len && !add_overflows(pa, (uint64_t)len - 1, &last))
		d->watcher(d->watcher_arg, pfn, last / d->page_size - pfn + 1);
}

/* Part of one page, through the cache. */
static struct error *read_part(struct dump *d, uint64_t pa, void *buf, size_t len)
{
	uint64_t pfn = pa / d->page_size;
	struct error *why = NULL;
	enum page_answer answer;
	size_t slot;

	if (len == d->page_size) {
		answer = dump_read_page(d, pfn, buf, &why);
		return answer_error(d, answer, pa, why);
	}
	if (!d->cache)
		TRY(cache_new(d));
	slot = pfn & (d->cache->nr_slots - 1);
	unsigned char *page = d->cache->bytes + slot * d->page_size;

	if (d->cache->pfn[slot] != pfn) {
		d->cache->pfn[slot] = UINT64_MAX;
		answer = dump_read_page(d, pfn, page, &why);
		TRY(answer_error(d, answer, pa, why));
		d->cache->pfn[slot] = pfn;
	}
	memcpy(buf, page + pa % d->page_size, len);
	return NULL;
}

struct error *dump_read_phys(struct dump *d, uint64_t pa, void *buf, size_t len)
{
	unsigned char *to = buf;

	note_touched(d, pa, len);
	while (len) {
		size_t piece = MIN(len, (size_t)(d->page_size - pa % d->page_size));

		TRY(read_part(d, pa, to, piece));
		to += piece;
		len -= piece;
		if (add_overflows(pa, piece, &pa) && len)
			return error_new(ERROR_LOST,
					 "physical addresses end before the last "
					 "%zu bytes",
					 len);
	}
	return NULL;
}

const void *dump_map_phys(struct dump *d, uint64_t pa, size_t len)
{
	note_touched(d, pa, len);
	return d->ops->map && len ? d->ops->map(d, pa, len, false) : NULL;
}

const void *dump_map_phys_forever(struct dump *d, uint64_t pa, size_t len)
{
	note_touched(d, pa, len);
	return d->ops->map && len ? d->ops->map(d, pa, len, true) : NULL;
}

size_t dump_nr_segments(const struct dump *d)
{
	return d->ops->nr_segments ? d->ops->nr_segments(d) : 0;
}

struct dump_segment dump_segment_at(const struct dump *d, size_t i)
{
	return d->ops->segment_at(d, i);
}
