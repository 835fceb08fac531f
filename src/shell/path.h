/* Names of files: from directory entries and mounts (fs/d_path.c, fs/mount.h). */
#pragma once

#include "base/strbuf.h"
#include "shell/shell.h"

/* The whole name of `dentry` in mount `mnt` (struct vfsmount; 0: as far as its file system goes).
 * Appends; what cannot be read ends it with "...". */
void path_of(struct shell *sh, uint64_t dentry, uint64_t mnt, struct strbuf *out);
/* The name of an open file (struct file). */
void path_of_file(struct shell *sh, uint64_t file, struct strbuf *out);
/* The struct mount around a struct vfsmount. */
struct error *mount_of(struct shell *sh, uint64_t mnt, uint64_t *ret) MUST_CHECK;

struct mount_row {
	uint64_t mount, sb;
	char type[32], device[256];
	char *dir; /* owned */
};
/* Every mount of the namespace that `t` lives in. */
struct error *mounts_walk(struct shell *sh, const struct task *t,
			  struct error *(*each)(const struct mount_row *row, void *arg), void *arg) MUST_CHECK;
