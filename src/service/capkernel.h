/*
 * Which kernel captures, where it lies, and where its image goes: KDUMP_KERNELVER or the
 * running release, searched as BOOT_IMAGE says, then by the usual names in the boot folders.
 */
#pragma once

#include "base/base.h"
#include "service/sysconfig.h"

struct capture_kernel {
	char *release;
	bool foreign; /* not the running release */
	char *kernel; /* absolute below the root, like the rest: /boot/vmlinuz-REL */
	char *image;  /* /boot/initramfs-RELkdump.img, or in /var/lib/kdump */
	char *record; /* what the image was made of: /var/lib/kdump/initramfs-RELkdump.inputs */
};

/* ERROR_NOT_FOUND when no kernel file is there. */
struct error *capture_kernel_find(int root, const struct sysconfig *conf,
				  struct capture_kernel *ret) MUST_CHECK;
void capture_kernel_done(struct capture_kernel *k);

static inline void capture_kernel_done_cleanup(struct capture_kernel *k)
{
	capture_kernel_done(k);
}
#define _cleanup_capture_kernel_ CLEANUP(capture_kernel_done)
