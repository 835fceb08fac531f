/*
 * Waiting for the target's block device. /dev/NAME is there or not; UUID= and LABEL= are looked
 * for by probing the block devices with libblkid. Between looks the kernel's uevents
 * (NETLINK_KOBJECT_UEVENT) tell when it is worth looking again.
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

struct search {
	int root;
	const struct plan_place *place;
	const char *tag;       /* "UUID", "LABEL"; null for a path */
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

/* Whether the device carries the wanted tag. `ret_known` is false when it can't be told yet. */
static bool carries(const struct search *s, const char *name, bool *ret_known)
{
	_cleanup_close_ int fd = openat(s->root, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *types[] = { s->place->fstype, NULL };
	blkid_probe probe = fd >= 0 ? blkid_new_probe() : NULL;
	const char *value = NULL;
	bool found = false;

	*ret_known = false;
	if (!probe)
		return false;
	if (blkid_probe_set_device(probe, fd, 0, 0) == 0 &&
	    blkid_probe_enable_superblocks(probe, 1) == 0 &&
	    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_UUID | BLKID_SUBLKS_LABEL |
							     BLKID_SUBLKS_TYPE) == 0 &&
	    blkid_probe_filter_superblocks_type(probe, BLKID_FLTR_ONLYIN, types) == 0) {
		int r = blkid_do_safeprobe(probe);

		*ret_known = r >= 0;
		if (r == 0 && blkid_probe_lookup_value(probe, s->tag, &value, NULL) == 0)
			found = strcmp(value, s->value) == 0;
	}
	blkid_free_probe(probe);
	return found;
}

/* One look at all block devices. */
static struct error *look(struct search *s, char **ret)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *de;
	int fd;

	*ret = NULL;
	if (!s->tag) {
		if (is_block_device(s->root, s->place->device + 1))
			*ret = strdup(s->place->device);
		return NULL;
	}
	fd = openat(s->root, "sys/class/block", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir)
		return error_sys(errno, "/sys/class/block: cannot open");
	while (!*ret && (de = readdir(dir)) != NULL) {
		char name[300] = "dev/";
		bool known;

		if (de->d_name[0] == '.' || words_have(&s->others, de->d_name))
			continue;
		strncat(name, de->d_name, sizeof(name) - 6);
		for (char *p = name + 4; *p; p++) /* sysfs writes / as ! */
			if (*p == '!')
				*p = '/';
		if (!is_block_device(s->root, name))
			continue;
		if (carries(s, name, &known)) {
			if (asprintf(ret, "/%s", name) < 0)
				return error_nomem();
		} else if (known)
			TRY(words_add(&s->others, de->d_name));
	}
	return NULL;
}

struct error *device_find(int root, const struct plan_place *place, uint64_t deadline_ms,
			  char **ret)
{
	struct search s = { .root = root, .place = place };
	_cleanup_close_ int events = open_events();
	uint64_t start = clock_now_ms();
	struct error *e = NULL;
	bool said = false;

	s.value = text_after(place->device, "UUID=");
	s.tag = s.value ? "UUID" : NULL;
	if (!s.tag) {
		s.value = text_after(place->device, "LABEL=");
		s.tag = s.value ? "LABEL" : NULL;
	}
	for (unsigned round = 1;; round++) {
		e = look(&s, ret);
		if (e || *ret)
			break;
		if (clock_now_ms() >= deadline_ms) {
			e = error_new(ERROR_TIMEOUT,
				      "%s: there is no such block device%s after %ju s",
				      place->device, s.tag ? " with that file system" : "",
				      (uintmax_t)(clock_now_ms() - start) / 1000);
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
