/* Notes of a dying kernel; see crash_notes.h. */
#include "host/crash_notes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

/* Before crash_notes_size was shown (3.9), notes had this many bytes. */
#define NOTE_LEN_OLD 1024
#define NR_CPUS_MAX  (1u << 20)

static int by_cpu(const void *a, const void *b)
{
	const struct crash_note *x = a, *y = b;

	return x->cpu < y->cpu ? -1 : x->cpu > y->cpu;
}

/* crash_notes holds bare hex, which file_read_u64() would take for decimal. */
static struct error *read_hex(int dirfd, const char *name, uint64_t *ret)
{
	_cleanup_free_ char *text = NULL;

	TRY(file_read(dirfd, name, 256, &text, NULL));
	if (!text_hex(text_strip(text), ret))
		return error_new(ERROR_BAD_DATA, "%s: \"%s\" is not a hexadecimal address", name,
				 text);
	return NULL;
}

static struct error *read_cpu(int cpus, const char *folder, uint64_t cpu, struct crash_notes *n)
{
	struct crash_note note = { .cpu = cpu, .len = NOTE_LEN_OLD };
	char name[320];
	struct error *e;

	snprintf(name, sizeof(name), "%s/crash_notes", folder);
	e = read_hex(cpus, name, &note.pa);
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL; /* an offline or absent CPU has no file */
	TRY(e);
	if (n->cpus.n) {
		note.len = n->cpus.v[0].len; /* one constant of the kernel's build */
	} else {
		snprintf(name, sizeof(name), "%s/crash_notes_size", folder);
		e = file_read_u64(cpus, name, &note.len);
		if (!error_drop_if(&e, ERROR_NOT_FOUND))
			TRY(e);
	}
	if (!note.pa)
		return error_new(ERROR_NOT_PERMITTED,
				 "/sys/devices/system/cpu/%s/crash_notes: the kernel hides the address",
				 folder);
	return vector_push(&n->cpus, note) ? NULL : error_nomem();
}

static struct error *read_cpus(int root, struct crash_notes *n)
{
	_cleanup_close_ int cpus = openat(root, "sys/devices/system/cpu",
					  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *d;
	int copy;

	if (cpus < 0)
		return error_sys(errno, "/sys/devices/system/cpu: open");
	copy = dup(cpus);
	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		struct error *e = error_sys(errno, "/sys/devices/system/cpu: read");

		if (copy >= 0)
			close(copy);
		return e;
	}
	while ((d = readdir(dir))) {
		const char *number = text_after(d->d_name, "cpu");
		uint64_t cpu;

		if (number && text_u64(number, &cpu) && cpu < NR_CPUS_MAX && strlen(number) < 8)
			TRY(read_cpu(cpus, d->d_name, cpu, n));
	}
	if (n->cpus.n)
		qsort(n->cpus.v, n->cpus.n, sizeof(*n->cpus.v), by_cpu);
	return NULL;
}

/* "13f9000 1000": address and length, both hex. */
static struct error *read_vmcoreinfo(int root, struct crash_notes *n)
{
	_cleanup_free_ char *text = NULL;
	struct error *e = file_read(root, "sys/kernel/vmcoreinfo", 256, &text, NULL);
	char *blank;

	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	blank = strchr(text_strip(text), ' ');
	if (blank)
		*blank++ = '\0';
	if (!blank || !text_hex(text, &n->vmcoreinfo_pa) || !text_hex(blank, &n->vmcoreinfo_len))
		return error_new(ERROR_BAD_DATA,
				 "/sys/kernel/vmcoreinfo: no address and length stand there");
	return NULL;
}

struct error *host_crash_notes(int root, struct crash_notes *ret)
{
	_cleanup_crash_notes_ struct crash_notes n = { 0 };

	TRY(read_cpus(root, &n));
	TRY(read_vmcoreinfo(root, &n));
	*ret = n;
	n = (struct crash_notes){ 0 };
	return NULL;
}

void crash_notes_done(struct crash_notes *n)
{
	vector_done(&n->cpus);
}
