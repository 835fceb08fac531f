/* SELinux labels of files that a capture wrote: its kernel has no policy, so they have none. */
#pragma once

#include "base/base.h"

/* Runs restorecon on everything below `path` that lies on the machine, when SELinux is on and a file there
 * has no label. *ret_done tells whether it ran. A machine without SELinux or restorecon is no error. */
struct error *selinux_restore(int root, const char *path, bool *ret_done) MUST_CHECK;
