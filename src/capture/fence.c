/*
 * fence_kdump: tells the nodes of a cluster again and again that this machine is saving its memory
 * and must not be switched off. A message is two numbers of 32 bits in the sender's byte order: the
 * magic number and version 1, over UDP (fence-agents, agents/kdump/message.h). The process belongs to no worker: it
 * goes on through fallbacks, until the restart.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "capture/internal.h"

#define MAGIC	0x1b302a40
#define VERSION 1

static struct error *tell(const struct inet_addr *node, unsigned port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	bool is_v4 = node->family == AF_INET;
	const uint32_t message[] = { MAGIC, VERSION };
	_cleanup_close_ int fd = socket(node->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char text[INET_TEXT];

	memcpy(is_v4 ? (void *)&v4.sin_addr : (void *)&v6.sin6_addr, node->bytes, inet_len(node));
	if (fd < 0 || sendto(fd, message, sizeof(message), MSG_DONTWAIT,
			     is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
			     is_v4 ? sizeof(v4) : sizeof(v6)) != sizeof(message))
		return error_sys(errno, "the cluster's node %s cannot be told", inet_format(node, text));
	return NULL;
}

/* Says once what does not work: it may work the next time. */
void fence_tell_all(const struct plan_fence *f, unsigned count, bool *said)
{
	for (unsigned i = 0; count == 0 || i < count; i++) {
		if (i)
			clock_sleep_ms(f->interval_s * 1000);
		for (size_t j = 0; j < f->nodes.n; j++) {
			struct error *e = tell(&f->nodes.v[j], f->port);

			if (!*said)
				say_error(e, "fence_kdump");
			else
				error_free(e);
			*said |= e != NULL;
		}
	}
}

void fence_begin(struct capture *c)
{
	const struct plan_fence *f = &c->plan.fence;
	bool said = false;
	pid_t pid;

	if (!f->nodes.n)
		return;
	pid = fork();
	if (pid < 0) {
		say("fence_kdump: cannot start a process: %s", strerror(errno));
		return;
	}
	if (pid == 0) {
		setpgid(0, 0);
		fence_tell_all(f, f->count, &said);
		_exit(0);
	}
	say("telling %zu node(s) of the cluster that the memory is being saved", f->nodes.n);
}
