/* What time it was when the machine died. */
#pragma once

#include "shell/shell.h"

/* Nanoseconds since boot when the timekeeper was last brought forward: at most a tick, on an idle
 * machine a little more, before the end. */
struct error *kernel_now_ns(struct shell *sh, uint64_t *ret) MUST_CHECK;
