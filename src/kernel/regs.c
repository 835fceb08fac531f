#include "kernel/unwind.h"

static int index_of(const struct arch *a, const char *name)
{
	const struct arch_reg *r = a ? arch_find_reg(a, name) : NULL;
	ptrdiff_t i = r ? r - a->regs : -1;

	return i < (ptrdiff_t)ARRAY_SIZE(((struct regs *)NULL)->v) ? (int)i : -1;
}

bool regs_get(const struct regs *r, const struct arch *a, const char *name, uint64_t *ret)
{
	int i = index_of(a, name);

	if (i < 0 || !(r->known >> i & 1))
		return false;
	*ret = r->v[i];
	return true;
}

void regs_set(struct regs *r, const struct arch *a, const char *name, uint64_t value)
{
	int i = index_of(a, name);

	if (i < 0)
		return;
	r->v[i] = value;
	r->known |= 1ull << i;
}
