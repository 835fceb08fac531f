/* The list of resolvers; see resolve.h. */
#include "service/resolve.h"

static const struct resolver *const resolvers[] = {
	&resolver_fs,
};

void target_done(struct target *t)
{
	plan_place_done(&t->place);
	plan_place_done(&t->rootfs);
	free(t->path);
	free(t->shown);
	words_done(&t->modules);
	words_done(&t->warnings);
	*t = (struct target){ 0 };
}

struct error *target_resolve(const struct resolve_how *how, const struct settings *s,
			     struct target *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(resolvers); i++)
		if (resolvers[i]->claims(s)) {
			ret->kind = resolvers[i]->kind;
			return resolvers[i]->resolve(how, s, ret);
		}
	return error_new(ERROR_UNSUPPORTED, "dump targets of type %s are not supported yet",
			 s->target_type);
}
