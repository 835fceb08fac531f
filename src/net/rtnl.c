/* Messages of rtnetlink, built, sent and read; see rtnl.h. */
#include "net/rtnl.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "base/clock.h"

#define ANSWER_MS    5000 /* the kernel answers at once */
#define RECEIVE_ROOM (64 << 10) /* the kernel makes no longer ones */
#define DUMP_LIMIT   (64 << 20)

/* --- building ----------------------------------------------------------------------- */

void rtnl_begin(struct rtnl_message *m, uint16_t type, uint16_t flags, const void *fixed,
		size_t len)
{
	struct nlmsghdr *h = (struct nlmsghdr *)m->bytes;

	assert(NLMSG_SPACE(len) <= RTNL_ROOM);
	memset(m, 0, sizeof(*m));
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	memcpy(m->bytes + NLMSG_HDRLEN, fixed, len);
	m->len = NLMSG_SPACE(len);
}

void rtnl_put(struct rtnl_message *m, uint16_t type, const void *bytes, size_t len)
{
	struct rtattr *a = (struct rtattr *)(m->bytes + m->len);

	if (len > RTNL_ROOM || m->len + RTA_SPACE(len) > RTNL_ROOM) {
		m->failed = true;
		return;
	}
	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), bytes, len);
	m->len += RTA_SPACE(len);
}

void rtnl_put_u8(struct rtnl_message *m, uint16_t type, uint8_t v)
{
	rtnl_put(m, type, &v, sizeof(v));
}

void rtnl_put_u16(struct rtnl_message *m, uint16_t type, uint16_t v)
{
	rtnl_put(m, type, &v, sizeof(v));
}

void rtnl_put_u32(struct rtnl_message *m, uint16_t type, uint32_t v)
{
	rtnl_put(m, type, &v, sizeof(v));
}

void rtnl_put_text(struct rtnl_message *m, uint16_t type, const char *text)
{
	rtnl_put(m, type, text, strlen(text) + 1);
}

size_t rtnl_nest(struct rtnl_message *m, uint16_t type)
{
	size_t at = m->len;

	rtnl_put(m, type, NULL, 0);
	return at;
}

void rtnl_nest_end(struct rtnl_message *m, size_t nest)
{
	struct rtattr *a = (struct rtattr *)(m->bytes + nest);

	if (!m->failed)
		a->rta_len = m->len - nest;
}

/* --- reading ------------------------------------------------------------------------ */

bool rtnl_next(const void **bytes, size_t *len, struct rtnl_item *ret)
{
	struct nlmsghdr h;
	size_t step;

	if (*len < sizeof(h))
		return false;
	memcpy(&h, *bytes, sizeof(h));
	if (h.nlmsg_len < NLMSG_HDRLEN || h.nlmsg_len > *len)
		return false;
	ret->type = h.nlmsg_type;
	ret->bytes = (const unsigned char *)*bytes + NLMSG_HDRLEN;
	ret->len = h.nlmsg_len - NLMSG_HDRLEN;
	step = MIN((size_t)NLMSG_ALIGN((size_t)h.nlmsg_len), *len);
	*bytes = (const unsigned char *)*bytes + step;
	*len -= step;
	return true;
}

bool attr_next(struct attr_walk *w, struct attr *ret)
{
	struct rtattr a;
	size_t step;

	if (w->len < sizeof(a))
		return false;
	memcpy(&a, w->bytes, sizeof(a));
	if (a.rta_len < sizeof(a) || a.rta_len > w->len)
		return false;
	ret->type = a.rta_type & NLA_TYPE_MASK;
	ret->bytes = w->bytes + RTA_LENGTH(0);
	ret->len = a.rta_len - RTA_LENGTH(0);
	step = MIN((size_t)RTA_ALIGN((size_t)a.rta_len), w->len);
	w->bytes += step;
	w->len -= step;
	return true;
}

uint8_t attr_u8(const struct attr *a)
{
	return a->len >= 1 ? a->bytes[0] : 0;
}

uint16_t attr_u16(const struct attr *a)
{
	uint16_t v = 0;

	if (a->len >= sizeof(v))
		memcpy(&v, a->bytes, sizeof(v));
	return v;
}

uint32_t attr_u32(const struct attr *a)
{
	uint32_t v = 0;

	if (a->len >= sizeof(v))
		memcpy(&v, a->bytes, sizeof(v));
	return v;
}

void attr_text(const struct attr *a, char *to, size_t room)
{
	size_t len = strnlen((const char *)a->bytes, MIN(a->len, room - 1));

	memcpy(to, a->bytes, len);
	to[len] = '\0';
}

/* --- the kernel --------------------------------------------------------------------- */

struct error *rtnl_open(struct rtnl *ret)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int one = 1;

	if (fd < 0)
		return error_sys(errno, "rtnetlink: cannot open a socket");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close_keep_errno(fd);
		return error_sys(errno, "rtnetlink: cannot bind the socket");
	}
	/* sentences with the errors (4.12); without them the numbers must do */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	*ret = (struct rtnl){ .fd = fd };
	return NULL;
}

void rtnl_close(struct rtnl *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

/* The kernel's no, with the words that it may have added. */
static struct error *refusal(const unsigned char *bytes, size_t len, const char *what)
{
	struct attr_walk w;
	struct nlmsgerr err;
	struct attr a;
	char words[120];
	size_t head = sizeof(err);

	if (len < sizeof(err))
		return error_new(ERROR_BAD_DATA, "%s: rtnetlink's answer is too short", what);
	memcpy(&err, bytes, sizeof(err));
	if (err.error == 0)
		return NULL;
	w = (struct attr_walk){ bytes + head, len - head };
	while (attr_next(&w, &a))
		if (a.type == NLMSGERR_ATTR_MSG && a.len) {
			attr_text(&a, words, sizeof(words));
			return error_sys(-err.error, "%s (%s)", what, words);
		}
	return error_sys(-err.error, "%s", what);
}

static struct error *receive(struct rtnl *r, unsigned char *buf, uint64_t deadline,
			     const char *what, size_t *ret_len)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };

	for (;;) {
		uint64_t now = clock_now_ms();
		ssize_t n;

		if (now >= deadline || poll(&p, 1, deadline - now) == 0)
			return error_new(ERROR_TIMEOUT, "%s: rtnetlink does not answer", what);
		n = recv(r->fd, buf, RECEIVE_ROOM, MSG_DONTWAIT);
		if (n >= 0) {
			*ret_len = n;
			return NULL;
		}
		if (errno != EINTR && errno != EAGAIN)
			return error_sys(errno, "%s: rtnetlink", what);
	}
}

/* Messages up to the last of the answer; `to` may be null. */
static struct error *take_answer(struct rtnl *r, const char *what, bool dump, struct strbuf *to)
{
	uint64_t deadline = clock_now_ms() + ANSWER_MS;
	_cleanup_free_ unsigned char *buf = malloc(RECEIVE_ROOM);

	if (!buf)
		return error_nomem();
	for (;;) {
		const void *at = buf;
		size_t left;

		TRY(receive(r, buf, deadline, what, &left));
		while (left >= sizeof(struct nlmsghdr)) {
			const unsigned char *start = at;
			struct nlmsghdr h;
			struct rtnl_item item;

			memcpy(&h, at, sizeof(h));
			if (!rtnl_next(&at, &left, &item))
				return error_new(ERROR_BAD_DATA, "%s: rtnetlink's answer is broken", what);
			if (h.nlmsg_seq != r->seq)
				continue; /* of a question that was given up */
			if (item.type == NLMSG_DONE)
				return NULL;
			if (item.type == NLMSG_ERROR)
				return refusal(item.bytes, item.len, what);
			if (!to)
				continue;
			strbuf_add(to, start, h.nlmsg_len);
			strbuf_fill(to, '\0', NLMSG_ALIGN(h.nlmsg_len) - h.nlmsg_len);
			if (to->len > DUMP_LIMIT)
				return error_new(ERROR_BAD_DATA, "%s: rtnetlink does not stop answering", what);
			if (!dump)
				return strbuf_error(to);
		}
	}
}

static struct error *send_message(struct rtnl *r, struct rtnl_message *m, const char *what)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nlmsghdr *h = (struct nlmsghdr *)m->bytes;

	if (m->failed)
		return error_new(ERROR_OTHER, "%s: too long for one message", what);
	h->nlmsg_len = m->len;
	h->nlmsg_seq = ++r->seq;
	if (sendto(r->fd, m->bytes, m->len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return error_sys(errno, "%s: rtnetlink", what);
	return NULL;
}

struct error *rtnl_do(struct rtnl *r, struct rtnl_message *m, const char *what)
{
	((struct nlmsghdr *)m->bytes)->nlmsg_flags |= NLM_F_ACK;
	TRY(send_message(r, m, what));
	return take_answer(r, what, true, NULL);
}

struct error *rtnl_ask(struct rtnl *r, struct rtnl_message *m, const char *what,
		       struct strbuf *to)
{
	bool dump = ((struct nlmsghdr *)m->bytes)->nlmsg_flags & NLM_F_DUMP;

	TRY(send_message(r, m, what));
	TRY(take_answer(r, what, dump, to));
	return strbuf_error(to);
}
