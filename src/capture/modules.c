/*
 * Inserting modules in the plan's order. Each file is removed when it is in: the root file
 * system is memory, and there is little of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "capture/internal.h"

static struct error *insert(struct capture *c, const struct plan_module *m)
{
	_cleanup_close_ int fd = openat(c->root, m->path + 1, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(errno, "module %s: cannot open", m->path);
	if (c->ops->insert(c, fd, m->parameters ? m->parameters : "") < 0 && errno != EEXIST)
		return error_sys(errno, "module %s: cannot insert", m->path);
	unlinkat(c->root, m->path + 1, 0);
	return NULL;
}

struct error *insert_modules(struct capture *c)
{
	size_t inserted = 0, idle = 0;

	for (size_t i = 0; i < c->plan.modules.n; i++) {
		const struct plan_module *m = &c->plan.modules.v[i];
		struct error *e = insert(c, m);

		if (e && m->required)
			return e;
		if (e && error_errno(e) == ENODEV) { /* faster code for another CPU */
			error_free(e);
			idle++;
		} else if (e)
			say_error(e, "one module less");
		else
			inserted++;
	}
	if (c->plan.modules.n)
		say("%zu of %zu modules inserted%s", inserted, c->plan.modules.n,
		    idle ? "; the rest has nothing to do on this machine" : "");
	return NULL;
}
