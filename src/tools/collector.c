/*
 * The command line of makedumpfile and salvage-collect. What a wrapper script can see (options,
 * streams, wording of the last lines, exit codes) is makedumpfile's; how it is done is not.
 */
#include "tools/collector.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/text.h"
#include "collect/collect.h"
#include "kernel/printk.h"

enum message_bit { MSG_PROGRESS = 1, MSG_COMMON = 2, MSG_ERROR = 4, MSG_DEBUG = 8, MSG_REPORT = 16 };
#define MSG_DEFAULT 7
#define LEVELS_MAX  32
#define LOG_PIECE   (16u << 10)

enum option_id {
	OPT_ZLIB = 1, OPT_LZO, OPT_SNAPPY, OPT_ZSTD, OPT_LEVEL, OPT_ELF, OPT_FLATTEN,
	OPT_REARRANGE, OPT_FORCE, OPT_MESSAGES, OPT_DMESG, OPT_PARTIAL_DMESG, OPT_THREADS,
	OPT_CHECK, OPT_DRY_RUN, OPT_STATS, OPT_DEBUG, OPT_HELP, OPT_VERSION, OPT_VMLINUX,
	OPT_VMCOREINFO, OPT_FD, OPT_IGNORED, OPT_UNSUPPORTED,
};

static const struct option_def option_rows[] = {
	{ 'c', NULL, NULL, "compress pages with zlib", OPT_ZLIB },
	{ 'l', NULL, NULL, "compress pages with LZO", OPT_LZO },
	{ 'p', NULL, NULL, "compress pages with snappy", OPT_SNAPPY },
	{ 'z', NULL, NULL, "compress pages with zstd", OPT_ZSTD },
	{ 'd', NULL, "LEVEL[,...]", "leave out: 1 zero pages, 2 cache, 4 private cache, 8 user "
				    "pages, 16 free pages, and sums; the next of the list when the "
				    "target is full", OPT_LEVEL },
	{ 'E', NULL, NULL, "write ELF", OPT_ELF },
	{ 'F', NULL, NULL, "write the flattened stream to standard output", OPT_FLATTEN },
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
	{ 'D', NULL, NULL, "print debugging messages", OPT_DEBUG },
	{ 'x', NULL, "VMLINUX", "not needed, ignored", OPT_VMLINUX },
	{ 'i', NULL, "VMCOREINFO", "not needed, ignored", OPT_VMCOREINFO },
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 'v', NULL, NULL, "show the version and the codecs", OPT_VERSION },
	/* taken and without meaning here: there are no bitmap files, cycles or caches to size */
	{ 'b', NULL, "ORDER", NULL, OPT_IGNORED },
	{ 0, "cyclic-buffer", "KIB", NULL, OPT_IGNORED },
	{ 0, "work-dir", "DIR", NULL, OPT_IGNORED },
	{ 0, "non-mmap", NULL, NULL, OPT_IGNORED },
	{ 'e', NULL, NULL, NULL, OPT_UNSUPPORTED },
	{ 'g', NULL, "FILE", NULL, OPT_UNSUPPORTED },
	{ 'L', NULL, "SIZE", NULL, OPT_UNSUPPORTED },
	{ 'X', NULL, NULL, NULL, OPT_UNSUPPORTED },
	{ 0, "split", NULL, NULL, OPT_UNSUPPORTED },
	{ 0, "reassemble", NULL, NULL, OPT_UNSUPPORTED },
	{ 0, "splitblock-size", "KIB", NULL, OPT_UNSUPPORTED },
	{ 0, "mem-usage", NULL, NULL, OPT_UNSUPPORTED },
	{ 0, "vtop", "ADDRESS", NULL, OPT_UNSUPPORTED },
	{ 0, "config", "FILE", NULL, OPT_UNSUPPORTED },
	{ 0, "eppic", "FILE", NULL, OPT_UNSUPPORTED },
	{ 0, "diskset", "FILE", NULL, OPT_UNSUPPORTED },
	{ 0, "xen-syms", "FILE", NULL, OPT_UNSUPPORTED },
	{ 0, "xen-vmcoreinfo", "FILE", NULL, OPT_UNSUPPORTED },
	/* salvage-collect's */
	{ 0, "fd", "N", "write to the open descriptor N, and name no output", OPT_FD },
	{ 0 },
};

struct job {
	const struct collector_program *program;
	unsigned messages;
	FILE *talk; /* common messages; stderr when stdout is the output */
	const char *input, *output; /* output: a name for messages with --fd and -F */
	int levels[LEVELS_MAX];
	unsigned nr_levels;
	const struct codec *codec;
	bool elf, flatten, rearrange, force, dmesg, partial, check, dry_run, stats, debug, vmlinux,
		vmcoreinfo;
	int fd; /* --fd; -1: none */
	unsigned threads;
	struct progress progress;
};

static void say(const struct job *j, enum message_bit bit, const char *fmt, ...) PRINTF(3, 4);
static void say(const struct job *j, enum message_bit bit, const char *fmt, ...)
{
	va_list ap;

	if (!(j->messages & bit))
		return;
	va_start(ap, fmt);
	vfprintf(bit == MSG_ERROR ? stderr : j->talk, fmt, ap);
	va_end(ap);
	fflush(bit == MSG_ERROR ? stderr : j->talk);
}

static int completed(const struct job *j, int status)
{
	const char *how = "Completed, the dump is incomplete";

	if (status == 0)
		how = "Completed";
	else if (status == 1)
		how = "Failed";
	say(j, MSG_COMMON, "\n%s %s.\n", j->program->name, how);
	return status;
}

static int failed(struct job *j, struct error *e)
{
	progress_end(&j->progress);
	if (e)
		say(j, MSG_ERROR, "%s: %s\n", j->program->name, error_message(e));
	error_free(e);
	return completed(j, 1);
}

/* ---- command line ---- */

static bool parse_levels(struct job *j, const char *list)
{
	_cleanup_free_ char *copy = strdup(list);
	char *rest = copy, *word;

	j->nr_levels = 0;
	while (copy && (word = strsep(&rest, ","))) {
		uint64_t level;

		if (j->nr_levels == LEVELS_MAX || !text_u64(word, &level) || level > 31) {
			say(j, MSG_COMMON, "Dump_level(%s) is invalid.\n", word);
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
	say(j, MSG_COMMON, "%s: expected a number up to %llu, found \"%s\".\n", option,
	    (unsigned long long)max, text);
	return false;
}

static void print_version(const struct job *j)
{
	printf("%s: version %s (salvage)\n", j->program->name, SALVAGE_VERSION);
	for (size_t i = 0; codecs[i]; i++)
		printf("%s\tenabled\n", codecs[i]->name);
	printf("\n");
}

static void print_help(const struct job *j)
{
	const char *name = j->program->name;

	printf("%s saves the memory of a crashed kernel.\n\n"
	       "  %s [OPTIONS] VMCORE DUMPFILE\n"
	       "  %s -F [OPTIONS] VMCORE >STREAM\n"
	       "  %s -R DUMPFILE <STREAM\n"
	       "  %s --dump-dmesg [--partial-dmesg] VMCORE LOGFILE\n",
	       name, name, name, name, name);
	if (j->program->has_fd)
		printf("  %s --fd N [OPTIONS] VMCORE\n", name);
	printf("\n");
	options_help(option_rows, stdout);
}

/* One option. 0: go on; -1: a bad command line; otherwise the exit status plus one. */
static int take_option(struct job *j, const struct options *o, int id)
{
	uint64_t n;

	switch ((enum option_id)id) {
	case OPT_ZLIB:
	case OPT_LZO:
	case OPT_SNAPPY:
	case OPT_ZSTD: {
		static const char letters[] = { [OPT_ZLIB] = 'c', [OPT_LZO] = 'l',
						[OPT_SNAPPY] = 'p', [OPT_ZSTD] = 'z' };

		j->codec = codec_by_option(letters[id]);
		return 0;
	}
	case OPT_LEVEL:
		return parse_levels(j, o->value) ? 0 : 2;
	case OPT_ELF:
		j->elf = true;
		return 0;
	case OPT_FLATTEN:
		j->flatten = true;
		j->talk = stderr;
		return 0;
	case OPT_REARRANGE:
		j->rearrange = true;
		return 0;
	case OPT_FORCE:
		j->force = true;
		return 0;
	case OPT_MESSAGES:
		if (!parse_number(j, "--message-level", o->value, 31, &n))
			return 2;
		j->messages = n;
		return 0;
	case OPT_PARTIAL_DMESG:
		j->partial = true;
		return 0;
	case OPT_DMESG:
		j->dmesg = true;
		return 0;
	case OPT_THREADS:
		if (o->value[0] == '-') { /* as there: negative means none */
			j->threads = 0;
			return 0;
		}
		if (!parse_number(j, "--num-threads", o->value, 1024, &n))
			return 2;
		j->threads = n;
		return 0;
	case OPT_CHECK:
		j->check = true;
		return 0;
	case OPT_DRY_RUN:
		j->dry_run = true;
		return 0;
	case OPT_STATS:
		j->stats = true;
		return 0;
	case OPT_DEBUG:
		j->debug = true;
		return 0;
	case OPT_HELP:
		print_help(j);
		return 1;
	case OPT_VERSION:
		print_version(j);
		return 1;
	case OPT_VMLINUX:
		j->vmlinux = true;
		return 0;
	case OPT_VMCOREINFO:
		j->vmcoreinfo = true;
		return 0;
	case OPT_FD:
		if (!j->program->has_fd) {
			say(j, MSG_ERROR, "%s: unrecognized option '--fd'\n", j->program->name);
			return -1;
		}
		if (!parse_number(j, "--fd", o->value, INT_MAX, &n))
			return 2;
		j->fd = n;
		return 0;
	case OPT_IGNORED:
		return 0;
	case OPT_UNSUPPORTED:
		say(j, MSG_COMMON, "%s%s is not supported by this version; leave it out.\n",
		    o->row->name ? "--" : "-", o->row->name ? o->row->name : (char[]){ o->row->letter, 0 });
		return 2;
	}
	return 2;
}

/* The words that are no options, by mode. */
static bool take_words(struct job *j, char **words, int n)
{
	bool to_stdout = j->flatten || j->fd >= 0;
	int want = (j->rearrange ? 0 : 1) + (to_stdout && !j->rearrange ? 0 : 1);

	if (j->fd >= 0 && !j->rearrange && n == 2 && strcmp(words[1], "-") == 0)
		n = 1;
	if (n != want || (j->elf && j->codec) || (j->rearrange && (j->flatten || j->dmesg)) ||
	    (j->rearrange && j->fd >= 0) || (j->partial && !j->dmesg) ||
	    (j->elf && j->threads > 0) || ((j->dmesg || j->rearrange) && j->dry_run))
		return false;
	if (!j->rearrange)
		j->input = *words++;
	j->output = j->fd >= 0 ? "the open descriptor" : to_stdout ? "STDOUT" : *words;
	return true;
}

/* 0: go on; otherwise the exit status plus one. */
static int parse_command(struct job *j, int argc, char **argv)
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
	if (!status && !take_words(j, argv + options_rest(&o), argc - options_rest(&o)))
		status = -1;
	options_done(&o);
	j->messages |= (j->stats ? MSG_REPORT : 0) | (j->debug ? MSG_DEBUG : 0);
	if (status >= 0)
		return status;
	say(j, MSG_COMMON, "Commandline parameter is invalid.\nTry `%s --help' for more information.\n",
	    j->program->name);
	return 2;
}

/* ---- output ---- */

/* Overwriting the dump that is being read would destroy it. */
static bool is_input(const struct job *j, const struct stat *st)
{
	struct stat in;

	return j->input && stat(j->input, &in) == 0 && in.st_dev == st->st_dev &&
	       in.st_ino == st->st_ino;
}

/* The descriptor to write to; *ret_own when it is ours to close. */
static struct error *open_output(const struct job *j, int *ret, int *ret_own)
{
	int flags = O_RDWR | O_CREAT | O_CLOEXEC | (j->force ? 0 : O_EXCL);
	struct stat st;

	*ret_own = -1;
	if (j->fd >= 0 || j->flatten) {
		*ret = j->fd >= 0 ? j->fd : STDOUT_FILENO;
		if (fcntl(*ret, F_GETFL) < 0)
			return error_sys(errno, "descriptor %d is not open", *ret);
		return NULL;
	}
	*ret = *ret_own = open(j->output, flags, 0600);
	if (*ret < 0 && errno == EEXIST)
		return error_sys(errno, "%s: cannot create the dump file; -f overwrites it", j->output);
	if (*ret < 0)
		return error_sys(errno, "%s: cannot create the dump file", j->output);
	if (fstat(*ret, &st) < 0)
		return error_sys(errno, "%s: cannot look at the dump file", j->output);
	if (is_input(j, &st))
		return error_new(ERROR_USAGE, "%s: is the input itself; write to another file",
				 j->output);
	if (!S_ISREG(st.st_mode)) /* devices keep their permissions and have no length */
		return NULL;
	/* also a file that was there and is overwritten */
	if (fchmod(*ret, 0600) < 0 && errno != EPERM && errno != ENOTSUP) /* without permissions */
		return error_sys(errno, "%s: cannot set the permissions", j->output);
	if (st.st_size && ftruncate(*ret, 0) < 0)
		return error_sys(errno, "%s: cannot empty the old file", j->output);
	return NULL;
}

/* An output of ours that nothing came into is in the way of the next try. */
static void drop_if_empty(const struct job *j, int own_fd)
{
	struct stat st;

	if (own_fd >= 0 && fstat(own_fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
		(void)unlink(j->output); /* best effort: the failure is reported anyway */
}

static struct error *open_sink(const struct job *j, int fd, struct sink **ret)
{
	if (j->flatten)
		return sink_open_flattened(fd, j->output, ret);
	return sink_open_file(fd, j->output, ret);
}

/* ---- modes ---- */

static void show_progress(void *arg, const char *step, uint64_t done, uint64_t total)
{
	progress_update(arg, step, done, total);
}

static void print_result(struct job *j, const struct collect_result *c)
{
	progress_end(&j->progress);
	say(j, MSG_DEBUG | MSG_REPORT, "STEP [%-27s] : %u.%03u seconds\n", "Copying data",
	    (unsigned)(c->copy_ms / 1000), (unsigned)(c->copy_ms % 1000));
	if (c->why.len)
		say(j, MSG_COMMON, "%s", strbuf_str(&c->why));
	if (j->messages & MSG_REPORT) {
		_cleanup_strbuf_ struct strbuf text = { 0 };

		collect_report(c, &text);
		say(j, MSG_REPORT, "%s", strbuf_str(&text));
	}
}

/* One try at one level. */
static struct error *collect_once(struct job *j, struct dump *d, struct kernel *k, int fd,
				  int level, struct collect_result *ret)
{
	_cleanup_sink_ struct sink *sink = NULL;
	struct collect_request r = {
		.dump = d,
		.kernel = k,
		.level = level,
		.elf = j->elf,
		.codec = j->codec,
		.threads = j->threads,
		.progress = j->messages & MSG_PROGRESS ? show_progress : NULL,
		.arg = &j->progress,
	};

	*ret = (struct collect_result){ 0 };
	if (!j->dry_run) {
		TRY(open_sink(j, fd, &sink));
		r.sink = sink;
	}
	return collect_run(&r, ret);
}

static bool can_start_over(const struct job *j, int fd)
{
	struct stat st;

	return !j->flatten && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && ftruncate(fd, 0) == 0;
}

static int report_end(struct job *j, struct collect_result *c, struct error *e)
{
	print_result(j, c);
	if (e && (error_kind(e) != ERROR_NO_SPACE || !c->begun))
		return failed(j, e);
	if (e) {
		say(j, MSG_ERROR, "%s: %s\n", j->program->name, error_message(e));
		error_free(e);
		say(j, MSG_COMMON, "\nThe dumpfile is saved to %s, but it is incomplete: the target "
				   "is full.\nWhat is in it can be analyzed.\n", j->output);
		return completed(j, j->program->exit_incomplete ? j->program->exit_incomplete : 1);
	}
	if (!c->complete && c->counts.lost)
		say(j, MSG_ERROR, "%s: %llu pages could not be read or were lost before: the dump is "
				  "marked incomplete\n",
		    j->program->name, (unsigned long long)c->counts.lost);
	else if (!c->complete)
		say(j, MSG_ERROR, "%s: %s is incomplete, so the dump is marked incomplete too\n",
		    j->program->name, j->input);
	say(j, MSG_COMMON, "\nThe dumpfile is saved to %s.\n", j->output);
	return completed(j, c->complete ? 0 : j->program->exit_incomplete);
}

static void print_input(const struct job *j, const struct dump *d, const struct kernel *k)
{
	say(j, MSG_DEBUG, "%s\n%s, %s, page size %u, max_mapnr 0x%llx, kernel \"%s\"\n", j->input,
	    d->format, d->arch ? d->arch->name : "unknown architecture", d->page_size,
	    (unsigned long long)d->max_pfn, k ? k->release : "");
	for (size_t i = 0; i < dump_nr_segments(d); i++) {
		struct dump_segment s = dump_segment_at(d, i);

		say(j, MSG_DEBUG, "LOAD[%zu] %llx-%llx at %llx\n", i, (unsigned long long)s.pa,
		    (unsigned long long)(s.pa + s.len), (unsigned long long)s.va);
	}
}

static int run_collect(struct job *j)
{
	_cleanup_dump_ struct dump *d = NULL;
	_cleanup_kernel_ struct kernel *k = NULL;
	_cleanup_close_ int own_fd = -1;
	struct collect_result c = { 0 };
	struct error *e;
	int fd = -1, status;

	e = dump_open(j->input, &d);
	if (e)
		return failed(j, e);
	e = kernel_open(d, &k);
	if (e) {
		say(j, MSG_COMMON, "%s.\n", error_message(e));
		error_free(e);
	}
	print_input(j, d, k);
	if (!j->dry_run) {
		e = open_output(j, &fd, &own_fd);
		if (e)
			return failed(j, e);
	}
	for (unsigned i = 0;; i++) {
		e = collect_once(j, d, k, fd, j->levels[i], &c);
		if (!e || error_kind(e) != ERROR_NO_SPACE || i + 1 == j->nr_levels ||
		    !can_start_over(j, fd))
			break;
		progress_end(&j->progress);
		say(j, MSG_COMMON, "%s.\nTrying again with dump level %d.\n", error_message(e),
		    j->levels[i + 1]);
		error_free(e);
		collect_result_done(&c);
	}
	if (e)
		drop_if_empty(j, own_fd);
	status = report_end(j, &c, e);
	collect_result_done(&c);
	return status;
}

/* The log goes out as it is read: with log_buf_len= it may be larger than the memory here. The
 * target is opened for the first piece, so that an older file is overwritten only when there is
 * something to put there. */
struct log_out {
	struct job *j;
	int fd, own_fd;
	bool open;
	struct sink *sink; /* null: straight to `fd` */
	uint64_t written;
	struct strbuf pending;
};

static struct error *flush_log(struct log_out *o)
{
	struct strbuf *b = &o->pending;

	if (!o->open) {
		TRY(open_output(o->j, &o->fd, &o->own_fd));
		o->open = true;
		if (o->j->flatten)
			TRY(sink_open_flattened(o->fd, o->j->output, &o->sink));
	}
	if (o->sink)
		TRY(sink_write(o->sink, o->written, strbuf_str(b), b->len));
	else
		TRY(file_write_fd(o->fd, o->j->output, strbuf_str(b), b->len));
	o->written += b->len;
	b->len = 0;
	return NULL;
}

static struct error *add_to_log(const struct printk_record *r, void *arg)
{
	struct log_out *o = arg;

	printk_format(r, &o->pending);
	TRY(strbuf_error(&o->pending));
	return o->pending.len < LOG_PIECE ? NULL : flush_log(o);
}

static struct error *write_log(struct log_out *o)
{
	_cleanup_dump_ struct dump *d = NULL;
	_cleanup_kernel_ struct kernel *k = NULL;
	uint64_t damaged = 0;

	TRY(dump_open(o->j->input, &d));
	TRY(kernel_open(d, &k));
	TRY(printk_walk(k, o->j->partial, add_to_log, o, &damaged));
	TRY(flush_log(o));
	if (damaged)
		say(o->j, MSG_COMMON, "%llu records of the log are damaged and were left out.\n",
		    (unsigned long long)damaged);
	if (o->sink)
		return sink_finish(o->sink, o->written);
	if (fsync(o->fd) < 0 && errno != EINVAL && errno != EROFS)
		return error_sys(errno, "%s: cannot sync", o->j->output);
	return NULL;
}

static int run_dmesg(struct job *j)
{
	struct log_out o = { .j = j, .fd = -1, .own_fd = -1 };
	struct error *e = write_log(&o);

	if (e && o.open)
		drop_if_empty(j, o.own_fd);
	sink_close(o.sink);
	strbuf_done(&o.pending);
	if (o.own_fd >= 0)
		close(o.own_fd);
	if (e)
		return failed(j, e);
	say(j, MSG_COMMON, "\nThe dmesg log is saved to %s.\n", j->output);
	return completed(j, 0);
}

static int run_rearrange(struct job *j)
{
	_cleanup_close_ int own_fd = -1;
	bool complete = false;
	int fd;
	struct error *e = open_output(j, &fd, &own_fd);

	if (!e)
		e = collect_rearrange(STDIN_FILENO, "the stream", fd, j->output, &complete);
	if (e) {
		drop_if_empty(j, own_fd);
		return failed(j, e);
	}
	if (!complete)
		return failed(j, error_new(ERROR_BAD_DATA, "the stream broke off before its end; what "
							   "came is in %s", j->output));
	say(j, MSG_COMMON, "\nThe dumpfile is saved to %s.\n", j->output);
	return completed(j, 0);
}

int collector_main(const struct collector_program *p, int argc, char **argv)
{
	struct job j = {
		.program = p,
		.messages = MSG_DEFAULT,
		.talk = stdout,
		.nr_levels = 1,
		.fd = -1,
	};
	int status = parse_command(&j, argc, argv);

	if (status)
		return status == 2 ? (j.check ? 1 : completed(&j, 1)) : status - 1;
	if (j.check)
		return 0;
	if (j.fd == STDOUT_FILENO)
		j.talk = stderr;
	/* not earlier: only now it is known that standard output is not the dump's */
	if (j.vmlinux)
		say(&j, MSG_COMMON, "-x is not needed: the dump itself tells.\n");
	if (j.vmcoreinfo)
		say(&j, MSG_COMMON, "-i is not needed: the dump itself tells.\n");
	progress_init(&j.progress, stderr);
	if (j.rearrange)
		return run_rearrange(&j);
	return j.dmesg ? run_dmesg(&j) : run_collect(&j);
}
