/* kdumpctl _hotplug, _early-files: what udev rules and initramfs hooks run. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "service/bootedit.h"
#include "service/capline.h"
#include "tools/kdumpctl.h"

#define PENDING	     "run/lock/kdump-hotplug"
#define GATHER_MS    1000 /* more events come close together */
#define SETTLE_LIMIT "--timeout=3"

/*
 * CPUs and memory come and go in storms, one event each. The first event waits a little and then reloads;
 * events that come while it waits find the lock taken and are covered by it. One that comes later, while
 * the reload is going on, waits its own turn: at most two of us are there at a time.
 */
int cmd_hotplug(struct service *s)
{
	static const char *const settle[] = { "settle", SETTLE_LIMIT, NULL };
	_cleanup_close_ int pending = openat(s->root, PENDING, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct kexec_state state;
	struct error *e;
	bool found;

	if (pending < 0) {
		log_error("/%s: cannot open: %s", PENDING, strerror(errno));
		return 1;
	}
	if (flock(pending, LOCK_EX | LOCK_NB) < 0)
		return 0;
	if (!kexec_state(s, &state))
		return 1;
	if (!state.crash_loaded || state.hotplug_updates)
		return 0; /* nothing to load anew, or the kernel does it */
	clock_sleep_ms(GATHER_MS);
	e = boot_run(s->root, "udevadm", settle, &found, NULL);
	error_free(e); /* the events that were there are enough */
	close(take_fd(&pending));
	if (!take_lock(s))
		return 1;
	return cmd_reload(s);
}

/* One "KEY VALUE" a line: what an initramfs needs to load the capture kernel early. */
int cmd_early_files(struct service *s)
{
	_cleanup_free_ char *line = NULL;
	struct error *e;

	if (!read_sysconfig(s) || !find_kernel(s))
		return 1;
	if (!file_exists(s->root, rootpath_below(s->kernel.image))) {
		log_error("%s: not built yet; run `kdumpctl rebuild` first", s->kernel.image);
		return 1;
	}
	e = capline_make(s->root, &s->sysconfig, &line);
	if (e)
		return !failed(e, NULL);
	printf("kernel %s\nimage %s\nargs %s\ncommand-line %s\n", s->kernel.kernel, s->kernel.image,
	       sysconfig_get(&s->sysconfig, SYSCONFIG_KEXEC_ARGS), line);
	return 0;
}
