/* Boot loaders whose configuration is a menu of kernels; see bootmenu.h. */
#include <string.h>

#include "service/bootmenu.h"
#include "service/rootpath.h"
#include "service/shellvar.h"

typedef struct error *reader(const char *text, size_t len, struct menu *ret);

static const char *const legacy_files[] = { "/etc/grub.conf", "/boot/grub/grub.conf", "/boot/grub/menu.lst",
					    NULL };
static const char *const extlinux_files[] = { "/boot/extlinux/extlinux.conf", "/boot/syslinux/syslinux.cfg",
					      "/boot/syslinux/extlinux.conf", NULL };
static const char *const zipl_files[] = { "/etc/zipl.conf", NULL };

/* The first that is there and has kernels. */
static const char *find(int root, const char *const *files, reader *read)
{
	for (size_t i = 0; files[i]; i++) {
		_cleanup_boot_file_ struct boot_file f = { 0 };
		_cleanup_menu_ struct menu m = { 0 };
		struct error *e = boot_file_read(root, files[i], &f);

		if (!e)
			e = read(f.text, f.len, &m);
		error_free(e); /* not this one */
		if (m.v.n)
			return files[i];
	}
	return NULL;
}

static struct error *cut(const char *text, struct boot_span s, char **ret)
{
	*ret = strndup(text + s.start, s.end - s.start);
	return *ret ? NULL : error_nomem();
}

static struct error *list(int root, const char *const *files, reader *read, struct boot_kernels *ret)
{
	const char *file = find(root, files, read);
	_cleanup_boot_file_ struct boot_file f = { 0 };
	_cleanup_menu_ struct menu m = { 0 };

	if (!file)
		return NULL;
	TRY(boot_file_read(root, file, &f));
	TRY(read(f.text, f.len, &m));
	for (size_t i = 0; i < m.v.n; i++) {
		_cleanup_free_ char *kernel = NULL, *title = NULL, *args = NULL;

		TRY(cut(f.text, m.v.v[i].kernel, &kernel));
		TRY(cut(f.text, m.v.v[i].title, &title));
		TRY(cut(f.text, m.v.v[i].args, &args));
		TRY(boot_kernels_add(ret, kernel, title, args, file));
		ret->v.v[i].line = i;
		ret->v.v[i].is_default = m.v.v[i].is_default;
	}
	return NULL;
}

static struct error *edit(struct boot_changes *c, const struct boot_kernel *k, reader *read, const struct boot_edit *e)
{
	_cleanup_boot_file_ struct boot_file f = { 0 };
	_cleanup_menu_ struct menu m = { 0 };
	_cleanup_free_ char *now = NULL;

	TRY(boot_file_read(c->root, k->file, &f));
	TRY(read(f.text, f.len, &m));
	if (k->line >= m.v.n)
		return error_new(ERROR_BAD_DATA, "%s: was changed by somebody else meanwhile", k->file);
	TRY(menu_edit(f.text, f.len, &m.v.v[k->line], e, &now));
	return now ? boot_file_write(c, &f, now, strlen(now)) : NULL;
}

#define MENU(name)                                                                                         \
	static bool name##_here(int root)                                                                  \
	{                                                                                                  \
		return find(root, name##_files, menu_##name) != NULL;                                      \
	}                                                                                                  \
	static struct error *name##_list(int root, struct boot_kernels *ret)                               \
	{                                                                                                  \
		return list(root, name##_files, menu_##name, ret);                                         \
	}                                                                                                  \
	static struct error *name##_edit(struct boot_changes *c, const struct boot_kernel *k,              \
					 const struct boot_edit *e)                                        \
	{                                                                                                  \
		return edit(c, k, menu_##name, e);                                                         \
	}

MENU(legacy)
MENU(extlinux)
MENU(zipl)

/* Debian's u-boot-menu writes extlinux.conf anew for every kernel, from here. */
static struct error *extlinux_edit_new(struct boot_changes *c, const struct boot_edit *e)
{
	_cleanup_boot_file_ struct boot_file f = { 0 };
	_cleanup_free_ char *now = NULL;
	struct error *err = boot_file_read(c->root, "/etc/default/u-boot", &f);

	if (error_drop_if(&err, ERROR_NOT_FOUND))
		return NULL;
	TRY(err);
	TRY(shellvar_edit_last(f.text, f.len, "U_BOOT_PARAMETERS", e, &now));
	return now ? boot_file_write(c, &f, now, strlen(now)) : NULL;
}

const struct bootcfg bootcfg_legacy = {
	.name = "GRUB legacy",
	.here = legacy_here,
	.list = legacy_list,
	.edit = legacy_edit,
};
const struct bootcfg bootcfg_extlinux = {
	.name = "extlinux",
	.here = extlinux_here,
	.list = extlinux_list,
	.edit = extlinux_edit,
	.edit_new = extlinux_edit_new,
};
const struct bootcfg bootcfg_zipl = {
	.name = "zipl",
	.here = zipl_here,
	.list = zipl_list,
	.edit = zipl_edit,
};
