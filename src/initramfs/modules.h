/*
 * Which module files a set of names needs, and in which order they are inserted: hard
 * dependencies first (modules.dep), soft ones (softdep lines and the modules' own) around
 * them. Read through libkmod from RELEASE's module folder and modprobe.d below a root.
 */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "base/vector.h"

struct module_file {
	char *name;	  /* as lsmod shows it */
	char *source;	  /* relative to the root: lib/modules/REL/kernel/fs/xfs/xfs.ko.xz */
	char *path;	  /* in the image: /lib/modules/REL/kernel/fs/xfs/xfs.ko */
	char *parameters; /* from modprobe.d's options lines; null: none */
	bool required;	  /* asked for by its name, or a hard dependency of such a one */
};

struct module_list {
	VECTOR(struct module_file) files; /* in insertion order, each once */
	struct words builtin;		  /* names asked for that are part of the kernel */
};

/*
 * `names` are module names, or aliases (fs-ext4, pci:v00001AF4d...), to which any number of
 * modules answer; those are not `required` when there are several. A name that nothing in this
 * kernel answers to is ERROR_NOT_FOUND, except for modalias strings (they hold a colon: a
 * device without a driver, or with a built-in one). Blacklist lines hold for aliases only.
 */
struct error *modules_closure(int root, const char *release, const struct words *names,
			      struct module_list *ret) MUST_CHECK;
/* Takes one file out of the list. */
void module_list_remove(struct module_list *l, size_t index);
void module_list_done(struct module_list *l);

static inline void module_list_done_cleanup(struct module_list *l)
{
	module_list_done(l);
}
#define _cleanup_module_list_ CLEANUP(module_list_done)
