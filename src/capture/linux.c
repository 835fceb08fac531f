/* The operations as the kernel has them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <linux/rtc.h>

#include "base/clock.h"
#include "capture/internal.h"
#include "capture/net.h"

static const char *absolute(const char *where, char *to, size_t room)
{
	snprintf(to, room, "/%s", where);
	return to;
}

static int linux_mount(struct capture *c, const char *device, const char *where,
		       const char *fstype, unsigned long flags, const char *options)
{
	char path[64];

	return mount(device, absolute(where, path, sizeof(path)), fstype, flags, options);
}

static int linux_umount(struct capture *c, const char *where, int flags)
{
	char path[64];

	return umount2(absolute(where, path, sizeof(path)), flags);
}

static int linux_insert(struct capture *c, int fd, const char *parameters)
{
	return syscall(SYS_finit_module, fd, parameters, 0);
}

static struct error *linux_find_device(struct capture *c, const struct plan_place *place,
				       uint64_t deadline_ms, char **ret)
{
	return device_find(c->root, place, deadline_ms, ret);
}

static struct error *linux_find_devices(struct capture *c, const struct plan_place *place,
					size_t want, uint64_t deadline_ms, struct words *ret)
{
	return devices_find(c->root, place, want, deadline_ms, ret);
}

static struct error *linux_make_map(struct capture *c, const struct plan_layer *l,
				    const dm_table *rows)
{
	return map_make(c->root, l, rows);
}

static struct error *linux_make_array(struct capture *c, const struct plan_layer *l,
				      const struct words *members)
{
	return array_make(c->root, l, members);
}

static struct error *linux_run(struct capture *c, char *const *argv,
			       const struct process_how *how, struct process_result *ret)
{
	return process_run(argv, how, ret);
}

static time_t linux_now(struct capture *c)
{
	return time(NULL);
}

static time_t linux_chip_time(struct capture *c)
{
	_cleanup_close_ int fd = openat(c->root, "dev/rtc0", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct rtc_time t;
	struct tm tm;

	if (fd < 0 || ioctl(fd, RTC_RD_TIME, &t) < 0)
		return 0;
	tm = (struct tm){
		.tm_sec = t.tm_sec,
		.tm_min = t.tm_min,
		.tm_hour = t.tm_hour,
		.tm_mday = t.tm_mday,
		.tm_mon = t.tm_mon,
		.tm_year = t.tm_year,
	};
	return timegm(&tm);
}

/* Should reboot(2) hang in some driver's shutdown: the restart that asks none of them. */
static void restart_by_force_later(struct capture *c, unsigned after_s)
{
	int fd = openat(c->root, "proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || fork() != 0)
		return;
	clock_sleep_ms(after_s * 1000);
	if (write(fd, "b", 1) < 0)
		_exit(1);
	_exit(0);
}

static void linux_restart(struct capture *c, enum plan_action action)
{
	static const int commands[] = {
		[PLAN_REBOOT] = RB_AUTOBOOT,
		[PLAN_HALT] = RB_HALT_SYSTEM,
		[PLAN_POWEROFF] = RB_POWER_OFF,
	};

	if ((size_t)action >= ARRAY_SIZE(commands))
		action = PLAN_REBOOT;
	if (action == PLAN_REBOOT)
		restart_by_force_later(c, c->board->action_s);
	reboot(commands[action]);
	say("cannot %s: %s", plan_action_name(action), strerror(errno));
	reboot(RB_AUTOBOOT);
	/* what is left is to end: the kernel panics without PID 1, and `panic=` restarts it */
	_exit(1);
}

const struct capture_ops capture_linux = {
	.mount = linux_mount,
	.umount = linux_umount,
	.insert = linux_insert,
	.find_device = linux_find_device,
	.find_devices = linux_find_devices,
	.make_map = linux_make_map,
	.make_array = linux_make_array,
	.run = linux_run,
	.now = linux_now,
	.chip_time = linux_chip_time,
	.network = net_bring_up,
	.restart = linux_restart,
};
