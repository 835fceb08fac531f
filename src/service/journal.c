/* The journal's socket; see journal.h. */
#include "service/journal.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A value with a newline has its length in front, 8 bytes little-endian. */
static void add_field(struct strbuf *b, const char *name, const char *value)
{
	uint64_t len = htole64(strlen(value));

	strbuf_puts(b, name);
	if (strchr(value, '\n')) {
		strbuf_putc(b, '\n');
		strbuf_add(b, &len, sizeof(len));
	} else {
		strbuf_putc(b, '=');
	}
	strbuf_puts(b, value);
	strbuf_putc(b, '\n');
}

void journal_send(int root, const char *id, enum journal_priority priority, const char *message,
		  const char *const *fields)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char level[2] = { '0' + priority };

	add_field(&b, "MESSAGE", message);
	add_field(&b, "MESSAGE_ID", id);
	add_field(&b, "PRIORITY", level);
	add_field(&b, "SYSLOG_IDENTIFIER", "salvage");
	for (size_t i = 0; fields && fields[i] && fields[i + 1]; i += 2)
		add_field(&b, fields[i], fields[i + 1]);
	snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d/run/systemd/journal/socket", root);
	if (fd >= 0 && b.len && !b.failed)
		(void)sendto(fd, b.s, b.len, MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof(to)); /* no journal, no message */
}
