/*
 * GRUB's configuration, as far as it says what is started: grub.cfg is a script, and its default is
 * known only after running it (variables, conditions, grubenv, blscfg). Commands that draw, load
 * modules or search for devices do nothing here. GRUB manual, "Writing full configuration files directly".
 */
#pragma once

#include "service/bootcfg.h"

/* Where a script's files are looked up; -1: nowhere. */
struct grub_where {
	int root;
	const char *folder; /* of grub.cfg, below the root: "boot/grub" */
};

/* What the script would start: the entry `wanted` (null: its default), by title, id, number, or
 * "SUBMENU>ENTRY". The text is not changed. ERROR_NOT_FOUND: no such entry. */
struct error *grub_entry(const struct grub_where *where, const char *text, const char *wanted,
			 struct boot_entry *ret) MUST_CHECK;
/* "name=value" lines of a grubenv block, '#' to the end of it; a backslash quotes. Adds to `vars`
 * pairs of words: name, value. */
struct error *grubenv_parse(const char *text, struct words *vars) MUST_CHECK;
