/*
 * Everything for kexec_load(2): the memory there is, what goes where, and its contents.
 * Places are found first (core headers, purgatory, parameters, kernel, initrd), then the
 * contents that hold addresses are written, the digest comes last.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/bytes.h"
#include "base/strbuf.h"
#include "kexec/elfcorehdr.h"
#include "kexec/plan.h"
#include "kexec/purgatory_setup.h"
#include "kexec/result.h"

#define LOW_END		0x100000ull	/* nothing is placed below */
#define INITRD_MIN	0x1000000ull
#define FOUR_GIB	(1ull << 32)
#define HEADERS_MIN	16384u
#define CONTROL_MARGIN	(1u << 20)	/* for the kernel's own pages, plus a page a GiB of RAM */
#define GIB		(1ull << 30)
#define LOW_RAM_END	0xa0000u

#define NEXT_ROOM_PANIC "reserve more with crashkernel= and restart, or use a smaller initrd"

/* What is gathered while building; gone afterwards. */
struct build {
	struct kexec_plan *p;
	struct ranges ram;   /* all there is */
	struct ranges free;  /* where segments may go */
	struct ranges cma;
	struct host_efi efi;
	unsigned char running[BOOT_PARAMS_LEN];
	bool have_running;
	bool pass_efi;
	uint64_t rsdp;
	struct range backup; /* low memory to save; empty: none */
	uint64_t backup_to;
	uint64_t headers_pa;
};

static void build_done(struct build *b)
{
	ranges_done(&b->ram);
	ranges_done(&b->free);
	ranges_done(&b->cma);
	host_efi_done(&b->efi);
}

/* Facts that may be missing: boot_params (an odd kernel configuration), EFI. */
static struct error *read_firmware(struct build *b)
{
	struct error *e = host_boot_params(b->p->rq.root, b->running);

	b->have_running = !e;
	if (!error_drop_if(&e, ERROR_NOT_FOUND))
		TRY(e);
	TRY(host_efi(b->p->rq.root, &b->efi));
	if (b->have_running)
		b->rsdp = get_u64(b->running + 0x70, false);
	if (!b->rsdp)
		b->rsdp = b->efi.acpi20 ? b->efi.acpi20 : b->efi.acpi;
	b->pass_efi = !b->p->rq.no_efi &&
		      boot_params_can_efi(&b->p->image, b->have_running ? b->running : NULL, &b->efi);
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

/* Firmware's RAM without what it reserved later inside (ESRT, TPM log) and the crash regions. */
static struct error *free_for_reboot(struct build *b)
{
	static const char *const taken[] = { "Reserved", "reserved", "ACPI Tables",
					     "ACPI Non-volatile Storage", "Crash kernel" };
	_cleanup_memmap_ struct memmap firmware = { 0 };
	struct error *e = host_memmap(b->p->rq.root, &firmware);

	if (error_drop_if(&e, ERROR_NOT_FOUND))
		TRY(e820_from_iomem(&b->p->iomem, &b->p->e820));
	TRY(e);
	if (firmware.rows.n)
		TRY(e820_for_reboot(&firmware, &b->p->e820));
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
	return refuse_error(r, KEXEC_NO_HOST_FACTS, next, limit_free(b));
}

/* Below 4 GiB where there is room: kernels before 5.10 build their early mapping there. */
static struct error *put(struct build *b, const char *name, uint64_t len, struct place where,
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
	TRY(put(b, "backup", b->backup.end - b->backup.start, anywhere, &part));
	b->backup_to = part->pa;
	return NULL;
}

static struct error *plan_headers(struct build *b)
{
	_cleanup_crash_notes_ struct crash_notes notes = { 0 };
	_cleanup_ranges_ struct ranges ram = { 0 };
	_cleanup_free_ unsigned char *bytes = NULL;
	struct kcore_facts kcore = { 0 };
	struct elfcorehdr_input in = { .notes = &notes, .kcore = &kcore, .ram = &ram,
				       .machine = EM_X86_64, .elf32 = b->p->rq.elf32_headers,
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
	TRY(put(b, "core headers", MAX(room, (uint64_t)len), anywhere, &part));
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
	return e820_for_panic(&b->p->iomem, &b->p->regions, &hidden, &b->cma, &b->p->e820);
}

/* "elfcorehdr=0x... LINE", and acpi_rsdp= where EFI data cannot say it. */
static struct error *make_cmdline(struct build *b)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };
	bool have_rsdp;

	TRY(cmdline_find(b->p->cmdline, "acpi_rsdp", &have_rsdp, NULL));
	if (b->p->rq.panic)
		strbuf_printf(&line, "elfcorehdr=0x%llx ", (unsigned long long)b->headers_pa);
	if (b->efi.booted && !b->pass_efi && b->rsdp && !have_rsdp)
		strbuf_printf(&line, "acpi_rsdp=0x%llx ", (unsigned long long)b->rsdp);
	strbuf_puts(&line, b->p->cmdline);
	TRY(strbuf_error(&line));
	b->p->full_cmdline = strbuf_take(&line, NULL);
	return b->p->full_cmdline ? NULL : error_nomem();
}

static struct error *check_cmdline(const struct build *b, struct kexec_result *r)
{
	size_t len = strlen(b->p->full_cmdline);

	if (len <= b->p->image.cmdline_max)
		return NULL;
	return refuse(r, KEXEC_CMDLINE_TOO_LONG, "shorten the command line",
		      "with the %zu bytes added for the core headers the command line has %zu, the kernel takes %u",
		      len - strlen(b->p->cmdline), len, b->p->image.cmdline_max);
}

static struct error *place_kernel(struct build *b)
{
	const struct bzimage *z = &b->p->image;
	struct place where = { MAX((uint64_t)LOW_END, z->pref_address), UINT64_MAX, z->alignment, true };
	struct kexec_part *part;
	struct error *e;

	if (!z->relocatable)
		where = (struct place){ z->pref_address, z->pref_address + ROUND_UP(z->init_size, KEXEC_PAGE),
					KEXEC_PAGE, false };
	e = put(b, "kernel", z->init_size, where, &part);
	if (z->relocatable && error_drop_if(&e, ERROR_NO_SPACE)) {
		where.min = LOW_END; /* a region below the preferred address is better than none */
		e = put(b, "kernel", z->init_size, where, &part);
	}
	TRY(e);
	part->bytes = z->bytes + z->setup_len;
	part->len = z->len - z->setup_len;
	part->in_digest = true;
	b->p->entry = part->pa + BZIMAGE_ENTRY_64;
	return NULL;
}

static struct error *place_initrd(struct build *b)
{
	struct place where = { INITRD_MIN, UINT64_MAX, KEXEC_PAGE, true };
	struct kexec_part *part;

	if (!b->p->initrd.len)
		return NULL;
	TRY(put(b, "initrd", b->p->initrd.len, where, &part));
	part->bytes = b->p->initrd.bytes;
	part->len = b->p->initrd.len;
	part->in_digest = true;
	return NULL;
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

static struct error *place_all(struct build *b, size_t params_len)
{
	TRY(put(b, "purgatory", purgatory_mem_len(), anywhere, NULL));
	TRY(put(b, "boot parameters", params_len, anywhere, NULL));
	TRY(place_kernel(b));
	TRY(place_initrd(b));
	return check_margin(b);
}

static struct error *fill_params(struct build *b, const struct boot_params_input *in, size_t len)
{
	struct kexec_part *part = parts_find(&b->p->parts, "boot parameters");
	struct kexec_part *initrd = parts_find(&b->p->parts, "initrd");

	part->bytes = part->owned = calloc(1, len);
	if (!part->owned)
		return error_nomem();
	part->len = len;
	part->in_digest = true;
	boot_params_build(in, part->pa, initrd ? initrd->pa : 0, initrd ? initrd->len : 0,
			  part->owned);
	return NULL;
}

static struct error *fill_purgatory(struct build *b)
{
	struct kexec_part *part = parts_find(&b->p->parts, "purgatory");
	struct purgatory_setup how = {
		.entry = b->p->entry,
		.boot_params = parts_find(&b->p->parts, "boot parameters")->pa,
		.backup_from = b->backup.start,
		.backup_to = b->backup_to,
		.backup_len = b->backup.end - b->backup.start,
		.serial_port = purgatory_serial_port(b->p->cmdline),
		.check = !b->p->rq.no_checks,
	};

	TRY(purgatory_setup(&how, &b->p->parts, part));
	b->p->entry = part->pa;
	return NULL;
}

/* A test aid: the boot parameters' last byte, in the command line's padding or seed. */
static void spoil(struct build *b)
{
	struct kexec_part *part = parts_find(&b->p->parts, "boot parameters");

	if (b->p->rq.spoil_digest)
		((unsigned char *)part->owned)[part->len - 1] ^= 1;
}

static struct error *build_parts(struct build *b, struct kexec_result *r)
{
	unsigned char seed[RNG_SEED_LEN];
	bool seeded = getrandom(seed, sizeof(seed), GRND_NONBLOCK) == sizeof(seed);
	struct boot_params_input in = { .image = &b->p->image, .e820 = &b->p->e820,
					.running = b->have_running ? b->running : NULL,
					.efi = b->pass_efi ? &b->efi : NULL,
					.acpi_rsdp = b->rsdp, .seed = seeded ? seed : NULL };
	const char *next = b->p->rq.panic ? NEXT_ROOM_PANIC : "use a smaller kernel or initrd";
	size_t len;

	TRY(refuse_error(r, KEXEC_NO_HOST_FACTS, "see the message", make_cmdline(b)));
	TRY(check_cmdline(b, r));
	in.cmdline = b->p->full_cmdline;
	len = boot_params_len(&in);
	TRY(refuse_error(r, KEXEC_NO_ROOM, next, place_all(b, len)));
	TRY(refuse_error(r, KEXEC_NO_MEMORY, "free some memory and try again", fill_params(b, &in, len)));
	TRY(refuse_error(r, KEXEC_NO_MEMORY, "free some memory and try again", fill_purgatory(b)));
	spoil(b);
	explicit_bzero(seed, sizeof(seed));
	return NULL;
}

static struct error *plan_panic(struct build *b, struct kexec_result *r)
{
	struct error *e = plan_backup(b);

	if (!e)
		e = plan_headers(b);
	if (e && error_kind(e) == ERROR_NO_SPACE)
		return refuse_error(r, KEXEC_NO_ROOM, NEXT_ROOM_PANIC, e);
	if (e && error_kind(e) == ERROR_UNSUPPORTED && b->p->rq.elf32_headers)
		return refuse_error(r, KEXEC_BAD_REQUEST, "leave out --elf32-core-headers", e);
	if (!e)
		e = plan_e820(b);
	return refuse_error(r, KEXEC_NO_HOST_FACTS, "run it as root, with /proc and /sys mounted", e);
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

uint16_t purgatory_serial_port(const char *cmdline)
{
	static const uint16_t ports[] = { 0x3f8, 0x2f8, 0x3e8, 0x2e8 };
	const char *value;
	uint16_t port = 0;
	size_t pos = 0, len;

	while (cmdline_next(cmdline, "console", &pos, &value, &len))
		if (len >= 5 && !memcmp(value, "ttyS", 4) && value[4] >= '0' && value[4] <= '3' &&
		    (len == 5 || value[5] == ','))
			port = ports[value[4] - '0'];
	return port;
}
