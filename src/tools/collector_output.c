/* The files that the collector writes: who may be overwritten, with which mode. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "dump/dump.h"
#include "tools/collector_job.h"

const char *job_target_name(const struct job *j, int i)
{
	return j->nr_outputs ? j->outputs[i] : j->output;
}

/* Overwriting the dump that is being read would destroy it. */
static struct error *refuse_input(const struct job *j, const struct stat *st, const char *name)
{
	_cleanup_words_ struct words files = { 0 };
	struct stat in;

	for (int i = 0; i < j->nr_inputs; i++)
		TRY(dump_list_files(j->inputs[i], &files));
	for (size_t i = 0; i < files.n; i++)
		if (stat(files.v[i], &in) == 0 && in.st_dev == st->st_dev &&
		    in.st_ino == st->st_ino)
			return error_new(ERROR_USAGE, "%s: is the input itself; write to another file",
					 name);
	return NULL;
}

struct error *job_open_output(const struct job *j, const char *name, int *ret, int *ret_own)
{
	int flags = O_RDWR | O_CREAT | O_CLOEXEC | (job_has(j, OPT_FORCE) ? 0 : O_EXCL);
	struct stat st;

	*ret_own = -1;
	if (j->fd >= 0 || job_has(j, OPT_FLATTEN)) {
		*ret = j->fd >= 0 ? j->fd : STDOUT_FILENO;
		if (fcntl(*ret, F_GETFL) < 0)
			return error_sys(errno, "descriptor %d is not open", *ret);
		return NULL;
	}
	*ret = *ret_own = open(name, flags, 0600);
	if (*ret < 0 && errno == EEXIST)
		return error_sys(errno, "%s: cannot create the dump file; -f overwrites it", name);
	if (*ret < 0)
		return error_sys(errno, "%s: cannot create the dump file", name);
	if (fstat(*ret, &st) < 0)
		return error_sys(errno, "%s: cannot look at the dump file", name);
	TRY(refuse_input(j, &st, name));
	if (!S_ISREG(st.st_mode)) /* devices keep their permissions and have no length */
		return NULL;
	/* also a file that was there and is overwritten */
	if (fchmod(*ret, 0600) < 0 && errno != EPERM && errno != ENOTSUP) /* without permissions */
		return error_sys(errno, "%s: cannot set the permissions", name);
	if (st.st_size && ftruncate(*ret, 0) < 0)
		return error_sys(errno, "%s: cannot empty the old file", name);
	return NULL;
}

struct error *job_open_sink(const struct job *j, const struct job_target *t, struct sink **ret)
{
	_cleanup_sink_ struct sink *age = NULL;

	if (!j->recipients.list.n)
		return job_has(j, OPT_FLATTEN) ? sink_open_flattened(t->fd, t->name, ret) :
						 sink_open_file(t->fd, t->name, ret);
	/* chunks are sealed in their order, and a dump is not written in its own */
	TRY(sink_open_age(t->fd, t->name, &j->recipients, &age));
	TRY(sink_open_flattened_over(age, ret));
	age = NULL;
	return NULL;
}

void job_drop_if_empty(const char *name, int own_fd)
{
	struct stat st;

	if (own_fd >= 0 && fstat(own_fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
		(void)unlink(name); /* best effort: the failure is reported anyway */
}

/* Some file systems tell only at close that they could not write. */
struct error *job_close_output(const char *name, int own_fd, struct error *before)
{
	if (before)
		job_drop_if_empty(name, own_fd);
	if (own_fd >= 0 && close(own_fd) < 0 && errno != EINTR && !before)
		return error_sys(errno, "%s: cannot close", name);
	return before;
}
