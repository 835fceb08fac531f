/*
 * A capture on trial (kdumpctl test): the command line holds kdump_test_id=ID, the dump folder is
 * kdump-test-ID, and a file in it tells how far it came: "fail" from the beginning, "success" at the end.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "capture/internal.h"

#define WORD	     "kdump_test_id="
#define CMDLINE_ROOM 8192
#define STATUS	     "vmcore-creation.status"

bool trial_id(const struct capture *c, char to[TRIAL_ID_ROOM])
{
	char line[CMDLINE_ROOM];
	int fd = openat(c->root, "proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, line, sizeof(line) - 1) : -1;
	const char *at;
	size_t len;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	line[n] = '\0';
	at = strstr(line, WORD);
	if (!at || (at != line && at[-1] != ' '))
		return false;
	at += strlen(WORD);
	len = strspn(at, "0123456789-"); /* it becomes a folder's name */
	if (!len || len >= TRIAL_ID_ROOM || (at[len] && !strchr(" \n", at[len])))
		return false;
	memcpy(to, at, len);
	to[len] = '\0';
	return true;
}

void trial_note(struct capture *c, bool saved)
{
	char id[TRIAL_ID_ROOM], text[TRIAL_ID_ROOM + 32];
	struct error *e;
	int n;

	if (c->folder < 0 || !trial_id(c, id))
		return;
	n = snprintf(text, sizeof(text), "%s " WORD "%s\n", saved ? "success" : "fail", id);
	e = file_publish(c->folder, STATUS, 0600, text, n);
	say_error(e, "the outcome of the test cannot be noted");
}
