/*
 * mkhost SHAPE DIR: what /proc and /sys say on a machine of that shape, as far as the loader of
 * kernels reads them. The shapes follow real machines' files; addresses were made up.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"

static int dir;

static void die(const char *what)
{
	fprintf(stderr, "mkhost: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void put_bytes(const char *name, const void *bytes, size_t len)
{
	char folder[256];
	int fd;

	snprintf(folder, sizeof(folder), "%s", name);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 && errno == ENOENT) {
		struct error *e;

		*strrchr(folder, '/') = '\0';
		e = file_make_folders(dir, folder, 0700);
		if (e)
			die(error_message(e));
		fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	}
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		die(name);
	close(fd);
}

static void put(const char *name, const char *fmt, ...) PRINTF(2, 3);
static void put(const char *name, const char *fmt, ...)
{
	char text[8192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put_bytes(name, text, strlen(text));
}

static void putf(const char *text, const char *fmt, ...) PRINTF(2, 3);
static void putf(const char *text, const char *fmt, ...)
{
	char name[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	put(name, "%s", text);
}

/* The names of sysfs moved in 6.19. */
static void common(const char *release, unsigned cpus, uint64_t reserved, bool new_names)
{
	const char *dirs = new_names ? "sys/kernel/kexec/" : "sys/kernel/kexec_";
	char name[128];

	put("proc/sys/kernel/osrelease", "%s\n", release);
	put("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu lm sha_ni\n");
	put("proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/sda2 crashkernel=256M console=ttyS0,115200\n");
	snprintf(name, sizeof(name), "%sloaded", dirs);
	put(name, "0\n");
	snprintf(name, sizeof(name), "%scrash_loaded", dirs);
	put(name, "0\n");
	snprintf(name, sizeof(name), "%scrash_size", dirs);
	put(name, "%llu\n", (unsigned long long)reserved);
	put("sys/kernel/vmcoreinfo", "0x1234000 1024\n");
	for (unsigned i = 0; i < cpus; i++) {
		char text[64];

		snprintf(text, sizeof(text), "%llx\n", 0x1f00e000ull + i * 0x40000ull);
		putf(text, "sys/devices/system/cpu/cpu%u/crash_notes", i);
		putf("368\n", "sys/devices/system/cpu/cpu%u/crash_notes_size", i);
	}
}

static void firmware(unsigned nr, uint64_t start, uint64_t end, const char *type)
{
	char text[64];

	snprintf(text, sizeof(text), "0x%llx\n", (unsigned long long)start);
	putf(text, "sys/firmware/memmap/%u/start", nr);
	snprintf(text, sizeof(text), "0x%llx\n", (unsigned long long)end);
	putf(text, "sys/firmware/memmap/%u/end", nr);
	snprintf(text, sizeof(text), "%s\n", type);
	putf(text, "sys/firmware/memmap/%u/type", nr);
}

#define LOW                                                                                     \
	"00000000-00000fff : Reserved\n"                                                       \
	"00001000-0009fbff : System RAM\n"                                                     \
	"0009fc00-0009ffff : Reserved\n"                                                       \
	"000f0000-000fffff : Reserved\n"

static void low_firmware(void)
{
	firmware(0, 0, 0x9fbff, "System RAM");
	firmware(1, 0x9fc00, 0x9ffff, "Reserved");
	firmware(2, 0xf0000, 0xfffff, "Reserved");
}

/* A guest of 1 GiB with BIOS. */
static void small(void)
{
	common("6.12.48+deb13-amd64", 1, 256 << 20, false);
	put("proc/iomem", LOW "00100000-3ffdcfff : System RAM\n"
			      "  01000000-01ffffff : Kernel code\n"
			      "  2f000000-3effffff : Crash kernel\n"
			      "3ffdd000-3fffffff : Reserved\n"
			      "b0000000-bfffffff : PCI ECAM 0000 [bus 00-ff]\n"
			      "fed00000-fed003ff : HPET 0\n");
	low_firmware();
	firmware(3, 0x100000, 0x3ffdcfff, "System RAM");
	firmware(4, 0x3ffdd000, 0x3fffffff, "Reserved");
}

/* UEFI with secure boot off, reservations of firmware inside RAM, runtime services. */
static void uefi(void)
{
	static unsigned char bp[4096] = { [0x0f] = 0x70, [0x1c0] = 'E', 'L', '6', '4' };
	uint32_t systab = 0x7f9ee018, len = 48, one = 1;

	common("6.17.0-5-generic", 2, 256 << 20, false);
	put("proc/iomem", "00000000-00000fff : Reserved\n"
			  "00001000-0009ffff : System RAM\n"
			  "00100000-00805fff : System RAM\n"
			  "00806000-00807fff : ACPI Non-volatile Storage\n"
			  "00808000-7ea89fff : System RAM\n"
			  "  5f000000-6effffff : Crash kernel\n"
			  "  7e000000-7e000fff : Reserved\n"
			  "7ea8a000-7eb8bfff : Reserved\n"
			  "7f76c000-7f77dfff : ACPI Tables\n"
			  "7f77e000-7f7fdfff : ACPI Non-volatile Storage\n"
			  "7feec000-7ff6ffff : Reserved\n"
			  "100000000-17fffffff : System RAM\n");
	memcpy(bp + 0x1c4, &systab, 4);
	memcpy(bp + 0x1c8, &len, 4);
	memcpy(bp + 0x1cc, &one, 4);
	bp[0x1ec] = 2;
	put_bytes("sys/kernel/boot_params/data", bp, sizeof(bp));
	put("sys/firmware/efi/fw_platform_size", "64\n");
	put("sys/firmware/efi/fw_vendor", "0x7f5ea018\n");
	put("sys/firmware/efi/runtime", "0x7f9ed000\n");
	put("sys/firmware/efi/config_table", "0x7f9edf18\n");
	put("sys/firmware/efi/systab", "ACPI20=0x7f77d014\nSMBIOS3=0x7f520000\n");
	for (unsigned i = 0; i < 2; i++) {
		char text[64];

		putf(i ? "0x6\n" : "0x5\n", "sys/firmware/efi/runtime-map/%u/type", i);
		snprintf(text, sizeof(text), "0x%x\n", 0x7ea8a000 + i * 0x100000);
		putf(text, "sys/firmware/efi/runtime-map/%u/phys_addr", i);
		snprintf(text, sizeof(text), "0x%llx\n", 0xfffffffeffe00000ull - i * 0x200000);
		putf(text, "sys/firmware/efi/runtime-map/%u/virt_addr", i);
		putf("0x100\n", "sys/firmware/efi/runtime-map/%u/num_pages", i);
		putf("0x800000000000000f\n", "sys/firmware/efi/runtime-map/%u/attribute", i);
	}
}

/* Two nodes, memory that was plugged in later, the names of 6.19, room for updated headers. */
static void numa(void)
{
	common("6.19.2-1-default", 64, 768 << 20, true);
	put("proc/iomem", LOW "00100000-6fffffff : System RAM\n"
			      "  60000000-6fffffff : Crash kernel\n"
			      "70000000-7fffffff : Reserved\n"
			      "100000000-203fffffff : System RAM\n"
			      "  2000000000-201fffffff : Crash kernel\n"
			      "2040000000-403fffffff : System RAM\n"
			      "4040000000-44bfffffff : System RAM\n"
			      "4800000000-4fffffffff : System RAM\n");
	low_firmware();
	firmware(3, 0x100000, 0x6fffffff, "System RAM");
	firmware(4, 0x70000000, 0x7fffffff, "Reserved");
	firmware(5, 0x100000000, 0x403fffffff, "System RAM");
	put("sys/kernel/kexec/crash_elfcorehdr_size", "475136\n");
	put("sys/devices/system/cpu/crash_hotplug", "1\n");
	put("sys/devices/system/memory/crash_hotplug", "1\n");
}

/* 32,768 pieces of memory. */
static void ranges_and_cpus(unsigned cpus)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };

	common("6.18.0", cpus, 1024 << 20, false);
	strbuf_puts(&text, LOW "00100000-bfffffff : System RAM\n"
			       "  70000000-afffffff : Crash kernel\n");
	for (uint64_t i = 0; i < 32766; i++)
		strbuf_printf(&text, "%llx-%llx : System RAM (virtio_mem)\n",
			      0x100000000ull + (i << 28), 0x107ffffffull + (i << 28));
	put_bytes("proc/iomem", text.s, text.len);
}

static void ranges(void)
{
	ranges_and_cpus(16);
}

static void largest(void)
{
	ranges_and_cpus(8192);
}

/* High-bandwidth and CXL memory: soft reserved, some of it given to the kernel by kmem. */
static void cxl(void)
{
	common("6.16.3-200.fc42.x86_64", 4, 512 << 20, false);
	put("proc/iomem", LOW "00100000-7fffffff : System RAM\n"
			      "  50000000-6fffffff : Crash kernel\n"
			      "100000000-87fffffff : System RAM\n"
			      "880000000-107fffffff : Soft Reserved\n"
			      "  880000000-107fffffff : dax0.0\n"
			      "    880000000-107fffffff : System RAM (kmem)\n"
			      "1080000000-187fffffff : CXL Window 0\n"
			      "  1080000000-187fffffff : region0\n"
			      "    1080000000-187fffffff : dax1.0\n"
			      "1880000000-18ffffffff : Soft Reserved\n");
	low_firmware();
	firmware(3, 0x100000, 0x7fffffff, "System RAM");
	firmware(4, 0x100000000, 0x87fffffff, "System RAM");
	firmware(5, 0x880000000, 0x107fffffff, "Soft Reserved");
	firmware(6, 0x1880000000, 0x18ffffffff, "Soft Reserved");
}

/* A Xen HVM guest: ballooned memory, a hole for the platform device. */
static void xen(void)
{
	common("6.1.0-40-amd64", 2, 192 << 20, false);
	put("sys/hypervisor/type", "xen\n");
	put_bytes("proc/xen/capabilities", "", 0); /* no control domain */
	put("proc/iomem", "00000000-00000fff : Reserved\n"
			  "00001000-0009dfff : System RAM\n"
			  "0009e000-0009ffff : Reserved\n"
			  "000e0000-000fffff : Reserved\n"
			  "00100000-7fffffff : System RAM\n"
			  "  60000000-6bffffff : Crash kernel\n"
			  "f2000000-f2ffffff : xen-platform-pci\n"
			  "fc000000-ffffffff : Reserved\n"
			  "  fc00a000-fc00a0ff : ACPI Tables\n"
			  "100000000-1007fffff : Unusable memory\n");
	firmware(0, 0, 0x9dfff, "System RAM");
	firmware(1, 0x9e000, 0x9ffff, "Reserved");
	firmware(2, 0xe0000, 0xfffff, "Reserved");
	firmware(3, 0x100000, 0x7fffffff, "System RAM");
	firmware(4, 0xfc000000, 0xffffffff, "Reserved");
}

/* Firmware with 500 entries; a reservation in two parts. */
static void e820(void)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };

	common("6.12.0-55.el10.x86_64", 8, 512 << 20, false);
	strbuf_puts(&text, LOW "00100000-7fffffff : System RAM\n"
			       "  60000000-6fffffff : Crash kernel\n");
	low_firmware();
	firmware(3, 0x100000, 0x7fffffff, "System RAM");
	for (unsigned i = 0; i < 496; i++) {
		uint64_t start = 0x80000000ull + i * 0x200000ull;
		const char *type = i % 3 ? "Reserved" : "ACPI Tables";

		strbuf_printf(&text, "%llx-%llx : %s\n", (unsigned long long)start,
			      (unsigned long long)start + 0xfffff, type);
		firmware(4 + i, start, start + 0xfffff, type);
	}
	strbuf_puts(&text, "100000000-107fffffff : System RAM\n"
			   "  1030000000-104fffffff : Crash kernel\n");
	firmware(500, 0x100000000, 0x107fffffff, "System RAM");
	put_bytes("proc/iomem", text.s, text.len);
}

/* crashkernel=...,cma: memory that user pages may use until the crash. */
static void cma(void)
{
	common("6.17.1", 4, 128 << 20, false);
	put("proc/iomem", LOW "00100000-bfffffff : System RAM\n"
			      "  a8000000-afffffff : Crash kernel\n"
			      "100000000-43fffffff : System RAM\n");
	put("sys/kernel/kexec_crash_cma_ranges", "100000000-11fffffff\n400000000-40fffffff\n");
	low_firmware();
	firmware(3, 0x100000, 0xbfffffff, "System RAM");
	firmware(4, 0x100000000, 0x43fffffff, "System RAM");
}

/* A kernel that still uses the first 640 KiB, with the oldest names of everything. */
static void old(void)
{
	common("4.18.0-553.el8_10.x86_64", 2, 160 << 20, false);
	put("proc/iomem", "00000000-00000fff : reserved\n"
			  "00001000-0009fbff : System RAM\n"
			  "0009fc00-0009ffff : reserved\n"
			  "00100000-7fffffff : System RAM\n"
			  "  65000000-6effffff : Crash kernel\n"
			  "fee00000-fee00fff : reserved\n");
	firmware(0, 0, 0x9fbff, "System RAM");
	firmware(1, 0x9fc00, 0x9ffff, "reserved");
	firmware(2, 0x100000, 0x7fffffff, "System RAM");
}

static const struct {
	const char *name;
	void (*make)(void);
} shapes[] = {
	{ "small", small }, { "uefi", uefi }, { "numa", numa }, { "ranges", ranges }, { "largest", largest }, { "cxl", cxl },
	{ "xen", xen },	    { "e820", e820 }, { "cma", cma },	{ "old", old },
};

int main(int argc, char **argv)
{
	if (argc == 3 && (mkdir(argv[2], 0700) == 0 || errno == EEXIST))
		dir = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (argc != 3 || dir < 0)
		die("usage: mkhost SHAPE DIR");
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		if (!strcmp(argv[1], shapes[i].name)) {
			shapes[i].make();
			return 0;
		}
	errno = EINVAL;
	die(argv[1]);
}
