/*
 * Messages of programs. Libraries return errors and call log_debug() at most. Everything
 * goes to stderr as "PREFIX: text" (prefix settable, for the drop-in names).
 */
#pragma once

#include "base/error.h"

enum log_level { LOG_LEVEL_NONE, LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_setup(const char *prefix, enum log_level level); /* prefix is borrowed */
void log_set_level(enum log_level level);
/* The same messages also to syslog(3), under `name` (borrowed), and to the kernel's log; each up to its own
 * level. A log that cannot be written is left out. */
void log_also(const char *name, enum log_level to_syslog, enum log_level to_kmsg);
void log_error(const char *fmt, ...) PRINTF(1, 2);
void log_warning(const char *fmt, ...) PRINTF(1, 2);
void log_info(const char *fmt, ...) PRINTF(1, 2);
void log_debug(const char *fmt, ...) PRINTF(1, 2);
