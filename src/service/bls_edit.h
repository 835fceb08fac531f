/*
 * Arguments in Boot Loader Specification entries: their `options` lines, GRUB's variable $kernelopts
 * in them (grubenv), and where new entries get theirs from: /etc/kernel/cmdline, and on Fedora
 * GRUB_CMDLINE_LINUX of /etc/default/grub. The functions are those of struct bootcfg.
 */
#pragma once

#include "service/bootcfg.h"

/* `loader` says which entry is the default; where it does not know, the first is. */
struct error *bls_edit_list(int root, const struct bootcfg *loader, struct boot_kernels *ret) MUST_CHECK;
struct error *bls_edit_one(struct boot_changes *c, const struct boot_kernel *k,
			   const struct boot_edit *e) MUST_CHECK;
struct error *bls_edit_new(struct boot_changes *c, const struct boot_edit *e) MUST_CHECK;

/* The texts with the edit done; null when nothing changes. An entry; `kernelopts` (may be null) is what
 * $kernelopts stands for. */
struct error *bls_edit_entry(const char *text, size_t len, const char *kernelopts,
			     const struct boot_edit *e, char **ret) MUST_CHECK;
/* grubenv: its length stays. ERROR_NO_SPACE when the words do not fit. */
struct error *grubenv_edit(const char *text, size_t len, const struct boot_edit *e, char **ret) MUST_CHECK;
/* /etc/kernel/cmdline */
struct error *cmdline_file_edit(const char *text, size_t len, const struct boot_edit *e, char **ret) MUST_CHECK;
