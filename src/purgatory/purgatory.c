/*
 * What purgatory does on a bare x86 machine. Freestanding: no library, no data that needs
 * relocation, general registers only. Everything here has a limit: a capture that cannot go
 * on ends in a reset, never in a loop.
 */
#include "purgatory/purgatory.h"

#define UART_LINE_STATUS   5
#define UART_TRANSMIT_IDLE 0x20
#define UART_SPINS	   200000
#define PORT_DELAY	   0x80 /* a write takes about a microsecond */
#define PORT_CMOS	   0x70
#define PORT_KEYBOARD	   0x64
#define PORT_RESET	   0xcf9

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

static void out8(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static uint8_t in8(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static void delay_us(unsigned us)
{
	while (us--)
		out8(PORT_DELAY, 0);
}

static void put_char(uint16_t port, char c)
{
	for (int i = 0; i < UART_SPINS; i++)
		if (in8(port + UART_LINE_STATUS) & UART_TRANSMIT_IDLE)
			break;
	out8(port, (uint8_t)c);
}

static void say(const struct purgatory_args *args, const char *text)
{
	uint16_t port = args->serial_port;

	if (!port || in8(port + UART_LINE_STATUS) == 0xff)
		return; /* no UART there */
	for (; *text; text++) {
		if (*text == '\n')
			put_char(port, '\r');
		put_char(port, *text);
	}
}

static uint8_t clock_second(void)
{
	out8(PORT_CMOS, 0x80); /* register 0: seconds; NMI off */
	return in8(PORT_CMOS + 1);
}

/* By the clock's second hand; by counting where the clock stands still. */
static void wait_seconds(unsigned seconds)
{
	unsigned limit_ms = seconds * 4000;
	uint8_t last = clock_second();

	for (unsigned ms = 0; seconds && ms < limit_ms; ms++) {
		uint8_t now = clock_second();

		if (now != last)
			seconds--;
		last = now;
		delay_us(1000);
	}
}

/* Chipset, then keyboard controller, then a fault with no handlers. */
static void reset_machine(void)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} none = { 0, 0 };

	out8(PORT_RESET, 0x02);
	delay_us(100);
	out8(PORT_RESET, 0x06);
	delay_us(100000);
	out8(PORT_KEYBOARD, 0xfe);
	delay_us(100000);
	__asm__ volatile("lidt %0; int3" : : "m"(none));
	for (;;)
		__asm__ volatile("hlt");
}

void purgatory_main(const struct purgatory_args *args)
{
	if (args->flags & PURGATORY_CHECK) {
		say(args, "purgatory: checking the new kernel's memory\n");
		if (!purgatory_digest_ok(args)) {
			say(args, "purgatory: the digest does not match: the loaded kernel was "
				  "overwritten; resetting the machine\n");
			wait_seconds(args->reset_seconds);
			reset_machine();
		}
		say(args, "purgatory: digest is right, starting the kernel\n");
	}
	if (args->backup_len)
		memcpy((void *)(uintptr_t)args->backup_to,
		       (const void *)(uintptr_t)args->backup_from, args->backup_len);
}
