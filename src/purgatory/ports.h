/* I/O ports of a PC. */
#pragma once

#include <stdint.h>

static inline void out8(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline uint8_t in8(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

#define PORT_DELAY 0x80 /* a write takes about a microsecond */

static inline void delay_us(unsigned us)
{
	while (us--)
		out8(PORT_DELAY, 0);
}
