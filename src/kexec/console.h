/* Where purgatory's messages go: the serial line that the new kernel's command line names. */
#pragma once

#include "kexec/kexec.h"

struct kexec_console {
	uint16_t port;	  /* I/O port of the UART; 0: none */
	uint16_t divisor; /* of 115,200 baud; 0: as the UART stands */
	bool vga;	  /* the text screen at 0xb8000 */
	bool reset_vga;	  /* brought into text mode first */
};

/* By the request's own words, else by the last serial console= of `cmdline`: "ttyS0" to "ttyS3"
 * and "uart8250,io,0x3f8" with a speed or without. `running` is the running kernel's boot_params
 * or null: its screen is used when it was left in text mode, or
 * is brought into it. ERROR_USAGE for a serial line or
 * a speed that cannot be. */
struct error *console_choose(const struct kexec_request *rq, const char *cmdline,
			     const unsigned char *running, struct kexec_console *ret) MUST_CHECK;
