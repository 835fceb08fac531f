/*
 * Whether a worker's programs still get anywhere. The collector may take hours, so its
 * limit is long; but one that waits for a dead disk uses no processor time at all, which shows
 * in /proc/PID/stat (fields 5 pgrp, 14 utime, 15 stime; proc(5)) without touching the disk.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "capture/internal.h"

/* Ticks of one process when it is in the group. */
static uint64_t ticks_of(int root, const char *pid, pid_t group)
{
	unsigned long utime, stime;
	char name[64], text[512];
	const char *rest;
	ssize_t n;
	int fd, pgrp;

	snprintf(name, sizeof(name), "proc/%.20s/stat", pid);
	fd = openat(root, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	rest = strrchr(text, ')'); /* the name may hold anything */
	if (!rest || sscanf(rest + 1, " %*c %*d %d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &pgrp,
			    &utime, &stime) != 3)
		return 0;
	/* the worker itself only waits, which takes some time too */
	return pgrp == group && strtol(pid, NULL, 10) != group ? utime + stime : 0;
}

static uint64_t ticks_of_group(int root, pid_t group)
{
	int fd = openat(root, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;
	uint64_t sum = 0;

	if (!dir) {
		close_keep_errno(fd);
		return 0;
	}
	while ((de = readdir(dir)) != NULL)
		if (isdigit((unsigned char)de->d_name[0]))
			sum += ticks_of(root, de->d_name, group);
	closedir(dir);
	return sum;
}

bool stall_found(struct stall *s, int root, pid_t group, unsigned limit_s)
{
	uint64_t now = clock_now_ms(), ticks;

	if (s->looked_ms && now - s->looked_ms < MIN((uint64_t)limit_s * 1000 / 4, (uint64_t)10000))
		return false;
	ticks = ticks_of_group(root, group);
	/* fewer: a program has ended, which is something too */
	if (!s->looked_ms || ticks != s->ticks) {
		s->ticks = ticks;
		s->moved_ms = now;
	}
	s->looked_ms = now;
	return now - s->moved_ms >= (uint64_t)limit_s * 1000;
}
