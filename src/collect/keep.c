/* What the level can be with what is known of a kernel, and the decision for each frame. */
#include "collect/keep.h"

struct error *keep_open(struct kernel *kernel, int level, struct strbuf *why, struct keep *ret)
{
	int want = level | (level & DROP_CACHE_PRIVATE ? 2 : 0);
	struct error *e;

	*ret = (struct keep){ .level = want & DROP_ZERO, .can = DROP_ZERO };
	if (!(want & ~DROP_ZERO) && !kernel)
		return NULL;
	if (!kernel) {
		strbuf_puts(why, "Nothing is known of the kernel in the dump: all pages but those "
				 "of zeros are kept.\n");
		return NULL;
	}
	/* also at level 0: poisoned and unplugged pages must not be touched */
	e = pageclass_open(kernel, &ret->classes);
	if (e) {
		strbuf_printf(why, "%s: all pages but those of zeros are kept.\n", error_message(e));
		error_free(e);
		return NULL;
	}
	ret->can |= pageclass_can(ret->classes, want & ~DROP_ZERO ? why : NULL);
	ret->level |= want & ret->can;
	return NULL;
}

void keep_done(struct keep *k)
{
	pageclass_close(k->classes);
	k->classes = NULL;
	ranges_done(&k->unused_map);
}

/* [pfn, pfn + *n) is kernel memory: the part of it that is of struct pages nobody needs, or not. */
static enum page_class split_kernel(const struct keep *k, uint64_t pfn, enum page_class class, uint64_t *n)
{
	const struct ranges *r = &k->unused_map;
	size_t i = ranges_search(r, pfn);

	if (i == r->n)
		return class;
	if (r->v[i].start > pfn) {
		*n = MIN(*n, r->v[i].start - pfn);
		return class;
	}
	*n = MIN(*n, r->v[i].end - pfn);
	return CLASS_UNUSED_MAP;
}

enum page_class keep_class(struct keep *k, uint64_t pfn, uint64_t end, uint64_t *ret_n)
{
	enum page_class class = CLASS_UNKNOWN;

	*ret_n = end - pfn;
	if (k->classes)
		class = pageclass_at(k->classes, pfn, end, ret_n);
	/* boot memory, where the array usually is, may have no struct pages of its own */
	if (class == CLASS_KERNEL || class == CLASS_UNKNOWN)
		return split_kernel(k, pfn, class, ret_n);
	return class;
}

unsigned keep_runs(struct keep *k, uint64_t pfn, uint64_t end, const struct class_run **ret)
{
	if (k->classes && !k->unused_map.n)
		return pageclass_runs(k->classes, pfn, end, ret);
	k->one.class = keep_class(k, pfn, end, &k->one.n);
	*ret = &k->one;
	return 1;
}

/* Poisoned memory must not be touched, and what is unplugged is not there. */
bool keep_wants(enum page_class class, int level)
{
	return class != CLASS_HWPOISON && class != CLASS_OFFLINE && class != CLASS_UNUSED_MAP &&
	       !pageclass_dropped(class, level);
}

unsigned keep_classes(int level)
{
	unsigned classes = 0;

	for (int class = 0; class < CLASS_MAX; class++)
		classes |= (unsigned)keep_wants(class, level) << class;
	return classes;
}

bool keep_at(struct keep *k, uint64_t pfn, uint64_t end, uint64_t *ret_n)
{
	return keep_wants(keep_class(k, pfn, end, ret_n), k->level);
}
