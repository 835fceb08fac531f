/* Devices upon devices; see stack.h. */
#include "service/stack.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "service/luks.h"
#include "service/rootpath.h"

#define DEPTH_MAX 32

/* Device-mapper's targets that are safe to be made again from their rows alone. */
static const struct {
	const char *type;
	const char *modules; /* beside dm_mod */
} row_types[] = {
	{ "linear" },
	{ "striped" },
	{ "zero", "dm_zero" },
	{ "crypt", "dm_crypt" },
	{ "multipath", "dm_multipath dm_round_robin" },
	{ "raid", "dm_raid" },
	{ "thin-pool", "dm_thin_pool" },
	{ "thin", "dm_thin_pool" },
	{ "cache", "dm_cache dm_cache_smq" },
	{ "writecache", "dm_writecache" },
};

static struct error *name_of(const struct resolve_how *how, const struct blockdev *d,
			     struct target *t, unsigned depth, char **ret);

static struct error *add_once(struct words *w, const char *s)
{
	return words_have(w, s) ? NULL : words_add(w, s);
}

static struct error *add_all(struct words *to, const char *list)
{
	_cleanup_words_ struct words w = { 0 };

	TRY(words_split(&w, list ? list : ""));
	for (size_t i = 0; i < w.n; i++)
		TRY(add_once(to, w.v[i]));
	return NULL;
}

static struct error *attribute(int root, const struct blockdev *d, const char *name, char **ret)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/%s", rootpath_below(d->sysfs), name) < 0) {
		path = NULL;
		return error_nomem();
	}
	TRY(file_read(root, path, 1 << 16, ret, NULL));
	text_strip(*ret);
	return NULL;
}

static bool has(int root, const struct blockdev *d, const char *name)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/%s", rootpath_below(d->sysfs), name) < 0) {
		path = NULL;
		return false;
	}
	return file_exists(root, path);
}

/* The whole disk of a partition; *ret stays zeroed for a whole disk. */
static struct error *whole_of(int root, const struct blockdev *d, struct blockdev *ret)
{
	_cleanup_free_ char *number = NULL, *folder = NULL;
	struct blockdev parent = { 0 };
	unsigned major, minor;

	if (!has(root, d, "partition"))
		return NULL;
	folder = strdup(d->sysfs);
	if (!folder)
		return error_nomem();
	*strrchr(folder, '/') = '\0';
	parent.sysfs = folder;
	TRY(attribute(root, &parent, "dev", &number));
	if (sscanf(number, "%u:%u", &major, &minor) != 2)
		return error_new(ERROR_BAD_DATA, "%s/dev: \"%.20s\" is no MAJOR:MINOR", folder, number);
	return blockdev_by_number(root, major, minor, ret);
}

static bool is_map(int root, const struct blockdev *d)
{
	return has(root, d, "dm/name");
}

static bool is_array(int root, const struct blockdev *d)
{
	return has(root, d, "md/level");
}

bool stack_is_made(int root, const struct blockdev *d)
{
	_cleanup_blockdev_ struct blockdev whole = { 0 };
	struct error *e = whole_of(root, d, &whole);

	error_free(e); /* then it is its own */
	if (whole.sysfs)
		d = &whole;
	return is_map(root, d) || is_array(root, d);
}

/* --- disks and partitions ----------------------------------------------------------- */

static struct error *set_name(char **ret, const char *prefix, const char *value)
{
	if (asprintf(ret, "%s%s", prefix, value) < 0) {
		*ret = NULL;
		return error_nomem();
	}
	return NULL;
}

/* By the signature of what uses the device. */
static struct error *name_by_content(int root, const struct blockdev *d, char **ret)
{
	static const struct {
		const char *type, *prefix;
	} known[] = {
		{ "LVM2_member", "PV=" },
		{ "crypto_LUKS", "LUKS=" },
	};
	_cleanup_blockdev_content_ struct blockdev_content c = { 0 };
	struct error *e = blockdev_probe(root, d, &c);

	if (e && error_kind(e) == ERROR_NOMEM)
		return e;
	error_free(e); /* there are other ways to name it */
	for (size_t i = 0; i < ARRAY_SIZE(known) && c.uuid; i++)
		if (text_equal(c.fstype, known[i].type))
			return set_name(ret, known[i].prefix, c.uuid);
	return NULL;
}

/* By what the disk says of itself. */
static struct error *name_by_disk(int root, const struct blockdev *d, char **ret)
{
	static const struct {
		const char *attribute, *prefix;
	} known[] = {
		{ "wwid", "WWID=" },
		{ "device/wwid", "WWID=" },
		{ "serial", "SERIAL=" },
		{ "device/serial", "SERIAL=" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		_cleanup_free_ char *value = NULL;
		struct error *e = attribute(root, d, known[i].attribute, &value);

		if (e && error_kind(e) == ERROR_NOMEM)
			return e;
		error_free(e); /* it has none */
		if (value && *value && !strpbrk(value, "<>\n"))
			return set_name(ret, known[i].prefix, value);
	}
	return NULL;
}

static struct error *name_itself(const struct resolve_how *how, const struct blockdev *d,
				 struct target *t, bool overwritten, char **ret)
{
	_cleanup_free_ char *id = NULL;

	TRY(blockdev_drivers(how->root, d, how->foreign, &t->modules));
	if (!overwritten)
		TRY(name_by_content(how->root, d, ret));
	if (*ret)
		return NULL;
	TRY(blockdev_partuuid(how->root, d, &id));
	if (id)
		return set_name(ret, "PARTUUID=", id);
	if (!has(how->root, d, "partition"))
		TRY(name_by_disk(how->root, d, ret));
	if (*ret)
		return NULL;
	TRY(words_addf(&t->warnings,
		       "/dev/%s says nothing of itself that would tell it from other disks; when its name "
		       "changes, the capture does not find it",
		       d->name));
	return set_name(ret, "/dev/", d->name);
}

/* --- arrays ------------------------------------------------------------------------- */

/* Personalities by their level (drivers/md/raid*.c). */
static struct error *add_personality(const char *level, struct words *to)
{
	static const struct {
		const char *level, *module;
	} known[] = {
		{ "raid0", "raid0" },	{ "raid1", "raid1" },	{ "raid10", "raid10" },
		{ "raid4", "raid456" }, { "raid5", "raid456" }, { "raid6", "raid456" },
		{ "linear", "linear" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		/* dm-raid has variants: raid5_ls, raid10_near */
		if (text_starts(level, known[i].level) && !isdigit((unsigned char)level[strlen(known[i].level)]))
			return add_once(to, known[i].module);
	return error_new(ERROR_UNSUPPORTED, "RAID of level %s is not supported as a dump target", level);
}

static struct error *slaves_of(int root, const struct blockdev *d, struct words *ret)
{
	_cleanup_free_ char *folder = NULL;

	if (asprintf(&folder, "%s/slaves", d->sysfs) < 0) {
		folder = NULL;
		return error_nomem();
	}
	return rootpath_list(root, folder, ret);
}

static struct error *member_named(int root, const char *name, struct blockdev *ret)
{
	_cleanup_free_ char *spec = NULL;

	if (asprintf(&spec, "/dev/%s", name) < 0) {
		spec = NULL;
		return error_nomem();
	}
	return blockdev_find(root, spec, ret);
}

/* Members that are there by themselves are all found by the array's UUID. */
static struct error *add_member(const struct resolve_how *how, const char *name,
				struct plan_layer *l, struct target *t, unsigned depth)
{
	_cleanup_blockdev_ struct blockdev member = { 0 };
	_cleanup_free_ char *id = NULL;

	TRY(member_named(how->root, name, &member));
	if (stack_is_made(how->root, &member)) {
		TRY(name_of(how, &member, t, depth, &id));
	} else {
		_cleanup_blockdev_content_ struct blockdev_content c = { 0 };

		TRY(blockdev_drivers(how->root, &member, how->foreign, &t->modules));
		TRY(blockdev_probe(how->root, &member, &c));
		if (!text_equal(c.fstype, "linux_raid_member") || !c.uuid)
			return error_new(ERROR_BAD_DATA, "/dev/%s is a member of %s, but has no RAID superblock",
					 name, l->name);
		TRY(set_name(&id, "MD=", c.uuid));
	}
	return add_once(&l->members, id);
}

static struct error *fill_array(const struct resolve_how *how, const struct blockdev *d,
				struct plan_layer *l, struct target *t, unsigned depth)
{
	_cleanup_free_ char *level = NULL, *count = NULL;
	_cleanup_words_ struct words slaves = { 0 };
	uint64_t n;

	TRY(attribute(how->root, d, "md/level", &level));
	TRY(attribute(how->root, d, "md/raid_disks", &count));
	TRY(attribute(how->root, d, "md/metadata_version", &l->metadata));
	if (!isdigit((unsigned char)*l->metadata))
		return error_new(ERROR_UNSUPPORTED,
				 "/dev/%s is managed from outside the kernel (%s), which is not "
				 "supported as a dump target; name another in kdump.conf",
				 d->name, l->metadata);
	count[strcspn(count, " ")] = '\0'; /* "5 (4)" while it is reshaped */
	if (!text_u64(count, &n) || n < 1 || n > 1024)
		return error_new(ERROR_BAD_DATA, "%s/md/raid_disks: \"%s\"", d->sysfs, count);
	l->nr_members = n;
	TRY(add_once(&t->modules, "md_mod"));
	TRY(add_personality(level, &t->modules));
	TRY(slaves_of(how->root, d, &slaves));
	for (size_t i = 0; i < slaves.n; i++)
		TRY(add_member(how, slaves.v[i], l, t, depth));
	if (slaves.n < n)
		TRY(words_addf(&t->warnings, "/dev/%s has %zu of %ju members", d->name, slaves.n,
			       (uintmax_t)n));
	/* more names than members cannot be; one name stands for all */
	return l->members.n ? NULL : error_new(ERROR_BAD_DATA, "/dev/%s has no members", d->name);
}

/* --- device-mapper ------------------------------------------------------------------ */

static bool is_number(const char *word, unsigned *major, unsigned *minor)
{
	int n = 0;

	return sscanf(word, "%u:%u%n", major, minor, &n) == 2 && !word[n];
}

static struct error *put_device(const struct resolve_how *how, unsigned major, unsigned minor,
				struct target *t, unsigned depth, struct strbuf *to)
{
	_cleanup_blockdev_ struct blockdev d = { 0 };
	_cleanup_free_ char *name = NULL;

	TRY(blockdev_by_number(how->root, major, minor, &d));
	TRY(name_of(how, &d, t, depth, &name));
	strbuf_printf(to, "<%s>", name);
	return NULL;
}

static struct error *put_words(const struct resolve_how *how, const struct words *w, size_t from,
			       struct target *t, unsigned depth, struct strbuf *to)
{
	for (size_t i = from; i < w->n; i++) {
		unsigned major, minor;

		if (to->len)
			strbuf_putc(to, ' ');
		if (is_number(w->v[i], &major, &minor))
			TRY(put_device(how, major, minor, t, depth, to));
		else
			strbuf_puts(to, w->v[i]);
	}
	return strbuf_error(to);
}

/* `CIPHER KEY IV DEVICE OFFSET ...`: the key is never written down, only where it will be found. */
static struct error *put_crypt(const struct resolve_how *how, const struct blockdev *d,
			       const struct words *w, struct target *t, unsigned depth,
			       struct strbuf *to)
{
	_cleanup_blockdev_ struct blockdev on = { 0 };
	unsigned major, minor;

	if (w->n < 5 || !is_number(w->v[3], &major, &minor))
		return error_new(ERROR_BAD_DATA, "/dev/%s: its crypt row is not as expected", d->name);
	TRY(blockdev_by_number(how->root, major, minor, &on));
	strbuf_printf(to, "%s ", w->v[0]);
	TRY(luks_need(how, &on, w->v[0], w->v[1], t, to));
	return put_words(how, w, 2, t, depth, to);
}

/* `FEATURES HANDLER GROUPS...`: what stays is the handler, the number of paths and the disk. Features
 * that make the kernel wait for a path (queue_if_no_path) have nobody to end the wait. */
static struct error *put_multipath(const struct resolve_how *how, const struct words *w,
				   struct target *t, struct strbuf *to)
{
	uint64_t features = 0, handler = 0;
	_cleanup_free_ char *name = NULL;
	unsigned major, minor, paths = 0;
	size_t at;

	if (w->n < 2 || !text_u64(w->v[0], &features) || features > w->n - 2 ||
	    !text_u64(w->v[1 + features], &handler) || handler > w->n - 2 - features)
		return error_new(ERROR_BAD_DATA, "a multipath row is not as expected");
	at = 1 + features;
	strbuf_puts(to, "0");
	for (size_t i = at; i <= at + handler; i++)
		strbuf_printf(to, " %s", w->v[i]);
	if (handler)
		TRY(words_addf(&t->modules, "scsi_dh_%s", w->v[at + 1]));
	for (size_t i = at + handler + 1; i < w->n; i++) {
		_cleanup_blockdev_ struct blockdev path = { 0 };

		if (!is_number(w->v[i], &major, &minor))
			continue;
		TRY(blockdev_by_number(how->root, major, minor, &path));
		TRY(blockdev_drivers(how->root, &path, how->foreign, &t->modules));
		if (!name)
			TRY(name_by_disk(how->root, &path, &name));
		paths++;
	}
	if (!paths || !name || !text_starts(name, "WWID="))
		return error_new(ERROR_UNSUPPORTED,
				 "a multipath disk without paths, or whose paths have no WWID in sysfs, is "
				 "not supported as a dump target");
	strbuf_printf(to, " %u <%s>", paths, name);
	return strbuf_error(to);
}

static struct error *add_row_modules(const struct blockdev *d, const struct dm_row *r,
				     const struct words *w, struct target *t)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(row_types); i++)
		if (strcmp(row_types[i].type, r->type) == 0)
			break;
	if (i == ARRAY_SIZE(row_types))
		return error_new(ERROR_UNSUPPORTED,
				 "/dev/%s has a part of the device-mapper type %s, which is not supported as "
				 "a dump target; name another in kdump.conf",
				 d->name, r->type);
	TRY(add_once(&t->modules, "dm_mod"));
	TRY(add_all(&t->modules, row_types[i].modules));
	if (strcmp(r->type, "raid") == 0 && w->n)
		TRY(add_personality(w->v[0], &t->modules));
	if (strcmp(r->type, "thin-pool") == 0)
		TRY(words_addf(&t->warnings,
			       "the thin pool /dev/%s is not extended during a capture: what is free in it "
			       "must be enough for a dump",
			       d->name));
	return NULL;
}

static struct error *fill_row(const struct resolve_how *how, const struct blockdev *d,
			      const struct dm_row *r, struct target *t, unsigned depth,
			      struct strbuf *to)
{
	_cleanup_words_ struct words w = { 0 };

	/* the kernel quotes nothing but blanks in names, and these have none */
	TRY(words_split(&w, r->params));
	TRY(add_row_modules(d, r, &w, t));
	if (strcmp(r->type, "crypt") == 0)
		return put_crypt(how, d, &w, t, depth, to);
	if (strcmp(r->type, "multipath") == 0)
		return put_multipath(how, &w, t, to);
	return put_words(how, &w, 0, t, depth, to);
}

static struct error *fill_map(const struct resolve_how *how, const struct blockdev *d,
			      struct plan_layer *l, struct target *t, unsigned depth)
{
	_cleanup_close_ int control = openat(how->root, DM_CONTROL, O_RDWR | O_CLOEXEC);
	_cleanup_dm_table_ dm_table rows = { 0 };

	if (control < 0)
		return error_sys(errno, "/" DM_CONTROL ": cannot open");
	TRY(attribute(how->root, d, "dm/uuid", &l->uuid));
	if (!*l->uuid) {
		free(l->uuid);
		l->uuid = NULL;
	}
	TRY(dm_table_read(control, d->major, d->minor, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct dm_row *r = &rows.v[i];
		_cleanup_strbuf_ struct strbuf text = { 0 }, params = { 0 };

		TRY(fill_row(how, d, r, t, depth, &params));
		strbuf_printf(&text, "%ju %ju %s %s", (uintmax_t)r->start, (uintmax_t)r->len, r->type,
			      strbuf_str(&params));
		TRY(strbuf_error(&text));
		TRY(dm_table_add(&l->rows, text.s));
	}
	return l->rows.n ? NULL : error_new(ERROR_BAD_DATA, "/dev/%s has an empty table", d->name);
}

/* --- all ---------------------------------------------------------------------------- */

static bool layer_is_there(const struct target *t, const char *name, bool array)
{
	for (size_t i = 0; i < t->layers.n; i++)
		if (t->layers.v[i].is_array == array && strcmp(t->layers.v[i].name, name) == 0)
			return true;
	return false;
}

/* `d` is a whole device of one of the two kinds. */
static struct error *add_layer(const struct resolve_how *how, const struct blockdev *d,
			       struct target *t, unsigned depth, char **ret)
{
	struct plan_layer l = { .is_array = is_array(how->root, d) };
	struct error *e;

	if (depth == 0)
		return error_new(ERROR_UNSUPPORTED, "/dev/%s stands on more than %d devices", d->name,
				 DEPTH_MAX);
	if (l.is_array)
		e = set_name(&l.name, "", d->name);
	else
		e = attribute(how->root, d, "dm/name", &l.name);
	if (!e)
		e = set_name(ret, l.is_array ? "/dev/" : "/dev/mapper/", l.name);
	if (!e && !layer_is_there(t, l.name, l.is_array)) {
		e = (l.is_array ? fill_array : fill_map)(how, d, &l, t, depth - 1);
		if (!e && !vector_push(&t->layers, l))
			e = error_nomem();
		if (!e)
			return NULL;
	}
	plan_layer_done(&l);
	return e;
}

static struct error *name_of(const struct resolve_how *how, const struct blockdev *d,
			     struct target *t, unsigned depth, char **ret)
{
	_cleanup_blockdev_ struct blockdev whole = { 0 };
	_cleanup_free_ char *made = NULL;

	TRY(whole_of(how->root, d, &whole));
	if (!whole.sysfs)
		return is_map(how->root, d) || is_array(how->root, d) ?
			       add_layer(how, d, t, depth, ret) :
			       name_itself(how, d, t, false, ret);
	if (!is_array(how->root, &whole))
		return name_itself(how, d, t, false, ret);
	/* the array's partitions come with it */
	TRY(add_layer(how, &whole, t, depth, &made));
	return set_name(ret, "/dev/", d->name);
}

struct error *stack_name(const struct resolve_how *how, const struct blockdev *d, struct target *t,
			 bool overwritten, char **ret)
{
	*ret = NULL;
	if (!stack_is_made(how->root, d))
		return name_itself(how, d, t, overwritten, ret);
	return name_of(how, d, t, DEPTH_MAX, ret);
}
