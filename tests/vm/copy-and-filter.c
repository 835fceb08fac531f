/*
 * A site's own collector for the tests: copies the whole of /proc/vmcore beside the dump (as
 * vmcore-full, holes for zeros), then has our collector make the filtered one of the same
 * memory. Called as any core_collector: the last two words are the source and the file to
 * write. Exit status: the collector's.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char buf[1 << 20], zeros[4096];

int main(int argc, char **argv)
{
	const char *source = argv[argc - 2], *slash = strrchr(argv[argc - 1], '/');
	char full[4096];
	off_t at = 0;
	ssize_t n;
	int in, out;

	if (argc < 3 || !slash)
		return 2;
	snprintf(full, sizeof(full), "%.*s/vmcore-full", (int)(slash - argv[argc - 1]), argv[argc - 1]);
	in = open(source, O_RDONLY);
	out = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (in < 0 || out < 0) {
		perror(in < 0 ? source : full);
		return 1;
	}
	while ((n = read(in, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i += 4096) {
			size_t len = n - i < 4096 ? n - i : 4096;

			if (memcmp(buf + i, zeros, len) && pwrite(out, buf + i, len, at + i) != (ssize_t)len) {
				perror(full);
				return 1;
			}
		}
		at += n;
	}
	if (n < 0 || ftruncate(out, at) < 0 || fsync(out) < 0) {
		perror(full);
		return 1;
	}
	execl("/bin/salvage-collect", "salvage-collect", "-l", "-d", "31", "-f", source,
	      argv[argc - 1], (char *)NULL);
	perror("/bin/salvage-collect");
	return 1;
}
