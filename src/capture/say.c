/*
 * Messages. The console gets them at once; /dev/kmsg gets them at debug level, so that the
 * kernel's log has them in order but does not print them a second time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture/internal.h"

#define KMSG_DEBUG "<7>"

static int console = 2, kmsg = -1;

void say_setup(int root, bool wait)
{
	int fd = openat(root, "dev/console",
			O_WRONLY | O_NOCTTY | O_CLOEXEC | (wait ? 0 : O_NONBLOCK));

	if (fd >= 0) {
		if (console != 2)
			close(console);
		console = fd;
	}
	if (kmsg < 0)
		kmsg = openat(root, "dev/kmsg", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

void say(const char *fmt, ...)
{
	char line[512] = KMSG_DEBUG "salvage: ";
	size_t len = strlen(line);
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
	va_end(ap);
	if (n > 0)
		len += MIN((size_t)n, sizeof(line) - len - 2);
	line[len++] = '\n';
	/* nobody is left to tell when these fail */
	if (write(console, line + strlen(KMSG_DEBUG), len - strlen(KMSG_DEBUG)) < 0)
		errno = 0;
	if (kmsg >= 0 && write(kmsg, line, len) < 0)
		errno = 0;
}

void say_error(struct error *e, const char *fmt, ...)
{
	char words[256];
	va_list ap;

	if (!e)
		return;
	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	say("%s: %s", words, error_message(e));
	error_free(e);
}
