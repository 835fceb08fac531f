/* Words on serial line and screen; see console.h. Each character has a time limit. */
#include "purgatory/console.h"

#include "purgatory/ports.h"

/* 16550 registers, from its first port */
#define UART_DIVISOR_LOW   0
#define UART_DIVISOR_HIGH  1
#define UART_LINE_CONTROL  3
#define UART_LINE_STATUS   5
#define UART_8N1	   0x03
#define UART_DIVISOR_LATCH 0x80
#define UART_TRANSMIT_IDLE 0x20
#define UART_ALL_SENT	   0x40
#define UART_SPINS	   200000

#define VGA_TEXT    0xb8000
#define VGA_COLUMNS 80
#define VGA_ROWS    25
#define VGA_GREY    0x07

static bool have_uart(uint16_t port)
{
	return port && in8(port + UART_LINE_STATUS) != 0xff;
}

static void uart_wait(uint16_t port, uint8_t bit)
{
	for (int i = 0; i < UART_SPINS; i++)
		if (in8(port + UART_LINE_STATUS) & bit)
			break;
}

void console_init(const struct purgatory_args *args)
{
	uint16_t port = args->serial_port;

	if (args->flags & PURGATORY_GUARDED || !args->serial_divisor || !have_uart(port))
		return;
	uart_wait(port, UART_ALL_SENT);
	out8(port + UART_LINE_CONTROL, UART_8N1 | UART_DIVISOR_LATCH);
	out8(port + UART_DIVISOR_LOW, (uint8_t)args->serial_divisor);
	out8(port + UART_DIVISOR_HIGH, (uint8_t)(args->serial_divisor >> 8));
	out8(port + UART_LINE_CONTROL, UART_8N1);
}

static void uart_put(uint16_t port, char c)
{
	uart_wait(port, UART_TRANSMIT_IDLE);
	out8(port, (uint8_t)c);
}

static void vga_scroll(volatile uint16_t *screen)
{
	for (int i = 0; i < VGA_COLUMNS * VGA_ROWS; i++)
		screen[i] = i < VGA_COLUMNS * (VGA_ROWS - 1) ? screen[i + VGA_COLUMNS] :
							       VGA_GREY << 8 | ' ';
}

/* Always on the last row; what was there moves up when the line ends. */
static void vga_put(char c, unsigned *column)
{
	volatile uint16_t *screen = (volatile uint16_t *)VGA_TEXT;

	if (c == '\n' || *column == VGA_COLUMNS) {
		vga_scroll(screen);
		*column = 0;
	}
	if (c != '\n')
		screen[VGA_COLUMNS * (VGA_ROWS - 1) + (*column)++] = VGA_GREY << 8 | (uint8_t)c;
}

void say(const struct purgatory_args *args, const char *text)
{
	static unsigned column = VGA_COLUMNS; /* the first character begins a line of its own */
	bool uart, vga = args->flags & PURGATORY_VGA;

	if (args->flags & PURGATORY_GUARDED)
		return;
	uart = have_uart(args->serial_port);
	for (; *text; text++) {
		if (uart && *text == '\n')
			uart_put(args->serial_port, '\r');
		if (uart)
			uart_put(args->serial_port, *text);
		if (vga)
			vga_put(*text, &column);
	}
}

void say_number(const struct purgatory_args *args, uint64_t n)
{
	char digits[24], *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do
		*--at = (char)('0' + n % 10);
	while (n /= 10);
	say(args, at);
}
