/* Purgatory's voice: the serial port and, where it is in text mode, the VGA screen. */
#pragma once

#include "purgatory/purgatory.h"

/* Sets the UART's speed where one is given. */
void console_init(const struct purgatory_args *args);
/* The VGA card back to text, when PURGATORY_RESET_VGA says so. */
void vga_reset(const struct purgatory_args *args);
void say(const struct purgatory_args *args, const char *text);
void say_number(const struct purgatory_args *args, uint64_t n);
