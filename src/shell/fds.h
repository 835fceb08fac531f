/* The files that a task has open. */
#pragma once

#include "shell/shell.h"

/* Each open descriptor with its struct file; none for tasks that gave their files back. */
struct error *fds_walk(struct shell *sh, const struct task *t,
		       struct error *(*each)(uint64_t fd, uint64_t file, void *arg), void *arg) MUST_CHECK;
/* "REG", "DIR" ... of an i_mode. */
const char *inode_type(uint64_t mode);
