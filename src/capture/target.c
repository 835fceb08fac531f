/* The list of targets, and the capture's own. */
#include <string.h>

#include "base/clock.h"
#include "capture/internal.h"

static const struct target_ops *const targets[] = {
	&target_fs,
	&target_raw,
	&target_ssh,
};

struct error *target_open(struct capture *c, const struct plan_place *place)
{
	c->target = c->folder = -1;
	c->own_log = (struct target_file){ .fd = -1 };
	c->to = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		if (targets[i]->kind == place->kind)
			c->to = targets[i];
	if (!c->to)
		return error_new(ERROR_UNSUPPORTED, "this initramfs knows no target of kind %s",
				 plan_target_name(place->kind));
	return c->to->open(c, place);
}

void target_retain(struct capture *c, bool after)
{
	const struct plan *p = &c->plan;

	if (!p->keep_count && !p->keep_bytes && !p->keep_free)
		return;
	step_begin_planned(c, PLAN_STEP_RETENTION);
	if (c->to->retain)
		c->to->retain(c, after);
}

struct error *target_find(struct capture *c, const struct plan_place *place, char **ret)
{
	uint64_t deadline_ms = clock_now_ms() + plan_limit_s(&c->plan, PLAN_STEP_DEVICE) * UINT64_C(1000);

	if (!plan_place_has_device(place)) {
		*ret = strdup(place->device);
		return *ret ? NULL : error_nomem();
	}
	step_begin_planned(c, PLAN_STEP_DEVICE);
	TRY(layers_build(c, place->device, deadline_ms));
	return c->ops->find_device(c, place, deadline_ms, ret);
}

struct error *target_make_folder(struct capture *c)
{
	return c->to->make_folder ? c->to->make_folder(c) : NULL;
}

struct error *target_create(struct capture *c, const char *name, struct target_file *ret)
{
	return c->to->create(c, name, ret);
}

struct error *target_commit(struct capture *c, struct target_file *f, const char *incomplete,
			    const char *name)
{
	return c->to->commit(c, f, incomplete, name);
}

void target_abandon(struct capture *c, struct target_file *f, const char *incomplete)
{
	c->to->abandon(c, f, incomplete);
}

struct error *target_close(struct capture *c)
{
	return c->to ? c->to->close(c) : NULL;
}
