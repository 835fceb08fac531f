/*
 * A fence around a process that reads what an attacker may have written: from sandbox_enter() on it can read
 * files, use memory and write to descriptors that are open, and nothing else: no file is made, opened for
 * writing or changed, no program started, no network used, no other process touched. Calls outside the fence fail
 * with EPERM. It cannot be left again and covers threads made later.
 */
#pragma once

#include "base/error.h"

/* ERROR_UNSUPPORTED: this machine or kernel has no means for it. */
struct error *sandbox_enter(void) MUST_CHECK;
