/*
 * Targets that are local file systems: named by device or tag, or deduced from the mount that
 * `path` lies on. The device is put into the plan by its UUID where it has one, since names
 * like /dev/sdb may change between two boots; its drivers are read from sysfs.
 */
#include "service/resolve.h"

#include <errno.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "service/blockdev.h"
#include "service/mounts.h"
#include "service/luks.h"
#include "service/rootpath.h"
#include "service/stack.h"

static const char *const fstypes[] = { "ext2", "ext3", "ext4", "xfs", "btrfs", "minix",
					"f2fs" };

static bool is_local(const char *fstype)
{
	for (size_t i = 0; i < ARRAY_SIZE(fstypes); i++)
		if (text_equal(fstypes[i], fstype))
			return true;
	return text_equal(fstype, "vfat");
}

static bool is_virtiofs(const char *fstype)
{
	return text_equal(fstype, "virtiofs");
}

static bool fs_claims(const struct settings *s)
{
	return !s->target_type || is_local(s->target_type) || is_virtiofs(s->target_type);
}

/* One leading slash, none doubled, none at the end. */
static char *tidy_path(const char *a, const char *b)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	const char *parts[] = { a, b };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		for (const char *p = parts[i]; p && *p;) {
			size_t n = strcspn(p, "/");

			if (n && !(n == 1 && *p == '.')) {
				strbuf_putc(&out, '/');
				strbuf_add(&out, p, n);
			}
			p += n + (p[n] == '/');
		}
	if (!out.len)
		strbuf_putc(&out, '/');
	return strbuf_take(&out, NULL);
}

static struct error *set(char **field, const char *value)
{
	*field = strdup(value);
	return *field ? NULL : error_nomem();
}

/* The file system's module by its alias, and what it needs without saying so: vfat asks for
 * the character sets that it shows among its options (fs/fat/inode.c, fat_show_options). */
static struct error *add_fs_modules(const char *fstype, const char *options, struct words *to)
{
	_cleanup_free_ char *copy = options ? strdup(options) : NULL;
	char *rest = copy, *one;

	TRY(words_addf(to, "fs-%s", fstype));
	if (options && !copy)
		return error_nomem();
	if (strcmp(fstype, "vfat"))
		return NULL;
	while ((one = strsep(&rest, ","))) {
		const char *page = text_after(one, "codepage="), *set = text_after(one, "iocharset=");

		if (page)
			TRY(words_addf(to, "nls_cp%s", page));
		if (set)
			TRY(words_addf(to, "nls_%s", set));
	}
	return NULL;
}

/* Mount options without which the capture kernel would see another tree or none. */
static struct error *keep_options(const struct mount *m, char **ret)
{
	_cleanup_free_ char *copy = strdup(m->options);
	_cleanup_strbuf_ struct strbuf kept = { 0 };
	char *rest = copy, *one;

	if (!copy)
		return error_nomem();
	while ((one = strsep(&rest, ","))) {
		if (text_starts(one, "logdev=") || text_starts(one, "rtdev=") ||
		    text_starts(one, "journal_path=") || text_starts(one, "journal_dev="))
			return error_new(ERROR_UNSUPPORTED,
					 "%s keeps its journal on a second device (%s), which is not "
					 "supported yet as a dump target",
					 m->source, one);
		if (!text_starts(one, "subvol=") && strcmp(one, "nouuid") &&
		    !text_starts(one, "codepage=") && !text_starts(one, "iocharset="))
			continue;
		if (kept.len)
			strbuf_putc(&kept, ',');
		strbuf_puts(&kept, one);
	}
	TRY(strbuf_error(&kept));
	if (kept.len) {
		*ret = strbuf_take(&kept, NULL);
		if (!*ret)
			return error_nomem();
	}
	return NULL;
}

/* PID 1 mounts one device; a btrfs on several would stay incomplete
 * (Documentation/ABI has none for it: fs/btrfs/sysfs.c, /sys/fs/btrfs/UUID/devices). */
static struct error *refuse_many_devices(int root, const struct blockdev_content *c)
{
	_cleanup_words_ struct words names = { 0 };
	_cleanup_free_ char *folder = NULL;
	struct error *e;

	if (!text_equal(c->fstype, "btrfs") || !c->uuid)
		return NULL;
	if (asprintf(&folder, "/sys/fs/btrfs/%s/devices", c->uuid) < 0) {
		folder = NULL;
		return error_nomem();
	}
	e = rootpath_list(root, folder, &names);
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL; /* not mounted */
	TRY(e);
	if (names.n > 1)
		return error_new(ERROR_UNSUPPORTED,
				 "the btrfs %s is on %zu devices, which is not supported yet as a "
				 "dump target; name another in kdump.conf",
				 c->uuid, names.n);
	return NULL;
}

/* An ext3 may be mounted as ext4, but PID 1 finds it as what a probe takes it for; the same
 * driver mounts it then (fs/ext4/super.c has the aliases). */
static const char *type_on_disk(const char *fstype, const struct blockdev_content *c)
{
	if (c->fstype && text_starts(fstype, "ext") && text_starts(c->fstype, "ext"))
		return c->fstype;
	return fstype;
}

/* By the file system's UUID, unless the device has to be made: then several may seem to hold that file
 * system (the members of a mirror do), and its name is ours to give. */
static struct error *name_device(const struct resolve_how *how, const struct blockdev *d,
				 const struct blockdev_content *c, struct plan_place *place,
				 struct target *t)
{
	if (!c->uuid || stack_is_made(how->root, d))
		return stack_name(how, d, t, false, &place->device);
	if (asprintf(&place->device, "UUID=%s", c->uuid) < 0) {
		place->device = NULL;
		return error_nomem();
	}
	return blockdev_drivers(how->root, d, how->foreign, &t->modules);
}

/* Device, type and drivers of one place. `m` is null for a device that is not mounted. */
static struct error *fill_place(const struct resolve_how *how, const struct blockdev *d,
				const struct mount *m, const char *fstype,
				struct plan_place *place, struct target *t)
{
	_cleanup_blockdev_content_ struct blockdev_content c = { 0 };
	struct error *e = blockdev_probe(how->root, d, &c);

	if (e && error_kind(e) == ERROR_NOMEM)
		return e;
	error_free(e); /* without a UUID the device's name is what there is */
	TRY(refuse_many_devices(how->root, &c));
	fstype = type_on_disk(fstype, &c);
	TRY(name_device(how, d, &c, place, t));
	TRY(set(&place->fstype, fstype));
	if (m)
		TRY(keep_options(m, &place->options));
	return add_fs_modules(fstype, place->options, &t->modules);
}

static uint64_t memory_total(int root)
{
	_cleanup_free_ char *text = NULL;
	struct error *e = file_read(root, "proc/meminfo", 1 << 16, &text, NULL);
	unsigned long long kib;
	const char *at;

	if (e) {
		error_free(e); /* a warning less */
		return 0;
	}
	at = strstr(text, "MemTotal:");
	return at && sscanf(at, "MemTotal: %llu kB", &kib) == 1 ? kib * 1024 : 0;
}

struct error *target_check_room(int root, const char *shown, uint64_t room, struct words *warnings)
{
	uint64_t total = memory_total(root);

	if (room >= total)
		return NULL;
	return words_addf(warnings,
			  "There might not be enough space to save a vmcore. The size of %s "
			  "should be greater than %llu kilo bytes (free: %llu).",
			  shown, (unsigned long long)total / 1024, (unsigned long long)room / 1024);
}

/* The folder must be there, writable, and better with as much room as there is memory. */
static struct error *check_folder(const struct resolve_how *how, int fd, const char *shown,
				  struct words *warnings)
{
	struct statvfs fs;
	struct stat st;
	char link[64];

	if (fstat(fd, &st) < 0 || fstatvfs(fd, &fs) < 0)
		return error_sys(errno, "%s: cannot look at it", shown);
	if (!S_ISDIR(st.st_mode))
		return error_new(ERROR_USAGE, "Dump path %s is not a folder", shown);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if ((fs.f_flag & ST_RDONLY) || access(link, W_OK) < 0)
		return error_new(ERROR_NOT_PERMITTED, "%s does not have write permission", shown);
	return target_check_room(how->root, shown, (uint64_t)fs.f_bavail * fs.f_frsize, warnings);
}

static struct error *check_in_mount(const struct resolve_how *how, const struct mount *m,
				    const char *spec, struct target *t)
{
	_cleanup_free_ char *whole = tidy_path(m->where, t->path);
	_cleanup_close_ int fd = -1;
	struct error *e;

	if (!whole)
		return error_nomem();
	e = rootpath_open(how->root, whole, &fd);
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return error_new(ERROR_USAGE,
				 "Dump path \"%s\" does not exist in dump target \"%s\"; make it: "
				 "mkdir -p %s",
				 t->path, spec, whole);
	TRY(e);
	TRY(check_folder(how, fd, whole, &t->warnings));
	t->folder = take_ptr(whole);
	return NULL;
}

/* A target that fstab leaves unmounted is mounted for the look, in a private folder. */
static struct error *check_unmounted(const struct resolve_how *how, const struct blockdev *d,
				     const char *spec, struct target *t)
{
	_cleanup_free_ char *folder = NULL, *device = NULL;
	_cleanup_close_ int top = -1;
	struct error *e = NULL;
	int fd = -1;

	if (asprintf(&device, "/dev/%s", d->name) < 0) {
		device = NULL;
		return error_nomem();
	}
	TRY(file_private_folder(&folder));
	if (mount(device, folder, t->place.fstype, MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  t->place.options) < 0) {
		e = error_sys(errno, "%s: cannot mount %s for a look", spec, device);
		rmdir(folder);
		return e;
	}
	top = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	e = top < 0 ? error_sys(errno, "%s: cannot open", folder) :
		      rootpath_open(top, t->path, &fd);
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		e = error_new(ERROR_USAGE,
			      "Dump path \"%s\" does not exist in dump target \"%s\"", t->path, spec);
	if (!e)
		e = check_folder(how, fd, t->path, &t->warnings);
	if (fd >= 0)
		close(fd);
	if (top >= 0)
		close(take_fd(&top));
	if (umount2(folder, 0) < 0 && !e)
		e = error_sys(errno, "%s: cannot unmount it again", folder);
	rmdir(folder);
	return e;
}

static struct error *wrong_type(const char *spec, const char *said, const char *found)
{
	return error_new(ERROR_USAGE, "\"%s\" have a wrong type config \"%s\", expected \"%s\"",
			 spec, said, found);
}

/* `ext4 /dev/vdb1`, `xfs UUID=...` */
static struct error *resolve_named(const struct resolve_how *how, const struct settings *s,
				   const struct mounts *mounts, struct target *t)
{
	const char *spec = s->value[SETTING_TARGET];
	_cleanup_blockdev_ struct blockdev d = { 0 };
	_cleanup_free_ char *fstab_type = NULL;
	const struct mount *m;
	bool noauto = false;

	TRY(error_prefix(blockdev_find(how->root, spec, &d), "Dump target \"%s\" (%s line %u)",
			 spec, s->file, s->line[SETTING_TARGET]));
	m = mounts_of_device(how->root, mounts, &d);
	if (!m)
		TRY(fstab_noauto(how->root, &d, &noauto, &fstab_type));
	if (!m && !noauto)
		return error_new(ERROR_USAGE,
				 "Dump target \"%s\" is neither mounted nor configured as \"noauto\"",
				 spec);
	if (m && strcmp(m->fstype, s->target_type))
		return wrong_type(spec, s->target_type, m->fstype);
	if (!m && strcmp(fstab_type, "auto") && strcmp(fstab_type, s->target_type))
		return wrong_type(spec, s->target_type, fstab_type);
	t->path = tidy_path(settings_get(s, SETTING_PATH), NULL);
	if (!t->path)
		return error_nomem();
	TRY(fill_place(how, &d, m, s->target_type, &t->place, t));
	if (asprintf(&t->shown, "%s (%s, %s), path %s", spec, d.name, s->target_type, t->path) < 0) {
		t->shown = NULL;
		return error_nomem();
	}
	return m ? check_in_mount(how, m, spec, t) : check_unmounted(how, &d, spec, t);
}

/* virtiofs: the tag is the mount's source, and the device is none that sysfs shows as one of blocks. */
static struct error *fill_virtiofs(const struct resolve_how *how, const char *tag, struct plan_place *place,
				   struct target *t)
{
	static const char drivers[] = "/sys/bus/virtio/drivers/virtiofs";
	_cleanup_words_ struct words devices = { 0 };
	struct error *e = rootpath_list(how->root, drivers, &devices);

	if (!error_drop_if(&e, ERROR_NOT_FOUND))
		TRY(e);
	for (size_t i = 0; i < devices.n; i++) {
		_cleanup_free_ char *link = NULL, *real = NULL;

		if (!text_starts(devices.v[i], "virtio"))
			continue;
		if (asprintf(&link, "%s/%s", drivers, devices.v[i]) < 0) {
			link = NULL;
			return error_nomem();
		}
		TRY(rootpath_real(how->root, link, &real));
		TRY(device_drivers(how->root, real, how->foreign, &t->modules));
	}
	TRY(set(&place->device, tag));
	TRY(set(&place->fstype, "virtiofs"));
	return add_fs_modules("virtiofs", NULL, &t->modules);
}

static const struct mount *mount_of_tag(const struct mounts *mounts, const char *tag)
{
	for (size_t i = 0; i < mounts->v.n; i++) {
		const struct mount *m = &mounts->v.v[i];

		if (text_equal(m->fstype, "virtiofs") && text_equal(m->source, tag) && text_equal(m->root, "/"))
			return m;
	}
	return NULL;
}

/* `virtiofs TAG` */
static struct error *resolve_tag(const struct resolve_how *how, const struct settings *s,
				 const struct mounts *mounts, struct target *t)
{
	const char *tag = s->value[SETTING_TARGET];
	const struct mount *m = mount_of_tag(mounts, tag);

	if (!m)
		return error_new(ERROR_USAGE,
				 "Dump target \"%s\" is neither mounted nor configured as \"noauto\"", tag);
	t->path = tidy_path(settings_get(s, SETTING_PATH), NULL);
	if (!t->path)
		return error_nomem();
	TRY(fill_virtiofs(how, tag, &t->place, t));
	if (asprintf(&t->shown, "%s (virtiofs), path %s", tag, t->path) < 0) {
		t->shown = NULL;
		return error_nomem();
	}
	return check_in_mount(how, m, tag, t);
}

/* Why a mount that is no local block device cannot be the target. */
static struct error *refuse_mount(const struct mount *m, const char *path)
{
	static const char *const volatile_types[] = { "tmpfs", "ramfs", "devtmpfs", "rootfs" };

	for (size_t i = 0; i < ARRAY_SIZE(volatile_types); i++)
		if (strcmp(m->fstype, volatile_types[i]) == 0)
			return error_new(ERROR_USAGE,
					 "Dump path %s lies on %s (%s), which does not survive a "
					 "restart; name a target in kdump.conf",
					 path, m->where, m->fstype);
	return error_new(ERROR_UNSUPPORTED,
			 "Dump path %s lies on %s, a file system of type %s, which is not supported "
			 "yet as a dump target; name another in kdump.conf",
			 path, m->where, m->fstype);
}

static struct error *device_of_mount(int root, const struct mount *m, const char *path,
				     struct blockdev *ret)
{
	struct error *e;

	if (!is_local(m->fstype))
		return refuse_mount(m, path);
	/* btrfs mounts have a number of their own */
	if (m->major == 0)
		return error_prefix(blockdev_find(root, m->source, ret), "%s", m->where);
	e = blockdev_by_number(root, m->major, m->minor, ret);
	return error_prefix(e, "%s: the device %u:%u of this mount", m->where, m->major,
			    m->minor);
}

/* btrfs: options hold subvol=/NAME and the mount's root is at or below that. */
static const char *root_in_subvolume(const struct mount *m)
{
	const char *at = strstr(m->options, "subvol="), *rest;
	_cleanup_free_ char *subvol = NULL;

	if (strcmp(m->fstype, "btrfs") || !at)
		return m->root;
	at += strlen("subvol=");
	subvol = strndup(at, strcspn(at, ","));
	if (!subvol || strcmp(subvol, "/") == 0)
		return m->root;
	rest = text_after(m->root, subvol);
	return rest ? rest : m->root;
}

/* No target named: the one that `path` lies on in the running system. */
static struct error *resolve_deduced(const struct resolve_how *how, const struct settings *s,
				     const struct mounts *mounts, struct target *t)
{
	_cleanup_free_ char *path = tidy_path(settings_get(s, SETTING_PATH), NULL), *real = NULL;
	_cleanup_blockdev_ struct blockdev d = { 0 };
	_cleanup_close_ int fd = -1;
	const struct mount *m;
	const char *inside;
	struct error *e;

	if (!path)
		return error_nomem();
	e = rootpath_open(how->root, path, &fd);
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return error_new(ERROR_USAGE, "Dump path %s does not exist.", path);
	TRY(e);
	TRY(rootpath_real(how->root, path, &real));
	m = mounts_of_path(mounts, real);
	if (!m)
		return error_new(ERROR_BAD_DATA, "Dump path %s: /proc/self/mountinfo has no mount for it",
				 path);
	if (!is_virtiofs(m->fstype))
		TRY(device_of_mount(how->root, m, path, &d));
	inside = real + (strcmp(m->where, "/") ? strlen(m->where) : 0);
	t->path = tidy_path(root_in_subvolume(m), inside);
	if (!t->path)
		return error_nomem();
	TRY(is_virtiofs(m->fstype) ? fill_virtiofs(how, m->source, &t->place, t) :
				     fill_place(how, &d, m, m->fstype, &t->place, t));
	if (asprintf(&t->shown, "%s (%s, %s) on %s, path %s", t->place.device, d.name ? d.name : "no device", m->fstype,
		     m->where, t->path) < 0) {
		t->shown = NULL;
		return error_nomem();
	}
	TRY(check_folder(how, fd, path, &t->warnings));
	t->folder = take_ptr(real);
	return NULL;
}

struct error *resolve_rootfs(const struct resolve_how *how, struct target *t)
{
	_cleanup_mounts_ struct mounts mounts = { 0 };
	_cleanup_blockdev_ struct blockdev d = { 0 };
	const struct mount *m;

	TRY(mounts_read(how->root, &mounts));
	m = mounts_of_path(&mounts, "/");
	if (!m)
		return error_new(ERROR_BAD_DATA, "/proc/self/mountinfo has no root file system");
	if (is_virtiofs(m->fstype))
		return fill_virtiofs(how, m->source, &t->rootfs, t);
	TRY(device_of_mount(how->root, m, "/", &d));
	return fill_place(how, &d, m, m->fstype, &t->rootfs, t);
}

static struct error *fs_resolve(const struct resolve_how *how, const struct settings *s,
				struct target *t)
{
	_cleanup_mounts_ struct mounts mounts = { 0 };

	TRY(mounts_read(how->root, &mounts));
	if (s->target_type && is_virtiofs(s->target_type))
		return resolve_tag(how, s, &mounts, t);
	return s->target_type ? resolve_named(how, s, &mounts, t) : resolve_deduced(how, s, &mounts, t);
}

const struct resolver resolver_fs = {
	.kind = "fs",
	.claims = fs_claims,
	.resolve = fs_resolve,
};
