/* Tools that edit boot loaders' files themselves: grubby of Fedora and RHEL, rpm-ostree. */
#include <string.h>

#include "service/bootcfg.h"
#include "service/rootpath.h"

static bool has_program(int root, const char *name)
{
	char buf[64];

	return boot_program(root, name, buf) != NULL;
}

static struct error *run(int root, const char *name, const struct words *args, char **ret_output)
{
	bool found;

	TRY(boot_run(root, name, (const char *const *)args->v, &found, ret_output));
	return found ? NULL : error_new(ERROR_NOT_FOUND, "%s is not there any more", name);
}

static bool grubby_here(int root)
{
	return has_program(root, "grubby");
}

/* key="value" or key=value; the quotes enclose the whole value, with no escapes in it. */
static char *value_of(char *line, const char *key)
{
	char *v = (char *)text_after(line, key);
	size_t n;

	if (!v || *v++ != '=')
		return NULL;
	n = strlen(v);
	if (n >= 2 && v[0] == '"' && v[n - 1] == '"') {
		v[n - 1] = '\0';
		v++;
	}
	return v;
}

static struct error *default_kernel(int root, char **ret)
{
	_cleanup_words_ struct words args = { 0 };

	TRY(words_add(&args, "--default-kernel"));
	TRY(run(root, "grubby", &args, ret));
	(*ret)[strcspn(*ret, "\n")] = '\0';
	return NULL;
}

/* Blocks of lines, each from "index=" on. */
static struct error *grubby_parse(char *text, const char *chosen, struct boot_kernels *ret)
{
	const char *kernel = NULL, *args = NULL, *title = NULL;
	char *rest = text, *line;
	bool more = true;

	while (more) {
		line = text_next_line(&rest);
		more = line != NULL;
		if (!line || text_starts(line, "index=")) {
			if (kernel) {
				TRY(boot_kernels_add(ret, kernel, title, args, kernel));
				ret->v.v[ret->v.n - 1].is_default = text_equal(kernel, chosen);
			}
			kernel = args = title = NULL;
			continue;
		}
		kernel = value_of(line, "kernel") ?: kernel;
		title = value_of(line, "title") ?: title;
		args = value_of(line, "args") ?: args;
	}
	return NULL;
}

static struct error *grubby_list(int root, struct boot_kernels *ret)
{
	_cleanup_free_ char *text = NULL, *chosen = NULL;
	_cleanup_words_ struct words args = { 0 };

	TRY(default_kernel(root, &chosen));
	TRY(words_add(&args, "--info=ALL"));
	TRY(run(root, "grubby", &args, &text));
	return grubby_parse(text, chosen, ret);
}

static struct error *grubby_edit(struct boot_changes *c, const struct boot_kernel *k, const struct boot_edit *e)
{
	_cleanup_words_ struct words args = { 0 };

	TRY(words_addf(&args, "--update-kernel=%s", k->kernel));
	for (size_t i = 0; i < e->remove.n; i++)
		TRY(words_addf(&args, "--remove-args=%s", e->remove.v[i]));
	for (size_t i = 0; i < e->set.n; i++)
		TRY(words_addf(&args, "--args=%s", e->set.v[i]));
	return run(c->root, "grubby", &args, NULL);
}

const struct bootcfg bootcfg_grubby = {
	.name = "grubby",
	.here = grubby_here,
	.list = grubby_list,
	.edit = grubby_edit,
};

static bool ostree_here(int root)
{
	return file_exists(root, "run/ostree-booted") && has_program(root, "rpm-ostree");
}

/* One command line for every deployment. */
static struct error *ostree_list(int root, struct boot_kernels *ret)
{
	_cleanup_words_ struct words args = { 0 };
	_cleanup_free_ char *text = NULL;

	TRY(words_add(&args, "kargs"));
	TRY(run(root, "rpm-ostree", &args, &text));
	TRY(boot_kernels_add(ret, "ostree", NULL, text_strip(text), "rpm-ostree"));
	ret->v.v[0].is_default = ret->v.v[0].every = true;
	return NULL;
}

/* It appends beside what is there, so every old word is deleted by its value first. */
static struct error *ostree_edit(struct boot_changes *c, const struct boot_kernel *k, const struct boot_edit *e)
{
	_cleanup_words_ struct words args = { 0 }, words = { 0 };

	TRY(words_add(&args, "kargs"));
	TRY(words_split(&words, k->args));
	for (size_t i = 0; i < words.n; i++)
		if (boot_args_touch(words.v[i], strlen(words.v[i]), e) && !words_have(&e->set, words.v[i]))
			TRY(words_addf(&args, "--delete=%s", words.v[i]));
	for (size_t i = 0; i < e->set.n; i++)
		TRY(words_addf(&args, "--append-if-missing=%s", e->set.v[i]));
	return run(c->root, "rpm-ostree", &args, NULL);
}

const struct bootcfg bootcfg_ostree = {
	.name = "rpm-ostree",
	.here = ostree_here,
	.list = ostree_list,
	.edit = ostree_edit,
	.one_for_all = true,
};
