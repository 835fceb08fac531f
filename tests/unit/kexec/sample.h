/*
 * Recorded machines as text: a BIOS guest with 512 MiB and a UEFI guest, the files of /proc and
 * /sys that the loader reads; and a made-up bzImage with a valid header.
 */
#pragma once

#include "../host/tree.h"

#define SAMPLE_SETUP_SECTS 3
#define SAMPLE_KERNEL_LEN  (4 * 512 + 20000)
#define SAMPLE_INIT_SIZE   0x400000u

static const char sample_bios_iomem[] =
	"00000000-00000fff : Reserved\n"
	"00001000-0009fbff : System RAM\n"
	"0009fc00-0009ffff : Reserved\n"
	"000f0000-000fffff : Reserved\n"
	"00100000-1ffdcfff : System RAM\n"
	"  10000000-111fffff : Kernel code\n"
	"  13000000-1effffff : Crash kernel\n"
	"1ffdd000-1fffffff : Reserved\n"
	"b0000000-bfffffff : PCI ECAM 0000 [bus 00-ff]\n"
	"  b0000000-bfffffff : Reserved\n"
	"100000000-17fffffff : System RAM\n";

static const char sample_uefi_iomem[] =
	"00000000-00000fff : Reserved\n"
	"00001000-0009ffff : System RAM\n"
	"00100000-00805fff : System RAM\n"
	"00806000-00807fff : ACPI Non-volatile Storage\n"
	"00900000-1ea89fff : System RAM\n"
	"  07000000-12ffffff : Crash kernel\n"
	"  1e000000-1e000fff : Reserved\n"
	"1f76c000-1f77dfff : ACPI Tables\n"
	"1feec000-1ff6ffff : Reserved\n";

static inline void sample_add_map(struct tree *t, int nr, const char *start, const char *end,
				  const char *type)
{
	char name[64];

	snprintf(name, sizeof(name), "sys/firmware/memmap/%d/start", nr);
	tree_add(t, name, start);
	snprintf(name, sizeof(name), "sys/firmware/memmap/%d/end", nr);
	tree_add(t, name, end);
	snprintf(name, sizeof(name), "sys/firmware/memmap/%d/type", nr);
	tree_add(t, name, type);
}

static inline void sample_common(struct tree *t)
{
	tree_add(t, "proc/sys/kernel/osrelease", "6.12.117+deb13-cloud-amd64\n");
	tree_add(t, "proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu lm\n");
	tree_add(t, "proc/cmdline", "BOOT_IMAGE=/vmlinuz crashkernel=192M console=ttyS0\n");
	tree_add(t, "sys/kernel/kexec_loaded", "0\n");
	tree_add(t, "sys/kernel/kexec_crash_loaded", "0\n");
	tree_add(t, "sys/kernel/kexec_crash_size", "201326592\n");
	tree_add(t, "sys/devices/system/cpu/cpu0/crash_notes", "1f00e000\n");
	tree_add(t, "sys/devices/system/cpu/cpu0/crash_notes_size", "368\n");
	tree_add(t, "sys/devices/system/cpu/cpu1/crash_notes", "1f08e000\n");
	tree_add(t, "sys/devices/system/cpu/cpu1/crash_notes_size", "368\n");
	tree_add(t, "sys/kernel/vmcoreinfo", "0x1234000 1000\n");
}

static inline void sample_bios(struct tree *t)
{
	sample_common(t);
	tree_add(t, "proc/iomem", sample_bios_iomem);
	sample_add_map(t, 0, "0x0\n", "0x9fbff\n", "System RAM\n");
	sample_add_map(t, 1, "0x9fc00\n", "0x9ffff\n", "Reserved\n");
	sample_add_map(t, 2, "0x100000\n", "0x1ffdcfff\n", "System RAM\n");
	sample_add_map(t, 3, "0x1ffdd000\n", "0x1fffffff\n", "Reserved\n");
	sample_add_map(t, 4, "0x100000000\n", "0x17fffffff\n", "System RAM\n");
}

static inline void sample_uefi(struct tree *t)
{
	unsigned char bp[4096] = { [0x1c0] = 'E', 'L', '6', '4' };

	sample_common(t);
	tree_add(t, "proc/iomem", sample_uefi_iomem);
	put_u32(bp + 0x1c4, 0x1f9ee018, false); /* systab */
	put_u32(bp + 0x1c8, 48, false);		/* firmware's descriptors are longer */
	put_u32(bp + 0x1cc, 1, false);
	bp[0x1ec] = 3; /* secure boot on */
	bp[0x0f] = 0x70; /* EFI frame buffer */
	put_u32(bp + 0x13c, 0xabc000, false);
	tree_add_bytes(t, "sys/kernel/boot_params/data", bp, sizeof(bp));
	tree_add(t, "sys/firmware/efi/fw_platform_size", "64\n");
	tree_add(t, "sys/firmware/efi/fw_vendor", "0x1f5ea018\n");
	tree_add(t, "sys/firmware/efi/runtime", "0x1f9ed000\n");
	tree_add(t, "sys/firmware/efi/config_table", "0x1f9edf18\n");
	tree_add(t, "sys/firmware/efi/systab", "ACPI20=0x1f77d014\nACPI=0x1f77d000\nSMBIOS=0x1f520000\n");
	tree_add(t, "sys/firmware/efi/runtime-map/0/type", "0x5\n");
	tree_add(t, "sys/firmware/efi/runtime-map/0/phys_addr", "0x1ea8a000\n");
	tree_add(t, "sys/firmware/efi/runtime-map/0/virt_addr", "0xfffffffeffe00000\n");
	tree_add(t, "sys/firmware/efi/runtime-map/0/num_pages", "0x102\n");
	tree_add(t, "sys/firmware/efi/runtime-map/0/attribute", "0x800000000000000f\n");
}

/* malloc'd */
static inline unsigned char *sample_kernel(void)
{
	unsigned char *b = calloc(1, SAMPLE_KERNEL_LEN);

	assert_non_null(b);
	b[0x1f1] = SAMPLE_SETUP_SECTS;
	put_u16(b + 0x1fe, 0xaa55, false);
	b[0x200] = 0xeb;
	b[0x201] = 0x6a; /* the header ends at 0x26c */
	memcpy(b + 0x202, "HdrS", 4);
	put_u16(b + 0x206, 0x20f, false);
	put_u16(b + 0x20e, 0x100, false); /* version string at 0x300 */
	memcpy(b + 0x300, "6.12.0-sample (builder)", 23);
	b[0x211] = 1;
	put_u32(b + 0x230, 0x200000, false);
	b[0x234] = 1;
	put_u16(b + 0x236, 0x7f, false);
	put_u32(b + 0x238, 2047, false);
	put_u64(b + 0x258, 0x1000000, false);
	put_u32(b + 0x260, SAMPLE_INIT_SIZE, false);
	for (size_t i = 2048; i < SAMPLE_KERNEL_LEN; i++)
		b[i] = (unsigned char)(i * 7);
	return b;
}

static inline void sample_add_kernel(struct tree *t, const char *name)
{
	unsigned char *b = sample_kernel();

	tree_add_bytes(t, name, b, SAMPLE_KERNEL_LEN);
	free(b);
}

/* With a PE header that names a certificate table. */
static inline void sample_add_signed_kernel(struct tree *t, const char *name)
{
	unsigned char *b = sample_kernel();

	memcpy(b, "MZ", 2);
	put_u32(b + 0x3c, 0x80, false);
	memcpy(b + 0x80, "PE", 2);
	put_u16(b + 0x80 + 20, 240, false); /* of the optional header */
	put_u16(b + 0x80 + 24, 0x20b, false);
	put_u32(b + 0x80 + 24 + 108, 16, false);
	put_u32(b + 0x80 + 24 + 112 + 32, SAMPLE_KERNEL_LEN - 64, false);
	put_u32(b + 0x80 + 24 + 112 + 36, 64, false);
	tree_add_bytes(t, name, b, SAMPLE_KERNEL_LEN);
	free(b);
}
