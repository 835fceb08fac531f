/* Filling the zero page; offsets are those of struct boot_params in the kernel's
 * arch/x86/include/uapi/asm/bootparam.h. */
#include "kexec/boot_params.h"

#include <string.h>

#include "base/bytes.h"

#define OFF_EXT_MEM_K	    0x002
#define OFF_OLD_CMDLINE	    0x020 /* magic, then offset: kernels before protocol 2.02 */
#define OFF_RSDP	    0x070
#define OFF_EXT_INITRD	    0x0c0
#define OFF_EXT_INITRD_LEN  0x0c4
#define OFF_EXT_CMDLINE	    0x0c8
#define OFF_CC_BLOB	    0x13c
#define OFF_EFI		    0x1c0
#define OFF_ALT_MEM_K	    0x1e0
#define OFF_E820_NR	    0x1e8
#define OFF_EDD_NR	    0x1e9
#define OFF_EDD_SIG_NR	    0x1ea
#define OFF_SECURE_BOOT	    0x1ec
#define OFF_SENTINEL	    0x1ef
#define OFF_LOADER	    0x210
#define OFF_LOADFLAGS	    0x211
#define OFF_INITRD	    0x218
#define OFF_INITRD_LEN	    0x21c
#define OFF_CMDLINE	    0x228
#define OFF_SUBARCH	    0x23c
#define OFF_SUBARCH_DATA    0x240
#define OFF_SETUP_DATA	    0x250
#define OFF_EDD_SIGS	    0x290
#define OFF_E820	    0x2d0
#define OFF_EDD		    0xd00

#define SCREEN_INFO_LEN 64
#define EDD_SIGS_LEN	(16 * 4)
#define EDD_LEN		(6 * 82)
#define LOADER_KEXEC	0xd0

#define SETUP_HEAD     16
#define SETUP_E820_EXT 1
#define SETUP_DTB      2
#define SETUP_EFI      4
#define SETUP_RNG_SEED 9
#define EFI_SETUP_LEN  96 /* fw_vendor, runtime, tables, smbios, eight spare words */
#define EFI_DESC_LEN   40
#define EFI_INFO_LEN   32
#define EFI_INFO_VERSION 12 /* within the info: signature, systab, descriptor size, version */

#define PIECE(len) ROUND_UP((size_t)(len), (size_t)16)

static size_t e820_extra(const struct boot_params_input *in)
{
	size_t n = in->e820->rows.n;

	return n > E820_IN_BOOT_PARAMS ? n - E820_IN_BOOT_PARAMS : 0;
}

static size_t efi_map_len(const struct boot_params_input *in)
{
	return in->efi ? in->efi->runtime_map.n * EFI_DESC_LEN : 0;
}

size_t boot_params_len(const struct boot_params_input *in)
{
	size_t len = BOOT_PARAMS_LEN + PIECE(strlen(in->cmdline) + 1) + PIECE(efi_map_len(in));

	if (in->efi)
		len += PIECE(SETUP_HEAD + EFI_SETUP_LEN);
	if (e820_extra(in))
		len += PIECE(SETUP_HEAD + e820_extra(in) * E820_ENTRY_LEN);
	if (in->seed)
		len += PIECE(SETUP_HEAD + RNG_SEED_LEN);
	if (in->dtb)
		len += PIECE(SETUP_HEAD + in->dtb_len);
	return len;
}

bool boot_params_can_efi(const struct bzimage *image, const unsigned char *running,
			 const struct host_efi *efi)
{
	return efi->booted && efi->is_64bit && efi->runtime_map.n && running &&
	       image->xloadflags & XLF_EFI_KEXEC &&
	       get_u32(running + OFF_EFI, false) &&
	       get_u32(running + OFF_EFI + EFI_INFO_VERSION, false) == 1;
}

/* A text screen of 80 by 25, where nothing else is known. */
static void default_screen(unsigned char *bp)
{
	bp[0x07] = 80; /* orig_video_cols */
	bp[0x0e] = 25; /* orig_video_lines */
	bp[0x0f] = 1;  /* VGA */
	bp[0x10] = 16; /* font height */
}

static void copy_running(const struct boot_params_input *in, unsigned char *bp)
{
	const unsigned char *run = in->running;

	if (!run) {
		default_screen(bp);
		return;
	}
	memcpy(bp, run, SCREEN_INFO_LEN);
	memcpy(bp + OFF_CC_BLOB, run + OFF_CC_BLOB, 4);
	bp[OFF_EDD_NR] = run[OFF_EDD_NR];
	bp[OFF_EDD_SIG_NR] = run[OFF_EDD_SIG_NR];
	bp[OFF_SECURE_BOOT] = run[OFF_SECURE_BOOT];
	memcpy(bp + OFF_SUBARCH, run + OFF_SUBARCH, 4);
	memcpy(bp + OFF_EDD_SIGS, run + OFF_EDD_SIGS, EDD_SIGS_LEN);
	memcpy(bp + OFF_EDD, run + OFF_EDD, EDD_LEN);
}

/* Memory above 1 MiB in KiB, in the two old places. */
static void memory_size(const struct boot_params_input *in, unsigned char *bp)
{
	uint64_t k = 0;

	for (size_t i = 0; i < in->e820->rows.n; i++) {
		const struct e820_entry *r = &in->e820->rows.v[i];

		if (r->type == E820_RAM && r->start <= 0x100000 && r->start + r->len > 0x100000)
			k = (r->start + r->len - 0x100000) >> 10;
	}
	put_u16(bp + OFF_EXT_MEM_K, (uint16_t)MIN(k, (uint64_t)0xfc00), false);
	put_u32(bp + OFF_ALT_MEM_K, (uint32_t)MIN(k, (uint64_t)UINT32_MAX), false);
}

static void set_header(const struct boot_params_input *in, unsigned char *bp)
{
	memcpy(bp + BZIMAGE_HEADER, in->image->bytes + BZIMAGE_HEADER, in->image->header_len);
	bp[OFF_LOADER] = LOADER_KEXEC;
	bp[OFF_LOADFLAGS] = 0;
	bp[OFF_SENTINEL] = 0;
	put_u64(bp + OFF_SETUP_DATA, 0, false);
	put_u64(bp + OFF_SUBARCH_DATA, 0, false);
}

static void set_address(unsigned char *bp, unsigned low, unsigned high, uint64_t v)
{
	put_u32(bp + low, (uint32_t)v, false);
	put_u32(bp + high, (uint32_t)(v >> 32), false);
}

/* Room after the command line is handed out piece by piece. */
struct tail {
	unsigned char *bytes;
	uint64_t pa;
	size_t at;
};

static unsigned char *tail_take(struct tail *t, size_t len)
{
	unsigned char *p = t->bytes + t->at;

	t->at += PIECE(len);
	return p;
}

/* A setup_data element in front of the list; returns its content. */
static unsigned char *setup_data(struct tail *t, uint32_t type, size_t len)
{
	uint64_t pa = t->pa + t->at;
	unsigned char *p = tail_take(t, SETUP_HEAD + len);

	put_u64(p, get_u64(t->bytes + OFF_SETUP_DATA, false), false);
	put_u32(p + 8, type, false);
	put_u32(p + 12, (uint32_t)len, false);
	put_u64(t->bytes + OFF_SETUP_DATA, pa, false);
	return p + SETUP_HEAD;
}

static void write_efi_map(const struct host_efi *efi, unsigned char *at)
{
	for (size_t i = 0; i < efi->runtime_map.n; i++, at += EFI_DESC_LEN) {
		const struct efi_descriptor *d = &efi->runtime_map.v[i];

		put_u32(at, d->type, false);
		put_u64(at + 8, d->pa, false);
		put_u64(at + 16, d->va, false);
		put_u64(at + 24, d->nr_pages, false);
		put_u64(at + 32, d->attribute, false);
	}
}

static void set_efi(const struct boot_params_input *in, struct tail *t)
{
	unsigned char *info = t->bytes + OFF_EFI, *efi;
	uint64_t map_pa = t->pa + t->at;

	if (!in->efi)
		return;
	memcpy(info, in->running + OFF_EFI, EFI_INFO_LEN);
	put_u32(info + 8, EFI_DESC_LEN, false);
	put_u32(info + 16, (uint32_t)map_pa, false);
	put_u32(info + 20, (uint32_t)efi_map_len(in), false);
	put_u32(info + 28, (uint32_t)(map_pa >> 32), false);
	write_efi_map(in->efi, tail_take(t, efi_map_len(in)));
	efi = setup_data(t, SETUP_EFI, EFI_SETUP_LEN);
	put_u64(efi, in->efi->fw_vendor, false);
	put_u64(efi + 8, in->efi->runtime, false);
	put_u64(efi + 16, in->efi->config_table, false);
	put_u64(efi + 24, in->efi->smbios, false); /* replaces the table of the old GUID */
}

static void set_e820(const struct boot_params_input *in, struct tail *t)
{
	size_t first = MIN(in->e820->rows.n, (size_t)E820_IN_BOOT_PARAMS), extra = e820_extra(in);

	t->bytes[OFF_E820_NR] = (unsigned char)first;
	e820_write(in->e820, 0, first, t->bytes + OFF_E820);
	if (extra)
		e820_write(in->e820, first, first + extra,
			   setup_data(t, SETUP_E820_EXT, extra * E820_ENTRY_LEN));
}

void boot_params_build(const struct boot_params_input *in, uint64_t pa, uint64_t initrd_pa,
		       uint64_t initrd_len, unsigned char *bytes)
{
	struct tail t = { .bytes = bytes, .pa = pa, .at = BOOT_PARAMS_LEN };
	size_t len = strlen(in->cmdline) + 1;

	set_header(in, bytes);
	copy_running(in, bytes);
	memory_size(in, bytes);
	put_u64(bytes + OFF_RSDP, in->acpi_rsdp, false);
	if (initrd_len) {
		set_address(bytes, OFF_INITRD, OFF_EXT_INITRD, initrd_pa);
		set_address(bytes, OFF_INITRD_LEN, OFF_EXT_INITRD_LEN, initrd_len);
	}
	set_address(bytes, OFF_CMDLINE, OFF_EXT_CMDLINE, pa + t.at);
	memcpy(tail_take(&t, len), in->cmdline, len);
	set_efi(in, &t);
	set_e820(in, &t);
	if (in->dtb)
		memcpy(setup_data(&t, SETUP_DTB, in->dtb_len), in->dtb, in->dtb_len);
	if (in->seed)
		memcpy(setup_data(&t, SETUP_RNG_SEED, RNG_SEED_LEN), in->seed, RNG_SEED_LEN);
}
