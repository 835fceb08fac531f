/* Block devices; see blockdev.h. */
#include "service/blockdev.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "service/rootpath.h"

#define CHAIN_LIMIT 64 /* folders between a device and /sys/devices */

void blockdev_done(struct blockdev *d)
{
	free(d->name);
	free(d->sysfs);
	*d = (struct blockdev){ 0 };
}

void blockdev_content_done(struct blockdev_content *c)
{
	free(c->fstype);
	free(c->uuid);
	free(c->label);
	*c = (struct blockdev_content){ 0 };
}

static struct error *by_sysfs_link(int root, const char *link, struct blockdev *ret)
{
	_cleanup_blockdev_ struct blockdev d = { 0 };
	_cleanup_free_ char *name = NULL, *text = NULL;

	TRY(rootpath_real(root, link, &d.sysfs));
	if (asprintf(&name, "%s/dev", d.sysfs) < 0) {
		name = NULL;
		return error_nomem();
	}
	TRY(file_read(root, rootpath_below(name), 64, &text, NULL));
	if (sscanf(text, "%u:%u", &d.major, &d.minor) != 2)
		return error_new(ERROR_BAD_DATA, "%s: expected MAJOR:MINOR, found \"%.20s\"", name,
				 text_strip(text));
	d.name = strdup(strrchr(d.sysfs, '/') + 1);
	if (!d.name)
		return error_nomem();
	*ret = d;
	d = (struct blockdev){ 0 };
	return NULL;
}

struct error *blockdev_by_number(int root, unsigned major, unsigned minor, struct blockdev *ret)
{
	char link[64];

	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major, minor);
	return by_sysfs_link(root, link, ret);
}

static struct error *by_name(int root, const char *name, struct blockdev *ret)
{
	_cleanup_free_ char *link = NULL;

	if (asprintf(&link, "/sys/class/block/%s", name) < 0) {
		link = NULL;
		return error_nomem();
	}
	return by_sysfs_link(root, link, ret);
}

static struct error *by_path(int root, const char *path, struct blockdev *ret)
{
	_cleanup_free_ char *real = NULL;
	_cleanup_close_ int fd = -1;
	struct stat st;

	TRY(rootpath_open(root, path, &fd));
	if (fstat(fd, &st) < 0)
		return error_sys(errno, "%s: cannot look at it", path);
	if (S_ISBLK(st.st_mode))
		return blockdev_by_number(root, major(st.st_rdev), minor(st.st_rdev), ret);
	/* a recorded tree has plain files for nodes; sysfs knows by the name */
	TRY(rootpath_real(root, path, &real));
	return by_name(root, strrchr(real, '/') + 1, ret);
}

static char *copy_value(blkid_probe probe, const char *name)
{
	const char *value;

	if (blkid_probe_lookup_value(probe, name, &value, NULL) < 0)
		return NULL;
	return strdup(value);
}

struct error *blockdev_node(const struct blockdev *d, char **ret)
{
	if (asprintf(ret, "/dev/%s", d->name) < 0) {
		*ret = NULL;
		return error_nomem();
	}
	for (char *p = *ret; *p; p++) /* cciss!c0d0 is /dev/cciss/c0d0 */
		if (*p == '!')
			*p = '/';
	return NULL;
}

struct error *blockdev_probe(int root, const struct blockdev *d, struct blockdev_content *ret)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	blkid_probe probe;
	int r;

	TRY(blockdev_node(d, &path));
	fd = openat(root, rootpath_below(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_sys(errno, "%s: cannot open", path);
	probe = blkid_new_probe();
	if (!probe)
		return error_nomem();
	*ret = (struct blockdev_content){ 0 };
	r = blkid_probe_set_device(probe, fd, 0, 0);
	if (r == 0) {
		blkid_probe_enable_superblocks(probe, 1);
		blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_UUID |
								 BLKID_SUBLKS_LABEL);
		r = blkid_do_safeprobe(probe);
	}
	if (r == 0) {
		ret->fstype = copy_value(probe, "TYPE");
		ret->uuid = copy_value(probe, "UUID");
		ret->label = copy_value(probe, "LABEL");
	}
	blkid_free_probe(probe);
	if (r == -2)
		return error_new(ERROR_BAD_DATA,
				 "%s: several signatures contradict each other; wipe the old ones "
				 "(wipefs shows them)",
				 path);
	return NULL;
}

/* A value of the device's uevent file; the kernel tells there PARTUUID (since 6.9) and PARTNAME (since
 * 2.6.39) of partitions: block/partitions/core.c, part_uevent. */
static struct error *uevent_value(int root, const char *name, const char *key, char **ret)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	char *rest, *line;
	struct error *e;

	*ret = NULL;
	if (asprintf(&path, "sys/class/block/%s/uevent", name) < 0) {
		path = NULL;
		return error_nomem();
	}
	e = file_read(root, path, 1 << 16, &text, NULL);
	if (e && error_kind(e) == ERROR_NOMEM)
		return e;
	error_free(e); /* a device that tells nothing */
	rest = text;
	while (text && (line = text_next_line(&rest))) {
		const char *found = text_after(line, key);

		if (found && *found == '=') {
			*ret = strdup(found + 1);
			return *ret ? NULL : error_nomem();
		}
	}
	return NULL;
}

static bool uevent_says(int root, const char *name, const char *key, const char *value)
{
	_cleanup_free_ char *found = NULL;
	struct error *e = uevent_value(root, name, key, &found);

	error_free(e); /* no match */
	return found && strcasecmp(found, value) == 0;
}

/* From the partition table, by way of the whole disk; uevent has it in new kernels only. */
struct error *blockdev_partuuid(int root, const struct blockdev *d, char **ret)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	blkid_probe probe;
	struct error *e;

	*ret = NULL;
	e = uevent_value(root, d->name, "PARTUUID", ret);
	if (e || *ret)
		return e;
	TRY(blockdev_node(d, &path));
	fd = openat(root, rootpath_below(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_sys(errno, "%s: cannot open", path);
	probe = blkid_new_probe();
	if (!probe)
		return error_nomem();
	if (blkid_probe_set_device(probe, fd, 0, 0) == 0 &&
	    blkid_probe_enable_superblocks(probe, 0) == 0 &&
	    blkid_probe_enable_partitions(probe, 1) == 0 &&
	    blkid_probe_set_partitions_flags(probe, BLKID_PARTS_ENTRY_DETAILS) == 0 &&
	    blkid_do_safeprobe(probe) == 0)
		*ret = copy_value(probe, "PART_ENTRY_UUID");
	blkid_free_probe(probe);
	return NULL;
}

struct tag {
	const char *name;   /* with the = */
	const char *folder; /* of udev's links */
	const char *uevent; /* null: a probe of the content tells */
};

static const struct tag tags[] = {
	{ "UUID=", "/dev/disk/by-uuid/" },
	{ "LABEL=", "/dev/disk/by-label/" },
	{ "PARTUUID=", "/dev/disk/by-partuuid/", "PARTUUID" },
	{ "PARTLABEL=", "/dev/disk/by-partlabel/", "PARTNAME" },
};

static bool content_says(int root, const char *name, const struct tag *tag, const char *value)
{
	_cleanup_blockdev_content_ struct blockdev_content c = { 0 };
	const struct blockdev d = { .name = (char *)name };
	struct error *e = blockdev_probe(root, &d, &c);
	const char *found = tag == &tags[0] ? c.uuid : c.label;

	error_free(e); /* an empty drive, a disk that we may not read: no match */
	if (tag == &tags[0])
		return found && strcasecmp(found, value) == 0;
	return text_equal(found, value);
}

static struct error *by_tag(int root, const struct tag *tag, const char *value,
			    struct blockdev *ret)
{
	_cleanup_words_ struct words names = { 0 };
	_cleanup_free_ char *link = NULL;
	char encoded[1024];
	struct error *e;

	if (blkid_encode_string(value, encoded, sizeof(encoded)) == 0) {
		if (asprintf(&link, "%s%s", tag->folder, encoded) < 0) {
			link = NULL;
			return error_nomem();
		}
		e = by_path(root, link, ret);
		if (!error_drop_if(&e, ERROR_NOT_FOUND))
			return e;
	}
	e = rootpath_list(root, "/sys/class/block", &names);
	if (!error_drop_if(&e, ERROR_NOT_FOUND))
		TRY(e);
	for (size_t i = 0; i < names.n; i++)
		if (tag->uevent ? uevent_says(root, names.v[i], tag->uevent, value) :
				  content_says(root, names.v[i], tag, value))
			return by_name(root, names.v[i], ret);
	return error_new(ERROR_NOT_FOUND, "no block device has %s%s", tag->name, value);
}

struct error *blockdev_find(int root, const char *spec, struct blockdev *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		const char *value = text_after(spec, tags[i].name);

		if (value)
			return by_tag(root, &tags[i], value, ret);
	}
	if (!text_starts(spec, "/dev/"))
		return error_new(ERROR_USAGE,
				 "\"%s\" is no device: expected /dev/..., UUID=, LABEL=, PARTUUID= "
				 "or PARTLABEL=",
				 spec);
	return by_path(root, spec, ret);
}

/* Device kinds that stand on other block devices or on files. */
static const struct {
	const char *prefix; /* of the kernel's name */
	const char *what;
} stacked[] = {
	{ "loop", "a loop device" },
	{ "bcache", "a bcache device" },
	{ "drbd", "a DRBD device" },
	{ "zram", "memory, which does not survive a restart" },
	{ "ram", "memory, which does not survive a restart" },
	{ "nbd", "a network block device" },
	{ "rbd", "a network block device" },
};

static struct error *refuse_stacked(const struct blockdev *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(stacked); i++) {
		const char *rest = text_after(d->name, stacked[i].prefix);

		if (rest && *rest >= '0' && *rest <= '9')
			return error_new(ERROR_UNSUPPORTED,
					 "/dev/%s is %s, which is not supported yet as a dump "
					 "target; name a partition or a whole disk",
					 d->name, stacked[i].what);
	}
	return NULL;
}

/* Disks whose other end is reached by the network, which nothing logs into after a crash: iSCSI by
 * software (drivers/scsi/scsi_transport_iscsi.c: hosts without hardware, sessions below) and NVMe
 * over a network (drivers/nvme/host/fabrics.c). */
static struct error *refuse_network(const char *name, const char *sysfs)
{
	const char *what = NULL;

	if (strstr(sysfs, "/virtual/nvme-fabrics/"))
		what = "an NVMe disk over a network";
	else if (strstr(sysfs, "/session") && !strstr(sysfs, "/pci"))
		what = "an iSCSI disk";
	if (!what)
		return NULL;
	return error_new(ERROR_UNSUPPORTED,
			 "/dev/%s is %s, which is not supported yet as a dump target; name another in "
			 "kdump.conf, or save over nfs or ssh",
			 name, what);
}

static struct error *add_once(struct words *w, const char *s)
{
	return words_have(w, s) ? NULL : words_add(w, s);
}

/* The driver that is bound to the device in `folder`, if any. */
static struct error *add_driver(int root, const char *folder, bool foreign, struct words *w)
{
	_cleanup_free_ char *module = NULL, *driver = NULL, *alias = NULL, *name = NULL, *text = NULL;
	struct error *e;

	if (asprintf(&module, "%s/driver/module", folder) < 0)
		module = NULL;
	if (asprintf(&driver, "%s/driver", folder) < 0)
		driver = NULL;
	if (asprintf(&alias, "%s/modalias", folder) < 0)
		alias = NULL;
	if (!module || !driver || !alias)
		return error_nomem();
	if (!file_exists(root, rootpath_below(driver)))
		return NULL;
	e = rootpath_link_name(root, module, &name);
	if (!e)
		return add_once(w, name);
	if (!error_drop_if(&e, ERROR_NOT_FOUND))
		return e;
	if (!foreign || !file_exists(root, rootpath_below(alias)))
		return NULL;
	TRY(file_read(root, rootpath_below(alias), 4096, &text, NULL));
	return *text_strip(text) ? add_once(w, text_strip(text)) : NULL;
}

struct error *device_drivers(int root, const char *sysfs, bool foreign, struct words *ret)
{
	_cleanup_words_ struct words found = { 0 };
	_cleanup_free_ char *path = strdup(sysfs);
	char *slash;

	if (!path)
		return error_nomem();
	for (unsigned i = 0; i < CHAIN_LIMIT; i++) {
		TRY(add_driver(root, path, foreign, &found));
		slash = strrchr(path, '/');
		if (!slash)
			break;
		*slash = '\0';
		if (!text_starts(path, "/sys/devices/"))
			break;
	}
	for (size_t i = found.n; i-- > 0;)
		TRY(add_once(ret, found.v[i]));
	return NULL;
}

/* Native NVMe multipath hides the controllers: the disk hangs on a virtual subsystem whose
 * folder has a link to every controller (drivers/nvme/host/multipath.c). */
static struct error *nvme_controllers(int root, const struct blockdev *d, bool foreign,
				      struct words *ret, bool *ret_any)
{
	const char *sysfs = d->sysfs, *mark = strstr(sysfs, "/virtual/nvme-subsystem/");
	_cleanup_words_ struct words names = { 0 };
	_cleanup_free_ char *folder = NULL;
	size_t n;

	*ret_any = false;
	if (!mark)
		return NULL;
	mark += strlen("/virtual/nvme-subsystem/");
	n = mark - sysfs + strcspn(mark, "/");
	folder = strndup(sysfs, n);
	if (!folder)
		return error_nomem();
	TRY(rootpath_list(root, folder, &names));
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *link = NULL, *real = NULL;
		const char *number = text_after(names.v[i], "nvme");

		/* controllers are nvmeN, disks nvmeNnM */
		if (!number || !*number || number[strspn(number, "0123456789")])
			continue;
		if (asprintf(&link, "%s/%s", folder, names.v[i]) < 0) {
			link = NULL;
			return error_nomem();
		}
		TRY(rootpath_real(root, link, &real));
		TRY(refuse_network(d->name, real));
		TRY(device_drivers(root, real, foreign, ret));
		*ret_any = true;
	}
	return NULL;
}

struct error *blockdev_drivers(int root, const struct blockdev *d, bool foreign,
			       struct words *ret)
{
	bool nvme;

	TRY(refuse_stacked(d));
	TRY(refuse_network(d->name, d->sysfs));
	TRY(nvme_controllers(root, d, foreign, ret, &nvme));
	if (nvme)
		return NULL;
	if (strstr(d->sysfs, "/devices/virtual/"))
		return error_new(ERROR_UNSUPPORTED,
				 "/dev/%s is a virtual device (%s), which is not supported yet as a "
				 "dump target",
				 d->name, d->sysfs);
	return device_drivers(root, d->sysfs, foreign, ret);
}
