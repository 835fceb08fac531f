/*
 * bzImage, entered in 64-bit mode (protocol 2.12 and later) or in 32-bit mode: kernels for 32-bit
 * machines, 64-bit ones older than that, and any with --entry-32bit
 * (Documentation/arch/x86/boot.rst).
 */
#include <string.h>

#include "base/bytes.h"
#include "kexec/build.h"
#include "kexec/image_types.h"
#include "kexec/result.h"

/* A 32-bit kernel runs out of its direct mapping of 896 MiB. */
#define LOWMEM_END 0x38000000ull

static bool is_any(const unsigned char *b, size_t len)
{
	return len >= 0x240 && !memcmp(b + 0x202, "HdrS", 4) && get_u16(b + 0x1fe, false) == 0xaa55;
}

static bool is_bzimage64(const unsigned char *b, size_t len)
{
	const unsigned need = XLF_KERNEL_64 | XLF_ABOVE_4G;

	return is_any(b, len) && get_u16(b + 0x206, false) >= 0x020c &&
	       (get_u16(b + 0x236, false) & need) == need;
}

static struct error *open_bzimage(struct image *im)
{
	return bzimage_parse(im->kernel.bytes, im->kernel.len, &im->bz);
}

static struct error *place_kernel(struct build *b, uint64_t max, uint64_t *ret_pa)
{
	const struct bzimage *z = &b->p->image.bz;
	struct place where = { MAX((uint64_t)LOW_END, z->pref_address), max, z->alignment, true };
	struct kexec_part *part;
	struct error *e;

	if (!z->relocatable)
		where = (struct place){ z->pref_address,
					z->pref_address + ROUND_UP((uint64_t)z->init_size, KEXEC_PAGE),
					KEXEC_PAGE, false };
	e = build_put(b, "kernel", z->init_size, where, &part);
	if (z->relocatable && error_drop_if(&e, ERROR_NO_SPACE)) {
		where.min = LOW_END; /* a region below the preferred address is better than none */
		e = build_put(b, "kernel", z->init_size, where, &part);
	}
	TRY(e);
	part->bytes = z->bytes + z->setup_len;
	part->len = z->len - z->setup_len;
	part->in_digest = true;
	*ret_pa = part->pa;
	return NULL;
}

static struct error *load(struct build *b, bool is_32bit, struct kexec_result *r)
{
	const struct bzimage *z = &b->p->image.bz;
	uint64_t data_max = is_32bit ? FOUR_GIB : UINT64_MAX;
	uint64_t initrd_max = is_32bit ? (uint64_t)z->initrd_max + 1 : UINT64_MAX;
	uint64_t kernel_max = data_max, pa = 0;

	if (is_32bit && !(z->xloadflags & XLF_KERNEL_64))
		kernel_max = LOWMEM_END;
	TRY(linux_begin(b, z, data_max, r));
	TRY(refuse_error(r, KEXEC_NO_ROOM, build_next_room(b), place_kernel(b, kernel_max, &pa)));
	TRY(linux_end(b, initrd_max, r));
	b->start = (struct start){ .entry = pa + (is_32bit ? 0 : BZIMAGE_ENTRY_64),
				   .rsi = linux_params_pa(b), .is_32bit = is_32bit };
	return NULL;
}

static struct error *load_64(struct build *b, struct kexec_result *r)
{
	return load(b, b->p->rq.entry_32bit, r);
}

static struct error *load_32(struct build *b, struct kexec_result *r)
{
	return load(b, true, r);
}

const struct image_type image_bzimage64 = {
	.name = "bzImage64",
	.words = "a bzImage with 64-bit entry",
	.is = is_bzimage64,
	.open = open_bzimage,
	.file_call = true,
	.load = load_64,
};

const struct image_type image_bzimage = {
	.name = "bzImage",
	.words = "a bzImage with 32-bit entry",
	.is = is_any,
	.open = open_bzimage,
	.load = load_32,
};
