/* PID 1 of the capture initramfs; see capture/capture.h and man salvage-init(8). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "capture/capture.h"

int main(int argc, char **argv)
{
	struct capture c = { .ops = &capture_linux, .grace_ms = 5000, .target = -1, .folder = -1,
			     .own_log.fd = -1 };

	if (getpid() != 1) {
		/* it ends by restarting the machine, which nobody wants from a shell */
		fprintf(stderr,
			"salvage-init %s: this is PID 1 of the capture kernel; it is put into its initramfs\n",
			SALVAGE_VERSION);
		return 2;
	}
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/", 1);
	umask(077);
	c.root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c.root < 0)
		return 1; /* the kernel panics, and `panic=` restarts it */
	capture_supervise(&c);
	return 1;
}
