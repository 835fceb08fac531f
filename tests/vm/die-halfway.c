/* A collector that writes a megabyte and is killed, as the kernel does when memory runs out. */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static char buf[1 << 20] = "not a dump";

int main(int argc, char **argv)
{
	int fd = open(argv[argc - 1], O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, buf, sizeof(buf)) != sizeof(buf))
		return 1;
	raise(SIGKILL);
	return 0;
}
