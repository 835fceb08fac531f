/* Command line, boot_params and initrd of a Linux kernel; see build.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/strbuf.h"
#include "kexec/build.h"
#include "kexec/result.h"

#define INITRD_MIN	  0x1000000ull
#define MEMMAP_MIN_KIB	  100 /* smaller ranges are not worth their text */
#define NEXT_MEMORY	  "free some memory and try again"

/* "SIZE@START" in KiB with the sign of the type (Documentation/admin-guide/kernel-parameters.txt,
 * memmap=); 0 for what has none. */
static char memmap_sign(uint32_t type)
{
	switch (type) {
	case E820_RAM:
		return '@';
	case E820_ACPI:
	case E820_NVS:
		return '#';
	case E820_RESERVED:
		return '$';
	case E820_PRAM:
		return '!';
	default:
		return 0;
	}
}

static void add_memmap(const struct e820 *map, struct strbuf *line)
{
	strbuf_puts(line, "memmap=exactmap ");
	for (size_t i = 0; i < map->rows.n; i++) {
		const struct e820_entry *r = &map->rows.v[i];
		bool ram = r->type == E820_RAM;
		uint64_t start = ram ? ROUND_UP(r->start, 1024) >> 10 : r->start >> 10;
		uint64_t end = ram ? (r->start + r->len) >> 10 : ROUND_UP(r->start + r->len, 1024) >> 10;

		if (end > start && end - start >= MEMMAP_MIN_KIB && memmap_sign(r->type))
			strbuf_printf(line, "memmap=%lluK%c%lluK ", (unsigned long long)(end - start),
				      memmap_sign(r->type), (unsigned long long)start);
	}
}

/* "elfcorehdr=0x... LINE", and acpi_rsdp= where EFI data cannot say it. */
static struct error *make_cmdline(struct build *b)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };
	bool have_rsdp;

	TRY(cmdline_find(b->p->cmdline, "acpi_rsdp", &have_rsdp, NULL));
	if (b->p->rq.panic)
		strbuf_printf(&line, "elfcorehdr=0x%llx ", (unsigned long long)b->headers_pa);
	if (b->p->rq.panic && b->p->rq.memmap_cmdline)
		add_memmap(&b->p->e820, &line);
	if (b->efi.booted && !b->pass_efi && b->rsdp && !have_rsdp)
		strbuf_printf(&line, "acpi_rsdp=0x%llx ", (unsigned long long)b->rsdp);
	strbuf_puts(&line, b->p->cmdline);
	if (b->p->rq.preserve_context)
		strbuf_puts(&line, *b->p->cmdline ? " " WAY_BACK_WORD : WAY_BACK_WORD);
	TRY(strbuf_error(&line));
	b->p->full_cmdline = strbuf_take(&line, NULL);
	return b->p->full_cmdline ? NULL : error_nomem();
}

static struct error *check_cmdline(const struct build *b, struct kexec_result *r)
{
	size_t len = strlen(b->p->full_cmdline);

	if (len <= b->params.image->cmdline_max)
		return NULL;
	return refuse(r, KEXEC_CMDLINE_TOO_LONG, "shorten the command line",
		      "with the %zu bytes added for the core headers the command line has %zu, the kernel takes %u",
		      len - strlen(b->p->cmdline), len, b->params.image->cmdline_max);
}

static void set_input(struct build *b, const struct bzimage *header)
{
	bool seeded = !b->p->rq.recorded && /* a recorded machine's plan is always the same */
		      getrandom(b->seed, sizeof(b->seed), GRND_NONBLOCK) == sizeof(b->seed);

	b->pass_efi = !b->p->rq.no_efi &&
		      boot_params_can_efi(header, b->have_running ? b->running : NULL, &b->efi);
	b->params = (struct boot_params_input){
		.image = header,
		.e820 = b->whole.rows.n ? &b->whole : &b->p->e820,
		.running = b->have_running ? b->running : NULL,
		.efi = b->pass_efi ? &b->efi : NULL,
		.acpi_rsdp = b->rsdp,
		.seed = seeded ? b->seed : NULL,
		.dtb = b->p->dtb.bytes,
		.dtb_len = b->p->dtb.len,
	};
}

struct error *linux_begin(struct build *b, const struct bzimage *header, uint64_t max,
			  struct kexec_result *r)
{
	struct place where = { LOW_END, max, KEXEC_PAGE, true };

	set_input(b, header);
	TRY(refuse_error(r, KEXEC_NO_HOST_FACTS, "see the message", make_cmdline(b)));
	TRY(check_cmdline(b, r));
	b->params.cmdline = b->p->full_cmdline;
	return refuse_error(r, KEXEC_NO_ROOM, build_next_room(b),
			    build_put(b, "boot parameters", boot_params_len(&b->params), where, NULL));
}

static struct error *place_initrd(struct build *b, uint64_t max)
{
	struct place where = { INITRD_MIN, max, KEXEC_PAGE, true };
	struct kexec_part *part;
	struct error *e;

	if (!b->p->initrd.len)
		return NULL;
	e = build_put(b, "initrd", b->p->initrd.len, where, &part);
	if (error_drop_if(&e, ERROR_NO_SPACE)) {
		where.min = LOW_END; /* a low region is better than none */
		e = build_put(b, "initrd", b->p->initrd.len, where, &part);
	}
	TRY(e);
	part->bytes = b->p->initrd.bytes;
	part->len = b->p->initrd.len;
	part->in_digest = true;
	return NULL;
}

static struct error *fill_params(struct build *b)
{
	struct kexec_part *part = parts_find(&b->p->parts, "boot parameters");
	struct kexec_part *initrd = parts_find(&b->p->parts, "initrd");
	size_t len = boot_params_len(&b->params);

	part->bytes = part->owned = calloc(1, len);
	if (!part->owned)
		return error_nomem();
	part->len = len;
	part->in_digest = true;
	boot_params_build(&b->params, part->pa, initrd ? initrd->pa : 0, initrd ? initrd->len : 0,
			  part->owned);
	return NULL;
}

struct error *linux_end(struct build *b, uint64_t initrd_max, struct kexec_result *r)
{
	TRY(refuse_error(r, KEXEC_NO_ROOM, build_next_room(b), place_initrd(b, initrd_max)));
	TRY(refuse_error(r, KEXEC_NO_MEMORY, NEXT_MEMORY, fill_params(b)));
	explicit_bzero(b->seed, sizeof(b->seed));
	return NULL;
}

uint64_t linux_params_pa(struct build *b)
{
	return parts_find(&b->p->parts, "boot parameters")->pa;
}
