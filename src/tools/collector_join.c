/* One file out of what is not one: a flattened stream (-R), the parts of a split dump
 * (--reassemble). */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/collect.h"
#include "tools/collector_job.h"

int job_rearrange(struct job *j)
{
	int fd, own_fd = -1;
	bool complete = false;
	struct error *e = job_open_output(j, j->output, &fd, &own_fd);

	if (!e)
		e = collect_rearrange(STDIN_FILENO, "the stream", fd, j->output, &complete);
	e = job_close_output(j->output, own_fd, e);
	if (e)
		return job_failed(j, e);
	if (!complete)
		return job_failed(j, error_new(ERROR_BAD_DATA, "the stream broke off before its end; what "
							   "came is in %s", j->output));
	job_say(j, MSG_COMMON, "\nThe dumpfile is saved to %s.\n", j->output);
	return job_completed(j, 0);
}

static struct error *reassemble(struct job *j, struct dump *d, int fd, struct collect_result *ret)
{
	_cleanup_sink_ struct sink *sink = NULL;
	struct collect_request r = job_request(j, d, NULL);

	TRY(sink_open_file(fd, j->output, &sink));
	r.sink = sink;
	return collect_reassemble(&r, ret);
}

int job_reassemble(struct job *j)
{
	_cleanup_dump_ struct dump *d = NULL;
	struct collect_result c = { 0 };
	int fd, own_fd = -1, status;
	struct error *e = dump_open_set(j->inputs, j->nr_inputs, &d);

	if (!e && strcmp(d->format, "kdump-compressed") != 0)
		e = error_new(ERROR_USAGE, "%s: parts are in the kdump-compressed format, this is %s",
			      j->input, d->format);
	if (!e)
		e = job_open_output(j, j->output, &fd, &own_fd);
	if (!e)
		e = reassemble(j, d, fd, &c);
	e = job_close_output(j->output, own_fd, e);
	if (!c.begun && e)
		return job_failed(j, e);
	/* single pages may be lost; a file that was not given is a failure to tell about */
	if (!e && d->parts_missing)
		e = error_new(ERROR_USAGE, "not all parts were given: what the others hold is in %s, "
					   "which is marked incomplete", j->output);
	status = job_report_end(j, &c, e);
	collect_result_done(&c);
	return status;
}
