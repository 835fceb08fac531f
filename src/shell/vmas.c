#include "shell/vmas.h"

#include "base/base.h"
#include "kernel/peek.h"
#include "kernel/tree.h"

#define AREAS_MAX (1u << 22)

struct walk {
	struct shell *sh;
	struct error *(*each)(const struct vma *v, void *arg);
	void *arg;
	struct error *e;
};

static struct error *give(struct walk *w, uint64_t va)
{
	_cleanup_peek_ struct peek p = {.k = w->sh->kernel};
	struct vma v = {
		.va = va,
		.start = peek_member(&p, va, "vm_area_struct", "vm_start"),
		.end = peek_member(&p, va, "vm_area_struct", "vm_end"),
		.flags = peek_member(&p, va, "vm_area_struct", "vm_flags|__vm_flags"),
		.file = peek_member(&p, va, "vm_area_struct", "vm_file"),
		.pgoff = peek_member(&p, va, "vm_area_struct", "vm_pgoff"),
	};

	TRY(peek_error(&p));
	return w->each(&v, w->arg);
}

static bool give_entry(uint64_t key, uint64_t entry, void *arg)
{
	struct walk *w = arg;

	(void)key;
	if (entry & 3) /* a mark of the tree's own */
		return true;
	w->e = give(w, entry);
	return !w->e && !shell_interrupted();
}

struct error *vmas_walk(struct shell *sh, uint64_t mm, struct error *(*each)(const struct vma *v, void *arg), void *arg)
{
	struct walk w = {.sh = sh, .each = each, .arg = arg};
	struct member m;
	uint64_t vma;
	struct error *e = type_member(sh->kernel, "mm_struct", "mm_mt", &m);

	if (!e) { /* 6.1 */
		e = maple_walk(sh->kernel, mm + m.off, give_entry, &w);
		if (!w.e)
			return e;
		error_free(e);
		return w.e;
	}
	error_free(e);
	TRY(type_read_member(sh->kernel, mm, "mm_struct", "mmap", &vma));
	for (unsigned n = 0; vma && n < AREAS_MAX && !shell_interrupted(); n++) {
		TRY(give(&w, vma));
		TRY(type_read_member(sh->kernel, vma, "vm_area_struct", "vm_next", &vma));
	}
	return NULL;
}
