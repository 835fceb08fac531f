/*
 * GRUB: finding its files; the script is run in grub.c. Arguments are edited in what grub-mkconfig
 * makes its script of: /etc/default/grub, and /etc/default/grub.d/ where the distribution has that.
 */
#include <string.h>

#include "service/bls.h"
#include "service/grub.h"
#include "service/rootpath.h"
#include "service/shellvar.h"

#define DEFAULTS "/etc/default/grub"
#define SNIPPETS "/etc/default/grub.d"
/* sorted behind what distributions put there, which may set the variables anew */
#define OWN_SNIPPET SNIPPETS "/salvage-crashkernel.cfg"

#define SCRIPT_LIMIT (4u << 20)

static struct error *try_folder(int root, const char *folder, const char *wanted,
				struct boot_entry *ret)
{
	struct grub_where where = { root, folder };
	_cleanup_free_ char *path = NULL, *text = NULL;

	if (asprintf(&path, "%s/grub.cfg", folder) < 0)
		return error_nomem();
	TRY(file_read(root, path, SCRIPT_LIMIT, &text, NULL));
	return error_prefix(grub_entry(&where, text, wanted, ret), "/%s", path);
}

/* The distribution's folder on the EFI partition. */
static struct error *try_efi(int root, const char *wanted, struct boot_entry *ret)
{
	_cleanup_words_ struct words vendors = { 0 };

	struct error *e = rootpath_list(root, "boot/efi/EFI", &vendors);

	(void)error_drop_if(&e, ERROR_NOT_FOUND); /* then there is no grub.cfg there either */
	TRY(e);
	for (size_t i = 0; i < vendors.n; i++) {
		_cleanup_free_ char *folder = NULL;

		if (asprintf(&folder, "boot/efi/EFI/%s", vendors.v[i]) < 0)
			return error_nomem();
		e = try_folder(root, folder, wanted, ret);
		if (!error_drop_if(&e, ERROR_NOT_FOUND))
			return e;
	}
	return error_new(ERROR_NOT_FOUND, "there is no grub.cfg");
}

static struct error *grub_default(int root, const char *wanted, struct boot_entry *ret)
{
	static const char *const files[] = { "boot/grub/grub.cfg", "boot/grub2/grub.cfg" };
	static const char *const folders[] = { "boot/grub", "boot/grub2" };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (file_exists(root, files[i]))
			return try_folder(root, folders[i], wanted, ret);
	return try_efi(root, wanted, ret);
}

static const char *const variables[] = { "GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT", NULL };

static bool has_snippets(int root)
{
	char buf[64];

	return file_exists(root, rootpath_below(SNIPPETS)) || boot_program(root, "update-grub", buf);
}

/* Kernels that have entry files of their own are that loader's (bootcfg_bls.c). */
static bool grub_here(int root)
{
	_cleanup_bls_list_ struct bls_list l = { 0 };

	if (!file_exists(root, rootpath_below(DEFAULTS)) ||
	    !(file_exists(root, "boot/grub/grub.cfg") || file_exists(root, "boot/grub2/grub.cfg")))
		return false;
	error_free(bls_read(root, &l)); /* then the list is empty */
	for (size_t i = 0; i < l.v.n; i++)
		if (l.v.v[i].file)
			return false;
	return true;
}

/* In the order in which they are sourced. */
static struct error *defaults(int root, struct words *files)
{
	_cleanup_words_ struct words names = { 0 };
	struct error *e = rootpath_list(root, SNIPPETS, &names);

	(void)error_drop_if(&e, ERROR_NOT_FOUND); /* there is just the one file */
	TRY(e);
	TRY(words_add(files, DEFAULTS));
	for (size_t i = 0; i < names.n; i++)
		if (text_ends(names.v[i], ".cfg"))
			TRY(words_addf(files, SNIPPETS "/%s", names.v[i]));
	return NULL;
}

static struct error *current_args(int root, char **ret)
{
	_cleanup_words_ struct words files = { 0 };
	_cleanup_strbuf_ struct strbuf args = { 0 };

	TRY(defaults(root, &files));
	for (size_t i = 0; i < files.n; i++) {
		_cleanup_boot_file_ struct boot_file f = { 0 };
		struct shellvar v;

		TRY(boot_file_read(root, files.v[i], &f));
		for (size_t j = 0; variables[j]; j++)
			for (size_t pos = 0; shellvar_next(f.text, f.len, variables[j], &pos, &v);)
				shellvar_words(f.text, &v, &args);
	}
	TRY(strbuf_error(&args));
	*ret = strdup(strbuf_str(&args));
	return *ret ? NULL : error_nomem();
}

static int newest_first(const void *a, const void *b)
{
	return version_compare(*(char *const *)b, *(char *const *)a);
}

/* The kernels that grub-mkconfig makes entries for; all of them get the same arguments. */
static struct error *grub_list(int root, struct boot_kernels *ret)
{
	static const char *const prefixes[] = { "vmlinuz-", "vmlinux-", "kernel-" };
	_cleanup_words_ struct words names = { 0 };
	_cleanup_free_ char *args = NULL;

	TRY(rootpath_list(root, "/boot", &names));
	TRY(current_args(root, &args));
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), newest_first);
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *path = NULL;
		bool kernel = false;

		for (size_t j = 0; j < ARRAY_SIZE(prefixes); j++)
			kernel |= text_starts(names.v[i], prefixes[j]);
		if (!kernel || text_ends(names.v[i], ".old"))
			continue;
		if (asprintf(&path, "/boot/%s", names.v[i]) < 0)
			return error_nomem();
		TRY(boot_kernels_add(ret, path, names.v[i], args, DEFAULTS));
	}
	if (ret->v.n)
		ret->v.v[0].is_default = true;
	return NULL;
}

/* Words that are there already are changed where they stand. */
static struct error *edit_there(struct boot_changes *c, const struct words *files, const struct boot_edit *e,
				bool *ret_touched)
{
	*ret_touched = false;
	for (size_t i = 0; i < files->n; i++) {
		_cleanup_boot_file_ struct boot_file f = { 0 };
		_cleanup_free_ char *now = NULL;
		bool touched;

		TRY(boot_file_read(c->root, files->v[i], &f));
		TRY(shellvar_edit_all(f.text, f.len, variables, e, &now, &touched));
		*ret_touched |= touched;
		if (now)
			TRY(boot_file_write(c, &f, now, strlen(now)));
	}
	return NULL;
}

static struct error *grub_edit_new(struct boot_changes *c, const struct boot_edit *e)
{
	_cleanup_words_ struct words files = { 0 };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	_cleanup_boot_file_ struct boot_file f = { 0 };
	_cleanup_free_ char *now = NULL;
	bool touched;

	TRY(defaults(c->root, &files));
	TRY(edit_there(c, &files, e, &touched));
	if (touched || !e->set.n)
		return NULL;
	if (!has_snippets(c->root)) {
		TRY(boot_file_read(c->root, DEFAULTS, &f));
		TRY(shellvar_edit_last(f.text, f.len, "GRUB_CMDLINE_LINUX", e, &now));
		return now ? boot_file_write(c, &f, now, strlen(now)) : NULL;
	}
	strbuf_puts(&text, "# Memory for the capture kernel; changed by `kdumpctl reset-crashkernel`.\n"
			   "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT");
	for (size_t i = 0; i < e->set.n; i++)
		strbuf_printf(&text, " %s", e->set.v[i]);
	strbuf_puts(&text, "\"\n");
	TRY(strbuf_error(&text));
	TRY(file_make_folders(c->root, rootpath_below(SNIPPETS), 0755));
	return boot_file_create(c, OWN_SNIPPET, strbuf_str(&text));
}

static struct error *grub_edit(struct boot_changes *c, const struct boot_kernel *k, const struct boot_edit *e)
{
	(void)k; /* one_for_all */
	return grub_edit_new(c, e);
}

static struct error *grub_apply(struct boot_changes *c)
{
	const char *folder = file_exists(c->root, "boot/grub2/grub.cfg") ? "/boot/grub2/grub.cfg" :
									   "/boot/grub/grub.cfg";
	const char *const output[] = { "-o", folder, NULL };
	static const char *const makers[] = { "grub-mkconfig", "grub2-mkconfig" };
	bool found;

	TRY(boot_run(c->root, "update-grub", NULL, &found, NULL));
	for (size_t i = 0; !found && i < ARRAY_SIZE(makers); i++)
		TRY(boot_run(c->root, makers[i], output, &found, NULL));
	if (found)
		return NULL;
	return words_addf(&c->notes, "%s is not made anew: there is no update-grub or grub-mkconfig here; run it",
			  folder);
}

const struct bootcfg bootcfg_grub = {
	.name = "GRUB",
	.entry = grub_default,
	.here = grub_here,
	.list = grub_list,
	.edit = grub_edit,
	.edit_new = grub_edit_new,
	.apply = grub_apply,
	.one_for_all = true,
};
