/*
 * Floor 4: the builder of the capture initramfs. Make one, add what shall be in it, write it:
 *
 *	initramfs_new(root, &im);
 *	modules_closure(root, release, &names, &modules);	(initramfs/modules.h)
 *	for each module: initramfs_add_module(im, module);
 *	initramfs_add_program(im, "/usr/lib/salvage/salvage-init", "/init");
 *	initramfs_add_text(im, PLAN_PATH, text, len, 0600);
 *	initramfs_pick_packing(root, release, &packing);
 *	initramfs_write(im, packing, fd, &size);
 *
 * The same input makes the same bytes: entries are sorted, times and owners are zero.
 *
 * Sources: a relative name is looked up below the root descriptor, an absolute one on this
 * machine as it stands. Paths inside the image are absolute. Missing parent folders are made
 * (0755 root). Adding a path twice is fine when both are the same, an error otherwise.
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "initramfs/modules.h"

struct initramfs; /* opaque */

/* `root` (a folder's descriptor, borrowed) is where relative sources are; it must stay open
 * as long as the object lives. */
struct error *initramfs_new(int root, struct initramfs **ret) MUST_CHECK;
void initramfs_free(struct initramfs *im);
DEFINE_CLEANUP(struct initramfs *, initramfs_free)
#define _cleanup_initramfs_ CLEANUP(initramfs_free)

/* A plain copy, as it stands. */
struct error *initramfs_add_file(struct initramfs *im, const char *source, const char *path,
				 mode_t mode) MUST_CHECK;
/*
 * A program and everything that it needs to start: for a dynamic ELF its interpreter and the
 * closure of its libraries, for a script its interpreter. Sections that are not loaded (debug,
 * symbols) are left out. Mode 0755. `path` null: the same path as the source's.
 */
struct error *initramfs_add_program(struct initramfs *im, const char *source,
				    const char *path) MUST_CHECK;
/* Sources, as above, of the libraries and interpreters that the programs so far brought along. */
const struct words *initramfs_needed(const struct initramfs *im);
/* A module at its image path, unpacked when it is compressed on disk; the bytes inside,
 * appended signature included, are untouched. */
struct error *initramfs_add_module(struct initramfs *im,
				   const struct module_file *module) MUST_CHECK;
struct error *initramfs_add_text(struct initramfs *im, const char *path, const void *bytes,
				 size_t len, mode_t mode) MUST_CHECK;
struct error *initramfs_add_folder(struct initramfs *im, const char *path,
				   mode_t mode) MUST_CHECK;
struct error *initramfs_add_link(struct initramfs *im, const char *path,
				 const char *target) MUST_CHECK;
/* `type` is S_IFCHR or S_IFBLK. */
struct error *initramfs_add_node(struct initramfs *im, const char *path, mode_t type_and_mode,
				 unsigned major, unsigned minor) MUST_CHECK;
bool initramfs_has(const struct initramfs *im, const char *path);

/* How the archive is compressed. */
enum initramfs_packing {
	INITRAMFS_PLAIN,
	INITRAMFS_GZIP,
	INITRAMFS_ZSTD, /* with a small window: the kernel allocates it to unpack */
};
/* The best of those that the kernel can open, by its config (boot/config-RELEASE or
 * lib/modules/RELEASE/config below `root`); gzip when there is none to read. */
struct error *initramfs_pick_packing(int root, const char *release,
				     enum initramfs_packing *ret) MUST_CHECK;

struct initramfs_size {
	size_t nr_entries;
	uint64_t unpacked; /* bytes of the newc archive */
	uint64_t packed;   /* bytes written */
};
/* Writes the archive at the descriptor's position. `ret` may be null. */
struct error *initramfs_write(struct initramfs *im, enum initramfs_packing packing, int fd,
			      struct initramfs_size *ret) MUST_CHECK;
