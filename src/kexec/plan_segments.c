/*
 * Everything for kexec_load(2): the memory there is, what goes where, and its contents.
 * Places are found first (core headers, purgatory, parameters, kernel, initrd), then the
 * contents that hold addresses are written, the digest comes last.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "kexec/build.h"
#include "kexec/console.h"
#include "kexec/elfcorehdr.h"
#include "kexec/enter.h"
#include "kexec/purgatory_setup.h"
#include "kexec/result.h"

#define HEADERS_MIN	16384u
#define CONTROL_MARGIN	(1u << 20)	/* for the kernel's own pages, plus a page a GiB of RAM */
#define GIB		(1ull << 30)
#define LOW_RAM_END	0xa0000u

#define NEXT_ROOM_PANIC "reserve more with crashkernel= and restart, or use a smaller initrd"

static void build_done(struct build *b)
{
	ranges_done(&b->ram);
	ranges_done(&b->free);
	ranges_done(&b->cma);
	host_efi_done(&b->efi);
	e820_done(&b->whole);
}

/* Facts that may be missing: boot_params (an odd kernel configuration), EFI. */
static struct error *read_firmware(struct build *b)
{
	struct error *e = host_boot_params(b->p->rq.root, b->running);

	b->have_running = !e;
	if (!error_drop_if(&e, ERROR_NOT_FOUND))
		TRY(e);
	TRY(host_efi(b->p->rq.root, &b->efi));
	e = host_cpu_flag(b->p->rq.root, "tdx_guest", &b->guarded);
	error_free(e); /* no cpuinfo: no such guest */
	if (b->have_running && get_u32(b->running + 0x13c, false)) /* the SEV-SNP blob */
		b->guarded = true;
	if (b->have_running)
		b->rsdp = get_u64(b->running + 0x70, false);
	if (!b->rsdp)
		b->rsdp = b->efi.acpi20 ? b->efi.acpi20 : b->efi.acpi;
	return NULL;
}

static struct error *limit_free(struct build *b)
{
	const struct kexec_request *rq = &b->p->rq;

	TRY(ranges_cut(&b->free, 0, MAX(rq->mem_min, (uint64_t)LOW_END)));
	return rq->mem_max ? ranges_cut(&b->free, rq->mem_max, UINT64_MAX) : NULL;
}

/* The main region is the last one: the kernel takes segments nowhere else. */
static struct error *free_for_panic(struct build *b, struct kexec_result *r)
{
	const struct ranges *regions = &b->p->regions;

	if (!regions->n)
		return refuse(r, KEXEC_NO_RESERVATION,
			      "add crashkernel=256M (or more) to the kernel command line and restart",
			      "/proc/iomem shows no \"Crash kernel\" region");
	return ranges_add(&b->free, regions->v[regions->n - 1].start, regions->v[regions->n - 1].end);
}

static struct error *whole_machine(const struct build *b, struct e820 *ret)
{
	_cleanup_memmap_ struct memmap firmware = { 0 };
	struct error *e = host_memmap(b->p->rq.root, &firmware);

	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return e820_from_iomem(&b->p->iomem, ret);
	TRY(e);
	return firmware.rows.n ? e820_for_reboot(&firmware, ret) : NULL;
}

/* Firmware's RAM without what it reserved later inside (ESRT, TPM log) and the crash regions. */
static struct error *free_for_reboot(struct build *b)
{
	static const char *const taken[] = { "Reserved", "reserved", "ACPI Tables",
					     "ACPI Non-volatile Storage", "Crash kernel" };
	TRY(whole_machine(b, &b->p->e820));
	TRY(iomem_named(&b->p->iomem, "System RAM", &b->free));
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		_cleanup_ranges_ struct ranges out = { 0 };

		TRY(iomem_named(&b->p->iomem, taken[i], &out));
		for (size_t j = 0; j < out.n; j++)
			TRY(ranges_cut(&b->free, out.v[j].start, out.v[j].end));
	}
	for (size_t i = 0; i < b->p->e820.rows.n; i++) {
		const struct e820_entry *row = &b->p->e820.rows.v[i];

		if (row->type != E820_RAM)
			TRY(ranges_cut(&b->free, row->start, row->start + row->len));
	}
	return NULL;
}

static struct error *gather(struct build *b, struct kexec_result *r)
{
	struct kexec_plan *p = b->p;
	const char *next = "run it as root, with /proc and /sys mounted";

	TRY(refuse_error(r, KEXEC_NO_HOST_FACTS, next, iomem_read(p->rq.root, &p->iomem)));
	TRY(refuse_error(r, KEXEC_NO_HOST_FACTS, next, iomem_ram(&p->iomem, &b->ram)));
	TRY(refuse_error(r, KEXEC_NO_HOST_FACTS, next, iomem_crash_regions(&p->iomem, &p->regions)));
	TRY(refuse_error(r, KEXEC_NO_HOST_FACTS, next, host_crash_cma(p->rq.root, &b->cma)));
	TRY(refuse_error(r, KEXEC_NO_HOST_FACTS, next, read_firmware(b)));
	if (p->rq.panic)
		TRY(free_for_panic(b, r));
	else
		TRY(refuse_error(r, KEXEC_NO_HOST_FACTS, next, free_for_reboot(b)));
	TRY(refuse_error(r, KEXEC_NO_HOST_FACTS, next, limit_free(b)));
	return p->rq.preserve_context ? jump_begin(b, r) : NULL;
}

struct error *build_put(struct build *b, const char *name, uint64_t len, struct place where,
			struct kexec_part **ret)
{
	struct place low = where;
	struct error *e;

	low.max = MIN(where.max, (uint64_t)FOUR_GIB);
	e = parts_add(&b->p->parts, &b->free, name, len, &low, ret);
	if (error_drop_if(&e, ERROR_NO_SPACE))
		e = parts_add(&b->p->parts, &b->free, name, len, &where, ret);
	return e;
}

static const struct place anywhere = { LOW_END, UINT64_MAX, KEXEC_PAGE, true };

/* Kernels before 5.5 use the first 640 KiB, so that the capture kernel would overwrite it. */
static struct error *plan_backup(struct build *b)
{
	_cleanup_free_ char *release = NULL;
	struct kexec_part *part;
	unsigned major, minor;

	TRY(host_kernel_release(b->p->rq.root, &release));
	if (!kernel_release_numbers(release, &major, &minor) || major > 5 || (major == 5 && minor >= 5))
		return NULL;
	for (size_t i = 0; i < b->ram.n && !b->backup.end; i++)
		if (b->ram.v[i].end <= LOW_RAM_END)
			b->backup = (struct range){ ROUND_UP(b->ram.v[i].start, (uint64_t)KEXEC_PAGE),
						    ROUND_DOWN(b->ram.v[i].end, (uint64_t)KEXEC_PAGE) };
	if (b->backup.start >= b->backup.end) {
		b->backup = (struct range){ 0 };
		return NULL;
	}
	TRY(build_put(b, "backup", b->backup.end - b->backup.start, anywhere, &part));
	b->backup_to = part->pa;
	return NULL;
}

/* 32-bit kernels are described in ELF32 where that can name all memory: old debuggers want it. */
static bool wants_elf32(const struct build *b)
{
	bool is_64bit = true;

	if (b->p->rq.headers != KEXEC_HEADERS_AUTO)
		return b->p->rq.headers == KEXEC_HEADERS_ELF32;
	error_free(host_is_64bit(b->p->rq.root, &is_64bit)); /* kernels before 6.1 do not say */
	return !is_64bit && (!b->ram.n || b->ram.v[b->ram.n - 1].end <= FOUR_GIB);
}

static struct error *plan_headers(struct build *b)
{
	_cleanup_crash_notes_ struct crash_notes notes = { 0 };
	_cleanup_ranges_ struct ranges ram = { 0 };
	_cleanup_free_ unsigned char *bytes = NULL;
	struct kcore_facts kcore = { 0 };
	struct elfcorehdr_input in = { .notes = &notes, .kcore = &kcore, .ram = &ram,
				       .machine = EM_X86_64, .elf32 = wants_elf32(b),
				       .backup_from = b->backup.start,
				       .backup_len = b->backup.end - b->backup.start,
				       .backup_to = b->backup_to };
	struct kexec_part *part;
	uint64_t room = HEADERS_MIN;
	size_t len;

	TRY(host_crash_notes(b->p->rq.root, &notes));
	error_free(host_kcore(b->p->rq.root, &kcore)); /* only gdb misses it: virtual addresses are 0 */
	TRY(elfcorehdr_ram(&b->ram, &b->p->regions, &b->cma, in.backup_len, &ram));
	TRY(elfcorehdr_build(&in, &bytes, &len));
	if (b->p->rq.hotplug)
		room = MAX(room, b->p->state.elfcorehdr_size);
	TRY(build_put(b, "core headers", MAX(room, (uint64_t)len), anywhere, &part));
	part->bytes = part->owned = take_ptr(bytes);
	part->len = len;
	part->in_digest = !b->p->rq.hotplug; /* the kernel rewrites them then */
	b->headers_pa = part->pa;
	return NULL;
}

static struct error *plan_e820(struct build *b)
{
	_cleanup_ranges_ struct ranges hidden = { 0 };

	for (size_t i = 0; i < b->p->parts.n; i++) /* so far: headers and backup */
		TRY(ranges_add(&hidden, b->p->parts.v[i].pa,
			       b->p->parts.v[i].pa + b->p->parts.v[i].mem_len));
	TRY(e820_for_panic(&b->p->iomem, &b->p->regions, &hidden, &b->cma, &b->p->e820));
	return b->p->rq.memmap_cmdline ? whole_machine(b, &b->whole) : NULL;
}

const char *build_next_room(const struct build *b)
{
	const struct ranges *r = &b->p->regions;
	const struct image *im = &b->p->image;
	bool low = b->p->rq.entry_32bit || im->mb.version || !(bzimage_is_64bit(&im->bz));

	if (!b->p->rq.panic)
		return "use a smaller kernel or initrd";
	return low && r->n && r->v[r->n - 1].start >= FOUR_GIB ?
		       "this kernel starts in 32-bit mode: reserve memory below 4 GiB (crashkernel= without \",high\")" :
		       NEXT_ROOM_PANIC;
}

static struct error *check_margin(const struct build *b)
{
	uint64_t need = CONTROL_MARGIN + ranges_total(&b->ram) / GIB * KEXEC_PAGE;

	if (b->p->rq.panic && ranges_total(&b->free) < need)
		return error_new(ERROR_NO_SPACE,
				 "the image leaves %llu KiB of the reserved region free, the kernel needs %llu KiB there for itself",
				 (unsigned long long)ranges_total(&b->free) >> 10,
				 (unsigned long long)need >> 10);
	return NULL;
}

/* A kernel that is not entered as a 64-bit Linux has a page in between. */
static struct error *place_enter(struct build *b)
{
	const struct start *s = &b->start;
	struct enter_args args = { s->entry, s->eax, s->ebx, (uint32_t)s->rsi, 0 };
	struct place where = { LOW_END, FOUR_GIB, KEXEC_PAGE, true };
	struct kexec_part *part;

	if (!s->is_32bit && !s->eax)
		return NULL;
	TRY(build_put(b, "entry", KEXEC_PAGE, where, &part));
	TRY(enter_setup(&args, s->is_32bit, part));
	b->start.entry = part->pa;
	return NULL;
}

static struct error *fill_purgatory(struct build *b)
{
	struct kexec_part *part = parts_find(&b->p->parts, "purgatory");
	struct purgatory_setup how = {
		.entry = b->start.entry,
		.boot_params = b->start.rsi,
		.backup_from = b->backup.start,
		.backup_to = b->backup_to,
		.backup_len = b->backup.end - b->backup.start,
		.check = !b->p->rq.no_checks,
		.guarded = b->guarded,
		.comes_back = b->p->rq.preserve_context,
		.way_back_text = way_back_text(b),
		.console = b->console,
	};

	TRY(purgatory_setup(&how, &b->p->parts, part));
	b->p->entry = part->pa;
	return NULL;
}

/* A test aid: the boot parameters' last byte, in the command line's padding or seed. */
static void spoil(struct build *b)
{
	struct kexec_part *part = parts_find(&b->p->parts, "boot parameters");

	if (b->p->rq.spoil_digest && part)
		((unsigned char *)part->owned)[part->len - 1] ^= 1;
}

static struct error *build_parts(struct build *b, struct kexec_result *r)
{
	const char *next = build_next_room(b);

	TRY(refuse_error(r, KEXEC_BAD_REQUEST, "give --serial=ttyS0 and --serial-baud=115200",
			 console_choose(&b->p->rq, b->p->cmdline,
					b->have_running ? b->running : NULL, &b->console)));
	TRY(refuse_error(r, KEXEC_NO_ROOM, next,
			 build_put(b, "purgatory", purgatory_mem_len(), anywhere, NULL)));
	TRY(b->p->image.type->load(b, r));
	if (b->p->rq.preserve_context && (b->start.is_32bit || b->start.eax))
		return refuse(r, KEXEC_BAD_REQUEST, "give a 64-bit Linux kernel, or an ELF program with --args-none",
			      "%s is not entered in a way that it can come back from", b->p->image.name);
	TRY(refuse_error(r, KEXEC_NO_ROOM, next, place_enter(b)));
	TRY(refuse_error(r, KEXEC_NO_ROOM, next, check_margin(b)));
	if (b->p->rq.preserve_context)
		TRY(jump_end(b, r));
	TRY(refuse_error(r, KEXEC_NO_MEMORY, "free some memory and try again", fill_purgatory(b)));
	spoil(b);
	return NULL;
}

static struct error *plan_panic(struct build *b, struct kexec_result *r)
{
	struct error *e = plan_backup(b);

	if (!e)
		e = plan_headers(b);
	if (e && error_kind(e) == ERROR_NO_SPACE)
		return refuse_error(r, KEXEC_NO_ROOM, NEXT_ROOM_PANIC, e);
	if (e && error_kind(e) == ERROR_UNSUPPORTED && b->p->rq.headers == KEXEC_HEADERS_ELF32)
		return refuse_error(r, KEXEC_BAD_REQUEST, "leave out --elf32-core-headers", e);
	if (!e)
		e = plan_e820(b);
	return refuse_error(r, KEXEC_NO_HOST_FACTS, "run it as root, with /proc and /sys mounted", e);
}

/* The call wants a segment, though there is nothing to load. */
struct error *plan_jump_back(struct kexec_plan *p, struct kexec_result *r)
{
	struct build b = { .p = p };
	struct error *e = gather(&b, r);

	if (!e)
		e = refuse_error(r, KEXEC_NO_ROOM, "give other limits for addresses",
				 build_put(&b, "nothing", KEXEC_PAGE, anywhere, NULL));
	build_done(&b);
	p->entry = p->rq.jump_back_entry;
	p->have_segments = !e;
	return e;
}

struct error *plan_segments(struct kexec_plan *p, struct kexec_result *r)
{
	struct build b = { .p = p };
	struct error *e = gather(&b, r);

	if (!e && p->rq.panic)
		e = plan_panic(&b, r);
	if (!e)
		e = build_parts(&b, r);
	build_done(&b);
	return e;
}
