/* Disks of the virtual machine: of the same kind as the target's; see rehearse.h. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "service/blockdev.h"
#include "service/rehearse-priv.h"
#include "service/rootpath.h"

#define DEPTH_LIMIT  16		   /* of devices stacked on each other */
#define SCRATCH_SIZE (8ull << 30)  /* sparse */
#define PART_START   (1ull << 20)
#define MKFS_LIMIT_MS 120000

/* The innermost driver that has a row decides. */
static const struct rehearse_controller controllers[] = {
	{ "virtio_blk", "virtio-blk-pci" },
	{ "nvme", "nvme" },
	{ "virtio_scsi", "virtio-scsi-pci", "scsi-hd" },
	{ "ahci", "ich9-ahci", "ide-hd" },
	{ "ata_piix", "piix3-ide", "ide-hd", true },
	{ "megaraid_sas", "megasas", "scsi-hd" },
	{ "mptsas", "mptsas1068", "scsi-hd" },
	{ "vmw_pvscsi", "pvscsi", "scsi-hd" },
	{ "sym53c8xx", "lsi53c895a", "scsi-hd" },
	{ "usb-storage", "qemu-xhci", "usb-storage" },
	{ "uas", "qemu-xhci", "usb-storage" },
};

void rehearse_machine_done(struct rehearse_machine *m)
{
	for (size_t i = 0; i < m->disks.n; i++)
		free(m->disks.v[i].file);
	vector_done(&m->disks);
	free(m->shown);
}

static const struct rehearse_controller *by_driver(const char *driver)
{
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		if (!strcmp(controllers[i].driver, driver))
			return &controllers[i];
	return NULL;
}

/* Upwards through the device's folders in sysfs. `names` gets the drivers that were met. */
static struct error *find_controller(int root, const struct blockdev *d, struct strbuf *names,
				     const struct rehearse_controller **ret)
{
	_cleanup_free_ char *path = strdup(d->sysfs);
	char *slash;

	*ret = NULL;
	if (!path)
		return error_nomem();
	while (!*ret && (slash = strrchr(path, '/')) && slash != path) {
		_cleanup_free_ char *link = NULL, *driver = NULL;
		struct error *e;

		if (asprintf(&link, "%s/driver", path) < 0)
			return error_nomem();
		e = rootpath_link_name(root, link, &driver);
		if (!e) {
			strbuf_printf(names, "%s%s", names->len ? ", " : "", driver);
			*ret = by_driver(driver);
		}
		(void)error_drop_if(&e, ERROR_NOT_FOUND); /* a folder without a driver */
		TRY(e);
		*slash = '\0';
	}
	return strbuf_error(names);
}

/* The whole disk that a partition is on. */
static struct error *whole_disk(int root, struct blockdev *d)
{
	_cleanup_free_ char *partition = NULL, *number = NULL, *text = NULL;
	unsigned major, minor;
	char *slash;

	if (asprintf(&partition, "%s/partition", rootpath_below(d->sysfs)) < 0)
		return error_nomem();
	if (!file_exists(root, partition))
		return NULL;
	slash = strrchr(d->sysfs, '/');
	if (asprintf(&number, "%.*s/dev", (int)(slash - d->sysfs), d->sysfs) < 0)
		return error_nomem();
	TRY(file_read(root, rootpath_below(number), 64, &text, NULL));
	if (sscanf(text, "%u:%u", &major, &minor) != 2)
		return error_new(ERROR_BAD_DATA, "%s: expected MAJOR:MINOR", number);
	blockdev_done(d);
	return blockdev_by_number(root, major, minor, d);
}

static struct error *slaves_of(int root, const struct blockdev *d, struct words *ret)
{
	_cleanup_free_ char *folder = NULL;
	struct error *e;

	if (asprintf(&folder, "%s/slaves", d->sysfs) < 0)
		return error_nomem();
	e = rootpath_list(root, folder, ret);
	(void)error_drop_if(&e, ERROR_NOT_FOUND); /* recorded trees have no empty ones */
	return e;
}

static struct error *add_disk(struct rehearse_machine *m, const char *file, bool snapshot,
			      const struct rehearse_controller *controller)
{
	struct rehearse_disk disk = { strdup(file), snapshot, controller };

	for (size_t i = 0; disk.file && i < m->disks.n; i++)
		if (!strcmp(m->disks.v[i].file, file)) {
			free(disk.file);
			return NULL; /* two volumes on one disk */
		}
	if (disk.file && vector_push(&m->disks, disk))
		return NULL;
	free(disk.file);
	return error_nomem();
}

/* The node of a device as the system that QEMU runs in sees it; null when it cannot be read. */
static struct error *readable_node(int root, const struct blockdev *d, char **ret)
{
	char link[64], top[4096];
	_cleanup_free_ char *name = NULL;
	_cleanup_close_ int fd = -1;
	ssize_t n;

	if (asprintf(&name, "dev/%s", d->name) < 0)
		return error_nomem();
	fd = openat(root, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, top, sizeof(top) - 1);
	if (n < 0)
		return error_sys(errno, "%s: cannot read the link; is /proc mounted?", link);
	top[n] = '\0';
	*ret = strdup(top);
	return *ret ? NULL : error_nomem();
}

static struct error *no_such_controller(const struct blockdev *d, const struct strbuf *names)
{
	return error_new(ERROR_UNSUPPORTED,
			 "%s is driven by %s, which QEMU has no device for: the image that is armed cannot "
			 "reach a disk there",
			 d->name, names->len ? strbuf_str(names) : "a driver that sysfs does not name");
}

/* Every disk that `d` stands on. *ret_missing: one of them cannot be read. */
static struct error *add_snapshots(int root, struct blockdev *d, unsigned depth, struct rehearse_machine *m,
				   struct strbuf *shown, bool *ret_missing)
{
	const struct rehearse_controller *controller;
	_cleanup_words_ struct words slaves = { 0 };
	_cleanup_strbuf_ struct strbuf names = { 0 };
	_cleanup_free_ char *node = NULL;

	if (depth > DEPTH_LIMIT)
		return error_new(ERROR_BAD_DATA, "%s: devices are stacked more than %d deep", d->name, DEPTH_LIMIT);
	TRY(whole_disk(root, d));
	TRY(slaves_of(root, d, &slaves));
	for (size_t i = 0; i < slaves.n; i++) {
		_cleanup_blockdev_ struct blockdev lower = { 0 };
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "/dev/%s", slaves.v[i]) < 0)
			return error_nomem();
		TRY(blockdev_find(root, path, &lower));
		TRY(add_snapshots(root, &lower, depth + 1, m, shown, ret_missing));
	}
	if (slaves.n)
		return NULL;
	TRY(find_controller(root, d, &names, &controller));
	if (!controller)
		return no_such_controller(d, &names);
	TRY(readable_node(root, d, &node));
	if (!node) {
		*ret_missing = true;
		return NULL;
	}
	strbuf_printf(shown, "%s/dev/%s (%s)", shown->len ? ", " : "", d->name, controller->model);
	return add_disk(m, node, true, controller);
}

/* What the scratch file system is called like. */
struct scratch {
	const char *fstype, *label, *uuid;
	unsigned partition; /* 0: the whole disk */
};

static struct error *make_fs(const char *file, const struct scratch *s)
{
	const struct process_how how = { .limit_ms = MKFS_LIMIT_MS, .capture_limit = 4096 };
	_cleanup_words_ struct words argv = { 0 };
	struct process_result r = { 0 };
	bool ext = text_starts(s->fstype, "ext"), xfs = !strcmp(s->fstype, "xfs"), fat = !strcmp(s->fstype, "vfat");
	struct error *e;

	TRY(words_addf(&argv, "mkfs.%s", s->fstype));
	TRY(words_add(&argv, ext ? "-qF" : xfs ? "-qf" : fat ? "-F32" : "-f"));
	if (s->label) {
		TRY(words_add(&argv, fat ? "-n" : "-L"));
		TRY(words_add(&argv, s->label));
	}
	if (s->uuid) {
		if (fat)
			TRY(words_addf(&argv, "-i%.4s%s", s->uuid, s->uuid + (strlen(s->uuid) > 5 ? 5 : 0)));
		else
			TRY(words_addf(&argv, xfs ? "-muuid=%s" : "-U%s", s->uuid));
	}
	TRY(words_add(&argv, file));
	e = process_run(argv.v, &how, &r);
	if (e)
		return error_prefix(e, "a scratch disk needs the program");
	if (r.status)
		e = error_new(ERROR_OTHER, "%s failed with status %d", argv.v[0], r.status);
	process_result_done(&r);
	return e;
}

static struct error *new_file(const char *name, uint64_t size, int *ret_fd)
{
	int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_sys(errno, "%s: cannot create", name);
	if (ftruncate(fd, size) < 0) {
		int err = errno;

		close(fd);
		return error_sys(err, "%s: cannot make it %llu bytes long", name, (unsigned long long)size);
	}
	*ret_fd = fd;
	return NULL;
}

/* A partition table of old with one row, the `nr`-th of 1 to 4, of type Linux. */
static struct error *write_table(int fd, const char *name, unsigned nr, uint64_t start, uint64_t size)
{
	unsigned char sector[512] = { [510] = 0x55, [511] = 0xaa }, *row = sector + 446 + 16 * (nr - 1);

	row[1] = row[5] = 0xfe; /* addresses by head and cylinder: none */
	row[2] = row[6] = 0xff;
	row[3] = row[7] = 0xff;
	row[4] = 0x83;
	put_u32(row + 8, start / 512, false);
	put_u32(row + 12, size / 512, false);
	return file_pwrite_fd(fd, name, sector, sizeof(sector), 0);
}

/* Only what holds data is copied. */
static struct error *copy_sparse(int from, int to, uint64_t at, const char *name)
{
	static char buf[1 << 16];
	off_t data = 0, hole;
	size_t n;

	while ((data = lseek(from, data, SEEK_DATA)) >= 0) {
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0)
			break;
		for (; data < hole; data += n) {
			TRY(file_pread_fd(from, name, buf, MIN((off_t)sizeof(buf), hole - data), data, &n));
			if (!n)
				return NULL;
			TRY(file_pwrite_fd(to, name, buf, n, at + data));
		}
	}
	return errno == ENXIO ? NULL : error_sys(errno, "%s: cannot copy", name);
}

static struct error *make_scratch(const char *folder, const struct scratch *s, char **ret)
{
	_cleanup_close_ int fs = -1, disk = -1;
	_cleanup_free_ char *name = NULL, *part = NULL;

	if (asprintf(&name, "%s/disk", folder) < 0 || asprintf(&part, "%s/part", folder) < 0)
		return error_nomem();
	if (!s->partition) {
		TRY(new_file(name, SCRATCH_SIZE, &disk));
		TRY(make_fs(name, s));
		*ret = take_ptr(name);
		return NULL;
	}
	TRY(new_file(part, SCRATCH_SIZE, &fs));
	TRY(make_fs(part, s));
	TRY(new_file(name, PART_START + SCRATCH_SIZE, &disk));
	TRY(write_table(disk, name, s->partition, PART_START, SCRATCH_SIZE));
	TRY(copy_sparse(fs, disk, PART_START, name));
	*ret = take_ptr(name);
	return NULL;
}

/* Partition number of a device name; 0: a whole disk. */
static struct error *partition_number(int root, const struct blockdev *d, unsigned *ret)
{
	_cleanup_free_ char *path = NULL;
	uint64_t n;
	struct error *e;

	*ret = 0;
	if (asprintf(&path, "%s/partition", rootpath_below(d->sysfs)) < 0)
		return error_nomem();
	e = file_read_u64(root, path, &n);
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	*ret = n;
	return NULL;
}

static struct error *add_scratch(const struct rehearse_how *how, struct blockdev *d, const char *folder,
				 struct rehearse_machine *m)
{
	const char *spec = how->target->place.device;
	const struct rehearse_controller *controller;
	_cleanup_strbuf_ struct strbuf names = { 0 };
	_cleanup_words_ struct words slaves = { 0 };
	_cleanup_free_ char *file = NULL;
	struct scratch s = {
		.fstype = how->target->place.fstype,
		.label = text_after(spec, "LABEL="),
		.uuid = text_after(spec, "UUID="),
	};

	TRY(slaves_of(how->root, d, &slaves));
	if (slaves.n || text_starts(spec, "PART"))
		return error_new(ERROR_UNSUPPORTED,
				 "%s: an empty disk cannot stand in for this one; run it as root, so that a "
				 "snapshot of the machine's disks can be used",
				 spec);
	TRY(partition_number(how->root, d, &s.partition));
	if (s.partition > 4) {
		if (spec[0] == '/')
			return error_new(ERROR_UNSUPPORTED, "%s: an empty disk cannot stand in for a partition "
							    "above 4; name it by UUID=",
					 spec);
		s.partition = 0; /* found by its content */
	}
	TRY(whole_disk(how->root, d));
	TRY(find_controller(how->root, d, &names, &controller));
	if (!controller)
		return no_such_controller(d, &names);
	TRY(make_scratch(folder, &s, &file));
	free(m->shown);
	if (asprintf(&m->shown, "an empty %s on %s in place of %s", s.fstype, controller->model, spec) < 0) {
		m->shown = NULL;
		return error_nomem();
	}
	return add_disk(m, file, false, controller);
}

struct error *rehearse_disks(const struct rehearse_how *how, const char *folder, struct rehearse_machine *ret)
{
	_cleanup_blockdev_ struct blockdev d = { 0 };
	_cleanup_strbuf_ struct strbuf shown = { 0 };
	bool missing = how->disks == REHEARSE_SCRATCH;

	if (how->disks == REHEARSE_NONE)
		return NULL;
	if (!how->target->place.device || (strcmp(how->target->kind, "fs") && strcmp(how->target->kind, "raw")))
		return error_new(ERROR_UNSUPPORTED,
				 "targets of the kind %s cannot be rehearsed yet, only those on disks",
				 how->target->kind);
	TRY(blockdev_find(how->root, how->target->place.device, &d));
	if (!missing)
		TRY(add_snapshots(how->root, &d, 0, ret, &shown, &missing));
	TRY(strbuf_error(&shown));
	if (missing) {
		rehearse_machine_done(ret);
		*ret = (struct rehearse_machine){ 0 };
		blockdev_done(&d);
		d = (struct blockdev){ 0 };
		TRY(blockdev_find(how->root, how->target->place.device, &d));
		return add_scratch(how, &d, folder, ret);
	}
	if (asprintf(&ret->shown, "a snapshot of %s", strbuf_str(&shown)) < 0) {
		ret->shown = NULL;
		return error_nomem();
	}
	return NULL;
}
