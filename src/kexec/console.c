/* Choosing purgatory's console; see console.h. */
#include "kexec/console.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/cmdline.h"

#define BAUD_BASE    115200u
#define BAUD_LOWEST  50u /* a divisor of 2304; the classic tool begins at 9600 */
#define VIDEO_VGA    1u	 /* boot_params' screen_info.orig_video_isVGA: text mode of a VGA card */
#define OFF_IS_VGA   0x0f

/* "ttyS1" as a port, 0 when it is none. */
static uint16_t port_by_name(const char *name, size_t len)
{
	static const uint16_t ports[] = { 0x3f8, 0x2f8, 0x3e8, 0x2e8 };

	if (len != 5 || memcmp(name, "ttyS", 4) || name[4] < '0' || name[4] > '3')
		return 0;
	return ports[name[4] - '0'];
}

/* A speed that divides 115,200; "115200n8" counts. 0 when it is none. */
static uint16_t divisor_of(unsigned long baud)
{
	return baud >= BAUD_LOWEST && baud <= BAUD_BASE ? (uint16_t)(BAUD_BASE / baud) : 0;
}

/* "ttyS0,115200n8", "uart8250,io,0x3f8,9600", "uart,io,0x3f8". */
static bool by_option(const char *value, struct kexec_console *c)
{
	static const char *const uarts[] = { "uart8250,io,", "uart,io," };
	size_t name_len = strcspn(value, ",");
	const char *speed = value + name_len;
	uint16_t port = port_by_name(value, name_len);

	for (size_t i = 0; i < ARRAY_SIZE(uarts) && !port; i++) {
		const char *at = text_after(value, uarts[i]);
		char *end = NULL;
		unsigned long n = at ? strtoul(at, &end, 16) : 0;

		if (n && n < 0xffff && (*end == ',' || !*end)) {
			port = (uint16_t)n;
			speed = end;
		}
	}
	if (!port)
		return false;
	c->port = port;
	c->divisor = *speed == ',' ? divisor_of(strtoul(speed + 1, NULL, 10)) : 0;
	return true;
}

/* The last one wins, as in the kernel. */
static void by_cmdline(const char *cmdline, struct kexec_console *c)
{
	const char *value;
	size_t pos = 0, len;

	while (cmdline_next(cmdline, "console", &pos, &value, &len)) {
		char copy[64];

		if (len >= sizeof(copy))
			continue;
		memcpy(copy, value, len);
		copy[len] = '\0';
		(void)by_option(copy, c); /* a screen, a network console: not ours */
	}
}

struct error *console_choose(const struct kexec_request *rq, const char *cmdline,
			     const unsigned char *running, struct kexec_console *ret)
{
	struct kexec_console c = { .vga = rq->console_vga || rq->reset_vga, .reset_vga = rq->reset_vga };
	uint64_t port;

	by_cmdline(cmdline, &c);
	if (rq->serial) {
		uint16_t named = port_by_name(rq->serial, strlen(rq->serial));

		if (!named && (!text_hex(rq->serial, &port) || !port || port >= 0xffff))
			return error_new(ERROR_USAGE,
					 "\"%s\" is no serial line: give ttyS0 to ttyS3, or an I/O port in hex",
					 rq->serial);
		c.divisor = (named ? named : port) == c.port ? c.divisor : 0;
		c.port = named ? named : (uint16_t)port;
	}
	if (rq->console_serial && !c.port)
		c.port = port_by_name("ttyS0", 5);
	if (rq->serial_baud) {
		c.divisor = divisor_of(rq->serial_baud);
		if (!c.divisor)
			return error_new(ERROR_USAGE, "%u is no speed of a serial line (%u to %u)",
					 rq->serial_baud, BAUD_LOWEST, BAUD_BASE);
	}
	if (running && running[OFF_IS_VGA] == VIDEO_VGA)
		c.vga = true;
	*ret = c;
	return NULL;
}
