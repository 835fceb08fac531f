/* Saving a dump: the input read, filtered, compressed and written. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tools/collector_job.h"

/* A kdump-compressed file that is filtered again. */
static struct error *check_refilter(struct job *j, const struct dump *d)
{
	if (strcmp(d->format, "kdump-compressed") != 0)
		return NULL;
	if (job_has(j, OPT_ELF))
		return error_new(ERROR_USAGE, "-E cannot be used: %s is in the kdump-compressed format",
				 j->input);
	if (d->dump_level < 0)
		return error_new(ERROR_UNSUPPORTED, "%s: its header is of version 0, which has no dump "
						    "level: it cannot be filtered again", j->input);
	for (unsigned i = 0; i < j->nr_levels; i++) {
		int level = j->levels[i] | d->dump_level;

		if (level != j->levels[i])
			job_say(j, MSG_COMMON, "The dump level %d becomes %d: %s was written with %d.\n",
				j->levels[i], level, j->input, d->dump_level);
		j->levels[i] = level;
	}
	return NULL;
}

/* ---- one try ---- */

static void show_progress(void *arg, const char *step, uint64_t done, uint64_t total)
{
	struct job *j = arg;

	if (job_has(j, OPT_JSON))
		job_json_progress(j, step, done, total);
	else
		progress_update(&j->progress, step, done, total);
}

struct collect_request job_request(struct job *j, struct dump *d, struct kernel *k)
{
	return (struct collect_request){
		.dump = d,
		.kernel = k,
		.level = j->levels[0],
		.next_levels = j->levels + 1,
		.nr_next_levels = j->nr_levels - 1,
		.elf = job_has(j, OPT_ELF),
		.drop_unused_map = job_has(j, OPT_UNUSED_MAP),
		.codec = j->codec,
		.threads = j->threads,
		.erase = j->erase,
		.type_of = job_type_of,
		.type_arg = j,
		.progress = j->messages & MSG_PROGRESS ? show_progress : NULL,
		.arg = j,
	};
}

struct error *job_collect(struct job *j, const struct collect_request *r, const struct job_target *t,
			  struct collect_result *ret)
{
	_cleanup_sink_ struct sink *sink = NULL, *limited = NULL, *checked = NULL;
	struct collect_request request = *r;
	struct error *e;

	*ret = (struct collect_result){ 0 };
	if (job_has(j, OPT_DRY_RUN))
		return collect_run(&request, ret);
	TRY(job_open_sink(j, t, &sink));
	if (job_has(j, OPT_LIMIT))
		TRY(sink_open_limited(sink, j->limit, &limited));
	request.sink = limited ? limited : sink;
	/* after a crash nobody looks before the dump is needed: what is on the disk is looked at now */
	if (j->fd >= 0 && !sink->is_stream && sink->gaps_are_zero) {
		TRY(sink_open_checked(request.sink, t->fd, &checked));
		request.sink = checked;
	}
	e = collect_run(&request, ret);
	if (!e && checked)
		job_say(j, MSG_REPORT, "%llu bytes were read back from the disk, as they were written.\n",
			(unsigned long long)checked->bytes_checked);
	return e;
}

static bool can_start_over(const struct job *j, const struct job_target *targets)
{
	struct stat st;

	if (job_has(j, OPT_DRY_RUN))
		return false;
	for (int i = 0; i < j->nr_targets; i++)
		if (fstat(targets[i].fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		    ftruncate(targets[i].fd, 0) < 0)
			return false;
	return true;
}

/* The parts of a split dump must agree on what it holds: they cannot be thinned each for itself, so
 * all of them are written again at the next level. */
static struct error *split_by_levels(struct job *j, struct collect_request *r,
				     const struct job_target *targets, struct collect_result *ret)
{
	r->nr_next_levels = 0;
	for (unsigned i = 0;; i++) {
		struct error *e;

		r->level = j->levels[i];
		e = job_split(j, r, targets, ret);
		if (!e || error_kind(e) != ERROR_NO_SPACE || i + 1 == j->nr_levels ||
		    !can_start_over(j, targets))
			return e;
		progress_end(&j->progress);
		job_say(j, MSG_COMMON, "%s.\nTrying again with dump level %d.\n", error_message(e),
			j->levels[i + 1]);
		error_free(e);
		collect_result_done(ret);
	}
}

/* Writes all of the dump, to one target or to many. */
static struct error *write_all(struct job *j, struct dump *d, struct kernel *k,
			       const struct job_target *targets, struct collect_result *ret)
{
	struct collect_request r = job_request(j, d, k);

	if (job_has(j, OPT_SPLIT))
		return split_by_levels(j, &r, targets, ret);
	return job_collect(j, &r, targets, ret);
}

/* ---- the end ---- */

/* "The dumpfile is saved to A" or "The dumpfiles are saved to A, B, and C". */
static void say_saved(const struct job *j, const char *rest)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };

	for (int i = 0; i < j->nr_targets; i++)
		strbuf_printf(&b, "%s%s%s", i ? ", " : "", i && i + 1 == j->nr_targets ? "and " : "",
			      job_target_name(j, i));
	job_say(j, MSG_COMMON, "\nThe dumpfile%s saved to %s%s\n", j->nr_targets > 1 ? "s are" : " is",
		strbuf_str(&b), rest);
}

static void print_result(struct job *j, const struct collect_result *c)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };

	progress_end(&j->progress);
	job_say(j, MSG_DEBUG | MSG_REPORT, "STEP [%-27s] : %u.%06u seconds\n", "Copying data",
		(unsigned)(c->copy_ms / 1000), (unsigned)(c->copy_ms % 1000 * 1000));
	if (c->why.len)
		job_say(j, MSG_COMMON, "%s", strbuf_str(&c->why));
	collect_report(c, &text);
	job_say(j, MSG_REPORT, "%s", strbuf_str(&text));
}

int job_report_end(struct job *j, struct collect_result *c, struct error *e)
{
	j->result = c;
	print_result(j, c);
	if (e && (error_kind(e) != ERROR_NO_SPACE || !c->begun))
		return job_failed(j, e);
	if (e) {
		job_say(j, MSG_ERROR, "%s: %s\n", j->program->name, error_message(e));
		error_free(e);
		say_saved(j, ", but it is incomplete: the target is full.\n"
			     "What is in it can be analyzed.");
		return job_completed(j, j->program->exit_incomplete ? j->program->exit_incomplete : 1);
	}
	if (c->thinned) {
		say_saved(j, ", but it is incomplete: for want of room pages were left out that -d does "
			     "not name.\nWhat is in it can be analyzed.");
		return job_completed(j, j->program->exit_incomplete ? j->program->exit_incomplete : 1);
	}
	if (!c->complete && c->counts.lost)
		job_say(j, MSG_ERROR, "%s: %llu pages could not be read or were lost before: the dump is "
				      "marked incomplete\n",
			j->program->name, (unsigned long long)c->counts.lost);
	else if (!c->complete)
		job_say(j, MSG_ERROR, "%s: %s is incomplete, so the dump is marked incomplete too\n",
			j->program->name, j->input);
	say_saved(j, ".");
	return job_completed(j, c->complete ? 0 : j->program->exit_incomplete);
}

static struct error *open_targets(struct job *j, struct job_target *targets)
{
	for (int i = 0; i < j->nr_targets; i++)
		targets[i] = (struct job_target){ .name = job_target_name(j, i), .fd = -1, .own_fd = -1 };
	for (int i = 0; i < j->nr_targets && !job_has(j, OPT_DRY_RUN); i++)
		TRY(job_open_output(j, targets[i].name, &targets[i].fd, &targets[i].own_fd));
	return NULL;
}

/* `empty`: what is in them is ours, and nobody takes it for a dump. */
static struct error *close_targets(struct job_target *targets, int n, bool empty, struct error *before)
{
	for (int i = 0; i < n; i++) {
		const struct job_target *t = &targets[i];

		if (empty && t->own_fd >= 0)
			(void)ftruncate(t->own_fd, 0); /* best effort, as the next */
		before = job_close_output(t->name, t->own_fd, before);
	}
	return before;
}

int job_save(struct job *j)
{
	_cleanup_dump_ struct dump *d = NULL;
	_cleanup_kernel_ struct kernel *k = NULL;
	_cleanup_free_ struct job_target *targets = calloc(j->nr_targets, sizeof(*targets));
	struct collect_result c = { 0 };
	struct error *e = targets ? NULL : error_nomem();
	bool opened;
	int status;

	if (!e)
		e = job_open_input(j, &d, &k);
	if (!e)
		e = check_refilter(j, d);
	if (!e)
		e = job_find_types(j);
	if (e)
		return job_failed(j, e);
	if (job_has(j, OPT_VTOP))
		(void)job_print_vtop(j, k); /* the dump is wanted all the same */
	e = open_targets(j, targets);
	opened = !e;
	if (opened)
		e = write_all(j, d, k, targets, &c);
	e = close_targets(targets, j->nr_targets, opened && e && !c.begun, e);
	status = job_report_end(j, &c, e);
	collect_result_done(&c);
	return status;
}
