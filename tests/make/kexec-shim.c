/*
 * Loaded in front of the kexec program (LD_PRELOAD), in one of two ways.
 *
 * SHIM_ROOT=DIR: no system call reaches the kernel. "/" is DIR; the calls answer what SHIM_ANSWERS
 * says, a list like "EBUSY,ENOEXEC!,0": each is an errno for one call, with ! when the kernel had let
 * go of the loaded capture kernel by then, 0 for success, KILLED for a caller that does not live
 * to see the answer. Each call is told on standard output,
 * and DIR/sys/kernel/kexec_crash_loaded kept as the kernel would.
 *
 * SHIM_SPOIL=KIND: the first load really goes to the kernel, spoiled so that it fails after it has
 * let go of the capture kernel (or, for an errno's name, is answered at once). All others pass.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ON_CRASH     1ul
#define FILE_UNLOAD  1ul
#define FILE_CRASH   2ul

struct segment {
	const void *buf;
	size_t len;
	unsigned long pa;
	size_t mem_len;
};

static long (*real_syscall)(long, ...);
static int (*real_open)(const char *, int, ...);

/* Shared with children: the program makes its calls in one. */
static struct {
	size_t answered; /* bytes of SHIM_ANSWERS */
	int calls;
} *shared;

__attribute__((constructor)) static void begin(void)
{
	*(void **)&real_syscall = dlsym(RTLD_NEXT, "syscall");
	*(void **)&real_open = dlsym(RTLD_NEXT, "open64"); /* what open() is called in this build */
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		_exit(99);
}

static int errno_by_name(const char *name, size_t len)
{
	for (int e = 1; e < 200; e++) {
		const char *n = strerrorname_np(e);

		if (n && strlen(n) == len && !memcmp(n, name, len))
			return e;
	}
	fprintf(stderr, "shim: no errno %.*s\n", (int)len, name);
	_exit(99);
}

static void set_loaded(int crash, int value)
{
	const char *names[] = { "kexec_loaded", "kexec_crash_loaded" };
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/sys/kernel/%s", getenv("SHIM_ROOT"), names[crash]);
	f = fopen(path, "w");
	if (f) {
		fprintf(f, "%d\n", value);
		fclose(f);
	}
}

static long fake_call(const char *name, int crash, int unload)
{
	const char *list = getenv("SHIM_ANSWERS") ? getenv("SHIM_ANSWERS") : "";
	const char *answers = list + shared->answered;
	size_t len;
	int err = 0, gone, killed;

	len = strcspn(answers, ",!");
	killed = !strncmp(answers, "KILLED", 6);
	if (len && !killed && strncmp(answers, "0", 1))
		err = errno_by_name(answers, len);
	gone = answers[len] == '!' || !err;
	printf("call: %s%s%s: %s\n", name, crash ? ", crash" : "", unload ? ", unload" : "",
	       killed ? "killed" : err ? strerrorname_np(err) : "done");
	fflush(stdout);
	answers += len + (answers[len] == '!');
	answers += *answers == ',';
	shared->answered = (size_t)(answers - list);
	if (crash && gone)
		set_loaded(1, 0);
	if (killed)
		raise(SIGKILL);
	if (!err)
		set_loaded(crash, !unload);
	errno = err;
	return err ? -1 : 0;
}

static int part_of(int fd, size_t len)
{
	int copy = memfd_create("part", 0);
	char *bytes = malloc(len);
	ssize_t got = bytes ? pread(fd, bytes, len, 0) : -1;

	if (copy < 0 || got < 0 || write(copy, bytes, (size_t)got) != got)
		_exit(99);
	free(bytes);
	return copy;
}

static int sparse_file(off_t len)
{
	int fd = memfd_create("sparse", 0);

	if (fd < 0 || ftruncate(fd, len) < 0)
		_exit(99);
	return fd;
}

static long spoiled_file(const char *kind, int kernel, int initrd, size_t len, const char *line,
			 unsigned long flags)
{
	static char longest[5000];

	if (!strcmp(kind, "not-a-kernel"))
		kernel = real_open("/proc/version", O_RDONLY);
	else if (!strcmp(kind, "part-of-a-kernel"))
		kernel = part_of(kernel, 3000);
	else if (!strcmp(kind, "empty-kernel"))
		kernel = sparse_file(0);
	else if (!strcmp(kind, "zeros"))
		kernel = sparse_file(1 << 20);
	else if (!strcmp(kind, "closed-kernel"))
		kernel = 9999;
	else if (!strcmp(kind, "closed-initrd"))
		initrd = 9999;
	else if (!strcmp(kind, "folder-as-initrd"))
		initrd = real_open("/", O_RDONLY | O_DIRECTORY);
	else if (!strcmp(kind, "huge-initrd"))
		initrd = sparse_file(190 << 20);
	else if (!strcmp(kind, "long-line")) {
		memset(longest, 'x', sizeof(longest) - 1);
		line = longest;
		len = sizeof(longest);
	} else if (!strcmp(kind, "open-line"))
		len--;
	else if (!strcmp(kind, "bad-address"))
		line = (const char *)16;
	else
		return -2;
	return real_syscall(SYS_kexec_file_load, kernel, initrd, len, line, flags);
}

static long spoiled_segments(const char *kind, unsigned long entry, unsigned long n,
			     const struct segment *given, unsigned long flags)
{
	struct segment s[16];

	memcpy(s, given, n * sizeof(*s));
	if (!strcmp(kind, "entry"))
		entry = 0x1000;
	else if (!strcmp(kind, "fault"))
		s[n - 1].buf = (const void *)16;
	else if (!strcmp(kind, "overlap"))
		s[1].pa = s[0].pa;
	else if (!strcmp(kind, "outside"))
		s[0].pa = 0;
	else if (!strcmp(kind, "unaligned"))
		s[0].pa += 16;
	else if (!strcmp(kind, "too-long"))
		s[0].len = s[0].mem_len + 4096;
	else if (!strcmp(kind, "wrap"))
		s[0].mem_len = ~0xffful;
	else if (!strcmp(kind, "beyond"))
		s[0].mem_len += 1ul << 30;
	else
		return -2;
	return real_syscall(SYS_kexec_load, entry, n, s, flags);
}

long syscall(long nr, ...)
{
	const char *kind = getenv("SHIM_SPOIL");
	unsigned long a[6];
	long rc = -2;
	va_list ap;

	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, unsigned long);
	va_end(ap);
	if (nr != SYS_kexec_load && nr != SYS_kexec_file_load)
		return real_syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (getenv("SHIM_ROOT"))
		return nr == SYS_kexec_load ?
			       fake_call("kexec_load", !!(a[3] & ON_CRASH), !a[1]) :
			       fake_call("kexec_file_load", !!(a[4] & FILE_CRASH), !!(a[4] & FILE_UNLOAD));
	if (!kind || shared->calls++)
		return real_syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (kind[0] == 'E') {
		errno = errno_by_name(kind, strlen(kind));
		return -1;
	}
	if (nr == SYS_kexec_load && a[1])
		rc = spoiled_segments(kind, a[0], a[1], (const struct segment *)a[2], a[3]);
	else if (nr == SYS_kexec_file_load)
		rc = spoiled_file(kind, (int)a[0], (int)a[1], a[2], (const char *)a[3], a[4]);
	if (rc == -2) {
		fprintf(stderr, "shim: this call cannot be spoiled by \"%s\"\n", kind);
		_exit(99);
	}
	fprintf(stderr, "shim: %s: %s\n", kind, rc < 0 ? strerrorname_np(errno) : "the kernel took it");
	return rc;
}

int open(const char *path, int flags, ...)
{
	const char *root = getenv("SHIM_ROOT");
	mode_t mode = 0;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_list ap;

		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return real_open(root && !strcmp(path, "/") ? root : path, flags, mode);
}

uid_t geteuid(void)
{
	const char *uid = getenv("SHIM_UID");

	if (!getenv("SHIM_ROOT"))
		return (uid_t)real_syscall(SYS_geteuid);
	return uid ? (uid_t)atoi(uid) : 0;
}

/* What -e does must never be done to the machine that runs the tests. */
struct if_nameindex *if_nameindex(void)
{
	printf("call: interfaces down\n");
	return NULL;
}

int reboot(int how)
{
	printf("call: reboot 0x%x\n", (unsigned)how);
	fflush(stdout);
	errno = EINVAL;
	return -1;
}
