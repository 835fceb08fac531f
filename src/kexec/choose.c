/*
 * Which system call. What is known to end in a refusal is not tried: even a failing call uses up a
 * load limit, and a crash load may cost the image that is there.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "kexec/cryptkeys.h"
#include "kexec/pe.h"
#include "kexec/plan.h"
#include "kexec/result.h"

#define FILE_CALL_ADDITION 30 /* room the kernel's own loader keeps for elfcorehdr= */

static bool locked_down(const struct kexec_plan *p)
{
	return p->state.lockdown[0] && strcmp(p->state.lockdown, "none");
}

static int64_t loads_left(const struct kexec_plan *p)
{
	return p->rq.panic ? p->state.limit_panic : p->state.limit_reboot;
}

static struct error *check_permission(const struct kexec_plan *p, struct kexec_result *r)
{
	if (p->state.xen_host)
		return refuse(r, KEXEC_NOT_SUPPORTED, "load it with the tools of Xen",
			      "this is a Xen host: the hypervisor holds the loaded kernels, not Linux");
	if (p->state.load_disabled)
		return refuse(r, KEXEC_NOT_PERMITTED,
			      "it cannot be switched back; restart without setting it",
			      "sysctl kernel.kexec_load_disabled is 1");
	if (!loads_left(p))
		return refuse(r, KEXEC_NOT_PERMITTED, "it only goes down; restart to load again",
			      "sysctl kernel.kexec_load_limit_%s is 0: no load is left",
			      p->rq.panic ? "panic" : "reboot");
	return NULL;
}

bool plan_signed(const struct kexec_plan *p)
{
	const struct image_blob *k = &p->image.kernel;
	struct pe pe;
	struct error *e;

	if (!pe_is(k->bytes, k->len))
		return false;
	e = pe_parse(k->bytes, k->len, &pe);
	if (e) {
		error_free(e); /* the kernel would find no signature there either */
		return false;
	}
	return pe.signed_end;
}

static bool has_ima_signature(const struct kexec_plan *p)
{
	return fgetxattr(p->kernel.fd, "security.ima", NULL, 0) > 0;
}

static struct error *check_signature(const struct kexec_plan *p, struct kexec_result *r)
{
	if (!locked_down(p) || plan_signed(p) || has_ima_signature(p))
		return NULL;
	return refuse(r, KEXEC_SIGNATURE,
		      "use a kernel signed with a key that this machine trusts, or sign it (sbsign) and enrol the key (mokutil)",
		      "the kernel is locked down (%s) and %s carries no signature", p->state.lockdown,
		      p->image.name);
}

static struct error *check_segment_call(const struct kexec_plan *p, struct kexec_result *r)
{
	if (locked_down(p))
		return refuse(r, KEXEC_LOCKDOWN, "use the file based call (-s) with a signed kernel",
			      "the kernel is locked down (%s), which forbids kexec_load",
			      p->state.lockdown);
	if (p->state.ima_appraises)
		return refuse(r, KEXEC_NOT_PERMITTED, "use the file based call (-s)",
			      "the integrity policy (IMA) wants to see the files themselves, which forbids kexec_load");
	return NULL;
}

/* What the file call cannot do; null when it can do all that is asked for. */
static const char *file_call_lacks(const struct kexec_plan *p)
{
	if (!p->image.type->file_call)
		return "kexec_file_load takes no kernel of this type";
	if (p->rq.entry_32bit)
		return "only kexec_load starts a kernel at its 32-bit entry";
	if (p->dtb.len && !p->rq.force_dtb)
		return "only kexec_load takes a device tree blob";
	if (p->rq.memmap_cmdline)
		return "only kexec_load tells memory by memmap=";
	if (p->rq.no_checks)
		return "only kexec_load can leave out the digest check";
	if (p->rq.headers == KEXEC_HEADERS_ELF32)
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

static struct error *check_file_call(const struct kexec_plan *p, struct kexec_result *r)
{
	unsigned added = FILE_CALL_ADDITION + (p->rq.nr_crypt_keys ? CRYPT_KEYS_CMDLINE : 0);

	if (strlen(p->cmdline) + 1 + added > p->image.bz.cmdline_max)
		return refuse(r, KEXEC_CMDLINE_TOO_LONG, "shorten the command line",
			      "the command line of %zu bytes leaves no room for the %u bytes that kexec_file_load adds; the kernel takes %u",
			      strlen(p->cmdline), added, p->image.bz.cmdline_max);
	return check_signature(p, r);
}

/* Keys go with the kernel's own loader, and with that alone. */
static struct error *check_crypt_keys(const struct kexec_plan *p, struct kexec_result *r, const char *lacks)
{
	struct error *e;

	if (!p->rq.nr_crypt_keys)
		return NULL;
	if (!p->rq.panic)
		return refuse(r, KEXEC_BAD_REQUEST, "leave out the keys, or load with -p",
			      "keys of encrypted disks are handed to crash kernels only");
	if (p->rq.call == KEXEC_CALL_SEGMENTS || lacks)
		return refuse(r, KEXEC_BAD_REQUEST, "leave out the keys, or what needs kexec_load",
			      "keys of encrypted disks go with kexec_file_load only%s%s", lacks ? ", but " : "",
			      lacks ? lacks : "");
	e = crypt_keys_check(p->rq.root, p->rq.crypt_keys, p->rq.nr_crypt_keys);
	if (e && error_kind(e) == ERROR_USAGE)
		return refuse_error(r, KEXEC_BAD_REQUEST, "give the description that keyctl shows", e);
	return refuse_error(r, KEXEC_NOT_SUPPORTED,
			    "mount configfs at /sys/kernel/config; Linux 6.16 and CONFIG_CRASH_DM_CRYPT are needed", e);
}

/* With -s no segments were planned: what memory map the kernel's own loader would make of this machine, as
 * far as its length goes. 0 when it cannot be told. */
static size_t map_entries(const struct kexec_plan *p)
{
	_cleanup_ranges_ struct ranges regions = { 0 }, none = { 0 };
	_cleanup_iomem_ struct iomem m = { 0 };
	_cleanup_e820_ struct e820 map = { 0 };
	struct error *e = iomem_read(p->rq.root, &m);

	if (!e)
		e = iomem_crash_regions(&m, &regions);
	if (!e)
		e = e820_for_panic(&m, &regions, &none, &none, &map);
	error_free(e); /* a warning less */
	return e ? 0 : map.rows.n;
}

static struct error *warn_of_lost_entries(struct kexec_plan *p, struct kexec_result *r)
{
	size_t n = p->rq.panic ? map_entries(p) : 0;

	if (n <= E820_IN_BOOT_PARAMS)
		return NULL;
	if (asprintf(&p->warning,
		     "kexec_file_load drops %zu of the machine's %zu memory map entries, RAM of the capture kernel perhaps among them; -a or -c passes all",
		     n - E820_IN_BOOT_PARAMS, n) < 0) {
		p->warning = NULL;
		return refuse_error(r, KEXEC_NO_MEMORY, "", error_nomem());
	}
	return NULL;
}

static struct error *set_note(struct kexec_plan *p, struct kexec_result *r, const char *note)
{
	p->note = strdup(note);
	return p->note ? NULL : refuse_error(r, KEXEC_NO_MEMORY, "", error_nomem());
}

static struct error *choose_segments(struct kexec_plan *p, struct kexec_result *r, const char *why)
{
	if (!p->have_segments)
		return refuse(r, KEXEC_NO_HOST_FACTS, "run it as root, on a machine with /proc and /sys",
			      "%s, and that is not possible here: %s", why, p->no_segments);
	p->first = KEXEC_CALL_SEGMENTS;
	TRY(check_segment_call(p, r));
	return set_note(p, r, why);
}

struct error *plan_choose(struct kexec_plan *p, struct kexec_result *r)
{
	const char *lacks = file_call_lacks(p);

	TRY(check_permission(p, r));
	TRY(check_crypt_keys(p, r, lacks));
	p->first = p->rq.call;
	if (p->rq.call == KEXEC_CALL_FILE && lacks)
		return refuse(r, KEXEC_BAD_REQUEST, "use the segment based call (-c), or let kexec choose (-a)",
			      "%s is %s: %s", p->image.name, p->image.type->words, lacks);
	if (p->rq.call == KEXEC_CALL_FILE) {
		TRY(check_file_call(p, r));
		return warn_of_lost_entries(p, r);
	}
	if (p->rq.call == KEXEC_CALL_SEGMENTS)
		return check_segment_call(p, r);
	if (lacks)
		return choose_segments(p, r, lacks);
	p->first = KEXEC_CALL_FILE;
	TRY(check_file_call(p, r));
	if (locked_down(p))
		return set_note(p, r, "the kernel is locked down, which allows kexec_file_load only");
	if (p->state.ima_appraises)
		return set_note(p, r, "the integrity policy (IMA) allows kexec_file_load only");
	if (p->rq.nr_crypt_keys)
		return set_note(p, r, "only kexec_file_load hands keys of encrypted disks over");
	if (loads_left(p) == 1)
		return set_note(p, r, "the one load that is left goes to kexec_file_load");
	p->may_fall_back = p->have_segments;
	return set_note(p, r, "the kernel reads the files itself and can check their signatures");
}
