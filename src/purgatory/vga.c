/*
 * Bringing a VGA card back to its text mode 3 (80 by 25) by its standard registers (IBM VGA
 * Technical Reference). Cards that a driver put into a mode of its own may not follow; a font
 * that graphics overwrote is not restored.
 */
#include "purgatory/console.h"

#include "purgatory/ports.h"

#define PORT_ATTRIBUTE	0x3c0
#define PORT_MISC	0x3c2
#define PORT_SEQUENCER	0x3c4
#define PORT_GRAPHICS	0x3ce
#define PORT_CRTC	0x3d4
#define PORT_STATUS	0x3da /* reading it makes the next attribute write an index */
#define MISC_TEXT	0x67  /* colour ports, memory on, 28 MHz, 400 lines */
#define CRTC_PROTECT	0x11  /* index whose bit 7 protects registers 0 to 7 */
#define ATTRIBUTE_SHOW	0x20

static const uint8_t sequencer[] = { 0x03, 0x00, 0x03, 0x00, 0x02 };
static const uint8_t crtc[] = { 0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00,
				0x4f, 0x0d, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x9c, 0x0e,
				0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff };
static const uint8_t graphics[] = { 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff };
static const uint8_t attribute[] = { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a,
				     0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x0c, 0x00, 0x0f, 0x08, 0x00 };

static void set(uint16_t port, uint8_t index, uint8_t value)
{
	out8(port, index);
	out8(port + 1, value);
}

void vga_reset(const struct purgatory_args *args)
{
	if (args->flags & PURGATORY_GUARDED || !(args->flags & PURGATORY_RESET_VGA))
		return;
	out8(PORT_MISC, MISC_TEXT);
	for (uint8_t i = 0; i < sizeof(sequencer); i++)
		set(PORT_SEQUENCER, i, sequencer[i]);
	set(PORT_CRTC, CRTC_PROTECT, crtc[CRTC_PROTECT] & 0x7f);
	for (uint8_t i = 0; i < sizeof(crtc); i++)
		set(PORT_CRTC, i, crtc[i]);
	for (uint8_t i = 0; i < sizeof(graphics); i++)
		set(PORT_GRAPHICS, i, graphics[i]);
	for (uint8_t i = 0; i < sizeof(attribute); i++) {
		(void)in8(PORT_STATUS);
		out8(PORT_ATTRIBUTE, i);
		out8(PORT_ATTRIBUTE, attribute[i]);
	}
	(void)in8(PORT_STATUS);
	out8(PORT_ATTRIBUTE, ATTRIBUTE_SHOW);
}
