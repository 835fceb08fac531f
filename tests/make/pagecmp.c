/*
 * pagecmp FULL FILTERED [LEVEL]: compares two dumps of one crash page by page. Every page that
 * both have must be the same, and every page of FULL that FILTERED left out must be of a class
 * that LEVEL names (default: the level in FILTERED's header). Prints counts; exit 0 when both
 * hold, 1 when not, 2 when a dump does not open.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "kernel/pageclass.h"

#define SHOWN_MAX 10 /* pages named per kind of finding */

struct counts {
	uint64_t same, zero, differing, lost, only_filtered;
	uint64_t dropped[CLASS_MAX], dropped_zero[CLASS_MAX], wrong;
	uint64_t kept_but_named; /* of a class that the level drops: allowed, worth a look */
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
		n->only_filtered += reads(in_filtered);
	} else if (reads(in_filtered)) {
		if (memcmp(a, b, full->page_size) != 0)
			name_page("differs", pfn, class, ++n->differing);
		else if (bytes_are_zero(a, full->page_size))
			n->zero++;
		else
			n->same++;
		n->kept_but_named += pageclass_dropped(class, level);
	} else if (in_filtered == PAGE_LOST) {
		name_page("lost", pfn, class, ++n->lost);
	} else if (pageclass_dropped(class, level)) {
		n->dropped[class]++;
	} else if ((level & 1) && bytes_are_zero(a, full->page_size)) {
		n->dropped_zero[class]++;
	} else {
		name_page("left out against the level", pfn, class, ++n->wrong);
	}
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

static void print_count(const char *what, uint64_t n)
{
	printf("%-40s %10llu\n", what, (unsigned long long)n);
}

int main(int argc, char **argv)
{
	struct counts n = { 0 };
	struct error *e;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: pagecmp FULL FILTERED [LEVEL]\n");
		return 2;
	}
	e = compare(argv[1], argv[2], argc == 4 ? argv[3] : NULL, &n);
	if (e) {
		fprintf(stderr, "pagecmp: %s\n", error_message(e));
		error_free(e);
		return 2;
	}
	print_count("identical", n.same);
	print_count("identical, zero", n.zero);
	print_count("differing", n.differing);
	print_count("lost", n.lost);
	print_count("only in the filtered dump", n.only_filtered);
	for (int i = 0; i < CLASS_MAX; i++) {
		char what[64];

		snprintf(what, sizeof(what), "left out: %s", pageclass_name(i));
		if (n.dropped[i])
			print_count(what, n.dropped[i]);
		snprintf(what, sizeof(what), "left out, zero: %s", pageclass_name(i));
		if (n.dropped_zero[i])
			print_count(what, n.dropped_zero[i]);
	}
	print_count("left out against the level", n.wrong);
	print_count("kept though the level names it", n.kept_but_named);
	return n.differing || n.lost || n.wrong || n.only_filtered;
}
