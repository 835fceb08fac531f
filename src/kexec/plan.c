/*
 * From a request to a plan: reading the files, checking the image, choosing the call. What
 * goes into memory is built in plan_segments.c. Nothing here changes the machine.
 */
#include "kexec/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "kexec/result.h"

#define FILE_LIMIT	   (2ull << 30)
#define INITRD_ALIGN	   4  /* archives that follow another begin so (cpio newc) */
#define FILE_CALL_ADDITION 30 /* room the kernel's own loader keeps for elfcorehdr= */

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

static struct error *append_initrd(const char *name, struct strbuf *all, int *fd)
{
	_cleanup_free_ char *bytes = NULL;
	size_t len;

	TRY(open_plain(name, fd));
	TRY(file_read_fd(*fd, name, FILE_LIMIT, &bytes, &len));
	if (!len)
		return error_new(ERROR_BAD_DATA, "%s: the file is empty", name);
	strbuf_fill(all, '\0', ROUND_UP(all->len, (size_t)INITRD_ALIGN) - all->len);
	strbuf_add(all, bytes, len);
	return strbuf_error(all);
}

/* Several initrds have no file of their own: the file call gets a memory file. */
static struct error *join_to_memfd(const struct strbuf *all, int *ret)
{
	_cleanup_close_ int fd = memfd_create("initrd", MFD_CLOEXEC);

	if (fd < 0)
		return error_sys(errno, "memory file for the joined initrds");
	TRY(file_write_fd(fd, "joined initrds", all->s, all->len));
	*ret = take_fd(&fd);
	return NULL;
}

static struct error *read_initrds(struct kexec_plan *p)
{
	_cleanup_strbuf_ struct strbuf all = { 0 };

	if (!p->rq.nr_initrds)
		return NULL;
	for (size_t i = 0; i < p->rq.nr_initrds; i++) {
		_cleanup_close_ int fd = -1;

		TRY(append_initrd(p->rq.initrds[i], &all, &fd));
		if (p->rq.nr_initrds == 1)
			p->initrd.fd = take_fd(&fd);
	}
	if (p->rq.nr_initrds > 1)
		TRY(join_to_memfd(&all, &p->initrd.fd));
	p->initrd.bytes = strbuf_take(&all, &p->initrd.len);
	return p->initrd.bytes ? NULL : error_nomem();
}

static struct error *check_type(const struct kexec_plan *p, struct kexec_result *r)
{
	const char *t = p->rq.type;

	if (!t || !strcmp(t, "bzImage") || !strcmp(t, "bzImage64"))
		return NULL;
	return refuse(r, KEXEC_WRONG_TYPE, "leave out --type, or say --type=bzImage64",
		      "%s is a bzImage64, not of the type \"%s\"", p->rq.kernel, t);
}

static struct error *read_image(struct kexec_plan *p, struct kexec_result *r)
{
	struct error *e = bzimage_parse(p->kernel.bytes, p->kernel.len, &p->image);

	if (!e)
		return check_type(p, r);
	e = error_prefix(e, "%s", p->rq.kernel ? p->rq.kernel : "kernel");
	if (p->kernel.len > 2 && !memcmp(p->kernel.bytes, "MZ", 2) && error_kind(e) == ERROR_NOT_FOUND)
		return refuse_error(r, KEXEC_BAD_IMAGE,
				    "take the kernel out of the unified image first (objcopy "
				    "--dump-section .linux=FILE), give it and its initrd",
				    e);
	return refuse_error(r, KEXEC_BAD_IMAGE, "give a 64-bit x86 bzImage (vmlinuz)", e);
}

static struct error *check_paging(struct kexec_plan *p, struct kexec_result *r)
{
	bool five = false;
	struct error *e = host_cpu_flag(p->rq.root, "la57", &five);

	error_free(e); /* without cpuinfo there is nothing to hold against the image */
	if (five && !(p->image.xloadflags & XLF_5LEVEL))
		return refuse(r, KEXEC_PAGING_MODE,
			      "use a kernel built with CONFIG_X86_5LEVEL, or start this one with no5lvl",
			      "%s cannot start on a machine with five-level paging on", p->rq.kernel);
	return NULL;
}

static struct error *check_cmdline(struct kexec_plan *p, struct kexec_result *r)
{
	size_t len = strlen(p->cmdline);

	if (len > p->image.cmdline_max)
		return refuse(r, KEXEC_CMDLINE_TOO_LONG, "shorten the command line",
			      "the command line has %zu bytes, the kernel takes %u", len,
			      p->image.cmdline_max);
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
	p->cmdline = strdup(p->rq.cmdline ? p->rq.cmdline : "");
	if (!p->cmdline)
		return refuse_error(r, KEXEC_NO_MEMORY, "", error_nomem());
	TRY(check_cmdline(p, r));
	return check_paging(p, r);
}

static struct error *read_host(struct kexec_plan *p, struct kexec_result *r)
{
	TRY(refuse_error(r, KEXEC_NO_HOST_FACTS, "mount /proc and /sys",
			 host_kexec_state(p->rq.root, &p->state)));
	if (!(p->rq.panic ? p->state.crash_supported : p->state.supported))
		return refuse(r, KEXEC_NOT_SUPPORTED,
			      "start a kernel built with CONFIG_KEXEC_FILE and CONFIG_CRASH_DUMP",
			      "the running kernel has no %s support (or /sys is not mounted)",
			      p->rq.panic ? "crash kernel" : "kexec");
	if (p->rq.panic && !p->state.crash_size)
		return refuse(r, KEXEC_NO_RESERVATION,
			      "add crashkernel=256M (or more) to the kernel command line and restart",
			      "no memory is reserved for a crash kernel");
	return NULL;
}

static bool locked_down(const struct kexec_plan *p)
{
	return p->state.lockdown[0] && strcmp(p->state.lockdown, "none");
}

/* What the file call cannot do; null when it can do all that is asked for. */
static const char *file_call_lacks(const struct kexec_plan *p)
{
	if (p->rq.no_checks)
		return "only kexec_load can leave out the digest check";
	if (p->rq.elf32_headers)
		return "only kexec_load can make ELF32 core headers";
	if (p->rq.no_efi)
		return "only kexec_load can leave out the EFI tables";
	if (p->rq.mem_min || p->rq.mem_max)
		return "only kexec_load takes limits for addresses";
	if (p->rq.spoil_digest)
		return "only kexec_load carries our purgatory";
	if (p->have_segments && p->e820.rows.n > E820_IN_BOOT_PARAMS)
		return "kexec_file_load drops memory map entries over 128";
	return NULL;
}

static struct error *check_file_cmdline(const struct kexec_plan *p, struct kexec_result *r)
{
	if (strlen(p->cmdline) + 1 + FILE_CALL_ADDITION <= p->image.cmdline_max)
		return NULL;
	return refuse(r, KEXEC_CMDLINE_TOO_LONG, "shorten the command line",
		      "the command line of %zu bytes leaves no room for the %d bytes that kexec_file_load adds; the kernel takes %u",
		      strlen(p->cmdline), FILE_CALL_ADDITION, p->image.cmdline_max);
}

static struct error *choose(struct kexec_plan *p, struct kexec_result *r)
{
	const char *lacks = file_call_lacks(p);

	p->first = p->rq.call;
	if (p->rq.call != KEXEC_CALL_AUTO)
		return p->rq.call == KEXEC_CALL_FILE ? check_file_cmdline(p, r) : NULL;
	p->first = KEXEC_CALL_FILE;
	p->may_fall_back = p->have_segments && !locked_down(p);
	if (!lacks)
		return check_file_cmdline(p, r);
	if (!p->have_segments)
		return refuse(r, KEXEC_NO_HOST_FACTS, "run it as root, on a machine with /proc and /sys",
			      "%s, and that is not possible here: %s", lacks, p->no_segments);
	p->first = KEXEC_CALL_SEGMENTS;
	p->may_fall_back = false;
	p->note = strdup(lacks);
	return p->note ? NULL : refuse_error(r, KEXEC_NO_MEMORY, "", error_nomem());
}

/* Segments are needed for -c, and wanted as second way for -a. */
static struct error *build_segments(struct kexec_plan *p, struct kexec_result *r)
{
	_cleanup_error_ struct error *e = NULL;

	if (p->rq.call == KEXEC_CALL_FILE)
		return NULL;
	e = plan_segments(p, r);
	p->have_segments = !e;
	if (!e)
		return NULL;
	if (p->rq.call == KEXEC_CALL_SEGMENTS || r->reason == KEXEC_NO_ROOM ||
	    r->reason == KEXEC_CMDLINE_TOO_LONG || r->reason == KEXEC_NO_MEMORY)
		return take_ptr(e);
	p->no_segments = strdup(error_message(e));
	kexec_result_done(r);
	return p->no_segments ? NULL : refuse_error(r, KEXEC_NO_MEMORY, "", error_nomem());
}

static struct error *check_request(const struct kexec_request *rq, struct kexec_result *r)
{
	if (!rq->kernel && rq->kernel_fd <= 0)
		return refuse(r, KEXEC_BAD_REQUEST, "name a kernel file", "no kernel was given");
	if (rq->call == KEXEC_CALL_FILE &&
	    (rq->no_checks || rq->elf32_headers || rq->mem_min || rq->mem_max || rq->no_efi))
		return refuse(r, KEXEC_BAD_REQUEST, "use the segment based call (-c)",
			      "address limits, --no-checks, --noefi and ELF32 headers are not possible with kexec_file_load");
	return NULL;
}

static struct error *make(struct kexec_plan *p, struct kexec_result *r)
{
	TRY(check_request(&p->rq, r));
	TRY(plan_read(p, r));
	TRY(read_host(p, r));
	TRY(build_segments(p, r));
	return choose(p, r);
}

struct error *kexec_plan(const struct kexec_request *rq, struct kexec_plan **ret,
			 struct kexec_result *result)
{
	_cleanup_kexec_plan_ struct kexec_plan *p = calloc(1, sizeof(*p));

	*result = (struct kexec_result){ 0 };
	if (!p)
		return refuse_error(result, KEXEC_NO_MEMORY, "", error_nomem());
	p->rq = *rq;
	p->kernel.fd = p->initrd.fd = -1;
	TRY(make(p, result));
	*ret = take_ptr(p);
	return NULL;
}

static void file_done(struct kexec_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->bytes);
}

void kexec_plan_free(struct kexec_plan *p)
{
	if (!p)
		return;
	file_done(&p->kernel);
	file_done(&p->initrd);
	free(p->cmdline);
	free(p->full_cmdline);
	iomem_done(&p->iomem);
	ranges_done(&p->regions);
	e820_done(&p->e820);
	free(p->note);
	parts_done(&p->parts);
	free(p->no_segments);
	free(p);
}
