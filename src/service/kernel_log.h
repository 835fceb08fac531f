/* The running kernel's log, a line for each record, without its stamps. */
#pragma once

#include "base/base.h"

/* From /dev/kmsg below `root` (Documentation/ABI/testing/dev-kmsg), or a file of that name that
 * holds such records, or the lines of a console log. A log that may not be read is an empty one. */
struct error *kernel_log_read(int root, struct words *ret) MUST_CHECK;
/* Such a file, by its name below the root. ERROR_NOT_FOUND when it is not there. */
struct error *kernel_log_read_file(int root, const char *name, struct words *ret) MUST_CHECK;
/* The first line that holds `text`, or null. */
const char *kernel_log_find(const struct words *log, const char *text);
