/* The sink for a seekable file or block device. */
#include "dump/sink.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/file.h"
#include "dump/pace.h"

struct file_sink {
	struct sink sink;
	int fd; /* borrowed */
	bool regular;
	struct pace pace;
};

static struct error *file_sink_write(struct sink *s, uint64_t off, const void *bytes, size_t len)
{
	struct file_sink *f = container_of(s, struct file_sink, sink);

	TRY(file_pwrite_fd(f->fd, s->name, bytes, len, off));
	return pace_wrote(&f->pace, off, len);
}

static struct error *file_sink_reserve(struct sink *s, uint64_t off, uint64_t len, bool *ret_done)
{
	struct file_sink *f = container_of(s, struct file_sink, sink);
	int n;

	do
		n = fallocate(f->fd, 0, off, len);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == EFBIG))
		return error_sys(errno, "%s: cannot reserve %llu bytes at 0x%llx", s->name,
				 (unsigned long long)len, (unsigned long long)off);
	*ret_done = n == 0;
	return NULL;
}

/* What the file system has, and what this process may write. Quotas are not seen. */
static uint64_t file_sink_room(struct sink *s)
{
	struct file_sink *f = container_of(s, struct file_sink, sink);
	uint64_t room = UINT64_MAX, blocks;
	struct statvfs fs;
	struct rlimit limit;
	struct stat st;

	if (!f->regular)
		return room;
	if (fstatvfs(f->fd, &fs) == 0 && fs.f_blocks) {
		blocks = geteuid() == 0 ? fs.f_bfree : fs.f_bavail;
		if (mul_overflows(blocks, (uint64_t)fs.f_frsize, &room))
			room = UINT64_MAX;
	}
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
	    fstat(f->fd, &st) == 0)
		room = MIN(room, limit.rlim_cur - MIN((uint64_t)st.st_size, limit.rlim_cur));
	return room;
}

static struct error *file_sink_flush(struct sink *s)
{
	struct file_sink *f = container_of(s, struct file_sink, sink);

	/* EINVAL, EROFS: something that cannot be synced, a character device for one */
	if (fdatasync(f->fd) < 0 && errno != EINVAL && errno != EROFS)
		return error_sys(errno, "%s: cannot sync", s->name);
	return NULL;
}

static struct error *file_sink_finish(struct sink *s, uint64_t size)
{
	struct file_sink *f = container_of(s, struct file_sink, sink);

	if (f->regular && ftruncate(f->fd, size) < 0)
		return error_sys(errno, "%s: cannot set the size to %llu bytes", s->name,
				 (unsigned long long)size);
	if (fsync(f->fd) < 0 && errno != EINVAL && errno != EROFS)
		return error_sys(errno, "%s: cannot sync", s->name);
	(void)posix_fadvise(f->fd, 0, 0, POSIX_FADV_DONTNEED); /* an optimisation */
	return NULL;
}

static void file_sink_close(struct sink *s)
{
	free(container_of(s, struct file_sink, sink));
}

static const struct sink_ops file_ops = {
	.name = "file",
	.write = file_sink_write,
	.reserve = file_sink_reserve,
	.room = file_sink_room,
	.flush = file_sink_flush,
	.finish = file_sink_finish,
	.close = file_sink_close,
};

struct error *sink_open_file(int fd, const char *name, struct sink **ret)
{
	struct file_sink *f;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_sys(errno, "%s: cannot look at the output", name);
	if (lseek(fd, 0, SEEK_CUR) < 0)
		return error_sys(errno, "%s: the output cannot seek; write the flattened form "
					"to it", name);
	f = calloc(1, sizeof(*f));
	if (!f)
		return error_nomem();
	f->sink = (struct sink){ .ops = &file_ops, .name = name };
	f->fd = fd;
	f->regular = S_ISREG(st.st_mode);
	f->sink.gaps_are_zero = f->regular && st.st_size == 0;
	pace_init(&f->pace, fd, name);
	*ret = &f->sink;
	return NULL;
}
