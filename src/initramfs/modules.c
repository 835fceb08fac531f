/* The closure of kernel modules, by libkmod; see modules.h. */
#include "initramfs/modules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <libkmod.h>

#include "base/file.h"

#define DEPTH_MAX 64 /* of dependencies; the deepest in use are below 10 */

struct closure {
	struct kmod_ctx *kmod;
	const char *release;
	char *root;	      /* the root's path, before libkmod's paths, with its final slash */
	struct words visited; /* names */
	struct module_list list;
};

static void kmod_unref_cleanup(struct kmod_ctx **kmod)
{
	if (*kmod)
		kmod_unref(*kmod);
}

static void kmod_module_unref_cleanup(struct kmod_module **mod)
{
	if (*mod)
		kmod_module_unref(*mod);
}

static void kmod_list_cleanup(struct kmod_list **list)
{
	kmod_module_unref_list(*list);
}

static void quiet(void *data, int priority, const char *file, int line, const char *fn,
		  const char *format, va_list args)
{
	/* what matters comes back as a return value */
}

static void file_done(struct module_file *f)
{
	free(f->name);
	free(f->source);
	free(f->path);
	free(f->parameters);
}

void module_list_remove(struct module_list *l, size_t index)
{
	file_done(&l->files.v[index]);
	l->files.n--;
	memmove(&l->files.v[index], &l->files.v[index + 1], (l->files.n - index) * sizeof(*l->files.v));
}

void module_list_done(struct module_list *l)
{
	for (size_t i = 0; i < l->files.n; i++)
		file_done(&l->files.v[i]);
	vector_done(&l->files);
	words_done(&l->builtin);
}

/* .../lib/modules/REL/.../foo.ko.xz -> /lib/modules/REL/.../foo.ko; modules from elsewhere
 * (depmod.d's "external") go into a folder of their own. */
static char *image_path(const struct closure *c, const char *source, bool outside)
{
	const char *below = outside ? strrchr(source, '/') : strstr(source, c->release);
	const char *end;
	char *path = NULL;

	if (!below)
		return NULL;
	below += outside ? 0 : strlen(c->release);
	end = strstr(below, ".ko");
	/* the last ".ko", should a folder be called so */
	for (const char *next = end; next; next = strstr(next + 1, ".ko"))
		end = next;
	if (asprintf(&path, "/lib/modules/%s%s%.*s", c->release, outside ? "/external" : "",
		     end ? (int)(end + 3 - below) : (int)strlen(below), below) < 0)
		return NULL;
	return path;
}

/* Of an options line, blanks around it and all; null when there is nothing in it. */
static struct error *copy_options(const char *options, char **ret)
{
	char *copy, *start;

	if (!options)
		return NULL;
	copy = strdup(options);
	if (!copy)
		return error_nomem();
	start = text_strip(copy);
	if (*start)
		*ret = memmove(copy, start, strlen(start) + 1);
	else
		free(copy);
	return NULL;
}

static struct error *list_add(struct closure *c, struct kmod_module *mod, const char *where,
			      bool required)
{
	const char *inside = text_after(where, c->root);
	struct module_file f = { .required = required };
	struct error *e;

	f.name = strdup(kmod_module_get_name(mod));
	f.source = strdup(inside ? inside : where + strspn(where, "/"));
	f.path = f.source ? image_path(c, f.source, !inside) : NULL;
	e = f.name && f.path ? copy_options(kmod_module_get_options(mod), &f.parameters) :
			       error_nomem();
	if (!e && vector_push(&c->list.files, f))
		return NULL;
	file_done(&f);
	return e ? e : error_nomem();
}

/* True when this changes anything. */
static bool mark_required(struct closure *c, const char *name)
{
	for (size_t i = 0; i < c->list.files.n; i++) {
		struct module_file *f = &c->list.files.v[i];

		if (strcmp(f->name, name) == 0 && !f->required) {
			f->required = true;
			return true;
		}
	}
	return false;
}

static struct error *visit(struct closure *c, struct kmod_module *mod, bool required,
			   unsigned depth);

static struct error *visit_all(struct closure *c, struct kmod_list *list, bool required,
			       unsigned depth)
{
	struct kmod_list *l;

	kmod_list_foreach(l, list)
	{
		__attribute__((cleanup(kmod_module_unref_cleanup))) struct kmod_module *mod =
			kmod_module_get_module(l);

		TRY(visit(c, mod, required, depth));
	}
	return NULL;
}

static struct error *visit(struct closure *c, struct kmod_module *mod, bool required,
			   unsigned depth)
{
	__attribute__((cleanup(kmod_list_cleanup))) struct kmod_list *pre = NULL, *post = NULL,
								     *hard = NULL;
	const char *name = kmod_module_get_name(mod);
	const char *where = kmod_module_get_path(mod);
	bool again = words_have(&c->visited, name);

	if (!where || depth > DEPTH_MAX)
		return NULL; /* built in, or a soft dependency that this kernel does not have */
	/* seen as a soft dependency before, and needed now: so are those below it */
	if (again && (!required || !mark_required(c, name)))
		return NULL;
	hard = kmod_module_get_dependencies(mod);
	if (again)
		return visit_all(c, hard, true, depth + 1);
	TRY(words_add(&c->visited, name));
	if (kmod_module_get_softdeps(mod, &pre, &post) < 0)
		return error_nomem();
	TRY(visit_all(c, pre, false, depth + 1));
	TRY(visit_all(c, hard, required, depth + 1));
	TRY(list_add(c, mod, where, required));
	return visit_all(c, post, false, depth + 1);
}

/* Module names are compared with - and _ alike. */
static bool same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b))
			return false;
	return *a == *b;
}

static struct error *visit_name(struct closure *c, const char *name)
{
	__attribute__((cleanup(kmod_list_cleanup))) struct kmod_list *found = NULL, *kept = NULL;
	struct kmod_module *first;
	bool by_name, several, builtin;
	int r = kmod_module_new_from_lookup(c->kmod, name, &found);

	if (r < 0)
		return error_sys(-r, "%s: cannot look the module up", name);
	if (!found) {
		if (strchr(name, ':'))
			return NULL; /* a device that nothing in modules.alias claims */
		return error_new(ERROR_NOT_FOUND, "%s: kernel %s has no such module", name,
				 c->release);
	}
	first = kmod_module_get_module(found);
	by_name = same_name(kmod_module_get_name(first), name);
	several = kmod_list_next(found, found) != NULL;
	builtin = !kmod_module_get_path(first);
	kmod_module_unref(first);
	if (builtin && !words_have(&c->list.builtin, name))
		TRY(words_add(&c->list.builtin, name));
	if (by_name)
		return visit_all(c, found, true, 0);
	r = kmod_module_apply_filter(c->kmod, KMOD_FILTER_BLACKLIST, found, &kept);
	if (r < 0)
		return error_nomem();
	return visit_all(c, kept, !several && !strchr(name, ':'), 0);
}

/* libkmod wants a path; the root is reached through its descriptor. */
static struct error *open_kmod(struct closure *c, int root)
{
	static const char *const config_dirs[] = { "etc/modprobe.d", "run/modprobe.d",
						   "usr/local/lib/modprobe.d",
						   "lib/modprobe.d" };
	_cleanup_words_ struct words dirs = { 0 };
	_cleanup_free_ char *path = NULL;
	const char *below = "lib/modules";
	char *base = NULL;

	if (asprintf(&path, "usr/lib/modules/%s/modules.dep.bin", c->release) < 0) {
		path = NULL;
		return error_nomem();
	}
	if (!file_exists(root, path + 4)) {
		if (!file_exists(root, path))
			return error_new(ERROR_NOT_FOUND,
					 "/%s: there is none: is kernel %s installed? if so, run depmod %s",
					 path + 4, c->release, c->release);
		below = "usr/lib/modules";
	}
	for (size_t i = 0; i < ARRAY_SIZE(config_dirs); i++)
		TRY(words_addf(&dirs, "/proc/self/fd/%d/%s", root, config_dirs[i]));
	if (asprintf(&c->root, "/proc/self/fd/%d/", root) < 0) {
		c->root = NULL;
		return error_nomem();
	}
	if (asprintf(&base, "%s%s/%s", c->root, below, c->release) < 0)
		return error_nomem();
	c->kmod = kmod_new(base, (const char *const *)dirs.v);
	free(base);
	if (!c->kmod)
		return error_nomem();
	kmod_set_log_fn(c->kmod, quiet, NULL);
	return NULL;
}

struct error *modules_closure(int root, const char *release, const struct words *names,
			      struct module_list *ret)
{
	struct closure c = { .release = release };
	struct error *e;

	if (strchr(release, '/') || !*release || release[0] == '.')
		return error_new(ERROR_USAGE, "\"%s\" is no kernel release", release);
	e = open_kmod(&c, root);
	for (size_t i = 0; !e && i < names->n; i++)
		e = visit_name(&c, names->v[i]);
	kmod_unref_cleanup(&c.kmod);
	words_done(&c.visited);
	free(c.root);
	if (e) {
		module_list_done(&c.list);
		return e;
	}
	*ret = c.list;
	return NULL;
}
