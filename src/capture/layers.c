/*
 * Devices that have to be made before the target is there: device-mapper's and arrays, as the
 * plan has them, each after those that it stands on.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <linux/keyctl.h>

#include "base/file.h"
#include "capture/internal.h"

#define DEPTH_MAX    32
#define KEY_LIMIT    (1 << 16) /* bytes */
#define CONFIGFS     "sys/kernel/config"
#define KERNEL_KEYS  CONFIGFS "/crash_dm_crypt_keys/restore"

/* --- keys --------------------------------------------------------------------------- */

/* The crashed kernel's keys go from the reserved memory into root's keyring, as keys of type user
 * (Documentation/admin-guide/kdump/kdump.rst, since 6.16). */
static struct error *take_kernel_keys(struct capture *c)
{
	if (!file_exists(c->root, KERNEL_KEYS) &&
	    c->ops->mount(c, "configfs", CONFIGFS, "configfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return error_sys(errno, "/" CONFIGFS ": cannot mount configfs for the disk's keys");
	return error_prefix(file_poke(c->root, KERNEL_KEYS, "true"), "the crashed kernel's keys");
}

static struct error *add_key_of(struct capture *c, const struct plan_key *k)
{
	_cleanup_free_ char *key = NULL;
	size_t len;
	long r;

	TRY(file_read(c->root, below_root(k->path), KEY_LIMIT, &key, &len));
	r = syscall(SYS_add_key, "user", k->description, key, len, KEY_SPEC_PROCESS_KEYRING);
	explicit_bzero(key, len);
	if (r < 0)
		return error_sys(errno, "key %s: cannot put it into the keyring", k->description);
	return NULL;
}

static struct error *take_keys(struct capture *c)
{
	if (c->has_keys)
		return NULL;
	if (c->plan.kernel_keys)
		TRY(take_kernel_keys(c));
	for (size_t i = 0; i < c->plan.keys.n; i++)
		TRY(add_key_of(c, &c->plan.keys.v[i]));
	c->has_keys = true;
	return NULL;
}

/* --- finding and making ------------------------------------------------------------- */

static struct error *build(struct capture *c, const char *device, uint64_t deadline_ms,
			   unsigned depth);

static struct error *find_some(struct capture *c, const char *device, size_t want,
			       uint64_t deadline_ms, unsigned depth, struct words *ret)
{
	const struct plan_place place = { .device = (char *)device };

	TRY(build(c, device, deadline_ms, depth));
	return c->ops->find_devices(c, &place, want, deadline_ms, ret);
}

/* The row with the devices' paths for <NAMES>. */
static struct error *fill_row(struct capture *c, const char *params, uint64_t deadline_ms,
			      unsigned depth, struct strbuf *to)
{
	while (*params) {
		size_t plain = strcspn(params, "<");
		const char *end;

		strbuf_add(to, params, plain);
		params += plain;
		end = *params ? strchr(params, '>') : NULL; /* plan_check() saw to it */
		if (end) {
			_cleanup_free_ char *device = strndup(params + 1, end - params - 1);
			_cleanup_words_ struct words found = { 0 };

			if (!device)
				return error_nomem();
			TRY(find_some(c, device, 1, deadline_ms, depth, &found));
			strbuf_puts(to, found.v[0]);
			params = end + 1;
		}
	}
	return strbuf_error(to);
}

/* All paths of a disk in one group, taken in turn; a path that fails is left out by the kernel
 * alone (drivers/md/dm-mpath.c). `params`: FEATURES and HANDLER as dm-mpath takes them, the
 * number of paths that were there, <NAME>. */
static struct error *fill_multipath(struct capture *c, const char *params, uint64_t deadline_ms,
				    unsigned depth, struct strbuf *to)
{
	const char *name = strchr(params, '<'); /* it may hold blanks */
	_cleanup_words_ struct words w = { 0 }, paths = { 0 };
	_cleanup_free_ char *device = NULL, *before = NULL;
	uint64_t want;

	before = strndup(params, name ? name - params : 0);
	device = name ? strndup(name + 1, strcspn(name + 1, ">")) : strdup("");
	if (!before || !device)
		return error_nomem();
	TRY(words_split(&w, before));
	if (w.n < 3 || !text_u64(w.v[w.n - 1], &want) || !want)
		return error_new(ERROR_USAGE, "multipath row \"%s\" is not FEATURES HANDLER COUNT <NAME>",
				 params);
	TRY(find_some(c, device, want, deadline_ms, depth, &paths));
	for (size_t i = 0; i < w.n - 1; i++)
		strbuf_printf(to, "%s ", w.v[i]);
	strbuf_printf(to, "1 1 round-robin 0 %zu 1", paths.n);
	for (size_t i = 0; i < paths.n; i++)
		strbuf_printf(to, " %s 1", paths.v[i]);
	say("%s has %zu of %ju paths", device, paths.n, (uintmax_t)want);
	return strbuf_error(to);
}

static struct error *make_map(struct capture *c, const struct plan_layer *l, uint64_t deadline_ms,
			      unsigned depth)
{
	_cleanup_dm_table_ dm_table rows = { 0 };

	for (size_t i = 0; i < l->rows.n; i++) {
		const struct dm_row *r = &l->rows.v[i];
		_cleanup_strbuf_ struct strbuf params = { 0 }, text = { 0 };

		if (strcmp(r->type, "crypt") == 0)
			TRY(take_keys(c));
		TRY((strcmp(r->type, "multipath") ? fill_row : fill_multipath)(c, r->params, deadline_ms,
									       depth, &params));
		strbuf_printf(&text, "%ju %ju %s %s", (uintmax_t)r->start, (uintmax_t)r->len, r->type,
			      strbuf_str(&params));
		TRY(strbuf_error(&text));
		TRY(dm_table_add(&rows, text.s));
	}
	return c->ops->make_map(c, l, &rows);
}

static struct error *make_array(struct capture *c, const struct plan_layer *l, uint64_t deadline_ms,
				unsigned depth)
{
	_cleanup_words_ struct words found = { 0 };
	bool each = l->members.n > 1;

	for (size_t i = 0; i < l->members.n; i++) {
		struct error *e = find_some(c, l->members.v[i], each ? found.n + 1 : l->nr_members,
					    deadline_ms, depth, &found);

		if (!each)
			TRY(e);
		say_error(e, "array %s goes on without this member", l->name);
	}
	return c->ops->make_array(c, l, &found);
}

static struct error *build(struct capture *c, const char *device, uint64_t deadline_ms,
			   unsigned depth)
{
	const struct plan_layer *l = plan_find_layer(&c->plan, device);
	_cleanup_strbuf_ struct strbuf path = { 0 };

	if (!l)
		return NULL;
	strbuf_printf(&path, "dev/%s%s", l->is_array ? "" : "mapper/", l->name);
	TRY(strbuf_error(&path));
	if (file_exists(c->root, path.s))
		return NULL; /* by a layer or a worker before */
	if (depth == 0)
		return error_new(ERROR_USAGE, "%s: more than %d devices upon each other", l->name,
				 DEPTH_MAX);
	TRY((l->is_array ? make_array : make_map)(c, l, deadline_ms, depth - 1));
	say("made /%s", path.s);
	return NULL;
}

struct error *layers_build(struct capture *c, const char *device, uint64_t deadline_ms)
{
	return build(c, device, deadline_ms, DEPTH_MAX);
}

/* --- the kernel's ------------------------------------------------------------------- */

struct error *map_make(int root, const struct plan_layer *l, const dm_table *rows)
{
	_cleanup_close_ int control = openat(root, DM_CONTROL, O_RDWR | O_CLOEXEC);
	_cleanup_strbuf_ struct strbuf path = { 0 };
	unsigned major, minor;

	if (control < 0)
		return error_sys(errno, "/" DM_CONTROL ": cannot open; is the module dm_mod in?");
	TRY(dm_create(control, l->name, l->uuid, rows, &major, &minor));
	strbuf_printf(&path, "dev/mapper/%s", l->name);
	TRY(strbuf_error(&path));
	if (mknodat(root, path.s, S_IFBLK | 0600, makedev(major, minor)) < 0)
		return error_sys(errno, "/%s: cannot make the node", path.s);
	return NULL;
}
