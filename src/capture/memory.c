/*
 * How much memory the capture took at most. Looked at with every tick of the supervisor, since the
 * kernel keeps no such figure; written by the supervisor only.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture/internal.h"

/* "NAME:   123 kB" of /proc/meminfo. */
static bool field(const char *text, const char *name, uint64_t *ret)
{
	const char *at = strstr(text, name);

	return at && sscanf(at + strlen(name), ": %" SCNu64 " kB", ret) == 1;
}

void memory_look(struct memory_use *m, int root)
{
	int fd = openat(root, "proc/meminfo", O_RDONLY | O_CLOEXEC);
	uint64_t total, left;
	char text[512]; /* the two are in its first lines */
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return; /* before /proc is there: the next look tells */
	text[n] = '\0';
	if (!field(text, "MemTotal", &total) || !field(text, "MemAvailable", &left) || left > total)
		return;
	m->total_kb = total;
	if (total - left > m->used_kb)
		m->used_kb = total - left;
}

void memory_say(const struct memory_use *m)
{
	if (m->total_kb)
		say("memory: at most %ju of %ju MiB in use", (uintmax_t)(m->used_kb + 1023) / 1024,
		    (uintmax_t)m->total_kb / 1024);
}
