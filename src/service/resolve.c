/* The list of resolvers; see resolve.h. */
#include "service/resolve.h"

#include <string.h>
#include <time.h>

#include "service/fence.h"
#include "service/luks.h"

static const struct resolver *const resolvers[] = {
	&resolver_fs,
	&resolver_raw,
	&resolver_nfs,
	&resolver_ssh,
};

void target_done(struct target *t)
{
	plan_place_done(&t->place);
	plan_place_done(&t->rootfs);
	free(t->path);
	free(t->folder);
	free(t->shown);
	words_done(&t->rootfs_modules);
	for (size_t i = 0; i < t->layers.n; i++)
		plan_layer_done(&t->layers.v[i]);
	vector_done(&t->layers);
	for (size_t i = 0; i < t->luks.n; i++)
		luks_volume_done(&t->luks.v[i]);
	vector_done(&t->luks);
	plan_net_done(&t->net);
	vector_done(&t->fence.nodes);
	free(t->address);
	words_done(&t->ssh);
	words_done(&t->programs);
	for (size_t i = 0; i < t->texts.n; i++) {
		free(t->texts.v[i].path);
		explicit_bzero(t->texts.v[i].text, t->texts.v[i].len);
		free(t->texts.v[i].text);
	}
	vector_done(&t->texts);
	words_done(&t->modules);
	words_done(&t->wanted);
	words_done(&t->warnings);
	*t = (struct target){ 0 };
}

/* What the root file system stands on and needs goes to what the target has; its modules to `modules`. */
static struct error *take_rootfs(struct target *t, struct target *root, struct words *modules)
{
	for (size_t i = 0; i < root->modules.n; i++)
		if (!words_have(modules, root->modules.v[i]))
			TRY(words_add(modules, root->modules.v[i]));
	for (size_t i = 0; i < root->wanted.n; i++)
		if (!words_have(&t->wanted, root->wanted.v[i]))
			TRY(words_add(&t->wanted, root->wanted.v[i]));
	for (size_t i = 0; i < root->layers.n; i++) {
		bool there = false;

		for (size_t j = 0; j < t->layers.n; j++)
			there |= strcmp(t->layers.v[j].name, root->layers.v[i].name) == 0;
		if (there)
			continue;
		if (!vector_push(&t->layers, root->layers.v[i]))
			return error_nomem();
		root->layers.v[i] = (struct plan_layer){ 0 };
	}
	for (size_t i = 0; i < root->luks.n; i++) {
		bool there = false;

		for (size_t j = 0; j < t->luks.n; j++)
			there |= strcmp(t->luks.v[j].uuid, root->luks.v[i].uuid) == 0;
		if (there)
			continue;
		if (!vector_push(&t->luks, root->luks.v[i]))
			return error_nomem();
		root->luks.v[i] = (struct luks_volume){ 0 };
	}
	t->kernel_keys |= root->kernel_keys;
	t->rootfs = root->rootfs;
	root->rootfs = (struct plan_place){ 0 };
	return NULL;
}

/* The root file system, when it is to take what the target does not. As a second place only it
 * may be missing: then there is one less. */
static struct error *add_rootfs(const struct resolve_how *how, const struct settings *s, struct target *t)
{
	bool must = text_equal(settings_get(s, SETTING_FAILURE_ACTION), "dump_to_rootfs");
	_cleanup_target_ struct target root = { 0 };
	struct error *e;

	if (!must && !text_equal(settings_get(s, SETTING_SECOND_PLACE), "auto"))
		return NULL;
	e = resolve_rootfs(how, &root);
	if (!e)
		e = luks_decide(how, s, &root);
	if (e && must)
		return error_prefix(e, "failure_action dump_to_rootfs");
	if (e && error_kind(e) == ERROR_NOMEM)
		return e;
	if (e || (!must && text_equal(root.rootfs.device, t->place.device))) {
		error_free(e); /* a second place is not worth a word */
		return NULL;
	}
	return take_rootfs(t, &root, must ? &t->modules : &t->rootfs_modules);
}

struct error *target_needs_network(const struct resolve_how *how, const char *spec)
{
	if (!how->recorded)
		return NULL;
	return error_new(ERROR_UNSUPPORTED,
			 "Dump target \"%s\" is behind a network, which only the running machine can be asked "
			 "about, not a recorded one",
			 spec);
}

/* The cluster that is told of the dump, whatever kind of target there is. */
static struct error *add_cluster(const struct resolve_how *how, const struct settings *s,
				 struct target *t)
{
	const struct network_how net = { .root = how->root, .foreign = how->foreign, .now = time(NULL),
					 .source = &network_live };
	_cleanup_free_ char *host = NULL;
	struct error *e;

	if (settings_get(s, SETTING_FENCE_KDUMP_NODES))
		TRY(target_needs_network(how, "fence_kdump_nodes"));
	e = file_read(how->root, "proc/sys/kernel/hostname", 4096, &host, NULL);
	if (!error_drop_if(&e, ERROR_NOT_FOUND))
		TRY(e);
	return fence_resolve(&net, s, host ? text_strip(host) : NULL, &t->fence, &t->net, &t->modules,
			     &t->warnings);
}

struct error *target_resolve(const struct resolve_how *how, const struct settings *s,
			     struct target *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(resolvers); i++)
		if (resolvers[i]->claims(s)) {
			ret->kind = resolvers[i]->kind;
			TRY(resolvers[i]->resolve(how, s, ret));
			TRY(luks_decide(how, s, ret));
			TRY(add_rootfs(how, s, ret));
			return add_cluster(how, s, ret);
		}
	return error_new(ERROR_UNSUPPORTED, "dump targets of type %s are not supported yet",
			 s->target_type);
}
