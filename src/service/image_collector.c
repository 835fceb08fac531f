/*
 * core_collector: which program saves the memory, with which words. Ours is called as
 * makedumpfile is; cp, cat, scp and any other command are programs of the machine.
 */
#include "service/image-priv.h"

#include <string.h>

#include "host/cmdline.h"
#include "service/capline.h"
#include "service/rootpath.h"

#define COLLECTOR "/bin/salvage-collect"

#define CHECK_LIMIT_MS 20000
#define RECIPIENTS_MAX (64u << 10)
#define THREADS_MAX    32 /* more gain nothing, and each takes memory */
#define CPUS_MAX       8192

/* Options of ours that are one letter without a value: what may stand beside F in one word. */
#define PLAIN_LETTERS "DEFchlpvz"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_program(const char *word, const char *name)
{
	return strcmp(base_name(word), name) == 0;
}

/* Targets without files: the dump goes there as one stream. */
static bool is_stream(const struct image *im)
{
	return text_equal(im->how->target->kind, "raw") ||
	       text_equal(im->how->target->kind, "ssh");
}

/* -F alone or among letters without values: flattened output. */
static bool holds_flat(const char *word)
{
	return word[0] == '-' && word[1] != '-' && strchr(word, 'F') &&
	       !word[1 + strspn(word + 1, PLAIN_LETTERS)];
}

static bool any_word(const struct words *argv, bool (*is)(const char *word))
{
	for (size_t i = 1; i < argv->n; i++)
		if (is(argv->v[i]))
			return true;
	return false;
}

static bool is_elf_or_threads(const char *word)
{
	return strcmp(word, "-E") == 0 || text_starts(word, "--num-threads");
}

/* Every F goes: PID 1 puts it back where the target takes a stream. */
static struct error *add_unflattened(struct words *to, const char *word)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	if (!holds_flat(word))
		return words_add(to, word);
	for (const char *p = word; *p; p++)
		if (*p != 'F')
			strbuf_putc(&b, *p);
	TRY(strbuf_error(&b));
	return b.len > 1 ? words_add(to, strbuf_str(&b)) : NULL;
}

static struct error *count_cpus(int root, unsigned *ret)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line;

	*ret = 0;
	TRY(file_read(root, "proc/cpuinfo", 64 << 20, &text, NULL));
	for (rest = text; (line = text_next_line(&rest)) && *ret < CPUS_MAX;)
		*ret += text_starts(line, "processor");
	return NULL;
}

/* How many processors the capture kernel will have: nr_cpus= or maxcpus= of its command line,
 * and no more than there are. */
static struct error *capture_cpus(const struct image *im, unsigned *ret)
{
	static const char *const limits[] = {"nr_cpus", "maxcpus"};
	static const struct sysconfig stock;
	_cleanup_free_ char *line = NULL;

	TRY(count_cpus(im->how->root, ret));
	TRY(capline_make(im->how->root, im->how->sysconfig ? im->how->sysconfig : &stock,
			 &line));
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		_cleanup_free_ char *value = NULL;
		uint64_t n;
		bool found;

		TRY(cmdline_find(line, limits[i], &found, &value));
		if (found && text_u64(value, &n))
			*ret = MIN(*ret, n);
	}
	return NULL;
}

/* One thread a processor, but not where the established service adds none: an ELF file, a
 * stream. */
static struct error *add_threads(struct image *im, const struct words *asked)
{
	unsigned n;

	if (is_stream(im) || any_word(asked, holds_flat) || any_word(asked, is_elf_or_threads))
		return NULL;
	TRY(capture_cpus(im, &n));
	if (n < 2)
		return NULL;
	return words_addf(&im->plan.collector, "--num-threads=%u",
			  MIN(n, (unsigned)THREADS_MAX));
}

/* Asks our collector whether it understands its options: now, not after the crash. What it
 * does not like it says itself, on standard error. */
static struct error *check_parameters(const struct image *im)
{
	const char *program = im->programs.v[im->programs.n - 1].source;
	struct process_how how = {.limit_ms = CHECK_LIMIT_MS, .capture_limit = 4096};
	struct process_result r = {0};
	_cleanup_words_ struct words argv = {0};
	struct error *e;
	int status;

	TRY(words_add(&argv, program));
	TRY(words_add(&argv, "--check-params"));
	for (size_t i = 1; i < im->plan.collector.n; i++)
		TRY(words_add(&argv, im->plan.collector.v[i]));
	if (is_stream(im))
		TRY(words_add(&argv, "-F"));
	TRY(words_add(&argv, "/proc/vmcore"));
	if (!is_stream(im))
		TRY(words_add(&argv, "vmcore"));
	e = process_run(argv.v, &how, &r);
	status = r.timed_out ? -1 : r.status;
	process_result_done(&r);
	TRY(e);
	if (status)
		return error_new(
			ERROR_USAGE,
			"makedumpfile parameter check failed. See core_collector in %s",
			im->how->settings->file);
	return NULL;
}

/* The keys in a file of --recipients-file, as options of their own: the image needs no file then. */
static struct error *add_recipients(struct image *im, const char *name)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line;

	TRY(error_prefix(file_read(im->how->root, rootpath_below(name), RECIPIENTS_MAX, &text, NULL),
			 "core_collector"));
	rest = text;
	while ((line = text_next_line(&rest))) {
		line = text_strip(line);
		if (!*line || *line == '#')
			continue;
		TRY(words_add(&im->plan.collector, "--encrypt"));
		TRY(words_add(&im->plan.collector, line));
	}
	return NULL;
}

/* Rules of --config: read after the crash, from the same place in the image. */
static struct error *add_rules(struct image *im, const char *file)
{
	if (*file != '/')
		return error_new(ERROR_USAGE,
				 "core_collector: --config %s: give the whole path, from / on", file);
	TRY(error_prefix(image_add_file(im, rootpath_below(file), file, 0600), "core_collector"));
	TRY(words_add(&im->plan.collector, "--config"));
	return words_add(&im->plan.collector, file);
}

/* Options of ours that name a file of this machine. */
static const struct {
	const char *name;
	struct error *(*add)(struct image *im, const char *file);
} file_options[] = {
	{ "--recipients-file", add_recipients },
	{ "--config", add_rules },
};

static struct error *add_our_word(struct image *im, const struct words *argv, size_t *at)
{
	const char *word = argv->v[*at];

	for (size_t i = 0; i < ARRAY_SIZE(file_options); i++) {
		const char *rest = text_after(word, file_options[i].name);

		if (rest && *rest == '=')
			return file_options[i].add(im, rest + 1);
		if (rest && !*rest && *at + 1 < argv->n)
			return file_options[i].add(im, argv->v[++*at]);
	}
	return add_unflattened(&im->plan.collector, word);
}

static struct error *choose_ours(struct image *im, const struct words *argv)
{
	const struct settings *s = im->how->settings;

	/* the stock value is right for every target; what somebody wrote must be meant for this
	 * one */
	if (is_stream(im) && s->value[SETTING_CORE_COLLECTOR] && !any_word(argv, holds_flat))
		return error_new(
			ERROR_USAGE,
			"The specified dump target needs makedumpfile \"-F\" option. (%s line %u)",
			s->file, s->line[SETTING_CORE_COLLECTOR]);
	TRY(words_add(&im->plan.collector, COLLECTOR));
	for (size_t i = 1; i < argv->n; i++)
		TRY(add_our_word(im, argv, &i));
	TRY(add_threads(im, argv));
	return check_parameters(im);
}

/*
 * cp, cat and scp mean "the whole memory as it is". Which of them can do it depends on whether
 * the target gives a file's name or takes a stream.
 */
static const char *plain_copy(const struct image *im, const char *word)
{
	if (is_stream(im))
		return is_program(word, "scp") ? "cat" : NULL;
	return is_program(word, "cat") ? "cp" : NULL;
}

static struct error *choose_machines(struct image *im, const struct words *argv)
{
	const char *instead = plain_copy(im, argv->v[0]);
	_cleanup_free_ char *path = NULL;

	if (is_stream(im) && is_program(argv->v[0], "cp"))
		return error_new(ERROR_USAGE,
				 "core_collector cp cannot write to this dump target: use cat");
	TRY(error_prefix(
		image_find_in_path(im->how->root, instead ? instead : argv->v[0], &path),
		"core_collector"));
	TRY(error_prefix(image_add_machines(im, path), "core_collector"));
	TRY(words_add(&im->plan.collector, path));
	for (size_t i = 1; i < argv->n && !instead;
	     i++) /* another program's options mean nothing to it */
		TRY(words_add(&im->plan.collector, argv->v[i]));
	if (text_equal(im->how->target->kind, "raw"))
		TRY(image_warn(
			im,
			"core_collector is not makedumpfile: what it writes to the raw device has to "
			"be recovered by hand, the next start does not do it"));
	return NULL;
}

struct error *image_choose_collector(struct image *im)
{
	const char *text = settings_get(im->how->settings, SETTING_CORE_COLLECTOR);
	_cleanup_words_ struct words argv = {0};

	TRY(error_prefix(words_split(&argv, text), "core_collector"));
	if (!argv.n)
		return error_new(ERROR_USAGE, "core_collector names no program");
	/* whoever saves the dump, ours saves the log */
	TRY(image_add_own(im, "salvage-collect", COLLECTOR));
	if (is_program(argv.v[0], "makedumpfile") || is_program(argv.v[0], "salvage-collect"))
		return choose_ours(im, &argv);
	return choose_machines(im, &argv);
}
