/*
 * The watchdogs: hardware ones that were running when the machine crashed and go on running,
 * or the kernel's own (softdog) where there is none. Every /dev/watchdogN is opened once it
 * appears, told the plan's time, and fed as long as the worker is within its limits. What is
 * not fed restarts the machine, also when PID 1 itself hangs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/watchdog.h>

#include "base/text.h"
#include "capture/internal.h"

#define SAY_AFTER 120 /* feedings: until the modules are in */

static void open_one(struct watchdogs *w, int root, unsigned nr, int seconds)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "dev/watchdog%u", nr);
	fd = openat(root, name, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		if (errno == ENOENT || errno == ENXIO || errno == ENODEV)
			return;
		w->tried |= 1u << nr;
		say("/%s can't be opened: %s", name, strerror(errno));
		return;
	}
	w->tried |= 1u << nr;
	(void)ioctl(fd, WDIOC_SETTIMEOUT, &seconds); /* or its own */
	w->fd[w->n++] = fd;
}

void watchdogs_feed(struct watchdogs *w, int root, unsigned seconds)
{
	if (seconds == 0)
		return;
	for (unsigned nr = 0; nr < WATCHDOGS_MAX; nr++)
		if (!(w->tried & 1u << nr))
			open_one(w, root, nr, (int)seconds);
	for (unsigned i = 0; i < w->n; i++)
		if (write(w->fd[i], "\n", 1) < 0)
			errno = 0; /* it bites: that is what it is for */
	if (w->feedings < SAY_AFTER && ++w->feedings == SAY_AFTER && !w->n)
		say("the plan asks for a watchdog, but there is no /dev/watchdog0");
}

void watchdogs_close(struct watchdogs *w, bool stop)
{
	for (unsigned i = 0; i < w->n; i++) {
		/* the magic close: a machine that shall stay down is not woken */
		if (stop && write(w->fd[i], "V", 1) < 0)
			errno = 0;
		close(w->fd[i]);
	}
	w->n = 0;
}
