/*
 * Waiting for block devices. /dev/NAME is there or not; the other names are looked for on all
 * block devices: what stands on them by probing with libblkid, WWID= and SERIAL= in sysfs.
 * Between looks the kernel's uevents (NETLINK_KOBJECT_UEVENT) tell when it is worth looking again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <blkid.h>
#include <linux/netlink.h>

#include "base/clock.h"
#include "base/file.h"
#include "capture/internal.h"

#define LOOK_AGAIN_MS 500  /* without an event */
#define SETTLE_MS     10   /* after one: more are on their way */
#define FORGET_ROUNDS 20   /* then devices with other names are probed again */
#define SAY_AFTER_MS  5000
#define MEMBERS_MS    10000 /* the others, when the first member is there */

/* Ways to name a device. */
struct naming {
	const char *prefix;
	const char *superblock; /* libblkid's value of the superblock */
	const char *type;	/* with this signature; null: that of the file system wanted */
	const char *partition;	/* or of the partition table's entry */
	bool by_wwid, by_serial; /* or an attribute in sysfs */
};

static const struct naming namings[] = {
	{ "UUID=", .superblock = "UUID" },
	{ "LABEL=", .superblock = "LABEL" },
	{ "PV=", .superblock = "UUID", .type = "LVM2_member" },
	{ "LUKS=", .superblock = "UUID", .type = "crypto_LUKS" },
	{ "MD=", .superblock = "UUID", .type = "linux_raid_member" },
	{ "PARTUUID=", .partition = "PART_ENTRY_UUID" },
	{ "PARTLABEL=", .partition = "PART_ENTRY_NAME" },
	{ "WWID=", .by_wwid = true },
	{ "SERIAL=", .by_serial = true },
};

struct search {
	int root;
	const struct plan_place *place;
	const struct naming *naming; /* null for a path */
	const char *value;
	struct words others;   /* devices that carry something else */
};

static int open_events(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Until something happens, but no longer than a look's distance. */
static void wait_for_event(int events)
{
	struct pollfd p = { .fd = events, .events = POLLIN };
	char drop[4096];

	if (events < 0 || poll(&p, 1, LOOK_AGAIN_MS) <= 0) {
		if (events < 0)
			clock_sleep_ms(LOOK_AGAIN_MS / 5);
		return;
	}
	clock_sleep_ms(SETTLE_MS);
	while (recv(events, drop, sizeof(drop), MSG_DONTWAIT) > 0)
		;
}

static bool is_block_device(int root, const char *name)
{
	struct stat st;

	return fstatat(root, name, &st, 0) == 0 && S_ISBLK(st.st_mode);
}

/* --- what a device says ------------------------------------------------------------- */

static int prepare_superblocks(const struct search *s, blkid_probe probe)
{
	const char *type = s->naming->type ? s->naming->type : s->place->fstype;
	char *types[] = { (char *)type, NULL };

	if (blkid_probe_enable_superblocks(probe, 1) < 0 ||
	    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_UUID | BLKID_SUBLKS_LABEL |
							     BLKID_SUBLKS_TYPE) < 0)
		return -1;
	return type ? blkid_probe_filter_superblocks_type(probe, BLKID_FLTR_ONLYIN, types) : 0;
}

static int prepare_partitions(blkid_probe probe)
{
	if (blkid_probe_enable_superblocks(probe, 0) < 0 || blkid_probe_enable_partitions(probe, 1) < 0)
		return -1;
	return blkid_probe_set_partitions_flags(probe, BLKID_PARTS_ENTRY_DETAILS);
}

/* Whether the content says so. `ret_known` is false when it can't be told yet. */
static bool content_says(const struct search *s, const char *name, bool *ret_known)
{
	_cleanup_close_ int fd = openat(s->root, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *key = s->naming->superblock ? s->naming->superblock : s->naming->partition;
	blkid_probe probe = fd >= 0 ? blkid_new_probe() : NULL;
	const char *value = NULL;
	bool found = false;

	*ret_known = false;
	if (!probe)
		return false;
	if (blkid_probe_set_device(probe, fd, 0, 0) == 0 &&
	    (s->naming->superblock ? prepare_superblocks(s, probe) : prepare_partitions(probe)) == 0) {
		int r = blkid_do_safeprobe(probe);

		*ret_known = r >= 0;
		if (r == 0 && blkid_probe_lookup_value(probe, key, &value, NULL) == 0)
			found = strcasecmp(value, s->value) == 0;
	}
	blkid_free_probe(probe);
	return found;
}

/* Disks have the attributes themselves (NVMe, virtio) or their SCSI device has them. */
static bool attribute_says(const struct search *s, const char *entry, bool *ret_known)
{
	static const char *const wwid[] = { "wwid", "device/wwid", NULL };
	static const char *const serial[] = { "serial", "device/serial", NULL };

	*ret_known = false;
	for (const char *const *a = s->naming->by_wwid ? wwid : serial; *a; a++) {
		_cleanup_free_ char *text = NULL;
		char name[400];
		struct error *e;

		snprintf(name, sizeof(name), "sys/class/block/%s/%s", entry, *a);
		e = file_read(s->root, name, 4096, &text, NULL);
		if (e) {
			error_free(e); /* it has none, or not yet */
			continue;
		}
		*ret_known = true;
		if (strcmp(text_strip(text), s->value) == 0)
			return true;
	}
	return false;
}

static struct error *add_found(struct words *to, const char *name)
{
	_cleanup_strbuf_ struct strbuf path = { 0 };

	strbuf_printf(&path, "/%s", name);
	TRY(strbuf_error(&path));
	return words_have(to, path.s) ? NULL : words_add(to, path.s);
}

/* One look at all block devices, until `want` are found. */
static struct error *look(struct search *s, size_t want, struct words *found)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *de;
	int fd;

	if (!s->naming)
		return is_block_device(s->root, s->place->device + 1) ?
			       add_found(found, s->place->device + 1) :
			       NULL;
	fd = openat(s->root, "sys/class/block", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir)
		return error_sys(errno, "/sys/class/block: cannot open");
	while (found->n < want && (de = readdir(dir)) != NULL) {
		char name[300] = "dev/";
		bool known, yes;

		if (de->d_name[0] == '.' || words_have(&s->others, de->d_name))
			continue;
		strncat(name, de->d_name, sizeof(name) - 6);
		for (char *p = name + 4; *p; p++) /* sysfs writes / as ! */
			if (*p == '!')
				*p = '/';
		if (!is_block_device(s->root, name))
			continue;
		yes = s->naming->superblock || s->naming->partition ?
			      content_says(s, name, &known) :
			      attribute_says(s, de->d_name, &known);
		if (yes)
			TRY(add_found(found, name));
		else if (known)
			TRY(words_add(&s->others, de->d_name));
	}
	return NULL;
}

/* --- waiting ------------------------------------------------------------------------ */

static struct error *not_there(const struct search *s, uint64_t waited_ms)
{
	return error_new(ERROR_TIMEOUT, "%s: there is no such block device%s after %ju s",
			 s->place->device, s->naming ? " with that name on it" : "",
			 (uintmax_t)waited_ms / 1000);
}

struct error *devices_find(int root, const struct plan_place *place, size_t want,
			   uint64_t deadline_ms, struct words *ret)
{
	struct search s = { .root = root, .place = place };
	_cleanup_close_ int events = open_events();
	uint64_t start = clock_now_ms(), end = deadline_ms;
	struct error *e = NULL;
	bool said = false;

	for (size_t i = 0; i < ARRAY_SIZE(namings) && !s.naming; i++) {
		s.value = text_after(place->device, namings[i].prefix);
		s.naming = s.value ? &namings[i] : NULL;
	}
	for (unsigned round = 1;; round++) {
		size_t had = ret->n;

		e = look(&s, want, ret);
		if (e || ret->n >= want)
			break;
		if (!had && ret->n)
			end = MIN(deadline_ms, clock_now_ms() + MEMBERS_MS);
		if (clock_now_ms() >= end) {
			e = ret->n ? NULL : not_there(&s, clock_now_ms() - start);
			break;
		}
		if (!said && clock_now_ms() - start > SAY_AFTER_MS) {
			say("waiting for %s", place->device);
			said = true;
		}
		if (round % FORGET_ROUNDS == 0)
			words_done(&s.others);
		wait_for_event(events);
	}
	words_done(&s.others);
	return e;
}

struct error *device_find(int root, const struct plan_place *place, uint64_t deadline_ms,
			  char **ret)
{
	_cleanup_words_ struct words found = { 0 };

	TRY(devices_find(root, place, 1, deadline_ms, &found));
	*ret = strdup(found.v[0]);
	return *ret ? NULL : error_nomem();
}
