/* Opening the dead kernel: VMCOREINFO, its release, and how its addresses translate. */
#include "kernel/kernel.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "kernel/find_info.h"
#include "kernel/module.h"
#include "kernel/paging.h"
#include "kernel/type.h"
#include "kernel/unwind.h"
#include "kernel/vmem.h"

#define UTS_FIELD 65 /* __NEW_UTS_LEN + 1, include/uapi/linux/utsname.h */

const struct paging *const pagings[] = {&paging_x86_64, &paging_aarch64, &paging_ppc64,
					&paging_i386,	&paging_arm,	 &paging_riscv64,
					&paging_s390x,	NULL};

static const struct paging *paging_of(const struct arch *a)
{
	for (size_t i = 0; a && pagings[i]; i++)
		if (strcmp(pagings[i]->name, a->name) == 0)
			return pagings[i];
	return NULL;
}

static struct error *find_paging(struct kernel *k)
{
	const struct paging *p = paging_of(k->arch);
	struct error *e = p ? p->init(k) : NULL;

	if (!e) {
		k->paging = p;
		return NULL;
	}
	if (error_kind(e) == ERROR_NOMEM)
		return e;
	log_debug("%s; only the segments of the dump translate addresses", error_message(e));
	error_free(e);
	free(k->paging_state);
	k->paging_state = NULL;
	return NULL;
}

/* The release out of init_uts_ns; malloc'd, null when it cannot be read. */
static char *read_release(struct kernel *k)
{
	char release[UTS_FIELD];
	uint64_t uts, off = 0;
	struct error *e;

	if (!vmcoreinfo_symbol(k->info, "init_uts_ns", &uts))
		return NULL;
	(void)vmcoreinfo_offset(k->info, "uts_namespace", "name", &off);
	/* struct new_utsname: sysname, nodename, release, ... of 65 bytes each */
	e = vmem_read_string(k, uts + off + 2 * UTS_FIELD, release, sizeof(release));
	if (!e)
		return strdup(release);
	error_free(e);
	return NULL;
}

static bool has_virtual_segment(const struct dump *d)
{
	for (size_t i = 0; i < dump_nr_segments(d); i++)
		if (dump_segment_at(d, i).va)
			return true;
	return false;
}

/* The kernel as VMCOREINFO text (null: none) describes it. */
static struct error *open_with(struct dump *d, const char *text, size_t len, struct kernel **ret)
{
	_cleanup_kernel_ struct kernel *k = calloc(1, sizeof(*k));
	const char *page;
	uint64_t page_size = 0;

	if (!k)
		return error_nomem();
	k->dump = d;
	k->arch = d->arch;
	k->big = d->big;
	k->is_64bit = d->is_64bit;
	k->long_size = d->is_64bit ? 8 : 4;
	k->release = "";
	TRY(vmcoreinfo_parse(text ? text : "", text ? len : 0, &k->info));
	k->page_size = d->page_size;
	page = vmcoreinfo_get(k->info, "PAGESIZE");
	if (!k->page_size && page && text_u64(page, &page_size) && page_size <= 1u << 20 &&
	    IS_POW2(page_size))
		k->page_size = page_size;
	if (!IS_POW2(k->page_size) || k->page_size < 512 || k->page_size > 1u << 20)
		k->page_size = 4096;
	TRY(find_paging(k));
	*ret = take_ptr(k);
	return NULL;
}

/* The release that the text names is the one in memory, where the text's addresses lead. */
static bool info_holds(struct dump *d, const char *text, size_t len)
{
	_cleanup_kernel_ struct kernel *k = NULL;
	_cleanup_free_ char *release = NULL;
	struct error *e = open_with(d, text, len, &k);

	if (e) {
		error_free(e);
		return false;
	}
	/* addresses of this architecture are not translated: it cannot be asked */
	if (!paging_of(d->arch))
		return true;
	release = read_release(k);
	return release && text_equal(release, vmcoreinfo_get(k->info, "OSRELEASE"));
}

/* Kernels before 2.6.24 have no VMCOREINFO to be found. */
static bool is_ancient(const struct dump *d)
{
	const char *rest = text_after(d->utsname.release, "2.6.");

	return text_starts(d->utsname.release, "2.4.") || (rest && strtoul(rest, NULL, 10) < 24);
}

struct error *kernel_find_info(struct dump *d)
{
	if (d->vmcoreinfo || is_ancient(d))
		return NULL;
	return find_info(d, info_holds);
}

struct error *kernel_open(struct dump *d, struct kernel **ret)
{
	_cleanup_kernel_ struct kernel *k = NULL;
	struct error *e = kernel_find_info(d);
	const char *release;

	if (e && error_kind(e) == ERROR_NOMEM)
		return e;
	if (!d->vmcoreinfo && !has_virtual_segment(d)) {
		error_free(e);
		return error_new(
			ERROR_NOT_FOUND,
			"the dump has neither VMCOREINFO nor segments with virtual addresses, so nothing can be found in its memory; crash(8) can with the vmlinux of that kernel");
	}
	error_free(e); /* the segments are something to begin with */
	TRY(open_with(d, d->vmcoreinfo, d->vmcoreinfo_len, &k));
	release = vmcoreinfo_get(k->info, "OSRELEASE");
	if (release)
		k->release = release;
	else if (d->utsname.release[0])
		k->release = d->utsname.release;
	else if ((k->own_release = read_release(k)))
		k->release = k->own_release;
	*ret = take_ptr(k);
	return NULL;
}

void kernel_close(struct kernel *k)
{
	if (!k)
		return;
	orc_free(k->orc);
	modules_free(k->modules);
	btf_free(k->btf);
	symbols_free(k->symbols);
	vmem_done(k);
	free(k->paging_state);
	free(k->own_release);
	vmcoreinfo_free(k->info);
	free(k);
}
