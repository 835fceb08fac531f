/* A task's own address space. User pages are usually left out of dumps; what is there reads. */
#pragma once

#include "shell/shell.h"

/* ERROR_NOT_FOUND: the task has no address space (kernel threads). */
struct error *user_translate(struct shell *sh, const struct task *t, uint64_t va, uint64_t *ret_pa,
			     uint64_t *ret_len) MUST_CHECK;
struct error *user_read(struct shell *sh, const struct task *t, uint64_t va, void *buf, size_t len) MUST_CHECK;
