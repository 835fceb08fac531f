/*
 * pagecmp [--level LEVEL] FULL FILTERED: compares two dumps of one crash page by page. Every
 * page that both have must be the same, and every page of FULL that FILTERED left out must be
 * of a class that LEVEL names (default: the level in FILTERED's header). Prints pages by number
 * where this does not hold, and `key: count` lines; exit 0 when it holds, 1 when not, 2 when a
 * dump does not open.
 *
 *	identical, zero		both have the page; full of zeros it counts as zero only
 *	differing, lost		both should have it: other bytes, or marked lost in FILTERED
 *	invented		only FILTERED has it
 *	excluded		left out; excluded_CLASS and excluded_zero are its parts
 *	unjustified		left out though LEVEL does not name its class
 *	spared			kept though LEVEL names its class
 *	mapped_twice		frames that FULL's program headers map more than once:
 *				makedumpfile counts them as often in "Original pages"
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "kernel/pageclass.h"

#define SHOWN_MAX 10 /* pages named per kind of finding */

struct counts {
	uint64_t identical, zero, differing, lost, invented;
	uint64_t excluded[CLASS_MAX], excluded_zero, unjustified, spared, mapped_twice;
};

static bool reads(enum page_answer a)
{
	return a == PAGE_OK || a == PAGE_ZERO;
}

static void name_page(const char *what, uint64_t pfn, enum page_class class, uint64_t nth)
{
	if (nth <= SHOWN_MAX)
		printf("%s: page frame 0x%llx (%s)\n", what, (unsigned long long)pfn,
		       pageclass_name(class));
}

static void compare_page(struct dump *full, struct dump *filtered, uint64_t pfn,
			 enum page_class class, int level, void *a, void *b, struct counts *n)
{
	enum page_answer in_full = dump_read_page(full, pfn, a, NULL);
	enum page_answer in_filtered = dump_read_page(filtered, pfn, b, NULL);

	if (!reads(in_full)) {
		n->invented += reads(in_filtered);
	} else if (reads(in_filtered)) {
		if (memcmp(a, b, full->page_size) != 0)
			name_page("differs", pfn, class, ++n->differing);
		else if (bytes_are_zero(a, full->page_size))
			n->zero++;
		else
			n->identical++;
		n->spared += pageclass_dropped(class, level);
	} else if (in_filtered == PAGE_LOST) {
		name_page("lost", pfn, class, ++n->lost);
	} else if (pageclass_dropped(class, level)) {
		n->excluded[class]++;
	} else if ((level & 1) && bytes_are_zero(a, full->page_size)) {
		n->excluded_zero++;
	} else {
		name_page("left out against the level", pfn, class, ++n->unjustified);
	}
}

static uint64_t frames_mapped_twice(const struct dump *d)
{
	uint64_t mapped = 0;

	for (size_t i = 0; i < dump_nr_segments(d); i++) {
		struct dump_segment s = dump_segment_at(d, i);

		mapped += (s.pa + s.len) / d->page_size - s.pa / d->page_size;
	}
	return mapped > ranges_total(&d->memory) ? mapped - ranges_total(&d->memory) : 0;
}

static struct error *compare(const char *full_path, const char *filtered_path, const char *level_text,
			     struct counts *n)
{
	_cleanup_dump_ struct dump *full = NULL, *filtered = NULL;
	_cleanup_kernel_ struct kernel *k = NULL;
	CLEANUP(pageclass_close) struct pageclass *classes = NULL;
	_cleanup_free_ void *a = NULL, *b = NULL;
	uint64_t level;

	TRY(dump_open(full_path, &full));
	TRY(dump_open(filtered_path, &filtered));
	TRY(kernel_open(full, &k));
	TRY(pageclass_open(k, &classes));
	level = MAX(filtered->dump_level, 0);
	if (level_text && !text_u64(level_text, &level))
		return error_new(ERROR_USAGE, "%s: not a dump level", level_text);
	if (full->page_size != filtered->page_size)
		return error_new(ERROR_BAD_DATA, "pages of %u and of %u bytes", full->page_size,
				 filtered->page_size);
	a = malloc(full->page_size);
	b = malloc(full->page_size);
	if (!a || !b)
		return error_nomem();
	n->mapped_twice = frames_mapped_twice(full);
	for (size_t i = 0; i < full->memory.n; i++) {
		const struct range *m = &full->memory.v[i];

		for (uint64_t pfn = m->start, run; pfn < m->end; pfn += run) {
			enum page_class class = pageclass_at(classes, pfn, m->end, &run);

			for (uint64_t at = pfn; at < pfn + run; at++)
				compare_page(full, filtered, at, class, level, a, b, n);
		}
	}
	return NULL;
}

static void print_counts(const struct counts *n)
{
	uint64_t excluded = n->excluded_zero;
	const struct {
		const char *key;
		uint64_t n;
	} rows[] = {
		{ "identical", n->identical }, { "zero", n->zero },
		{ "differing", n->differing }, { "lost", n->lost },
		{ "invented", n->invented },   { "unjustified", n->unjustified },
		{ "spared", n->spared },       { "mapped_twice", n->mapped_twice },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		printf("%s: %llu\n", rows[i].key, (unsigned long long)rows[i].n);
	for (int i = 0; i < CLASS_MAX; i++) {
		_cleanup_strbuf_ struct strbuf key = { 0 };

		excluded += n->excluded[i];
		if (!n->excluded[i])
			continue;
		strbuf_puts(&key, pageclass_name(i));
		for (size_t j = 0; j < key.len; j++)
			if (key.s[j] == ' ' || key.s[j] == '-')
				key.s[j] = '_';
		printf("excluded_%s: %llu\n", strbuf_str(&key), (unsigned long long)n->excluded[i]);
	}
	printf("excluded_zero: %llu\nexcluded: %llu\n", (unsigned long long)n->excluded_zero,
	       (unsigned long long)excluded);
}

int main(int argc, char **argv)
{
	const char *level = NULL;
	struct counts n = { 0 };
	struct error *e;

	if (argc == 5 && strcmp(argv[1], "--level") == 0) {
		level = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc != 3) {
		fprintf(stderr, "usage: pagecmp [--level LEVEL] FULL FILTERED\n");
		return 2;
	}
	e = compare(argv[1], argv[2], level, &n);
	if (e) {
		fprintf(stderr, "pagecmp: %s\n", error_message(e));
		error_free(e);
		return 2;
	}
	print_counts(&n);
	return n.differing || n.lost || n.unjustified || n.invented;
}
