/*
 * Configuration files that are menus of kernels with their arguments in place: GRUB's of old
 * (/etc/grub.conf, menu.lst), extlinux, zipl. One reader for each finds the kernels in the text and
 * where their arguments stand.
 */
#pragma once

#include "service/bootcfg.h"

struct menu_kernel {
	struct boot_span kernel, title; /* empty: none */
	struct boot_span args;		/* where they stand; empty at the place where they would */
	bool bare;			/* there is no line for them yet: `line` goes in front */
	const char *line;		/* "\n\tAPPEND " or `parameters="` */
	char quote;			/* encloses the arguments; 0: none */
	bool is_default;
};

struct menu {
	VECTOR(struct menu_kernel) v;
};

/* Any text is a menu, maybe an empty one; never more than 1000 kernels. */
struct error *menu_legacy(const char *text, size_t len, struct menu *ret) MUST_CHECK;
struct error *menu_extlinux(const char *text, size_t len, struct menu *ret) MUST_CHECK;
struct error *menu_zipl(const char *text, size_t len, struct menu *ret) MUST_CHECK;
/* The text with the edit done for kernel `nr`; null when nothing changes. */
struct error *menu_edit(const char *text, size_t len, const struct menu_kernel *k,
			const struct boot_edit *e, char **ret) MUST_CHECK;

static inline void menu_done_cleanup(struct menu *m)
{
	vector_done(&m->v);
}
#define _cleanup_menu_ CLEANUP(menu_done)
