/* salvage verify DUMP: is it whole, is it what it says, and does every page read? */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/text.h"
#include "dump/age.h"
#include "dump/verify.h"
#include "report/saved.h"
#include "tools/salvage.h"

#define SHOWN_MAX 200 /* findings in all, the rest is counted */

enum { OPT_JSON = 1, OPT_QUIET, OPT_IDENTITY, OPT_HELP };

static const struct option_def defs[] = {
	{ 'j', "json", NULL, "write JSON (schema salvage.verify/1) instead of text", OPT_JSON },
	{ 'q', "quiet", NULL, "no progress", OPT_QUIET },
	{ 0, "identity", "FILE", "the secret key that DUMP was encrypted for", OPT_IDENTITY },
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 0 },
};

struct check {
	bool json, quiet;
	struct strbuf out;
	struct json j;
	struct progress progress;
	uint32_t page_size;
	uint64_t nr_shown, nr_found;
};

static void help(FILE *to)
{
	fputs("Usage: salvage verify [OPTION]... DUMP...\n"
	      "Reads all of DUMP, a vmcore or a folder that holds one, and says what is missing or damaged:\n"
	      "headers, bitmaps, descriptors, notes, and every page. Several are the parts of one split dump.\n"
	      "Exit status: 0 whole; 4 incomplete, what is there is sound; 1 damaged, or it cannot be read.\n\n",
	      to);
	options_help(defs, to);
}

/* ---- findings ---- */

static const char *word(enum finding_kind kind)
{
	return kind == FINDING_DAMAGED ? "damaged" : "incomplete";
}

static void put_text(struct check *c, const struct finding *f)
{
	strbuf_printf(&c->out, "%s: ", word(f->kind));
	if (f->has_pages)
		strbuf_printf(&c->out, "page frames 0x%llx-0x%llx (memory 0x%llx-0x%llx): ",
			      (unsigned long long)f->start, (unsigned long long)f->end - 1,
			      (unsigned long long)f->start * c->page_size,
			      (unsigned long long)f->end * c->page_size - 1);
	if (f->has_bytes)
		strbuf_printf(&c->out, "bytes 0x%llx-0x%llx of the file: ", (unsigned long long)f->start,
			      (unsigned long long)f->end - 1);
	strbuf_printf(&c->out, "%s\n", f->what);
}

static void put_json(struct check *c, const struct finding *f)
{
	json_open(&c->j, NULL, '{');
	json_string(&c->j, "kind", word(f->kind));
	json_string(&c->j, "what", f->what);
	if (f->has_pages) {
		json_hex(&c->j, "first_page_frame", f->start);
		json_u64(&c->j, "page_frames", f->end - f->start);
		json_hex(&c->j, "physical_address", f->start * c->page_size);
	}
	if (f->has_bytes) {
		json_hex(&c->j, "file_offset", f->start);
		json_u64(&c->j, "bytes", f->end - f->start);
	}
	json_close(&c->j, '}');
}

static void take_finding(void *arg, const struct finding *f)
{
	struct check *c = arg;

	c->nr_found++;
	if (c->nr_shown == SHOWN_MAX)
		return;
	c->nr_shown++;
	if (c->json)
		put_json(c, f);
	else
		put_text(c, f);
}

static void show_progress(void *arg, uint64_t done, uint64_t total)
{
	struct check *c = arg;

	if (!c->quiet)
		progress_update(&c->progress, "Verifying pages", done, total);
}

/* ---- the result ---- */

static const char *result_word(const struct verify_counts *n)
{
	return n->damaged_findings ? "damaged" : n->incomplete_findings ? "incomplete" : "whole";
}

static const struct {
	const char *name;
	size_t off;
} counters[] = {
	{ "frames", offsetof(struct verify_counts, frames) },
	{ "stored", offsetof(struct verify_counts, stored) },
	{ "zero", offsetof(struct verify_counts, zero) },
	{ "left_out", offsetof(struct verify_counts, left_out) },
	{ "lost", offsetof(struct verify_counts, lost) },
	{ "damaged", offsetof(struct verify_counts, damaged) },
};

static uint64_t counter(const struct verify_counts *n, size_t i)
{
	uint64_t value;

	memcpy(&value, (const char *)n + counters[i].off, sizeof(value));
	return value;
}

static void finish_text(struct check *c, const struct dump *d, const struct verify_counts *n)
{
	if (c->nr_found > c->nr_shown)
		strbuf_printf(&c->out, "... and %llu more findings\n",
			      (unsigned long long)(c->nr_found - c->nr_shown));
	if (n->overlaps_unknown)
		strbuf_puts(&c->out, "The pages are too scattered in the file to look for all overlaps.\n");
	strbuf_printf(&c->out, "%s, %s, pages of %u bytes, notes: %zu, %sVMCOREINFO\nPage frames:", d->format,
		      d->arch ? d->arch->name : "unknown machine", d->page_size, d->nr_notes,
		      d->vmcoreinfo ? "" : "no ");
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		strbuf_printf(&c->out, "%s %llu %s", i ? "," : "", (unsigned long long)counter(n, i),
			      i ? text_equal(counters[i].name, "left_out") ? "left out" : counters[i].name :
				  "exist");
	strbuf_printf(&c->out, "\nThe dump is %s.\n", result_word(n));
}

static void finish_json(struct check *c, const struct dump *d, const struct verify_counts *n)
{
	json_close(&c->j, ']');
	json_u64(&c->j, "findings_total", c->nr_found);
	json_string(&c->j, "format", d->format);
	json_string(&c->j, "machine", d->arch ? d->arch->name : NULL);
	json_u64(&c->j, "page_size", d->page_size);
	json_u64(&c->j, "notes", d->nr_notes);
	json_bool(&c->j, "vmcoreinfo", d->vmcoreinfo != NULL);
	json_bool(&c->j, "overlaps_checked", !n->overlaps_unknown);
	json_open(&c->j, "page_frames", '{');
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		json_u64(&c->j, counters[i].name, counter(n, i));
	json_close(&c->j, '}');
	json_string(&c->j, "result", result_word(n));
	json_close(&c->j, '}');
	strbuf_putc(&c->out, '\n');
}

/* The parts of a split set, each for itself: their headers and descriptors. */
static struct error *verify_parts(struct check *c, const struct words *files, struct verify_counts *sum)
{
	for (size_t i = 0; files->n > 1 && i < files->n; i++) {
		_cleanup_dump_ struct dump *part = NULL;
		struct verify_request r = { .found = take_finding, .arg = c };
		struct verify_counts n = { 0 };
		struct verifier v = { .r = &r, .counts = &n };

		TRY(dump_open(files->v[i], &part));
		r.dump = part;
		if (!text_equal(part->format, "kdump-compressed"))
			continue;
		TRY(error_prefix(verify_kdump(&v), "%s", files->v[i]));
		sum->damaged_findings += n.damaged_findings;
		sum->incomplete_findings += n.incomplete_findings;
		sum->overlaps_unknown |= n.overlaps_unknown;
	}
	return NULL;
}

static struct error *verify(struct check *c, char *const *paths, size_t nr, int *ret_exit)
{
	_cleanup_words_ struct words files = { 0 };
	_cleanup_dump_ struct dump *d = NULL;
	struct verify_request r = { .found = take_finding, .progress = show_progress, .arg = c };
	struct verify_counts n, parts = { 0 };

	for (size_t i = 0; i < nr; i++) {
		_cleanup_free_ char *file = NULL;

		TRY(saved_dump_path(paths[i], &file));
		TRY(words_add(&files, file));
	}
	TRY(dump_open_set(files.v, files.n, &d));
	r.dump = d;
	c->page_size = d->page_size;
	if (c->json) {
		json_init(&c->j, &c->out);
		json_open(&c->j, NULL, '{');
		json_string(&c->j, "schema", "salvage.verify/1");
		json_string(&c->j, "file", files.v[0]);
		json_open(&c->j, "findings", '[');
	}
	TRY(verify_parts(c, &files, &parts));
	TRY(dump_verify(&r, &n));
	n.damaged_findings += parts.damaged_findings;
	n.incomplete_findings += parts.incomplete_findings;
	n.overlaps_unknown |= parts.overlaps_unknown;
	progress_end(&c->progress);
	if (c->json)
		finish_json(c, d, &n);
	else
		finish_text(c, d, &n);
	*ret_exit = n.damaged_findings ? EXIT_FAILED :
		    n.incomplete_findings ? EXIT_DUMP_INCOMPLETE : EXIT_FINE;
	return strbuf_error(&c->out);
}

/* Returns -1 to go on, or an exit code. */
static int read_options(int argc, char **argv, struct check *c, int *ret_first)
{
	struct options o;
	struct error *e = options_begin(&o, defs, argc, argv);
	int id = 0;

	while (!e && (id = options_next(&o)) > 0) {
		if (id == OPT_IDENTITY)
			e = age_use_identities(o.value);
		c->json |= id == OPT_JSON;
		c->quiet |= id == OPT_QUIET;
		if (id == OPT_HELP) {
			help(stdout);
			options_done(&o);
			return EXIT_FINE;
		}
	}
	*ret_first = options_rest(&o);
	options_done(&o);
	if (e) {
		log_error("%s", error_message(e));
		error_free(e);
		return EXIT_FAILED;
	}
	if (id == 0 && *ret_first == argc) {
		log_error("verify: expected a DUMP, a vmcore or a folder with one; see --help");
		id = -1;
	}
	return id < 0 ? EXIT_WRONG_USAGE : -1;
}

int salvage_verify(int argc, char **argv)
{
	struct check c = { 0 };
	int first, code = read_options(argc, argv, &c, &first);
	struct error *e;

	if (code >= 0)
		return code;
	progress_init(&c.progress, stderr);
	e = verify(&c, argv + first, argc - first, &code);
	progress_end(&c.progress);
	if (e) {
		log_error("%s", error_message(e));
		code = error_kind(e) == ERROR_NOT_PERMITTED ? EXIT_FORBIDDEN : EXIT_FAILED;
		error_free(e);
	} else {
		fputs(strbuf_str(&c.out), stdout);
	}
	strbuf_done(&c.out);
	return code;
}
