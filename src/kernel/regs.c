#include "base/text.h"
#include "kernel/unwind.h"

static int index_of(const struct arch *a, const char *name)
{
	struct regs *r = NULL;

	for (size_t i = 0; a && a->regs[i].name && i < ARRAY_SIZE(r->v); i++)
		if (text_equal(a->regs[i].name, name))
			return i;
	return -1;
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
