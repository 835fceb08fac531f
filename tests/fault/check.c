/*
 * fault-check INPUT REFERENCE RESULT STATUS [IDENTITY]: judges what a collector left that was made to fail.
 * REFERENCE is the dump of INPUT that nothing happened to, STATUS the collector's exit status
 * (128 + signal when it was killed). Prints one line and exits 0 when all of this holds:
 *
 *   - a page that RESULT has is INPUT's, byte by byte; nothing is called left out or no memory
 *     that is not so in REFERENCE (left out: also what is of a class that a dump level names)
 *   - RESULT says that it is complete just when it answers for all that REFERENCE has
 *   - STATUS 0 just with a complete dump
 *   - nothing in RESULT is damaged (dump_verify)
 *
 * `nothing` in the line: there is no file, or nobody takes it for a dump yet. Exit 1: a dump was lost,
 * or lies.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dump/age.h"
#include "dump/verify.h"
#include "kernel/pageclass.h"

#define LEVEL_ALL 31

struct judge {
	struct dump *input, *reference, *result;
	struct pageclass *classes; /* null: the input's kernel does not tell */
	uint64_t kept, lost, thinned, wrong;
};

static bool reads(enum page_answer a)
{
	return a == PAGE_OK || a == PAGE_ZERO;
}

static void complain(struct judge *j, uint64_t pfn, const char *what)
{
	if (++j->wrong <= 5)
		printf("page 0x%llx: %s\n", (unsigned long long)pfn, what);
}

static bool may_be_thinned(struct judge *j, uint64_t pfn)
{
	uint64_t n;

	return j->classes &&
	       pageclass_dropped(pageclass_at(j->classes, pfn, pfn + 1, &n), LEVEL_ALL);
}

static void judge_page(struct judge *j, uint64_t pfn, unsigned char *a, unsigned char *b)
{
	enum page_answer in_ref = dump_read_page(j->reference, pfn, a, NULL);
	enum page_answer got = dump_read_page(j->result, pfn, b, NULL);

	if (reads(got)) {
		if (!reads(dump_read_page(j->input, pfn, a, NULL)))
			complain(j, pfn, "is not in the input");
		else if (memcmp(a, b, j->input->page_size) != 0)
			complain(j, pfn, "differs from the input");
		j->kept++;
	} else if (got == PAGE_LOST) {
		j->lost++;
	} else if (got == PAGE_HOLE && in_ref != PAGE_HOLE) {
		complain(j, pfn, "is called no memory");
	} else if (got == PAGE_EXCLUDED && reads(in_ref)) {
		j->thinned++;
		if (!may_be_thinned(j, pfn))
			complain(j, pfn, "is called left out");
	} else if (got == PAGE_EXCLUDED && in_ref != PAGE_EXCLUDED) {
		complain(j, pfn, "is called left out and is no memory");
	}
}

/* ELF headers of a file that is being written may lack memory at its end. */
static void judge_pages(struct judge *j)
{
	unsigned char *a = malloc(j->input->page_size), *b = malloc(j->input->page_size);

	if (!a || !b || j->result->page_size != j->input->page_size)
		complain(j, 0, "has another size");
	else
		for (uint64_t pfn = 0; pfn < j->input->max_pfn; pfn++)
			judge_page(j, pfn, a, b);
	free(a);
	free(b);
}

static void take_finding(void *arg, const struct finding *f)
{
	if (f->kind == FINDING_DAMAGED)
		complain(arg, f->has_pages ? f->start : 0, f->what);
}

static struct error *open_all(struct judge *j, char **argv, struct kernel **k)
{
	if (argv[4] && argv[5]) /* the key of encrypted dumps */
		TRY(age_use_identities(argv[5]));
	TRY(dump_open(argv[1], &j->input));
	TRY(dump_open(argv[2], &j->reference));
	TRY(kernel_open(j->input, k));
	error_free(pageclass_open(*k, &j->classes)); /* then nothing may be thinned */
	return NULL;
}

int main(int argc, char **argv)
{
	_cleanup_kernel_ struct kernel *k = NULL;
	struct judge j = { 0 };
	struct verify_counts counts;
	struct error *e;
	struct stat st;
	int status;

	if (argc != 5 && argc != 6)
		return 2;
	status = atoi(argv[4]);
	e = open_all(&j, argv, &k);
	if (e) {
		printf("broken test: %s\n", error_message(e));
		return 2;
	}
	if (stat(argv[3], &st) < 0 || st.st_size == 0) {
		printf("nothing\n");
		return status == 0;
	}
	e = dump_open(argv[3], &j.result);
	/* a stream of nothing but its own header */
	if (e && strstr(error_message(e), "the file is empty")) {
		error_free(e);
		e = error_new(ERROR_UNSUPPORTED, "empty");
	}
	if (error_drop_if(&e, ERROR_UNSUPPORTED)) {
		printf("nothing\n");
		return status == 0;
	}
	if (e) {
		printf("lost: does not open: %s\n", error_message(e));
		return 1;
	}
	judge_pages(&j);
	e = dump_verify(&(struct verify_request){ .dump = j.result, .found = take_finding, .arg = &j },
			&counts);
	if (e)
		complain(&j, 0, error_message(e));
	error_free(e);
	if (j.result->complete && j.lost)
		complain(&j, 0, "is complete, says the header, but pages are lost");
	if (status == 0 && !j.result->complete)
		complain(&j, 0, "is not complete, but the collector's status is 0");
	if (j.result->complete && status != 0 && status != 128 + 9)
		printf("note: complete, with status %d\n", status);
	printf("%s kept %llu lost %llu thinned %llu wrong %llu\n",
	       j.result->complete ? "complete" : "incomplete", (unsigned long long)j.kept,
	       (unsigned long long)j.lost, (unsigned long long)j.thinned,
	       (unsigned long long)j.wrong);
	pageclass_close(j.classes);
	dump_close(j.input);
	dump_close(j.reference);
	dump_close(j.result);
	return j.wrong ? 1 : 0;
}
