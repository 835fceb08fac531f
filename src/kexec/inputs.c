/*
 * What a request names: files, each opened once and read whole; the image's layers; the command
 * line. Everything stays in memory; what the file call needs as a descriptor and has no file of
 * its own gets a memory file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "kexec/plan.h"
#include "kexec/result.h"
#include "unpack/unpack.h"

#define FILE_LIMIT   (2ull << 30)
#define UNPACK_LIMIT (1u << 30)
#define DTB_LIMIT    (16u << 20)
#define INITRD_ALIGN 4 /* archives that follow another begin so (cpio newc) */

/* Opens a file that can be read whole: no folder, and nothing that goes on for ever. */
static struct error *open_plain(const char *name, int *ret)
{
	_cleanup_close_ int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_sys(errno, "%s: open", name);
	if (!S_ISREG(st.st_mode))
		return error_new(ERROR_USAGE, "%s: not a regular file", name);
	*ret = take_fd(&fd);
	return NULL;
}

static struct error *read_plain(const char *name, struct kexec_file *f)
{
	TRY(open_plain(name, &f->fd));
	TRY(file_read_fd(f->fd, name, FILE_LIMIT, &f->bytes, &f->len));
	return f->len ? NULL : error_new(ERROR_BAD_DATA, "%s: the file is empty", name);
}

static struct error *read_kernel(struct kexec_plan *p, struct kexec_result *r)
{
	const char *name = p->rq.kernel ? p->rq.kernel : "kernel";

	if (p->rq.kernel_fd <= 0)
		TRY(refuse_error(r, KEXEC_NO_FILE, "check the path of the kernel",
				 open_plain(name, &p->kernel.fd)));
	else if ((p->kernel.fd = fcntl(p->rq.kernel_fd, F_DUPFD_CLOEXEC, 3)) < 0)
		return refuse_error(r, KEXEC_NO_FILE, "check the path of the kernel",
				    error_sys(errno, "%s: open", name));
	return refuse_error(r, KEXEC_NO_FILE, "check the path of the kernel",
			    file_read_fd(p->kernel.fd, name, FILE_LIMIT, &p->kernel.bytes,
					 &p->kernel.len));
}

static struct error *to_memory_file(const char *what, const void *bytes, size_t len, int *ret)
{
	_cleanup_close_ int fd = memfd_create(what, MFD_CLOEXEC);

	if (fd < 0)
		return error_sys(errno, "memory file for the %s", what);
	TRY(file_write_fd(fd, what, bytes, len));
	*ret = take_fd(&fd);
	return NULL;
}

static void join(struct strbuf *all, const void *bytes, size_t len)
{
	strbuf_fill(all, '\0', ROUND_UP(all->len, (size_t)INITRD_ALIGN) - all->len);
	strbuf_add(all, bytes, len);
}

/* A unified image's microcode, which the kernel looks for at the start; then the initrds given,
 * or else the image's own. A single file keeps its descriptor. */
static struct error *read_initrds(struct kexec_plan *p)
{
	_cleanup_strbuf_ struct strbuf all = { 0 };
	const struct image_blob *own = &p->image.initrd, *ucode = &p->image.ucode;

	if (ucode->len && (p->rq.nr_initrds || own->len))
		join(&all, ucode->bytes, ucode->len);
	for (size_t i = 0; i < p->rq.nr_initrds; i++) {
		struct kexec_file f = { .fd = -1 };
		struct error *e = read_plain(p->rq.initrds[i], &f);

		if (!e)
			join(&all, f.bytes, f.len);
		if (!e && p->rq.nr_initrds == 1 && !ucode->len)
			p->initrd.fd = take_fd(&f.fd);
		if (f.fd >= 0)
			close(f.fd);
		free(f.bytes);
		TRY(e);
	}
	if (!p->rq.nr_initrds && own->len)
		join(&all, own->bytes, own->len);
	TRY(strbuf_error(&all));
	if (!all.len)
		return NULL;
	if (p->initrd.fd < 0)
		TRY(to_memory_file("joined initrds", all.s, all.len, &p->initrd.fd));
	p->initrd.bytes = strbuf_take(&all, &p->initrd.len);
	return p->initrd.bytes ? NULL : error_nomem();
}

/* "FILE ARGUMENTS"; packed modules are unpacked. */
static struct error *read_module(struct kexec_plan *p, const char *words)
{
	_cleanup_free_ char *name = strndup(words, strcspn(words, " "));
	struct kexec_file f = { .fd = -1 };
	struct kexec_module m = { .words = strdup(words) };
	struct error *e = name && m.words ? read_plain(name, &f) : error_nomem();

	if (!e)
		e = unpack_bytes(name, f.bytes, f.len, UNPACK_LIMIT, &m.bytes, &m.len);
	if (!e && !m.bytes) {
		m.bytes = take_ptr(f.bytes);
		m.len = f.len;
	}
	if (!e && !vector_push(&p->modules, m))
		e = error_nomem();
	if (f.fd >= 0)
		close(f.fd);
	free(f.bytes);
	if (e) {
		free(m.words);
		free(m.bytes);
	}
	return e;
}

static struct error *read_modules(struct kexec_plan *p, struct kexec_result *r)
{
	for (size_t i = 0; i < p->rq.nr_modules; i++)
		TRY(refuse_error(r, KEXEC_NO_FILE, "check the path of the module",
				 read_module(p, p->rq.modules[i])));
	if (p->modules.n && !p->image.mb.version)
		return refuse(r, KEXEC_BAD_REQUEST, "leave out --module, or give the initrd as --initrd",
			      "%s is %s, which takes no modules", p->image.name, p->image.type->words);
	return NULL;
}

/* The request's, else a unified image's own, else the running machine's when that is wanted. */
static struct error *read_dtb(struct kexec_plan *p)
{
	const struct image_blob *own = &p->image.dtb;

	if (p->rq.dtb)
		TRY(read_plain(p->rq.dtb, &p->dtb));
	else if (p->rq.force_dtb)
		TRY(file_read(p->rq.root, "sys/firmware/fdt", DTB_LIMIT, &p->dtb.bytes, &p->dtb.len));
	else if (own->len) {
		p->dtb.bytes = malloc(own->len);
		if (!p->dtb.bytes)
			return error_nomem();
		memcpy(p->dtb.bytes, own->bytes, own->len);
		p->dtb.len = own->len;
	}
	if (p->dtb.len && (p->dtb.len < 40 || memcmp(p->dtb.bytes, "\xd0\x0d\xfe\xed", 4)))
		return error_new(ERROR_BAD_DATA, "%s: not a device tree blob",
				 p->rq.dtb ? p->rq.dtb :
				 p->rq.force_dtb ? "/sys/firmware/fdt" : "the unified image's .dtb section");
	return NULL;
}

static struct error *refuse_image(const struct kexec_plan *p, struct kexec_result *r, struct error *e)
{
	switch (error_kind(e)) {
	case ERROR_USAGE:
		return refuse_error(r, KEXEC_WRONG_TYPE, "leave out --type, or name the type that it is", e);
	case ERROR_NOMEM:
		return refuse_error(r, KEXEC_NO_MEMORY, "free some memory and try again", e);
	default:
		if (p->rq.type && !image_type_named(p->rq.type))
			return refuse_error(r, KEXEC_WRONG_TYPE, "see kexec --help for the types there are", e);
		return refuse_error(r, KEXEC_BAD_IMAGE,
				    "give a kernel for x86 (vmlinuz, unified image, vmlinux)", e);
	}
}

static struct error *read_image(struct kexec_plan *p, struct kexec_result *r)
{
	const char *name = p->rq.kernel ? p->rq.kernel : "kernel";
	struct error *e = image_open(name, p->kernel.bytes, p->kernel.len, p->rq.type, UNPACK_LIMIT, &p->image);

	if (e)
		return refuse_image(p, r, e);
	if (p->image.nr_layers == 1 || !p->image.type->file_call)
		return NULL;
	/* the file call gets what was inside */
	close(p->kernel.fd);
	p->kernel.fd = -1;
	return refuse_error(r, KEXEC_NO_MEMORY, "free some memory and try again",
			    to_memory_file("unpacked kernel", p->image.kernel.bytes, p->image.kernel.len,
					   &p->kernel.fd));
}

static bool takes_boot_params(const struct kexec_plan *p)
{
	return p->image.bz.setup_len || (p->image.bz.header_len && p->rq.args != KEXEC_ARGS_NOTES &&
					 p->rq.args != KEXEC_ARGS_NONE);
}

static struct error *check_paging(struct kexec_plan *p, struct kexec_result *r)
{
	const struct bzimage *z = &p->image.bz;
	bool five = false;
	struct error *e = host_cpu_flag(p->rq.root, "la57", &five);

	error_free(e); /* without cpuinfo there is nothing to hold against the image */
	/* the 32-bit entry begins without paging; a vmlinux does not say what it can */
	if (five && z->setup_len && bzimage_is_64bit(z) && !p->rq.entry_32bit && !(z->xloadflags & XLF_5LEVEL))
		return refuse(r, KEXEC_PAGING_MODE,
			      "use a kernel built with CONFIG_X86_5LEVEL, or start this one with no5lvl",
			      "%s cannot start on a machine with five-level paging on", p->image.name);
	return NULL;
}

/* A capture kernel has no memory to reserve any of. */
static struct error *own_cmdline(const struct kexec_plan *p, char **ret)
{
	*ret = strdup(p->image.cmdline);
	if (!*ret)
		return error_nomem();
	return p->rq.panic ? cmdline_remove(ret, "crashkernel") : NULL;
}

static struct error *make_cmdline(struct kexec_plan *p)
{
	if (!p->rq.cmdline && p->image.cmdline)
		return own_cmdline(p, &p->cmdline);
	p->cmdline = strdup(p->rq.cmdline ? p->rq.cmdline : "");
	return p->cmdline ? NULL : error_nomem();
}

static struct error *check_cmdline(struct kexec_plan *p, struct kexec_result *r)
{
	size_t len = strlen(p->cmdline);

	if (takes_boot_params(p) && len > p->image.bz.cmdline_max)
		return refuse(r, KEXEC_CMDLINE_TOO_LONG, "shorten the command line",
			      "the command line has %zu bytes, the kernel takes %u", len,
			      p->image.bz.cmdline_max);
	if (cmdline_open_quote(p->cmdline))
		return refuse(r, KEXEC_BAD_REQUEST, "close the quote",
			      "the command line has an opening quote without a closing one");
	return NULL;
}

struct error *plan_read(struct kexec_plan *p, struct kexec_result *r)
{
	TRY(read_kernel(p, r));
	TRY(read_image(p, r));
	TRY(refuse_error(r, KEXEC_NO_FILE, "check the path of the initrd", read_initrds(p)));
	TRY(read_modules(p, r));
	TRY(refuse_error(r, KEXEC_NO_FILE, "give a device tree blob (.dtb)", read_dtb(p)));
	TRY(refuse_error(r, KEXEC_NO_MEMORY, "", make_cmdline(p)));
	TRY(check_cmdline(p, r));
	return check_paging(p, r);
}
