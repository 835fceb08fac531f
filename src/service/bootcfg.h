/*
 * Boot loaders: what they would start next, which kernels they know, and the arguments of those,
 * which can be changed.
 *
 * A new boot loader is a file bootcfg_x.c and a row in bootcfg.c.
 */
#pragma once

#include "service/bootedit.h"

struct boot_entry {
	char *loader;	/* "GRUB" */
	char *title;	/* may be null */
	char *id;	/* may be null */
	char *kernel;	/* as the loader writes it: below the partition that it lies on */
	struct words initrds;
	char *cmdline;	/* null: the image's own (a unified kernel image) */
};

/* A kernel whose arguments can be changed. */
struct boot_kernel {
	char *kernel;	 /* absolute below the root where the file exists, else as the loader writes it */
	char *title;	 /* may be null */
	char *args;	 /* variables expanded where the loader's files say what they are */
	char *file;	 /* where it is written; of use to its loader only, like `line` */
	size_t line;
	bool is_default;
	bool every;	 /* stands for all kernels (rpm-ostree) */
	bool fixed;	 /* the arguments are inside the image (a unified kernel image) */
};

struct boot_kernels {
	VECTOR(struct boot_kernel) v; /* in the loader's order: the rows are grubby's indexes */
};

/* The `entry` half says what would be started, the other half changes arguments. Either may be missing. */
struct bootcfg {
	const char *name;
	/* The entry `wanted` (null: the default). ERROR_NOT_FOUND: this loader is not here, or has no
	 * such entry. */
	struct error *(*entry)(int root, const char *wanted, struct boot_entry *ret) MUST_CHECK;

	/* Whether this loader's files are the ones to edit here. */
	bool (*here)(int root);
	struct error *(*list)(int root, struct boot_kernels *ret) MUST_CHECK;
	/* The arguments of one kernel of the list; with `one_for_all`, of every one. */
	struct error *(*edit)(struct boot_changes *c, const struct boot_kernel *k,
			      const struct boot_edit *e) MUST_CHECK;
	/* Those of kernels that are installed later. May be null. */
	struct error *(*edit_new)(struct boot_changes *c, const struct boot_edit *e) MUST_CHECK;
	/* Makes the changes effective: runs update-grub, zipl. May be null. */
	struct error *(*apply)(struct boot_changes *c) MUST_CHECK;
	bool one_for_all;
};

/* The first loader's that has one. Kernel and initrds are absolute below `root` then, and exist. */
struct error *bootcfg_entry(int root, const char *wanted, struct boot_entry *ret) MUST_CHECK;
void boot_entry_done(struct boot_entry *e);

/* Whose files are to be edited. ERROR_NOT_FOUND when no loader is known here. */
struct error *bootcfg_editor(int root, const struct bootcfg **ret) MUST_CHECK;
/* The loader's kernels, with their places below the root. */
struct error *bootcfg_list(int root, const struct bootcfg *b, struct boot_kernels *ret) MUST_CHECK;
/* One kernel's, or those of kernels to come (`k` null). */
struct error *bootcfg_edit(const struct bootcfg *b, struct boot_changes *c, const struct boot_kernel *k,
			   const struct boot_edit *e) MUST_CHECK;
/* After the last edit. A failure puts everything back as it was. */
struct error *bootcfg_apply(const struct bootcfg *b, struct boot_changes *c) MUST_CHECK;
/* For lists: all fields but those from `line` on, which are 0. `args` null: none. */
struct error *boot_kernels_add(struct boot_kernels *k, const char *kernel, const char *title,
			       const char *args, const char *file) MUST_CHECK;
void boot_kernels_done(struct boot_kernels *k);

extern const struct bootcfg bootcfg_sdboot, bootcfg_grub, bootcfg_bls, bootcfg_ostree, bootcfg_grubby,
	bootcfg_legacy, bootcfg_extlinux, bootcfg_zipl;

static inline void boot_kernels_done_cleanup(struct boot_kernels *k)
{
	boot_kernels_done(k);
}
#define _cleanup_boot_kernels_ CLEANUP(boot_kernels_done)

static inline void boot_entry_done_cleanup(struct boot_entry *e)
{
	boot_entry_done(e);
}
#define _cleanup_boot_entry_ CLEANUP(boot_entry_done)
