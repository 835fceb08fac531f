/* Counters of the memory management: by name, summed over what keeps them. */
#pragma once

#include "shell/shell.h"

/* Global counters: "NR_FREE_PAGES" (zones), "NR_FILE_PAGES" (nodes). Values are as the kernel keeps
 * them (pages, or what the name says); negative ones are shown as 0, as the kernel does. */
struct error *stats_zone(struct shell *sh, const char *item, uint64_t *ret) MUST_CHECK;
struct error *stats_node(struct shell *sh, const char *item, uint64_t *ret) MUST_CHECK;
/* Of either kind, under any of several names (null-terminated). */
struct error *stats_any(struct shell *sh, const char *const *items, uint64_t *ret) MUST_CHECK;

/* The constants of an enum in their order, up to `end` (not given): calls `each`. */
struct error *stats_items(struct shell *sh, const char *enum_name, const char *end,
			  struct error *(*each)(struct shell *sh, const char *name, uint64_t index, void *arg),
			  void *arg) MUST_CHECK;
