/*
 * Failing system calls and allocations, linked into a collector by the linker's --wrap. What
 * fails is told by $FAULT, words separated by commas:
 *
 *	KIND:HOW:N	the N-th call of this kind (from 1)
 *	KIND:HOW:N+	it and all that follow
 *	KIND:HOW:N/M	it and every M-th after it
 *
 * KIND: read (read, pread), mmap, write (write, pwrite, writev), truncate, sync (fsync, fdatasync,
 * sync_file_range), close, memory (malloc, calloc, realloc, strdup). HOW: an errno's name (EIO,
 * ENOSPC, ENOMEM, EDQUOT, EINTR), `short` (half of it), or `kill` (half of it, then SIGKILL; a write at
 * an offset stops where a page ends, as Linux looks for signals there). Besides, `proc` makes the input look like a file of /proc, and `disk:N` puts the output on
 * a disk with room for N KiB. $FAULT_COUNTS names a file that gets `KIND COUNT` lines at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <linux/magic.h>
#include <unistd.h>

enum kind { READ, MMAP, WRITE, TRUNCATE, SYNC, CLOSE, MEMORY, NR_KINDS };
static const char *const kind_names[] = { "read", "mmap", "write", "truncate", "sync", "close",
					  "memory" };
static atomic_ulong calls[NR_KINDS];

enum how { NO_FAULT, FAIL, SHORT, KILL };
struct fault {
	enum kind kind;
	enum how how;
	int err;
	unsigned long from, every; /* every 0: once */
};
static struct fault faults[8];
static unsigned nr_faults;
static bool looks_like_proc;

/* The small disk: which blocks of the one output are taken. */
#define DISK_BLOCK 4096
static bool taken[1 << 18];
static unsigned long disk_room = ULONG_MAX; /* blocks that are free */

static const struct {
	const char *name;
	int err;
} errors[] = { { "EIO", EIO },	     { "ENOSPC", ENOSPC }, { "ENOMEM", ENOMEM },
	       { "EDQUOT", EDQUOT }, { "EINTR", EINTR } };

static void bad(const char *word)
{
	fprintf(stderr, "FAULT: cannot understand \"%s\"\n", word);
	_exit(99);
}

static void add_fault(const char *word)
{
	struct fault f = { .kind = NR_KINDS };
	char kind[16], how[16], more = 0;
	int n;

	if (strcmp(word, "proc") == 0) {
		looks_like_proc = true;
		return;
	}
	if (sscanf(word, "disk:%lu%c", &disk_room, &more) == 1) {
		disk_room = disk_room * 1024 / DISK_BLOCK;
		return;
	}
	n = sscanf(word, "%15[^:]:%15[^:]:%lu%c%lu", kind, how, &f.from, &more, &f.every);
	if (n < 3 || (n == 4 && more != '+') || (n == 5 && (more != '/' || !f.every)) ||
	    nr_faults == sizeof(faults) / sizeof(*faults))
		bad(word);
	if (n == 4)
		f.every = 1;
	for (int i = 0; i < NR_KINDS; i++)
		if (strcmp(kind, kind_names[i]) == 0)
			f.kind = i;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (strcmp(how, errors[i].name) == 0)
			f.err = errors[i].err;
	f.how = f.err ? FAIL : strcmp(how, "short") == 0 ? SHORT : strcmp(how, "kill") == 0 ? KILL : NO_FAULT;
	if (f.kind == NR_KINDS || f.how == NO_FAULT)
		bad(word);
	faults[nr_faults++] = f;
}

/* Not malloc'd: allocations are counted from the first one on. */
static void write_counts(void)
{
	const char *path = getenv("FAULT_COUNTS");
	FILE *to = path ? fopen(path, "w") : NULL;

	for (int i = 0; to && i < NR_KINDS; i++)
		fprintf(to, "%s %lu\n", kind_names[i], atomic_load(&calls[i]));
	if (to)
		fclose(to);
}

__attribute__((constructor)) static void read_orders(void)
{
	static char copy[256];
	const char *text = getenv("FAULT");
	char *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", text ? text : "");
	while ((word = strsep(&rest, ",")))
		if (*word)
			add_fault(word);
	atexit(write_counts);
}

/* Counts the call and says what is to happen; errno is set for FAIL. */
static enum how fate(enum kind kind)
{
	unsigned long n = atomic_fetch_add(&calls[kind], 1) + 1;

	for (unsigned i = 0; i < nr_faults; i++) {
		const struct fault *f = &faults[i];

		if (f->kind != kind || !f->from || n < f->from ||
		    (f->every ? (n - f->from) % f->every != 0 : n != f->from))
			continue;
		if (f->how == FAIL)
			errno = f->err;
		return f->how;
	}
	return NO_FAULT;
}

/* Takes the blocks of a write; false (and ENOSPC) when there are not enough, and none are taken. */
static bool take_room(unsigned long off, size_t len)
{
	unsigned long need = 0, first = off / DISK_BLOCK, end = (off + len + DISK_BLOCK - 1) / DISK_BLOCK;

	if (disk_room == ULONG_MAX)
		return true;
	if (end > sizeof(taken))
		bad("disk: a file this large");
	for (unsigned long i = first; i < end; i++)
		need += !taken[i];
	if (need > disk_room) {
		errno = ENOSPC;
		return false;
	}
	disk_room -= need;
	memset(taken + first, true, end - first);
	return true;
}

static void die(void)
{
	raise(SIGKILL);
}

/* A call that moves `len` bytes: `call` does it with a length named n. */
#define MOVES(kind, len, call)                                                                  \
	do {                                                                                    \
		enum how how_ = fate(kind);                                                     \
		size_t n = how_ == SHORT || how_ == KILL ? ((len) + 1) / 2 : (len);             \
		ssize_t done_;                                                                  \
                                                                                                \
		if (how_ == FAIL)                                                               \
			return -1;                                                              \
		done_ = call;                                                                   \
		if (how_ == KILL)                                                               \
			die();                                                                  \
		return done_;                                                                   \
	} while (0)

/* A call without a length. */
#define ACTS(kind, failed, call)                                                                \
	do {                                                                                    \
		enum how how_ = fate(kind);                                                     \
                                                                                                \
		if (how_ == FAIL)                                                               \
			return failed;                                                          \
		if (how_ == KILL)                                                               \
			die();                                                                  \
		return call;                                                                    \
	} while (0)

/* The linker's names for the real and the wrapped function; no header declares them. With 64-bit
 * offsets glibc's functions have names of their own. */
#define WRAP(type, name, ...) type __real_##name(__VA_ARGS__); type __wrap_##name(__VA_ARGS__); \
			      type __wrap_##name(__VA_ARGS__)

WRAP(ssize_t, read, int fd, void *p, size_t len)
{
	MOVES(READ, len, __real_read(fd, p, n));
}

WRAP(ssize_t, pread64, int fd, void *p, size_t len, off_t off)
{
	MOVES(READ, len, __real_pread64(fd, p, n, off));
}

WRAP(void *, mmap64, void *at, size_t len, int prot, int flags, int fd, off_t off)
{
	ACTS(MMAP, MAP_FAILED, __real_mmap64(at, len, prot, flags, fd, off));
}

WRAP(ssize_t, write, int fd, const void *p, size_t len)
{
	MOVES(WRITE, len, __real_write(fd, p, n));
}

/* Of [off, off + len) what lies in front of the last page boundary in it. */
static size_t up_to_page(off_t off, size_t len)
{
	off_t end = (off + (off_t)len) / DISK_BLOCK * DISK_BLOCK;

	return end > off ? end - off : 0;
}

WRAP(ssize_t, pwrite64, int fd, const void *p, size_t len, off_t off)
{
	if (!take_room(off, len))
		return -1;
	MOVES(WRITE, len, __real_pwrite64(fd, p, how_ == KILL ? up_to_page(off, n) : n, off));
}

WRAP(ssize_t, writev, int fd, const struct iovec *iov, int nr)
{
	size_t all = 0;
	int first = 0;

	for (int i = 0; i < nr; i++)
		all += iov[i].iov_len;
	while (first < nr - 1 && !iov[first].iov_len)
		first++;
	/* half of it: of the whole, or of the first piece */
	MOVES(WRITE, all,
	      n == all ? __real_writev(fd, iov, nr)
		       : __real_write(fd, iov[first].iov_base,
				      n < iov[first].iov_len ? n : iov[first].iov_len));
}

WRAP(int, ftruncate64, int fd, off_t len)
{
	ACTS(TRUNCATE, -1, __real_ftruncate64(fd, len));
}

WRAP(int, fallocate64, int fd, int mode, off_t off, off_t len)
{
	if (!take_room(off, len))
		return -1;
	ACTS(WRITE, -1, __real_fallocate64(fd, mode, off, len));
}

WRAP(int, fstatvfs64, int fd, struct statvfs *fs)
{
	int n = __real_fstatvfs64(fd, fs);

	if (n == 0 && disk_room != ULONG_MAX) {
		fs->f_frsize = DISK_BLOCK;
		fs->f_bfree = fs->f_bavail = disk_room;
	}
	return n;
}

WRAP(int, fsync, int fd)
{
	ACTS(SYNC, -1, __real_fsync(fd));
}

WRAP(int, fdatasync, int fd)
{
	ACTS(SYNC, -1, __real_fdatasync(fd));
}

WRAP(int, sync_file_range, int fd, off_t off, off_t len, unsigned flags)
{
	ACTS(SYNC, -1, __real_sync_file_range(fd, off, len, flags));
}

WRAP(int, close, int fd)
{
	enum how how = fate(CLOSE);

	if (how == KILL)
		die();
	__real_close(fd); /* also when it fails: as Linux does */
	return how == FAIL ? -1 : 0;
}

WRAP(void *, malloc, size_t len)
{
	ACTS(MEMORY, NULL, __real_malloc(len));
}

WRAP(void *, calloc, size_t nr, size_t len)
{
	ACTS(MEMORY, NULL, __real_calloc(nr, len));
}

WRAP(void *, realloc, void *p, size_t len)
{
	ACTS(MEMORY, NULL, __real_realloc(p, len));
}

WRAP(char *, strdup, const char *s)
{
	ACTS(MEMORY, NULL, __real_strdup(s));
}

WRAP(int, fstatfs64, int fd, struct statfs *fs)
{
	int n = __real_fstatfs64(fd, fs);

	if (looks_like_proc && n == 0)
		fs->f_type = PROC_SUPER_MAGIC;
	return n;
}
