/* Bounded writeback; see pace.h. */
#include "dump/pace.h"

#include <errno.h>
#include <fcntl.h>

#define STEP ((uint64_t)4 << 20) /* at most two of these are dirty at a time */

void pace_init(struct pace *p, int fd, const char *name)
{
	*p = (struct pace){ .fd = fd, .name = name };
}

static struct error *sync_range(struct pace *p, uint64_t start, uint64_t len, unsigned flags)
{
	if (sync_file_range(p->fd, start, len, flags) == 0 || errno == EINTR)
		return NULL;
	if (errno == EIO || errno == ENOSPC || errno == EDQUOT)
		return error_sys(errno, "%s: cannot write back what was written near 0x%llx",
				 p->name, (unsigned long long)start);
	p->off = true; /* pipes, devices without a page cache, old file systems */
	return NULL;
}

static struct error *step(struct pace *p)
{
	/* everything that is dirty, descriptors and bitmaps included */
	TRY(sync_range(p, 0, 0, SYNC_FILE_RANGE_WRITE));
	if (p->prev_end > p->prev_start && !p->off)
		TRY(sync_range(p, p->prev_start, p->prev_end - p->prev_start,
			       SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
				       SYNC_FILE_RANGE_WAIT_AFTER));
	if (!p->off)
		(void)posix_fadvise(p->fd, 0, 0, POSIX_FADV_DONTNEED); /* an optimisation */
	p->prev_start = p->start;
	p->prev_end = p->end;
	p->since = 0;
	return NULL;
}

struct error *pace_wrote(struct pace *p, uint64_t off, uint64_t len)
{
	if (p->off)
		return NULL;
	/* small writes (descriptors, bitmaps) must not stretch the extent over the whole file */
	if (len >= 64 << 10 || p->since == 0) {
		p->start = p->since == 0 ? off : MIN(p->start, off);
		p->end = p->since == 0 ? off + len : MAX(p->end, off + len);
	}
	p->since += len;
	return p->since >= STEP ? step(p) : NULL;
}
