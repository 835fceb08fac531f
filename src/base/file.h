/*
 * Whole reads and writes, and publishing a file in one step. Functions that take `dirfd`
 * resolve relative names there (AT_FDCWD for the working directory): readers of /proc,
 * /sys and /boot get the root's descriptor and a name without leading slash, so that tests
 * can hand them a recorded tree.
 */
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include "base/error.h"

/* Reads a whole file of at most `limit` bytes (files of /proc and /sys included, whose size
 * says nothing). *ret is malloc'd and NUL-terminated; ret_len may be null. */
struct error *file_read(int dirfd, const char *name, size_t limit, char **ret,
			size_t *ret_len) MUST_CHECK;
struct error *file_read_fd(int fd, const char *name, size_t limit, char **ret,
			   size_t *ret_len) MUST_CHECK;
/* A small file that holds one number (decimal or 0x). */
struct error *file_read_u64(int dirfd, const char *name, uint64_t *ret) MUST_CHECK;

/* All `len` bytes or an error; EINTR is retried. `what` names the file in messages. */
struct error *file_write_fd(int fd, const char *what, const void *bytes, size_t len) MUST_CHECK;
struct error *file_pwrite_fd(int fd, const char *what, const void *bytes, size_t len,
			     uint64_t off) MUST_CHECK;
/* Reads `len` bytes from where the descriptor stands; *ret_len is less only at the end. */
struct error *file_read_part_fd(int fd, const char *what, void *buf, size_t len,
				size_t *ret_len) MUST_CHECK;
/* Reads up to `len` bytes; *ret_len is less only at the end of the file. */
struct error *file_pread_fd(int fd, const char *what, void *buf, size_t len, uint64_t off,
			    size_t *ret_len) MUST_CHECK;
/*
 * Opens `name` as a process would whose root is `root`: "..", absolute links and mounts stay
 * inside. Returns the descriptor, or -1 with errno. Without openat2 (before 5.6, or filtered)
 * links are followed from the real root.
 */
int file_open_in_root(int root, const char *name, int flags);
/* Writes a /proc or /sys file that exists, in one write. */
struct error *file_poke(int dirfd, const char *name, const char *text) MUST_CHECK;

/*
 * Publishing: the file appears under its name whole, or not at all. file_begin() creates
 * NAME-incomplete (a fixed, visible name) with `mode`; write to the descriptor; then
 * file_commit() syncs it, renames it to NAME and syncs the folder. On failure call
 * file_abandon() to remove it, or file_keep() to leave it for a human to look at.
 */
struct publish {
	int dirfd; /* borrowed */
	int fd;
	char *name;
	char *temp;
};

struct error *file_begin(int dirfd, const char *name, mode_t mode, struct publish *ret) MUST_CHECK;
struct error *file_commit(struct publish *p) MUST_CHECK;
void file_abandon(struct publish *p);
/* Closes it and leaves it as NAME-incomplete. */
void file_keep(struct publish *p);
/* begin, write, commit */
struct error *file_publish(int dirfd, const char *name, mode_t mode, const void *bytes,
			   size_t len) MUST_CHECK;

/* mkdir -p; existing folders are fine. */
struct error *file_make_folders(int dirfd, const char *path, mode_t mode) MUST_CHECK;
/* A new private folder (0700) below $TMPDIR or /tmp (/run where it is private). */
struct error *file_private_folder(char **ret_path) MUST_CHECK;
/* Removes a folder tree without following links. Best effort. */
void file_remove_tree(const char *path);
bool file_exists(int dirfd, const char *name);
