/*
 * What purgatory does on a bare x86 machine. Freestanding: no library, no data that needs
 * relocation. Everything here has a limit: a capture that cannot go on ends in a reset, never
 * in a loop.
 */
#include "purgatory/purgatory.h"

#include <cpuid.h>

#include "purgatory/console.h"
#include "purgatory/lanes.h"
#include "purgatory/ports.h"

#define PORT_CMOS     0x70
#define PORT_KEYBOARD 0x64
#define PORT_RESET    0xcf9

#define CR0_MP		2ul
#define CR0_EM		4ul
#define CR0_TS		8ul
#define CR4_OSFXSR	(1ul << 9)
#define CR4_OSXMMEXCPT	(1ul << 10)
#define CR4_OSXSAVE	(1ul << 18)
#define ECX1_XSAVE	(1u << 26)
#define ECX1_AVX	(1u << 28)
#define XCR0_X87_SSE_AVX 7u

/* The compiler may call these by itself. */
void *memcpy(void *to, const void *from, size_t len);
void *memset(void *to, int c, size_t len);

void *memcpy(void *to, const void *from, size_t len)
{
	void *start = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(len) : : "memory");
	return start;
}

void *memset(void *to, int c, size_t len)
{
	void *start = to;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(len) : "a"(c) : "memory");
	return start;
}

struct control {
	unsigned long cr0, cr4;
};

static struct control control_get(void)
{
	struct control c;

	__asm__ volatile("mov %%cr0, %0" : "=r"(c.cr0));
	__asm__ volatile("mov %%cr4, %0" : "=r"(c.cr4));
	return c;
}

static void control_set(const struct control *c)
{
	__asm__ volatile("mov %0, %%cr0" : : "r"(c->cr0) : "memory");
	__asm__ volatile("mov %0, %%cr4" : : "r"(c->cr4) : "memory");
}

/* The jump code leaves CR4 with little more than PAE: without this, vector code faults. */
static void wide_registers_on(void)
{
	struct control c = control_get();
	unsigned a, b, features, d, low, high;

	c.cr0 = (c.cr0 & ~(CR0_EM | CR0_TS)) | CR0_MP;
	c.cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
	__cpuid(1, a, b, features, d);
	if (features & ECX1_XSAVE)
		c.cr4 |= CR4_OSXSAVE;
	control_set(&c);
	if (!(features & ECX1_XSAVE) || !(features & ECX1_AVX))
		return;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	__asm__ volatile("xsetbv" : : "a"(low | XCR0_X87_SSE_AVX), "d"(high), "c"(0));
}

static uint8_t clock_second(void)
{
	out8(PORT_CMOS, 0x80); /* register 0: seconds; NMI off */
	return in8(PORT_CMOS + 1);
}

/*
 * By the clock's second hand: one step more than seconds, since the first may come at once. How long
 * a write to the delay port takes is not known: an emulator does ten in a microsecond. So counting
 * only ends the wait where the clock stands still.
 */
#define STILL_MS 60000

static void wait_seconds(unsigned seconds)
{
	uint8_t last = clock_second();

	for (unsigned ms = 0, steps = 0; steps <= seconds && ms < STILL_MS; ms++) {
		uint8_t now = clock_second();

		if (now != last) {
			steps++;
			ms = 0;
		}
		last = now;
		delay_us(1000);
	}
}

/* Chipset, then keyboard controller, then a fault with no handlers. A confidential guest has
 * only the last. */
static void reset_machine(const struct purgatory_args *args)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} none = { 0, 0 };

	if (!(args->flags & PURGATORY_GUARDED)) {
		out8(PORT_RESET, 0x02);
		delay_us(100);
		out8(PORT_RESET, 0x06);
		delay_us(100000);
		out8(PORT_KEYBOARD, 0xfe);
		delay_us(100000);
	}
	__asm__ volatile("lidt %0; int3" : : "m"(none));
	for (;;)
		__asm__ volatile("hlt");
}

static void fail(const struct purgatory_args *args)
{
	say(args, "purgatory: the digest does not match: the loaded kernel was overwritten; "
		  "resetting the machine in ");
	say_number(args, args->reset_seconds);
	say(args, " s\n");
	if (!(args->flags & PURGATORY_GUARDED))
		wait_seconds(args->reset_seconds);
	reset_machine(args);
}

static void check(const struct purgatory_args *args)
{
	struct control before = control_get();
	enum lanes_unit unit = LANES_PLAIN;
	uint64_t bytes = 0, cycles;

	if (!(args->flags & PURGATORY_GUARDED)) {
		wide_registers_on();
		unit = lanes_best();
	}
	for (uint64_t i = 0; i < args->nr_regions && i < PURGATORY_REGIONS; i++)
		bytes += args->regions[i].len;
	say(args, "purgatory: checking ");
	say_number(args, bytes >> 10);
	say(args, " KiB (");
	say(args, lanes_unit_name(unit));
	say(args, ")\n");
	cycles = __builtin_ia32_rdtsc();
	if (!purgatory_digest_ok(args, unit))
		fail(args);
	cycles = __builtin_ia32_rdtsc() - cycles;
	say(args, "purgatory: the digest is right (");
	say_number(args, cycles / 1000000);
	say(args, " million cycles), starting the kernel\n");
	control_set(&before);
}

/* After the check: the text is in what was checked. */
static void write_way_back(char *text, uint64_t way_back)
{
	for (int i = 15; i >= 0; i--, way_back >>= 4)
		text[i] = "0123456789abcdef"[way_back & 15];
}

void purgatory_main(const struct purgatory_args *args, uint64_t way_back)
{
	console_init(args);
	vga_reset(args);
	if (args->flags & PURGATORY_CHECK)
		check(args);
	if (args->backup_len)
		memcpy((void *)(uintptr_t)args->backup_to,
		       (const void *)(uintptr_t)args->backup_from, args->backup_len);
	if (args->way_back_text)
		write_way_back((char *)(uintptr_t)args->way_back_text, way_back);
}
