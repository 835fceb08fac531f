/* Saving a dump: the input read, filtered, compressed and written, again at the next level when
 * the target is full. */
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
	progress_update(arg, step, done, total);
}

struct collect_request job_request(struct job *j, struct dump *d, struct kernel *k, int level)
{
	return (struct collect_request){
		.dump = d,
		.kernel = k,
		.level = level,
		.elf = job_has(j, OPT_ELF),
		.codec = j->codec,
		.threads = j->threads,
		.progress = j->messages & MSG_PROGRESS ? show_progress : NULL,
		.arg = &j->progress,
	};
}

static struct error *open_sink(const struct job *j, const struct job_target *t, struct sink **ret)
{
	if (job_has(j, OPT_FLATTEN))
		return sink_open_flattened(t->fd, t->name, ret);
	return sink_open_file(t->fd, t->name, ret);
}

struct error *job_collect(struct job *j, const struct collect_request *r, const struct job_target *t,
			  struct collect_result *ret)
{
	_cleanup_sink_ struct sink *sink = NULL, *limited = NULL;
	struct collect_request request = *r;

	*ret = (struct collect_result){ 0 };
	if (job_has(j, OPT_DRY_RUN))
		return collect_run(&request, ret);
	TRY(open_sink(j, t, &sink));
	if (job_has(j, OPT_LIMIT))
		TRY(sink_open_limited(sink, j->limit, &limited));
	request.sink = limited ? limited : sink;
	return collect_run(&request, ret);
}

/* Writes all of the dump, to one target or to many. */
static struct error *write_all(struct job *j, struct dump *d, struct kernel *k,
			       const struct job_target *targets, int level, struct collect_result *ret)
{
	struct collect_request r = job_request(j, d, k, level);

	if (job_has(j, OPT_SPLIT))
		return job_split(j, &r, targets, ret);
	return job_collect(j, &r, targets, ret);
}

static bool can_start_over(const struct job *j, const struct job_target *targets)
{
	struct stat st;

	if (job_has(j, OPT_FLATTEN) || job_has(j, OPT_DRY_RUN))
		return false;
	for (int i = 0; i < j->nr_targets; i++)
		if (fstat(targets[i].fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		    ftruncate(targets[i].fd, 0) < 0)
			return false;
	return true;
}

/* Level after level, as long as the target is full. */
static struct error *try_levels(struct job *j, struct dump *d, struct kernel *k,
				const struct job_target *targets, struct collect_result *ret)
{
	for (unsigned i = 0;; i++) {
		struct error *e = write_all(j, d, k, targets, j->levels[i], ret);

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

static void close_targets(const struct job *j, struct job_target *targets, bool drop_empty)
{
	for (int i = 0; i < j->nr_targets; i++) {
		if (drop_empty)
			job_drop_if_empty(targets[i].name, targets[i].own_fd);
		if (targets[i].own_fd >= 0)
			close(targets[i].own_fd);
	}
}

int job_save(struct job *j)
{
	_cleanup_dump_ struct dump *d = NULL;
	_cleanup_kernel_ struct kernel *k = NULL;
	_cleanup_free_ struct job_target *targets = calloc(j->nr_targets, sizeof(*targets));
	struct collect_result c = { 0 };
	struct error *e = targets ? NULL : error_nomem();
	int status;

	if (!e)
		e = job_open_input(j, &d, &k);
	if (!e)
		e = check_refilter(j, d);
	if (e)
		return job_failed(j, e);
	e = open_targets(j, targets);
	if (!e)
		e = try_levels(j, d, k, targets, &c);
	close_targets(j, targets, e != NULL);
	status = job_report_end(j, &c, e);
	collect_result_done(&c);
	return status;
}
