/* kdump_pre, kdump_post, kdump_emergency and the folders beside them; doc/plan.md says when each
 * runs. */
#include "service/image-priv.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "service/rootpath.h"

static const struct {
	enum setting setting;
	const char *folder;
	enum plan_hook own, others; /* of the directive's program, of those in the folder */
	bool own_first;
} kinds[] = {
	{ SETTING_KDUMP_PRE, "/etc/kdump/pre.d", PLAN_HOOK_VETO, PLAN_HOOK_PRE, true },
	{ SETTING_KDUMP_POST, "/etc/kdump/post.d", PLAN_HOOK_POST, PLAN_HOOK_POST, false },
	{ SETTING_KDUMP_EMERGENCY, "/etc/kdump/emergency.d", PLAN_HOOK_EMERGENCY, PLAN_HOOK_EMERGENCY,
	  false },
};

static struct error *add_hook(struct image *im, enum plan_hook kind, const char *path)
{
	for (size_t i = 0; i < im->programs.n; i++) /* one program may serve for several */
		if (text_equal(im->programs.v[i].path, path))
			return words_add(&im->plan.hooks[kind], path);
	TRY(image_add_machines(im, path));
	return words_add(&im->plan.hooks[kind], path);
}

static struct error *add_own(struct image *im, size_t k)
{
	const char *value = settings_get(im->how->settings, kinds[k].setting);
	_cleanup_free_ char *path = NULL;

	if (!value)
		return NULL;
	TRY(image_find_in_path(im->how->root, value, &path));
	return add_hook(im, kinds[k].own, path);
}

/* Of a folder all that a shell's * finds, in its order. What can't be run is left out: it would
 * only fail after the crash. */
static struct error *add_folder(struct image *im, size_t k)
{
	_cleanup_words_ struct words names = { 0 };
	struct error *e = rootpath_list(im->how->root, kinds[k].folder, &names);

	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *path = NULL;
		struct stat st;

		if (names.v[i][0] == '.')
			continue;
		if (asprintf(&path, "%s/%s", kinds[k].folder, names.v[i]) < 0) {
			path = NULL;
			return error_nomem();
		}
		if (fstatat(im->how->root, rootpath_below(path), &st, 0) == 0 && S_ISDIR(st.st_mode))
			continue;
		e = add_hook(im, kinds[k].others, path);
		if (e && error_kind(e) != ERROR_USAGE)
			return e;
		if (e)
			TRY(image_warn(im, "%s It is left out.", error_message(e)));
		error_free(e);
	}
	return NULL;
}

struct error *image_choose_hooks(struct image *im)
{
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		if (kinds[k].own_first)
			TRY(add_own(im, k));
		TRY(add_folder(im, k));
		if (!kinds[k].own_first)
			TRY(add_own(im, k));
	}
	return NULL;
}
