/* Monotonic time and deadlines. */
#pragma once

#include "base/macro.h"

uint64_t clock_now_ms(void); /* CLOCK_BOOTTIME where it is there */
void clock_sleep_ms(unsigned ms);
uint64_t clock_us(void); /* of the same clock, for short times */
