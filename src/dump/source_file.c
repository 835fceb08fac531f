/*
 * Files, block devices and /proc/vmcore as a byte source.
 *
 * An ordinary file is read with pread(), so that a bad sector is an error and no SIGBUS, and
 * mapped whole when somebody asks for pointers. /proc/vmcore is another matter: its read()
 * maps and unmaps each page inside the kernel, while mmap() is quick (fs/proc/vmcore.c,
 * mmap_vmcore, Linux 3.11 and later) but fills page tables at once and fails for a window
 * that holds a page which is not RAM. So it is read through a few bounded windows, and what
 * cannot be mapped is read page by page.
 */
#include "dump/source_file-priv.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <linux/magic.h>

#include "base/base.h"

#define NR_WINDOWS  4
#define WINDOW_LEN  (4u << 20)
#define LASTING_MAX 8192 /* mappings, far below vm.max_map_count (65530) */

struct window {
	void *p; /* null: free */
	uint64_t off;
	size_t len;
	uint64_t used; /* tick of the last use */
};

struct file {
	struct source source;
	const struct file_calls *calls;
	int fd;
	bool by_windows;
	bool whole_failed; /* the file could not be mapped in one piece */
	uint64_t page;
	pthread_mutex_t lock;
	struct window windows[NR_WINDOWS];
	struct window *pinned; /* what the last map() handed out */
	uint64_t tick;
	/* a window that could not be mapped: not tried again at once */
	uint64_t bad_start, bad_end;
	VECTOR(struct window) lasting;
};

static const struct file_calls system_calls = { mmap, pread };

static void *map_range(struct file *f, uint64_t off, size_t len)
{
	void *p = f->calls->mmap(NULL, len, PROT_READ, MAP_PRIVATE, f->fd, off);

	return p == MAP_FAILED ? NULL : p;
}

static const void *inside(const struct window *w, uint64_t off, size_t len)
{
	if (!w->p || off < w->off || off - w->off > w->len || len > w->len - (off - w->off))
		return NULL;
	return (const char *)w->p + (off - w->off);
}

static struct window *oldest_window(struct file *f)
{
	struct window *best = NULL;

	for (size_t i = 0; i < NR_WINDOWS; i++) {
		struct window *w = &f->windows[i];

		if (w != f->pinned && (!best || w->used < best->used))
			best = w;
	}
	return best;
}

/* Maps [off, off + len) into a window: a long one first, then only what is asked for. */
static struct window *new_window(struct file *f, uint64_t off, size_t len)
{
	uint64_t start = ROUND_DOWN(off, f->page), need, want, end;
	struct window *w = oldest_window(f);
	void *p = NULL;

	if (add_overflows(off - start, len, &need) || round_up_overflows(need, f->page, &need))
		return NULL;
	want = MAX(need, (uint64_t)WINDOW_LEN);
	end = ROUND_UP(f->source.size, f->page);
	want = MIN(want, end - start);
	need = MIN(need, want);
	if (want != (size_t)want)
		return NULL;
	if (w->p)
		munmap(w->p, w->len);
	*w = (struct window){ 0 };
	if (start + want <= f->bad_start || start >= f->bad_end) {
		p = map_range(f, start, want);
		if (!p) {
			f->bad_start = start;
			f->bad_end = start + want;
		}
	}
	if (!p && need < want) {
		want = need;
		p = map_range(f, start, want);
	}
	if (!p)
		return NULL;
	*w = (struct window){ p, start, want };
	return w;
}

static struct window *window_for(struct file *f, uint64_t off, size_t len)
{
	struct window *w = NULL;

	for (size_t i = 0; i < NR_WINDOWS && !w; i++)
		if (inside(&f->windows[i], off, len))
			w = &f->windows[i];
	if (!w)
		w = new_window(f, off, len);
	if (w)
		w->used = ++f->tick;
	return w;
}

static struct error *read_directly(struct file *f, uint64_t off, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = f->calls->pread(f->fd, (char *)buf + done, len - done, off + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(errno, "%s: cannot read at 0x%llx", f->source.name,
					 (unsigned long long)(off + done));
		if (n == 0)
			return error_new(ERROR_BAD_DATA,
					 "%s: ends at 0x%llx, it was longer before",
					 f->source.name, (unsigned long long)(off + done));
		done += n;
	}
	return NULL;
}

/* In pieces that stay inside one window's length, so that one bad page spoils little. */
static struct error *read_by_windows(struct file *f, uint64_t off, char *buf, size_t len)
{
	while (len) {
		size_t piece = MIN(len, (size_t)(f->page - (off & (f->page - 1))));
		struct window *w;
		const void *p;

		pthread_mutex_lock(&f->lock);
		w = window_for(f, off, piece);
		p = w ? inside(w, off, piece) : NULL;
		if (p)
			memcpy(buf, p, piece);
		pthread_mutex_unlock(&f->lock);
		if (!p)
			TRY(read_directly(f, off, buf, piece));
		off += piece;
		buf += piece;
		len -= piece;
	}
	return NULL;
}

static struct error *file_source_read(struct source *s, uint64_t off, void *buf, size_t len)
{
	struct file *f = (struct file *)s;

	return f->by_windows ? read_by_windows(f, off, buf, len)
			     : read_directly(f, off, buf, len);
}

/* An ordinary file is mapped once, whole: address space is cheap and nothing is filled in. */
static const void *map_whole(struct file *f, uint64_t off, size_t len)
{
	if (!f->lasting.n && !f->whole_failed && !f->by_windows) {
		size_t all = f->source.size;
		void *p = all == f->source.size ? map_range(f, 0, all) : NULL;

		f->whole_failed = true;
		if (p && vector_push(&f->lasting, (struct window){ p, 0, all }))
			f->whole_failed = false;
		else if (p)
			munmap(p, all);
	}
	for (size_t i = 0; i < f->lasting.n; i++) {
		const void *p = inside(&f->lasting.v[i], off, len);

		if (p)
			return p;
	}
	return NULL;
}

static const void *file_source_map(struct source *s, uint64_t off, size_t len)
{
	struct file *f = (struct file *)s;
	const void *p;

	pthread_mutex_lock(&f->lock);
	p = f->by_windows ? NULL : map_whole(f, off, len);
	if (!p) {
		f->pinned = NULL;
		f->pinned = window_for(f, off, len);
		p = f->pinned ? inside(f->pinned, off, len) : NULL;
	}
	pthread_mutex_unlock(&f->lock);
	return p;
}

static const void *file_source_map_forever(struct source *s, uint64_t off, size_t len)
{
	struct file *f = (struct file *)s;
	uint64_t start = ROUND_DOWN(off, f->page), all;
	const void *p;
	void *fresh;

	if (add_overflows(off - start, len, &all) || round_up_overflows(all, f->page, &all) ||
	    all != (size_t)all)
		return NULL;
	pthread_mutex_lock(&f->lock);
	p = map_whole(f, off, len);
	if (!p && f->lasting.n < LASTING_MAX && (fresh = map_range(f, start, all))) {
		if (vector_push(&f->lasting, (struct window){ fresh, start, all }))
			p = (char *)fresh + (off - start);
		else
			munmap(fresh, all);
	}
	pthread_mutex_unlock(&f->lock);
	return p;
}

/* Only /proc/vmcore: of an ordinary file a large read costs no more, and a bad sector is an
 * error then. */
static const void *file_source_look(struct source *s, struct source_view *v, uint64_t off,
				    size_t len, size_t span)
{
	struct file *f = (struct file *)s;
	uint64_t start = ROUND_DOWN(off, f->page), need, end = ROUND_UP(s->size, f->page);

	if (!f->by_windows || add_overflows(off - start, span, &need) || need > end - start)
		return NULL;
	if (v->p && off >= v->off && off - v->off <= v->len && len <= v->len - (off - v->off))
		return (const char *)v->p + (off - v->off);
	source_view_done(v);
	v->p = map_range(f, start, ROUND_UP(need, f->page));
	if (!v->p && span > len) /* something in it cannot be mapped */
		return file_source_look(s, v, off, len, len);
	v->off = start;
	v->len = ROUND_UP(need, f->page);
	return v->p ? (const char *)v->p + (off - start) : NULL;
}

static void file_source_close(struct source *s)
{
	struct file *f = (struct file *)s;

	for (size_t i = 0; i < NR_WINDOWS; i++)
		if (f->windows[i].p)
			munmap(f->windows[i].p, f->windows[i].len);
	for (size_t i = 0; i < f->lasting.n; i++)
		munmap(f->lasting.v[i].p, f->lasting.v[i].len);
	vector_done(&f->lasting);
	pthread_mutex_destroy(&f->lock);
	close(f->fd);
	free(s->name);
	free(f);
}

static const struct source_ops file_ops = {
	.name = "file",
	.read = file_source_read,
	.map = file_source_map,
	.map_forever = file_source_map_forever,
	.look = file_source_look,
	.close = file_source_close,
	.concurrent = true,
};

struct error *source_open_fd(int fd, const char *name, bool by_windows,
			     const struct file_calls *calls, struct source **ret)
{
	_cleanup_close_ int own = fd;
	off_t size = lseek(fd, 0, SEEK_END);
	struct file *f;

	if (size < 0)
		return error_sys(errno,
				 "%s: cannot find its size (a dump must be a file or a "
				 "device that can seek)",
				 name);
	f = calloc(1, sizeof(*f));
	if (!f || !(f->source.name = strdup(name))) {
		free(f);
		return error_nomem();
	}
	f->source.ops = &file_ops;
	f->source.size = size;
	f->calls = calls ? calls : &system_calls;
	f->by_windows = by_windows;
	f->page = sysconf(_SC_PAGESIZE);
	f->fd = take_fd(&own);
	pthread_mutex_init(&f->lock, NULL);
	*ret = &f->source;
	return NULL;
}

struct error *source_open_file(const char *path, struct source **ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct statfs fs;
	bool in_proc;

	if (fd < 0)
		return error_sys(errno, "%s: cannot open", path);
	in_proc = !fstatfs(fd, &fs) && fs.f_type == PROC_SUPER_MAGIC;
	return source_open_fd(take_fd(&fd), path, in_proc, NULL, ret);
}
