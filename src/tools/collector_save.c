/* Saving a dump: the input read, filtered, compressed and written. */
#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/collect.h"
#include "tools/collector_job.h"

static struct error *open_sink(const struct job *j, int fd, struct sink **ret)
{
	if (job_has(j, OPT_FLATTEN))
		return sink_open_flattened(fd, j->output, ret);
	return sink_open_file(fd, j->output, ret);
}

static void show_progress(void *arg, const char *step, uint64_t done, uint64_t total)
{
	progress_update(arg, step, done, total);
}

static void print_result(struct job *j, const struct collect_result *c)
{
	progress_end(&j->progress);
	job_say(j, MSG_DEBUG | MSG_REPORT, "STEP [%-27s] : %u.%03u seconds\n", "Copying data",
	    (unsigned)(c->copy_ms / 1000), (unsigned)(c->copy_ms % 1000));
	if (c->why.len)
		job_say(j, MSG_COMMON, "%s", strbuf_str(&c->why));
	if (j->messages & MSG_REPORT) {
		_cleanup_strbuf_ struct strbuf text = { 0 };

		collect_report(c, &text);
		job_say(j, MSG_REPORT, "%s", strbuf_str(&text));
	}
}

static struct error *collect(struct job *j, struct dump *d, struct kernel *k, int fd,
			     struct collect_result *ret)
{
	_cleanup_sink_ struct sink *sink = NULL;
	struct collect_request r = {
		.dump = d,
		.kernel = k,
		.level = j->levels[0],
		.next_levels = j->levels + 1,
		.nr_next_levels = j->nr_levels - 1,
		.elf = job_has(j, OPT_ELF),
		.codec = j->codec,
		.threads = j->threads,
		.progress = j->messages & MSG_PROGRESS ? show_progress : NULL,
		.arg = &j->progress,
	};

	*ret = (struct collect_result){ 0 };
	if (!job_has(j, OPT_DRY_RUN)) {
		TRY(open_sink(j, fd, &sink));
		r.sink = sink;
	}
	return collect_run(&r, ret);
}

/* Some file systems tell only here that they could not write. */
static struct error *close_output(const struct job *j, int *fd)
{
	int own = *fd;

	*fd = -1;
	if (own >= 0 && close(own) < 0 && errno != EINTR)
		return error_sys(errno, "%s: cannot close", j->output);
	return NULL;
}

static int saved_incomplete(struct job *j, const char *why)
{
	job_say(j, MSG_COMMON, "\nThe dumpfile is saved to %s, but it is incomplete: %s\nWhat is in it "
			       "can be analyzed.\n", j->output, why);
	return job_completed(j, j->program->exit_incomplete ? j->program->exit_incomplete : 1);
}

static int report_end(struct job *j, struct collect_result *c, struct error *e)
{
	print_result(j, c);
	if (e && (error_kind(e) != ERROR_NO_SPACE || !c->begun))
		return job_failed(j, e);
	if (e) {
		job_say(j, MSG_ERROR, "%s: %s\n", j->program->name, error_message(e));
		error_free(e);
		return saved_incomplete(j, "the target is full.");
	}
	if (c->thinned)
		return saved_incomplete(j, "for want of room pages were left out that -d does not name.");
	if (!c->complete && c->counts.lost)
		job_say(j, MSG_ERROR, "%s: %llu pages could not be read or were lost before: the dump is "
				  "marked incomplete\n",
		    j->program->name, (unsigned long long)c->counts.lost);
	else if (!c->complete)
		job_say(j, MSG_ERROR, "%s: %s is incomplete, so the dump is marked incomplete too\n",
		    j->program->name, j->input);
	job_say(j, MSG_COMMON, "\nThe dumpfile is saved to %s.\n", j->output);
	return job_completed(j, c->complete ? 0 : j->program->exit_incomplete);
}

static void print_input(const struct job *j, const struct dump *d, const struct kernel *k)
{
	job_say(j, MSG_DEBUG, "%s\n%s, %s, page size %u, max_mapnr 0x%llx, kernel \"%s\"\n", j->input,
	    d->format, d->arch ? d->arch->name : "unknown architecture", d->page_size,
	    (unsigned long long)d->max_pfn, k ? k->release : "");
	for (size_t i = 0; i < dump_nr_segments(d); i++) {
		struct dump_segment s = dump_segment_at(d, i);

		job_say(j, MSG_DEBUG, "LOAD[%zu] %llx-%llx at %llx\n", i, (unsigned long long)s.pa,
		    (unsigned long long)(s.pa + s.len), (unsigned long long)s.va);
	}
}

int job_save(struct job *j)
{
	_cleanup_dump_ struct dump *d = NULL;
	_cleanup_kernel_ struct kernel *k = NULL;
	_cleanup_close_ int own_fd = -1;
	struct collect_result c = { 0 };
	struct error *e;
	int fd = -1, status;

	e = dump_open_set(j->inputs, j->nr_inputs, &d);
	if (e)
		return job_failed(j, e);
	e = kernel_open(d, &k);
	if (e) {
		job_say(j, MSG_COMMON, "%s.\n", error_message(e));
		error_free(e);
	}
	print_input(j, d, k);
	if (!job_has(j, OPT_DRY_RUN)) {
		e = job_open_output(j, j->output, &fd, &own_fd);
		if (e)
			return job_failed(j, e);
	}
	e = collect(j, d, k, fd, &c);
	if (e)
		job_drop_if_empty(j->output, own_fd);
	else
		e = close_output(j, &own_fd);
	status = report_end(j, &c, e);
	collect_result_done(&c);
	return status;
}
