/* Opening the dead kernel: VMCOREINFO, its release, and how its addresses translate. */
#include "kernel/kernel.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "kernel/module.h"
#include "kernel/paging.h"
#include "kernel/type.h"
#include "kernel/unwind.h"
#include "kernel/vmem.h"

#define UTS_FIELD 65 /* __NEW_UTS_LEN + 1, include/uapi/linux/utsname.h */

const struct paging *const pagings[] = {&paging_x86_64, &paging_aarch64, &paging_ppc64,
					&paging_i386,	&paging_arm,	 &paging_riscv64,
					&paging_s390x,	NULL};

static struct error *find_paging(struct kernel *k)
{
	for (size_t i = 0; k->arch && pagings[i]; i++) {
		struct error *e;

		if (strcmp(pagings[i]->name, k->arch->name) != 0)
			continue;
		e = pagings[i]->init(k);
		if (!e) {
			k->paging = pagings[i];
			return NULL;
		}
		if (error_kind(e) == ERROR_NOMEM)
			return e;
		log_debug("%s; only the segments of the dump translate addresses", error_message(e));
		error_free(e);
		free(k->paging_state);
		k->paging_state = NULL;
	}
	return NULL;
}

/* The release out of init_uts_ns, for dumps whose notes and headers do not say it. */
static void read_release(struct kernel *k)
{
	char release[UTS_FIELD];
	uint64_t uts, off = 0;
	struct error *e;

	if (!vmcoreinfo_symbol(k->info, "init_uts_ns", &uts))
		return;
	(void)vmcoreinfo_offset(k->info, "uts_namespace", "name", &off);
	/* struct new_utsname: sysname, nodename, release, ... of 65 bytes each */
	e = vmem_read_string(k, uts + off + 2 * UTS_FIELD, release, sizeof(release));
	if (e) {
		error_free(e);
		return;
	}
	k->own_release = strdup(release);
	if (k->own_release)
		k->release = k->own_release;
}

static bool has_virtual_segment(const struct dump *d)
{
	for (size_t i = 0; i < dump_nr_segments(d); i++)
		if (dump_segment_at(d, i).va)
			return true;
	return false;
}

struct error *kernel_open(struct dump *d, struct kernel **ret)
{
	_cleanup_kernel_ struct kernel *k = calloc(1, sizeof(*k));
	const char *release;
	uint64_t page_size = 0;

	if (!k)
		return error_nomem();
	k->dump = d;
	k->arch = d->arch;
	k->big = d->big;
	k->is_64bit = d->is_64bit;
	k->long_size = d->is_64bit ? 8 : 4;
	k->release = "";
	TRY(vmcoreinfo_parse(d->vmcoreinfo ? d->vmcoreinfo : "",
			     d->vmcoreinfo ? d->vmcoreinfo_len : 0, &k->info));
	if (!d->vmcoreinfo && !has_virtual_segment(d))
		return error_new(
			ERROR_NOT_FOUND,
			"the dump has neither VMCOREINFO nor segments with virtual addresses, so nothing can be found in its memory; crash(8) can with the vmlinux of that kernel");

	k->page_size = d->page_size;
	release = vmcoreinfo_get(k->info, "PAGESIZE");
	if (!k->page_size && release && text_u64(release, &page_size) &&
	    page_size <= 1u << 20 && IS_POW2(page_size))
		k->page_size = page_size;
	if (!IS_POW2(k->page_size) || k->page_size < 512 || k->page_size > 1u << 20)
		k->page_size = 4096;

	TRY(find_paging(k));
	release = vmcoreinfo_get(k->info, "OSRELEASE");
	if (release)
		k->release = release;
	else if (d->utsname.release[0])
		k->release = d->utsname.release;
	else
		read_release(k);
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
