/*
 * From a request to a plan. Files are read in inputs.c, what goes into memory is built in
 * plan_segments.c, the call is chosen in choose.c. Nothing here changes the machine.
 */
#include "kexec/plan.h"

#include <stdlib.h>
#include <string.h>

#include "kexec/result.h"

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

/* Segments are needed for -c, and wanted as second way for -a. */
static struct error *build_segments(struct kexec_plan *p, struct kexec_result *r)
{
	_cleanup_error_ struct error *e = NULL;

	if (p->rq.call == KEXEC_CALL_FILE)
		return NULL;
	/* kexec_file_load lets the kernel update the core headers: so should its stand-in */
	if (p->rq.call == KEXEC_CALL_AUTO && p->rq.panic && p->state.elfcorehdr_size)
		p->rq.hotplug = true;
	e = plan_segments(p, r);
	p->have_segments = !e;
	if (!e)
		return NULL;
	if (p->rq.call == KEXEC_CALL_SEGMENTS || !p->image.type->file_call || r->reason == KEXEC_NO_ROOM ||
	    r->reason == KEXEC_CMDLINE_TOO_LONG || r->reason == KEXEC_NO_MEMORY)
		return take_ptr(e);
	p->no_segments = strdup(error_message(e));
	kexec_result_done(r);
	return p->no_segments ? NULL : refuse_error(r, KEXEC_NO_MEMORY, "", error_nomem());
}

static struct error *check_request(const struct kexec_request *rq, struct kexec_result *r)
{
	if (rq->jump_back)
		return rq->call != KEXEC_CALL_FILE ? NULL :
			refuse(r, KEXEC_BAD_REQUEST, "use the segment based call (-c)",
			       "the jump-back helper is not possible with kexec_file_load");
	if (rq->dtb && rq->force_dtb)
		return refuse(r, KEXEC_BAD_REQUEST, "leave out one of them", "--dtb and --force-dtb contradict each other");
	if (rq->preserve_context && rq->panic)
		return refuse(r, KEXEC_BAD_REQUEST, "leave out -p", "a capture kernel cannot come back to the one that crashed");
	if (rq->preserve_context && rq->call == KEXEC_CALL_FILE)
		return refuse(r, KEXEC_BAD_REQUEST, "use the segment based call (-c)",
			      "--load-preserve-context is not possible with kexec_file_load");
	if (!rq->kernel && rq->kernel_fd <= 0)
		return refuse(r, KEXEC_BAD_REQUEST, "name a kernel file", "no kernel was given");
	if (rq->call == KEXEC_CALL_FILE &&
	    (rq->no_checks || rq->headers == KEXEC_HEADERS_ELF32 || rq->mem_min || rq->mem_max || rq->no_efi))
		return refuse(r, KEXEC_BAD_REQUEST, "use the segment based call (-c)",
			      "address limits, --no-checks, --noefi and ELF32 headers are not possible with kexec_file_load");
	if (rq->call == KEXEC_CALL_FILE &&
	    (rq->entry_32bit || rq->memmap_cmdline || rq->dtb || rq->nr_modules || rq->args != KEXEC_ARGS_AUTO))
		return refuse(r, KEXEC_BAD_REQUEST, "use the segment based call (-c)",
			      "32-bit entry, memmap=, a device tree, modules and ELF arguments are not possible with kexec_file_load");
	return NULL;
}

static struct error *make(struct kexec_plan *p, struct kexec_result *r)
{
	TRY(check_request(&p->rq, r));
	if (p->rq.jump_back) {
		TRY(read_host(p, r));
		p->first = KEXEC_CALL_SEGMENTS;
		return plan_jump_back(p, r);
	}
	if (p->rq.preserve_context) /* the file call has no such flag */
		p->rq.call = KEXEC_CALL_SEGMENTS;
	TRY(plan_read(p, r));
	TRY(read_host(p, r));
	TRY(build_segments(p, r));
	return plan_choose(p, r);
}

struct error *kexec_plan(const struct kexec_request *rq, struct kexec_plan **ret,
			 struct kexec_result *result)
{
	_cleanup_kexec_plan_ struct kexec_plan *p = calloc(1, sizeof(*p));

	*result = (struct kexec_result){ 0 };
	if (!p)
		return refuse_error(result, KEXEC_NO_MEMORY, "", error_nomem());
	p->rq = *rq;
	p->kernel.fd = p->initrd.fd = p->dtb.fd = -1;
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
	file_done(&p->dtb);
	for (size_t i = 0; i < p->modules.n; i++) {
		free(p->modules.v[i].words);
		free(p->modules.v[i].bytes);
	}
	vector_done(&p->modules);
	image_close(&p->image);
	free(p->cmdline);
	free(p->full_cmdline);
	iomem_done(&p->iomem);
	ranges_done(&p->regions);
	e820_done(&p->e820);
	free(p->note);
	free(p->warning);
	parts_done(&p->parts);
	free(p->no_segments);
	free(p);
}
