/* --dump-dmesg: the kernel's log instead of a dump. */
#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "dump/sink.h"
#include "kernel/printk.h"
#include "tools/collector_job.h"

#define LOG_PIECE (16u << 10)

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
		TRY(job_open_output(o->j, o->j->output, &o->fd, &o->own_fd));
		o->open = true;
		if (o->j->recipients.list.n) /* text, once it is decrypted */
			TRY(sink_open_age(o->fd, o->j->output, &o->j->recipients, &o->sink));
		else if (job_has(o->j, OPT_FLATTEN))
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

	TRY(job_open_input(o->j, &d, &k));
	TRY(printk_walk(k, job_has(o->j, OPT_PARTIAL_DMESG), add_to_log, o, &damaged));
	TRY(flush_log(o));
	if (damaged)
		job_say(o->j, MSG_COMMON, "%llu records of the log are damaged and were left out.\n",
		    (unsigned long long)damaged);
	if (o->sink)
		return sink_finish(o->sink, o->written);
	if (fsync(o->fd) < 0 && errno != EINVAL && errno != EROFS)
		return error_sys(errno, "%s: cannot sync", o->j->output);
	return NULL;
}

int job_dmesg(struct job *j)
{
	struct log_out o = { .j = j, .fd = -1, .own_fd = -1 };
	struct error *e = write_log(&o);

	sink_close(o.sink);
	strbuf_done(&o.pending);
	e = job_close_output(j->output, o.own_fd, e);
	if (e)
		return job_failed(j, e);
	job_say(j, MSG_COMMON, "\nThe dmesg log is saved to %s.\n", j->output);
	return job_completed(j, 0);
}
