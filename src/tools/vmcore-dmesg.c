/*
 * vmcore-dmesg: prints the dead kernel's log, from a dump of any format that can be read or the
 * files of a split set. Options, forms and exit codes: vmcore-dmesg(8).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/options.h"
#include "base/text.h"
#include "dump/age.h"
#include "kernel/printk.h"

/* As in kexec-tools, where a failure there has a counterpart here. */
enum {
	EXIT_USAGE = 1,	       /* also: the dump does not open, or is none */
	EXIT_BAD_HEADER = 10,  /* the dump's headers make no sense */
	EXIT_NOT_IN_DUMP = 30, /* what the log is made of is not in the dump */
	EXIT_NO_NOTE = 41,     /* no VMCOREINFO */
	EXIT_OUTPUT = 54,
	EXIT_NO_LOG = 60,  /* VMCOREINFO does not say where the log is */
	EXIT_BAD_LOG = 64, /* what it says makes no sense */
};

enum { OPT_LEVEL = 1, OPT_RAW, OPT_JSON, OPT_PARTIAL, OPT_IDENTITY, OPT_HELP, OPT_VERSION };

static const struct option_def option_rows[] = {
	{ 'l', "level", "LIST", "only these: emerg, alert, crit, err, warn, notice, info, debug or 0 "
				"to 7; NAME+ with those that are worse", OPT_LEVEL },
	{ 'r', "raw", NULL, "the priority in front, as <6>", OPT_RAW },
	{ 'J', "json", NULL, "a JSON object per record", OPT_JSON },
	{ 0, "partial", NULL, "only what came after the last clearing", OPT_PARTIAL },
	{ 0, "identity", "FILE", "the secret key that VMCORE was encrypted for", OPT_IDENTITY },
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 'V', "version", NULL, "show the version", OPT_VERSION },
	{ 0 },
};

static const char *const level_names[] = { "emerg", "alert", "crit", "err", "warn", "notice",
					   "info", "debug" };

struct wishes {
	unsigned levels; /* a bit for each; all when none is named */
	bool raw, json, partial;
};

struct printer {
	const struct wishes *w;
	struct strbuf line;
	bool failed; /* the output */
};

/* ---- records ---- */

static void add_json(const struct printk_record *r, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	char caller[16];
	struct json j;

	json_init(&j, out);
	j.compact = true;
	json_open(&j, NULL, '{');
	json_u64(&j, "seq", r->seq);
	json_string(&j, "level", level_names[r->level & 7]);
	json_u64(&j, "facility", r->facility);
	if (r->has_time)
		json_u64(&j, "ns", r->ts_ns);
	if (r->has_caller) {
		snprintf(caller, sizeof(caller), "%c%u", r->caller >> 31 ? 'C' : 'T',
			 r->caller & 0x7fffffff);
		json_string(&j, "caller", caller);
	}
	if (r->lost)
		json_bool(&j, "lost", true);
	if (r->in_flight)
		json_bool(&j, "in_flight", true);
	printk_format_text(r, &text);
	json_string(&j, "text", strbuf_str(&text));
	json_close(&j, '}'); /* ends the line too */
}

static struct error *print_record(const struct printk_record *r, void *arg)
{
	struct printer *p = arg;

	if (!(p->w->levels >> (r->level & 7) & 1))
		return NULL;
	p->line.len = 0;
	if (p->w->json) {
		add_json(r, &p->line);
	} else {
		/* the byte log's lines carry theirs */
		if (p->w->raw && (r->has_time || r->has_caller))
			strbuf_printf(&p->line, "<%u>", r->facility * 8 + r->level);
		printk_format(r, &p->line);
	}
	TRY(strbuf_error(&p->line));
	if (fwrite(p->line.s, 1, p->line.len, stdout) == p->line.len)
		return NULL;
	p->failed = true;
	return error_sys(errno, "cannot write the log");
}

/* ---- the command line ---- */

static bool take_level(const char *word, unsigned *levels)
{
	size_t len = strlen(word), level;
	bool worse = len > 1 && word[len - 1] == '+';
	uint64_t number;

	len -= worse;
	for (level = 0; level < ARRAY_SIZE(level_names); level++)
		if (strlen(level_names[level]) == len && !memcmp(word, level_names[level], len))
			break;
	if (level == ARRAY_SIZE(level_names)) {
		_cleanup_free_ char *digits = strndup(word, len);

		if (!digits || !text_u64(digits, &number) || number > 7)
			return false;
		level = number;
	}
	*levels |= worse ? (2u << level) - 1 : 1u << level;
	return true;
}

static bool take_levels(const char *list, unsigned *levels)
{
	_cleanup_free_ char *copy = strdup(list);
	char *rest = copy, *word;

	*levels = 0;
	while (copy && (word = strsep(&rest, ",")))
		if (!take_level(word, levels)) {
			fprintf(stderr, "vmcore-dmesg: no level is called \"%s\"; one of emerg, alert, "
					"crit, err, warn, notice, info, debug\n", word);
			return false;
		}
	return copy != NULL;
}

static void print_help(FILE *to)
{
	fputs("usage: vmcore-dmesg [OPTION]... VMCORE...\n"
	      "Prints the log of the kernel that crashed. Several files are the parts of one dump.\n\n", to);
	options_help(option_rows, to);
}

static int fail(struct error *e, int status)
{
	fprintf(stderr, "vmcore-dmesg: %s\n", error_message(e));
	error_free(e);
	return status;
}

/* Which words are dumps; -1: go on, otherwise the exit status. */
static int read_options(int argc, char **argv, struct wishes *w, int *ret_first)
{
	struct options o;
	struct error *e = options_begin(&o, option_rows, argc, argv);
	int id, status = -1;

	if (e) {
		error_free(e);
		return EXIT_USAGE;
	}
	*w = (struct wishes){ .levels = 0xff };
	while (status < 0 && (id = options_next(&o)) != 0) {
		switch (id) {
		case OPT_LEVEL:
			status = take_levels(o.value, &w->levels) ? -1 : EXIT_USAGE;
			break;
		case OPT_RAW:
			w->raw = true;
			break;
		case OPT_JSON:
			w->json = true;
			break;
		case OPT_PARTIAL:
			w->partial = true;
			break;
		case OPT_IDENTITY:
			e = age_use_identities(o.value);
			status = e ? fail(e, EXIT_USAGE) : -1;
			break;
		case OPT_HELP:
			print_help(stdout);
			status = 0;
			break;
		case OPT_VERSION:
			puts("vmcore-dmesg (salvage) " SALVAGE_VERSION);
			status = 0;
			break;
		default:
			status = EXIT_USAGE;
		}
	}
	*ret_first = options_rest(&o);
	options_done(&o);
	if (status < 0 && *ret_first == argc) {
		fprintf(stderr, "usage: vmcore-dmesg [OPTION]... VMCORE...\n");
		status = EXIT_USAGE;
	}
	return status;
}

/* ---- the end ---- */

static int log_status(const struct error *e)
{
	switch (error_kind(e)) {
	case ERROR_LOST:
	case ERROR_EXCLUDED:
		return EXIT_NOT_IN_DUMP;
	case ERROR_NOT_FOUND:
		return EXIT_NO_LOG;
	default:
		return EXIT_BAD_LOG;
	}
}

int main(int argc, char **argv)
{
	_cleanup_dump_ struct dump *d = NULL;
	_cleanup_kernel_ struct kernel *k = NULL;
	struct wishes w;
	struct printer p = { .w = &w };
	uint64_t damaged = 0;
	struct error *e;
	int first, status = read_options(argc, argv, &w, &first);

	if (status >= 0)
		return status;
	e = dump_open_set(argv + first, argc - first, &d);
	if (e)
		return fail(e, error_kind(e) == ERROR_BAD_DATA ? EXIT_BAD_HEADER : EXIT_USAGE);
	e = kernel_open(d, &k);
	if (e)
		return fail(e, EXIT_NO_NOTE);
	e = printk_walk(k, w.partial, print_record, &p, &damaged);
	strbuf_done(&p.line);
	if (e && !p.failed)
		return fail(e, log_status(e));
	if (!e && fflush(stdout) != 0)
		e = error_sys(errno, "cannot write the log");
	if (e)
		return fail(e, EXIT_OUTPUT);
	if (damaged)
		fprintf(stderr, "vmcore-dmesg: %llu records are damaged and were left out\n",
			(unsigned long long)damaged);
	return 0;
}
