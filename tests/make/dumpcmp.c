/*
 * dumpcmp FIRST SECOND: compares two dumps of one moment page by page, whatever their formats and
 * without knowing the kernel in them, and prints counts as JSON.
 */
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "dump/dump.h"

struct counts {
	uint64_t same, different, lost, only_first, only_second, excluded_second;
};

static bool has_bytes(enum page_answer a)
{
	return a == PAGE_OK || a == PAGE_ZERO;
}

static void compare_page(struct dump *a, struct dump *b, uint64_t pfn, unsigned char *x,
			 unsigned char *y, struct counts *n)
{
	enum page_answer first = dump_read_page(a, pfn, x, NULL);
	enum page_answer second = dump_read_page(b, pfn, y, NULL);

	if (has_bytes(first) && has_bytes(second) && !memcmp(x, y, a->page_size))
		n->same++;
	else if (has_bytes(first) && has_bytes(second))
		n->different++;
	else if (first == PAGE_LOST || second == PAGE_LOST)
		n->lost++;
	else if (has_bytes(first) && second == PAGE_EXCLUDED)
		n->excluded_second++;
	else if (has_bytes(first))
		n->only_first++;
	else if (has_bytes(second))
		n->only_second++;
}

static struct error *compare(const char *first, const char *second, struct counts *n)
{
	_cleanup_dump_ struct dump *a = NULL, *b = NULL;
	_cleanup_free_ unsigned char *x = NULL, *y = NULL;

	TRY(dump_open(first, &a));
	TRY(dump_open(second, &b));
	if (a->page_size != b->page_size)
		return error_new(ERROR_BAD_DATA, "pages of %u and %u bytes", a->page_size,
				 b->page_size);
	x = malloc(a->page_size);
	y = malloc(a->page_size);
	if (!x || !y)
		return error_nomem();
	for (uint64_t pfn = 0; pfn < MAX(a->max_pfn, b->max_pfn); pfn++)
		compare_page(a, b, pfn, x, y, n);
	printf("{\"same\": %llu, \"different\": %llu, \"lost\": %llu, \"only_first\": %llu, "
	       "\"only_second\": %llu, \"excluded_second\": %llu, \"complete_first\": %s, "
	       "\"complete_second\": %s, \"same_vmcoreinfo\": %s}\n",
	       (unsigned long long)n->same, (unsigned long long)n->different,
	       (unsigned long long)n->lost, (unsigned long long)n->only_first,
	       (unsigned long long)n->only_second, (unsigned long long)n->excluded_second,
	       a->complete ? "true" : "false", b->complete ? "true" : "false",
	       a->vmcoreinfo && text_equal(a->vmcoreinfo, b->vmcoreinfo) ? "true" : "false");
	return NULL;
}

int main(int argc, char **argv)
{
	struct counts n = { 0 };
	struct error *e;

	if (argc != 3) {
		fprintf(stderr, "usage: dumpcmp FIRST SECOND\n");
		return 2;
	}
	e = compare(argv[1], argv[2], &n);
	if (!e)
		return 0;
	fprintf(stderr, "dumpcmp: %s\n", error_message(e));
	error_free(e);
	return 2;
}
