/*
 * What the machine's boot loader would start next: the default entry of GRUB, of systemd-boot, or
 * the best Boot Loader Specification entry (UAPI group, BLS).
 *
 * A new boot loader is a file bootcfg_x.c and a row in bootcfg.c.
 */
#pragma once

#include "base/base.h"

struct boot_entry {
	char *loader;	/* "GRUB" */
	char *title;	/* may be null */
	char *id;	/* may be null */
	char *kernel;	/* as the loader writes it: below the partition that it lies on */
	struct words initrds;
	char *cmdline;	/* null: the image's own (a unified kernel image) */
};

struct bootcfg {
	const char *name;
	/* The entry `wanted` (null: the default). ERROR_NOT_FOUND: this loader is not here, or has no
	 * such entry. */
	struct error *(*entry)(int root, const char *wanted, struct boot_entry *ret) MUST_CHECK;
};

/* The first loader's that has one. Kernel and initrds are absolute below `root` then, and exist. */
struct error *bootcfg_entry(int root, const char *wanted, struct boot_entry *ret) MUST_CHECK;
void boot_entry_done(struct boot_entry *e);

extern const struct bootcfg bootcfg_sdboot, bootcfg_grub, bootcfg_bls;

static inline void boot_entry_done_cleanup(struct boot_entry *e)
{
	boot_entry_done(e);
}
#define _cleanup_boot_entry_ CLEANUP(boot_entry_done)
