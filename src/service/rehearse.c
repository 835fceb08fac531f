/* A rehearsal from its parts; see rehearse.h. */
#include <errno.h>
#include <string.h>

#include "initramfs/initramfs.h"
#include "service/image-priv.h"
#include "service/rehearse-priv.h"
#include "service/rootpath.h"

#define PROGRAM "salvage-rehearse"

void rehearse_result_done(struct rehearse_result *r)
{
	free(r->disks);
	free(r->saved);
	free(r->reason);
	*r = (struct rehearse_result){ 0 };
}

/* QEMU's loader takes what firmware of old takes; a unified image needs one of its own. */
static struct error *check_kernel(const struct rehearse_how *how)
{
	_cleanup_close_ int fd = openat(how->root, rootpath_below(how->kernel->kernel), O_RDONLY | O_CLOEXEC);
	unsigned char head[0x206] = { 0 };
	size_t n;

	if (fd < 0)
		return error_sys(errno, "%s: cannot open", how->kernel->kernel);
	TRY(file_pread_fd(fd, how->kernel->kernel, head, sizeof(head), 0, &n));
#if defined(__x86_64__)
	if (n < sizeof(head) || memcmp(head + 0x202, "HdrS", 4))
		return error_new(ERROR_UNSUPPORTED,
				 "%s: is no bzImage, which is what QEMU can start; set KDUMP_KERNELVER to "
				 "a kernel that is one",
				 how->kernel->kernel);
#endif
	return NULL;
}

/* The capture image, or an archive that holds nothing but the init of the floor. */
static struct error *add_image(const struct rehearse_how *how, const char *program, const char *folder,
			       struct initramfs *ar, char **ret_floor)
{
	_cleanup_initramfs_ struct initramfs *small = NULL;
	_cleanup_close_ int fd = -1;

	if (!how->floor)
		return initramfs_add_file(ar, rootpath_below(how->kernel->image), "/image", 0600);
	if (asprintf(ret_floor, "%s/floor", folder) < 0) {
		*ret_floor = NULL;
		return error_nomem();
	}
	fd = open(*ret_floor, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_sys(errno, "%s: cannot create", *ret_floor);
	TRY(initramfs_new(how->root, &small));
	TRY(initramfs_add_program(small, program, "/init"));
	TRY(initramfs_write(small, INITRAMFS_GZIP, fd, NULL));
	return initramfs_add_file(ar, *ret_floor, "/image", 0600);
}

/* The production system: a program that arms and panics, and what it loads. */
static struct error *make_production(const struct rehearse_how *how, const char *folder, const char *name)
{
	_cleanup_initramfs_ struct initramfs *ar = NULL;
	_cleanup_free_ char *program = NULL, *line = NULL, *floor = NULL;
	_cleanup_close_ int fd = -1;
	const char *args = sysconfig_get(how->conf, SYSCONFIG_KEXEC_ARGS);

	TRY(image_find_own(PROGRAM, &program));
	if (asprintf(&line, "%s console=%s", how->cmdline, rehearse_console()) < 0) {
		line = NULL;
		return error_nomem();
	}
	TRY(initramfs_new(how->root, &ar));
	TRY(initramfs_add_program(ar, program, "/init"));
	TRY(initramfs_add_file(ar, rootpath_below(how->kernel->kernel), "/kernel", 0600));
	TRY(add_image(how, program, folder, ar, &floor));
	TRY(initramfs_add_text(ar, "/cmdline", line, strlen(line), 0600));
	TRY(initramfs_add_text(ar, "/args", args, strlen(args), 0600));
	fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_sys(errno, "%s: cannot create", name);
	return initramfs_write(ar, INITRAMFS_PLAIN, fd, NULL);
}

/* The kernel by a name that QEMU can open. */
static struct error *kernel_path(const struct rehearse_how *how, const char *folder, char **ret)
{
	_cleanup_free_ char *bytes = NULL;
	size_t len;

	if (asprintf(ret, "%s/kernel", folder) < 0) {
		*ret = NULL;
		return error_nomem();
	}
	TRY(file_read(how->root, rootpath_below(how->kernel->kernel), 1u << 30, &bytes, &len));
	return file_publish(AT_FDCWD, *ret, 0600, bytes, len);
}

/* With the processor's help where that works: /dev/kvm may be there and be of no use, which shows as a
 * QEMU that ends before its guest has said a word. */
static struct error *play(const struct rehearse_how *how, const struct rehearse_machine *m, const char *kernel,
			  const char *initrd, struct rehearse_result *r)
{
	static bool useless; /* once tried, not again in this process */

	for (int kvm = rehearse_has_kvm() && !useless; kvm >= 0; kvm--) {
		_cleanup_words_ struct words argv = { 0 };
		bool ran;

		TRY(rehearse_argv(how, m, kernel, initrd, kvm, &argv));
		r->slow = !kvm;
		TRY(rehearse_watch(how, argv.v, r, &ran));
		if (ran || !kvm)
			break;
		useless = true;
		free(take_ptr(r->reason));
	}
	return NULL;
}

static struct error *rehearse_in(const struct rehearse_how *how, const char *folder, struct rehearse_result *ret)
{
	struct rehearse_machine m = { 0 };
	_cleanup_free_ char *initrd = NULL, *kernel = NULL;
	struct error *e;

	if (asprintf(&initrd, "%s/production", folder) < 0) {
		initrd = NULL;
		return error_nomem();
	}
	TRY(make_production(how, folder, initrd));
	TRY(kernel_path(how, folder, &kernel));
	e = rehearse_disks(how, folder, &m);
	if (!e) {
		ret->disks = take_ptr(m.shown);
		e = play(how, &m, kernel, initrd, ret);
	}
	rehearse_machine_done(&m);
	return e;
}

struct error *rehearse(const struct rehearse_how *how, struct rehearse_result *ret)
{
	_cleanup_rehearse_result_ struct rehearse_result r = { 0 };
	_cleanup_free_ char *folder = NULL;
	struct error *e;

	TRY(check_kernel(how));
	TRY(file_private_folder(&folder));
	e = rehearse_in(how, folder, &r);
	file_remove_tree(folder);
	TRY(e);
	*ret = r;
	r = (struct rehearse_result){ 0 };
	return NULL;
}

struct attempt {
	const struct rehearse_how *how;
	void (*tried)(uint64_t size, enum rehearse_end end); /* may be null */
};

static struct error *attempt(void *arg, uint64_t size, bool *ret_good)
{
	const struct attempt *a = arg;
	_cleanup_rehearse_result_ struct rehearse_result r = { 0 };
	struct rehearse_how smaller = *a->how;

	smaller.reserve = size;
	TRY(rehearse(&smaller, &r));
	if (r.end == REHEARSE_TIMEOUT)
		return error_new(ERROR_TIMEOUT, "with %llu MiB the rehearsal did not end within its limit",
				 (unsigned long long)size >> 20);
	*ret_good = r.end == REHEARSE_SAVED;
	if (a->tried)
		a->tried(size, r.end);
	return NULL;
}

/* Each attempt takes minutes. A guess is mostly close: from there in strides that double, until the
 * answer is between two sizes; then by halves. */
struct error *rehearse_search(uint64_t high, uint64_t guess, uint64_t step,
			      struct error *(*try_size)(void *arg, uint64_t size, bool *ret_good), void *arg,
			      uint64_t *ret)
{
	uint64_t low = 0, stride = step; /* `low` is too little; all are multiples of `step` */

	high = (high + step - 1) / step * step;
	guess = guess / step * step;
	while (high - low > step) {
		bool good = false, near = guess > low && guess < high;
		uint64_t size = near ? guess : MAX((low + high) / 2 / step * step, low + step);

		TRY(try_size(arg, size, &good));
		if (good)
			high = size;
		else
			low = size;
		if (!near)
			guess = 0;
		else if (good)
			guess = size > stride ? size - stride : 0;
		else
			guess = size + stride;
		stride *= 2;
	}
	*ret = high;
	return NULL;
}

struct error *rehearse_smallest(const struct rehearse_how *how, uint64_t high, uint64_t guess, uint64_t step,
				void (*tried)(uint64_t size, enum rehearse_end end), uint64_t *ret)
{
	struct attempt a = { how, tried };

	return rehearse_search(high, guess, step, attempt, &a, ret);
}
