/*
 * The command line of makedumpfile and salvage-collect: options, which of them go together, and
 * the words after them. What is refused, and with which status, is makedumpfile's.
 */
#include <limits.h>
#include <string.h>

#include "base/file.h"
#include "base/options.h"
#include "base/text.h"
#include "tools/collector_job.h"

#define RULES_MAX (1u << 20)

static const struct option_def option_rows[] = {
	{ 'c', NULL, NULL, "compress pages with zlib", OPT_ZLIB },
	{ 'l', NULL, NULL, "compress pages with LZO", OPT_LZO },
	{ 'p', NULL, NULL, "compress pages with snappy", OPT_SNAPPY },
	{ 'z', NULL, NULL, "compress pages with zstd", OPT_ZSTD },
	{ 'd', NULL, "LEVEL[,...]", "leave out: 1 zero pages, 2 cache, 4 private cache, 8 user "
				    "pages, 16 free pages, and sums; the next of the list when the "
				    "target is full", OPT_LEVEL },
	{ 'e', NULL, NULL, "also leave out struct pages whose frames are all left out", OPT_UNUSED_MAP },
	{ 'E', NULL, NULL, "write ELF", OPT_ELF },
	{ 'F', NULL, NULL, "write the flattened stream to standard output", OPT_FLATTEN },
	{ 0, "encrypt", "RECIPIENT", "encrypt for the owner of this public key (age1...); give each",
	  OPT_ENCRYPT },
	{ 0, "recipients-file", "FILE", "encrypt for those in FILE, one a line", OPT_RECIPIENTS },
	{ 0, "identity", "FILE", "the secret key that VMCORE was encrypted for", OPT_IDENTITY },
	{ 0, "config", "FILE", "erase what the rules in FILE name", OPT_CONFIG },
	{ 'L', NULL, "SIZE", "a file gets at most SIZE bytes (K, M, G)", OPT_LIMIT },
	{ 0, "split", NULL, "write the dump to several files at once", OPT_SPLIT },
	{ 0, "splitblock-size", "KIB", "cut at multiples of this much memory (default 1048576)",
	  OPT_SPLIT_UNIT },
	{ 0, "reassemble", NULL, "make one DUMPFILE out of the parts of a split one", OPT_REASSEMBLE },
	{ 'R', NULL, NULL, "turn the flattened stream on standard input into DUMPFILE", OPT_REARRANGE },
	{ 'f', NULL, NULL, "overwrite DUMPFILE", OPT_FORCE },
	{ 0, "message-level", "SUM", "1 progress, 2 common, 4 errors, 8 debug, 16 report "
				     "(default 7)", OPT_MESSAGES },
	{ 0, "dump-dmesg", NULL, "write the kernel's log instead of a dump", OPT_DMESG },
	{ 0, "partial-dmesg", NULL, "only what came after the last clearing", OPT_PARTIAL_DMESG },
	{ 0, "num-threads", "N", "threads that compress", OPT_THREADS },
	{ 0, "check-params", NULL, "only check the command line", OPT_CHECK },
	{ 0, "dry-run", NULL, "do everything but write", OPT_DRY_RUN },
	{ 0, "show-stats", NULL, "print the page counts", OPT_STATS },
	{ 0, "json", NULL, "messages, progress and the end as JSON objects, a line each", OPT_JSON },
	{ 'D', NULL, NULL, "print debugging messages", OPT_DEBUG },
	{ 'x', NULL, "VMLINUX", "the crashed kernel's file, where the dump does not tell enough", OPT_VMLINUX },
	{ 'i', NULL, "VMCOREINFO", "a file of -g instead", OPT_VMCOREINFO },
	{ 'g', NULL, "VMCOREINFO", "write what VMLINUX (or VMCORE) tells of its kernel", OPT_GENERATE },
	{ 0, "mem-usage", NULL, "count the running kernel's pages (/proc/kcore), or a dump's", OPT_MEM_USAGE },
	{ 0, "vtop", "ADDRESS", "translate a virtual address", OPT_VTOP },
	{ 0, "diskset", "FILE", "one disk of a sadump disk set; give each", OPT_DISKSET },
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 'v', NULL, NULL, "show the version and the codecs", OPT_VERSION },
	/* taken and without meaning here: there are no bitmap files, cycles or caches to size */
	{ 'b', NULL, "ORDER", NULL, OPT_IGNORED },
	{ 0, "cyclic-buffer", "KIB", NULL, OPT_IGNORED },
	{ 0, "work-dir", "DIR", NULL, OPT_IGNORED },
	{ 0, "non-mmap", NULL, NULL, OPT_IGNORED },
	{ 'X', NULL, NULL, NULL, OPT_UNSUPPORTED },
	{ 0, "eppic", "FILE", NULL, OPT_UNSUPPORTED },
	{ 0, "extension", "FILE", NULL, OPT_UNSUPPORTED },
	{ 0, "xen-syms", "FILE", NULL, OPT_UNSUPPORTED },
	{ 0, "xen-vmcoreinfo", "FILE", NULL, OPT_UNSUPPORTED },
	{ 0, "xen_phys_start", "ADDRESS", NULL, OPT_UNSUPPORTED },
	{ 0, "fd", "N", NULL, OPT_FD }, /* salvage-collect's: print_help() */
	{ 0 },
};

#define CODECS (GIVEN(OPT_ZLIB) | GIVEN(OPT_LZO) | GIVEN(OPT_SNAPPY) | GIVEN(OPT_ZSTD))
/* What shapes a new dump: modes that write none refuse it. */
#define SAVING (CODECS | GIVEN(OPT_LEVEL) | GIVEN(OPT_ELF) | GIVEN(OPT_SPLIT) | \
		GIVEN(OPT_CONFIG))

#define ENCRYPTING (GIVEN(OPT_ENCRYPT) | GIVEN(OPT_RECIPIENTS))

/* Files that tell of the kernel. */
#define KNOWING (GIVEN(OPT_VMLINUX) | GIVEN(OPT_VMCOREINFO))

/* In makedumpfile's order: the first that is asked for counts, and refuses the others. */
static const struct job_mode modes[] = {
	{ OPT_GENERATE, -1, 0, true,
	  SAVING | ENCRYPTING | GIVEN(OPT_VMCOREINFO) | GIVEN(OPT_FLATTEN) | GIVEN(OPT_REARRANGE) | GIVEN(OPT_FD) |
		  GIVEN(OPT_DRY_RUN),
	  job_generate },
	{ OPT_REARRANGE, 0, 1, false,
	  SAVING | ENCRYPTING | KNOWING | GIVEN(OPT_FLATTEN) | GIVEN(OPT_DMESG) | GIVEN(OPT_FD) |
		  GIVEN(OPT_DRY_RUN),
	  job_rearrange },
	{ OPT_REASSEMBLE, -1, 1, false,
	  SAVING | ENCRYPTING | KNOWING | GIVEN(OPT_FLATTEN) | GIVEN(OPT_DRY_RUN),
	  job_reassemble },
	{ OPT_DMESG, -1, 1, true, GIVEN(OPT_DRY_RUN), job_dmesg },
	{ OPT_MEM_USAGE, -1, 0, true, 0, job_mem_usage },
	{ 0, -1, 1, false, 0, job_save },
};

/* --vtop without a file to write */
static const struct job_mode only_vtop = { OPT_VTOP, -1, 0, true, 0, job_vtop };

/* Options that do not go together, whatever the mode. */
static const struct {
	enum option_id option;
	uint64_t excludes;
} conflicts[] = {
	{ OPT_ELF, CODECS | GIVEN(OPT_THREADS) | GIVEN(OPT_SPLIT) },
	{ OPT_SPLIT, GIVEN(OPT_THREADS) | GIVEN(OPT_FLATTEN) | GIVEN(OPT_FD) },
	{ OPT_VMCOREINFO, GIVEN(OPT_VMLINUX) },
};

/* Options that mean something only with another one. */
static const struct {
	enum option_id option, needs;
} needs[] = {
	{ OPT_PARTIAL_DMESG, OPT_DMESG },
};

static const struct option_def *row_of(enum option_id id)
{
	const struct option_def *row = option_rows;

	while (row->id && row->id != (int)id)
		row++;
	return row;
}

/* An option as it is written: "-x", "--split". */
static const char *word_of(const struct option_def *row, char buf[static 32])
{
	if (row->name)
		snprintf(buf, 32, "--%s", row->name);
	else
		snprintf(buf, 32, "-%c", row->letter);
	return buf;
}

static void say_invalid(const struct job *j)
{
	job_say(j, MSG_COMMON, "Commandline parameter is invalid.\nTry `%s --help' for more information.\n",
		j->program->name);
}

/* ---- values ---- */

static bool parse_levels(struct job *j, const char *list)
{
	_cleanup_free_ char *copy = strdup(list);
	char *rest = copy, *word;

	j->nr_levels = 0;
	while (copy && (word = strsep(&rest, ","))) {
		uint64_t level;

		if (j->nr_levels == LEVELS_MAX || !text_u64(word, &level) || level > 31) {
			job_say(j, MSG_COMMON, "Dump_level(%s) is invalid.\n", word);
			return false;
		}
		j->levels[j->nr_levels++] = level;
	}
	return j->nr_levels > 0;
}

static bool parse_number(struct job *j, const char *option, const char *text, uint64_t max,
			 uint64_t *ret)
{
	if (text_u64(text, ret) && *ret <= max)
		return true;
	job_say(j, MSG_COMMON, "%s: expected a number up to %llu, found \"%s\".\n", option,
		(unsigned long long)max, text);
	return false;
}

static bool parse_threads(struct job *j, const char *text)
{
	uint64_t n = 0;

	/* as there: negative means none */
	if (text[0] != '-' && !parse_number(j, "--num-threads", text, 1024, &n))
		return false;
	j->threads = n;
	if (n == 0)
		j->given &= ~GIVEN(OPT_THREADS);
	return true;
}

static bool parse_limit(struct job *j, const char *text)
{
	if (text_size(text, &j->limit) && j->limit)
		return true;
	job_say(j, MSG_COMMON, "Limit size(%s) is invalid.\n", text);
	return false;
}

static bool parse_split_unit(struct job *j, const char *text)
{
	if (!parse_number(j, "--splitblock-size", text, UINT64_MAX >> 10, &j->split_unit))
		return false;
	j->split_unit <<= 10;
	return true;
}

static bool parse_address(struct job *j, const char *text)
{
	if (text_hex(text, &j->vtop))
		return true;
	job_say(j, MSG_COMMON, "--vtop: expected a hexadecimal address, found \"%s\".\n", text);
	return false;
}

static bool add_disk(struct job *j, const char *name)
{
	struct error *e = words_add(&j->disks, name);

	if (e)
		job_say(j, MSG_ERROR, "%s: %s\n", j->program->name, error_message(e));
	error_free(e);
	return !e;
}

/* Takes what was said of an option's value. */
static bool take_value(const struct job *j, const char *option, struct error *e)
{
	if (e)
		job_say(j, MSG_ERROR, "%s: %s: %s\n", j->program->name, option, error_message(e));
	error_free(e);
	return !e;
}

static bool read_rules(struct job *j, const char *file)
{
	_cleanup_free_ char *text = NULL;
	struct error *e = file_read(AT_FDCWD, file, RULES_MAX, &text, NULL);

	erase_rules_free(j->erase);
	j->erase = NULL;
	if (!e)
		e = erase_parse(file, text, &j->erase);
	return take_value(j, "--config", e);
}

static bool parse_messages(struct job *j, const char *text)
{
	uint64_t n;

	if (!parse_number(j, "--message-level", text, 31, &n))
		return false;
	j->messages = n;
	return true;
}

/* ---- help ---- */

static void print_version(const struct job *j)
{
	printf("%s: version %s (salvage)\n", j->program->name, SALVAGE_VERSION);
	for (size_t i = 0; codecs[i]; i++)
		printf("%s\tenabled\n", codecs[i]->name);
	printf("\n");
}

static void print_help(const struct job *j)
{
	static const char *const shapes[] = {
		"[OPTIONS] VMCORE... DUMPFILE",
		"-F [OPTIONS] VMCORE... >STREAM",
		"--split [OPTIONS] VMCORE PART1 PART2...",
		"--reassemble PART... DUMPFILE",
		"-R DUMPFILE <STREAM",
		"--dump-dmesg [--partial-dmesg] VMCORE... LOGFILE",
		"--mem-usage /proc/kcore|VMCORE",
		"--vtop ADDRESS VMCORE [DUMPFILE]",
		"-g VMCOREINFO -x VMLINUX|VMCORE",
	};

	printf("%s saves the memory of a crashed kernel.\n\n", j->program->name);
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		printf("  %s %s\n", j->program->name, shapes[i]);
	if (j->program->has_fd)
		printf("  %s --fd N [OPTIONS] VMCORE...\n", j->program->name);
	printf("\nSeveral VMCOREs are the parts of one split dump, in any order.\n\n");
	options_help(option_rows, stdout);
	if (j->program->has_fd)
		printf("      --fd=N                  write to the open descriptor N, and name no output\n");
}

/* ---- parsing ---- */

/* One option. 0: go on; -1: a bad command line; otherwise the exit status plus one. */
static int take_option(struct job *j, const struct options *o, enum option_id id)
{
	char word[32];
	uint64_t n;

	j->given |= GIVEN(id);
	switch (id) {
	case OPT_ZLIB:
	case OPT_LZO:
	case OPT_SNAPPY:
	case OPT_ZSTD:
		j->codec = codec_by_option(o->row->letter);
		return 0;
	case OPT_LEVEL:
		return parse_levels(j, o->value) ? 0 : 2;
	case OPT_MESSAGES:
		return parse_messages(j, o->value) ? 0 : 2;
	case OPT_THREADS:
		return parse_threads(j, o->value) ? 0 : 2;
	case OPT_LIMIT:
		return parse_limit(j, o->value) ? 0 : 2;
	case OPT_SPLIT_UNIT:
		return parse_split_unit(j, o->value) ? 0 : 2;
	case OPT_VMLINUX:
	case OPT_VMCOREINFO:
		j->info_file = o->value;
		return 0;
	case OPT_GENERATE:
		j->generate = o->value;
		return 0;
	case OPT_VTOP:
		return parse_address(j, o->value) ? 0 : 2;
	case OPT_DISKSET:
		return add_disk(j, o->value) ? 0 : 2;
	case OPT_ENCRYPT:
		return take_value(j, "--encrypt", age_add_recipient(&j->recipients, o->value)) ? 0 : 2;
	case OPT_RECIPIENTS:
		return take_value(j, "--recipients-file", age_read_recipients(&j->recipients, o->value)) ? 0 : 2;
	case OPT_IDENTITY:
		return take_value(j, "--identity", age_use_identities(o->value)) ? 0 : 2;
	case OPT_CONFIG:
		return read_rules(j, o->value) ? 0 : 2;
	case OPT_FLATTEN:
		j->talk = stderr;
		return 0;
	case OPT_FD:
		if (!j->program->has_fd) {
			job_say(j, MSG_ERROR, "%s: unrecognized option '--fd'\n", j->program->name);
			return -1;
		}
		if (!parse_number(j, "--fd", o->value, INT_MAX, &n))
			return 2;
		j->fd = n;
		return 0;
	case OPT_HELP:
		print_help(j);
		return 1;
	case OPT_VERSION:
		print_version(j);
		return 1;
	case OPT_UNSUPPORTED:
		job_say(j, MSG_COMMON, "%s is not supported by this version; leave it out.\n",
			word_of(o->row, word));
		return 2;
	default: /* being given says it all */
		return 0;
	}
}

/* The first of `bad` that was given too is named. */
static bool exclude(const struct job *j, enum option_id id, uint64_t bad)
{
	char a[32], b[32];

	bad &= j->given;
	if (!bad)
		return true;
	job_say(j, MSG_COMMON, "%s cannot be used with %s.\n", word_of(row_of(__builtin_ctzll(bad)), a),
		word_of(row_of(id), b));
	return false;
}

/* Which mode it is, and whether the options go together. */
static bool take_mode(struct job *j)
{
	const struct job_mode *m = modes;
	char a[32], b[32];

	while (m->by && !job_has(j, m->by))
		m++;
	j->mode = m;
	if (j->nr_levels == 1 && j->levels[0] == 0)
		j->given &= ~GIVEN(OPT_LEVEL); /* as if it were not there */
	if (!exclude(j, m->by, m->excludes))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(conflicts); i++)
		if (job_has(j, conflicts[i].option) &&
		    !exclude(j, conflicts[i].option, conflicts[i].excludes))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		if (!job_has(j, needs[i].option) || job_has(j, needs[i].needs))
			continue;
		job_say(j, MSG_COMMON, "%s requires %s.\n", word_of(row_of(needs[i].option), a),
			word_of(row_of(needs[i].needs), b));
		return false;
	}
	return true;
}

/* `want` as in struct job_mode. */
static bool is_enough(int n, int want)
{
	return want < 0 ? n >= -want : n == want;
}

/* How many of the `n` words are inputs, when `outputs` are wanted. */
static int count_inputs(const struct job *j, int n, int outputs)
{
	if (j->disks.n || j->mode->inputs >= 0)
		return j->disks.n ? 0 : j->mode->inputs;
	/* several inputs and several outputs cannot be told apart: then there is one input */
	return outputs < 0 ? 1 : n - outputs;
}

/* The words that are no options: inputs, then outputs. */
static bool take_words(struct job *j, char **words, int n)
{
	const char *instead = j->fd >= 0		? "the open descriptor"
			      : job_has(j, OPT_FLATTEN) ? "STDOUT"
							: NULL;
	int outputs;

	if (job_has(j, OPT_VTOP) && !j->mode->by && !instead && n == 1 && !j->disks.n)
		j->mode = &only_vtop;
	outputs = instead ? 0 : job_has(j, OPT_SPLIT) ? -2 : j->mode->outputs;
	if (j->fd >= 0 && n == 2 && strcmp(words[1], "-") == 0)
		n = 1;
	j->nr_inputs = count_inputs(j, n, outputs);
	j->nr_outputs = n - j->nr_inputs;
	j->inputs = words;
	j->outputs = words + MAX(j->nr_inputs, 0);
	if (j->disks.n) {
		j->inputs = j->disks.v;
		j->nr_inputs = j->disks.n;
	}
	/* -g: the kernel's file is an option's, or there is a dump */
	if (j->mode->by == OPT_GENERATE && job_has(j, OPT_VMLINUX))
		return n == 0;
	if (!is_enough(j->nr_inputs, j->mode->inputs) || !is_enough(j->nr_outputs, outputs))
		return false;
	j->input = j->nr_inputs ? j->inputs[0] : NULL;
	j->output = j->nr_outputs ? j->outputs[0] : instead;
	j->nr_targets = MAX(j->nr_outputs, 1);
	return true;
}

int job_parse(struct job *j, int argc, char **argv)
{
	struct options o;
	struct error *e = options_begin(&o, option_rows, argc, argv);
	int id, status = 0;

	if (e) {
		error_free(e);
		return 2;
	}
	while (!status && (id = options_next(&o)) != 0)
		status = id < 0 ? -1 : take_option(j, &o, id);
	if (!status && (!take_mode(j) ||
			!take_words(j, argv + options_rest(&o), argc - options_rest(&o))))
		status = -1;
	options_done(&o);
	j->messages |= (job_has(j, OPT_STATS) ? MSG_REPORT : 0) | (job_has(j, OPT_DEBUG) ? MSG_DEBUG : 0);
	if (status >= 0)
		return status;
	say_invalid(j);
	return 2;
}
