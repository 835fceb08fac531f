/* Handing capture kernel, image and command line to the kernel, and taking them back. */
#pragma once

#include "base/base.h"
#include "service/capkernel.h"
#include "service/sysconfig.h"

/* KEXEC_ARGS of sysconfig decides which system call is used. ERROR_USAGE for options there
 * that mean nothing for a capture kernel. */
struct error *capture_load(int root, const struct sysconfig *conf,
			   const struct capture_kernel *k) MUST_CHECK;
/* All that capture_load() finds out before it calls the kernel: to be asked before a capture
 * kernel that is loaded is given up. Has no effect. */
struct error *capture_check(int root, const struct sysconfig *conf,
			    const struct capture_kernel *k) MUST_CHECK;
struct error *capture_unload(int root, const struct sysconfig *conf) MUST_CHECK;
