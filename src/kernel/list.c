#include "kernel/list.h"

#include "base/cleanup.h"
#include "kernel/vmem.h"

struct error *list_begin(struct kernel *k, uint64_t head, uint64_t limit, struct list_walk *ret)
{
	*ret = (struct list_walk){.head = head, .mark = head, .next_mark = 1, .limit = limit};
	TRY(vmem_read_long(k, head, &ret->at));
	return NULL;
}

bool list_next(struct kernel *k, struct list_walk *w, uint64_t *ret_node)
{
	if (w->why || w->at == w->head)
		return false;
	if (w->steps >= w->limit || w->at == w->mark) {
		w->why = error_new(
			ERROR_BAD_DATA,
			"the list at 0x%llx does not end: node 0x%llx after %llu steps",
			(unsigned long long)w->head, (unsigned long long)w->at,
			(unsigned long long)w->steps);
		return false;
	}
	if (++w->steps == w->next_mark) {
		w->mark = w->at;
		w->next_mark *= 2;
	}
	*ret_node = w->at;
	w->why = vmem_read_long(k, w->at, &w->at);
	if (!w->why)
		return true;
	w->why = error_prefix(w->why, "the list at 0x%llx breaks after %llu nodes",
			      (unsigned long long)w->head, (unsigned long long)w->steps);
	return true; /* this node is fine, the next is not known */
}

struct error *list_error(struct list_walk *w)
{
	return take_ptr(w->why);
}
