/* -R: a flattened stream becomes a file. */
#include <unistd.h>

#include "base/file.h"
#include "collect/collect.h"
#include "tools/collector_job.h"

int job_rearrange(struct job *j)
{
	_cleanup_close_ int own_fd = -1;
	bool complete = false;
	int fd;
	struct error *e = job_open_output(j, j->output, &fd, &own_fd);

	if (!e)
		e = collect_rearrange(STDIN_FILENO, "the stream", fd, j->output, &complete);
	if (e) {
		job_drop_if_empty(j->output, own_fd);
		return job_failed(j, e);
	}
	if (!complete)
		return job_failed(j, error_new(ERROR_BAD_DATA, "the stream broke off before its end; what "
							   "came is in %s", j->output));
	job_say(j, MSG_COMMON, "\nThe dumpfile is saved to %s.\n", j->output);
	return job_completed(j, 0);
}
