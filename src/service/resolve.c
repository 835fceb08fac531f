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
	free(t->folder);
	free(t->shown);
	words_done(&t->rootfs_modules);
	words_done(&t->modules);
	words_done(&t->warnings);
	*t = (struct target){ 0 };
}

/* The root file system, when it is to take what the target does not. As a second place only it
 * may be missing: then there is one less. */
static struct error *add_rootfs(const struct resolve_how *how, const struct settings *s, struct target *t)
{
	struct error *e;

	if (text_equal(settings_get(s, SETTING_FAILURE_ACTION), "dump_to_rootfs"))
		return error_prefix(resolve_rootfs(how, &t->rootfs, &t->modules),
				    "failure_action dump_to_rootfs");
	if (!text_equal(settings_get(s, SETTING_SECOND_PLACE), "auto"))
		return NULL;
	e = resolve_rootfs(how, &t->rootfs, &t->rootfs_modules);
	if (e || text_equal(t->rootfs.device, t->place.device)) {
		plan_place_done(&t->rootfs);
		t->rootfs = (struct plan_place){ 0 };
		words_done(&t->rootfs_modules);
	}
	if (e && error_kind(e) == ERROR_NOMEM)
		return e;
	error_free(e); /* a second place is not worth a word */
	return NULL;
}

struct error *target_resolve(const struct resolve_how *how, const struct settings *s,
			     struct target *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(resolvers); i++)
		if (resolvers[i]->claims(s)) {
			ret->kind = resolvers[i]->kind;
			TRY(resolvers[i]->resolve(how, s, ret));
			return add_rootfs(how, s, ret);
		}
	return error_new(ERROR_UNSUPPORTED, "dump targets of type %s are not supported yet",
			 s->target_type);
}
