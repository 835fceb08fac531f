/* net: interfaces, neighbours, and the sockets of tasks. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/list.h"
#include "kernel/peek.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/fds.h"
#include "shell/row.h"
#include "shell/show.h"
#include "shell/tasks.h"
#include "shell/value.h"

enum { OPT_NEIGHBOURS = 1, OPT_SOCKETS, OPT_STRUCTS, OPT_NAMESPACE, OPT_DOTS, OPT_REFERENCE, OPT_HEX, OPT_DEC };

static const struct option_def options[] = {
	{'a', NULL, NULL, "neighbours: the ARP cache", OPT_NEIGHBOURS},
	{'s', NULL, NULL, "the sockets of the current task, or of those named", OPT_SOCKETS},
	{'S', NULL, NULL, "the same with struct socket and struct sock", OPT_STRUCTS},
	{'n', NULL, NULL, "the interfaces in the namespace of the current task, or of the one named", OPT_NAMESPACE},
	{'N', NULL, "ADDRESS", "an IPv4 address, as it is in memory, with dots", OPT_DOTS},
	{'R', NULL, "WORD", "only the sockets in which an address or descriptor occurs", OPT_REFERENCE},
	{'x', NULL, NULL, "numbers in hexadecimal", OPT_HEX},
	{'d', NULL, NULL, "numbers in decimal", OPT_DEC},
	{0},
};

#define DEVICES_MAX   65536
#define ADDRESSES_MAX 4096
#define BUCKETS_MAX   (1u << 20)
#define CHAIN_MAX     65536
#define AF_INET_NR    2
#define AF_INET6_NR   10

/* ---- addresses ---- */

static void put_ipv4(struct peek *p, uint64_t va, char *buf)
{
	unsigned char bytes[4];

	peek_bytes(p, va, bytes, sizeof(bytes));
	inet_ntop(AF_INET, bytes, buf, INET6_ADDRSTRLEN);
}

static void put_ipv6(struct peek *p, uint64_t va, char *buf)
{
	unsigned char bytes[16];

	peek_bytes(p, va, bytes, sizeof(bytes));
	inet_ntop(AF_INET6, bytes, buf, INET6_ADDRSTRLEN);
}

/* ---- interfaces ---- */

static void add_address(struct strbuf *out, const char *text)
{
	strbuf_printf(out, out->len ? ", %s" : "%s", text);
}

static struct error *addresses(struct shell *sh, uint64_t dev, struct strbuf *out)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t v4 = peek_member(&p, dev, "net_device", "ip_ptr"), v6 = 0, at = 0, head, link, node;
	char text[INET6_ADDRSTRLEN];
	struct list_walk w;

	if (v4)
		at = peek_member(&p, v4, "in_device", "ifa_list");
	for (unsigned n = 0; at && n < ADDRESSES_MAX && !peek_failed(&p); n++) {
		put_ipv4(&p, at + peek_offset(&p, "in_ifaddr", "ifa_local"), text);
		if (!peek_failed(&p))
			add_address(out, text);
		at = peek_member(&p, at, "in_ifaddr", "ifa_next");
	}
	if (!peek_ok(&p) || !peek_has(sh->kernel, "net_device", "ip6_ptr"))
		return NULL;
	v6 = peek_member(&p, dev, "net_device", "ip6_ptr");
	head = v6 + peek_offset(&p, "inet6_dev", "addr_list");
	link = peek_offset(&p, "inet6_ifaddr", "if_list");
	if (!peek_ok(&p) || !v6)
		return NULL;
	TRY(list_begin(sh->kernel, head, ADDRESSES_MAX, &w));
	while (list_next(sh->kernel, &w, &node)) {
		put_ipv6(&p, node - link + peek_offset(&p, "inet6_ifaddr", "addr"), text);
		if (peek_ok(&p))
			add_address(out, text);
	}
	error_free(list_error(&w)); /* those before it are shown */
	return NULL;
}

/* The network namespace of a task that has one, else the first. */
static struct error *namespace_of(struct shell *sh, const struct task *t, uint64_t *ret)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t proxy = t ? peek_member(&p, t->va, "task_struct", "nsproxy") : 0;

	*ret = proxy ? peek_member(&p, proxy, "nsproxy", "net_ns") : 0;
	if (!peek_ok(&p) || !*ret)
		*ret = peek_symbol(&p, "init_net");
	return peek_error(&p);
}

static struct error *put_devices(struct shell *sh, const struct task *t)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t net = 0, head, link, node;
	struct list_walk w;
	struct error *e = NULL, *end;

	TRY(namespace_of(sh, t, &net));
	head = net + peek_offset(&p, "net", "dev_base_head");
	link = peek_offset(&p, "net_device", "dev_list");
	TRY(peek_error(&p));
	row_middle(sh, 0, "NET_DEVICE");
	row_text(sh, "  NAME   IP ADDRESS(ES)\n");
	TRY(list_begin(sh->kernel, head, DEVICES_MAX, &w));
	while (!e && list_next(sh->kernel, &w, &node) && !shell_interrupted()) {
		_cleanup_strbuf_ struct strbuf all = {0};
		char name[32];

		peek_name(&p, node - link, "net_device", "name", name, sizeof(name));
		e = peek_error(&p);
		if (!e)
			e = addresses(sh, node - link, &all);
		if (e)
			break;
		row_begin(sh, "device");
		row_addr(sh, "net_device", node - link);
		row_text(sh, "  ");
		row_str(sh, "name", -6, name);
		row_text(sh, " ");
		row_str(sh, "addresses", 0, strbuf_str(&all));
		row_end(sh);
	}
	end = list_error(&w);
	if (!e)
		return end;
	error_free(end);
	return e;
}

/* ---- neighbours: net/core/neighbour.c ---- */

static const struct {
	unsigned bit;
	const char *name;
} nud_states[] = {
	{0x01, "INCOMPLETE"}, {0x02, "REACHABLE"}, {0x04, "STALE"}, {0x08, "DELAY"}, {0x10, "PROBE"}, {0x20, "FAILED"},
	{0x40, "NOARP"}, {0x80, "PERMANENT"},
};

static const char *nud_name(uint64_t state)
{
	for (size_t i = 0; i < ARRAY_SIZE(nud_states); i++)
		if (state & nud_states[i].bit)
			return nud_states[i].name;
	return "NONE";
}

/* include/uapi/linux/if_arp.h */
static const char *hw_type(uint64_t type)
{
	return type == 1 ? "ETHER" : type == 32 ? "INFINIBAND" : type == 512 ? "PPP" : type == 772 ? "LOOPBACK" :
	       type == 768 ? "TUNNEL" : "UNKNOWN";
}

static struct error *put_neighbour(struct shell *sh, uint64_t va, bool v6)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t dev = peek_member(&p, va, "neighbour", "dev"), state = peek_member(&p, va, "neighbour", "nud_state");
	uint64_t type = peek_member(&p, dev, "net_device", "type");
	uint64_t key = va + peek_offset(&p, "neighbour", "primary_key");
	char ip[INET6_ADDRSTRLEN], name[32], hw[24];
	unsigned char ha[6];

	if (v6)
		put_ipv6(&p, key, ip);
	else
		put_ipv4(&p, key, ip);
	peek_bytes(&p, va + peek_offset(&p, "neighbour", "ha"), ha, sizeof(ha));
	peek_name(&p, dev, "net_device", "name", name, sizeof(name));
	TRY(peek_error(&p));
	snprintf(hw, sizeof(hw), "%02x:%02x:%02x:%02x:%02x:%02x", ha[0], ha[1], ha[2], ha[3], ha[4], ha[5]);
	row_begin(sh, "neighbour");
	row_addr(sh, "neighbour", va);
	row_text(sh, "  ");
	row_str(sh, "ip", -13, ip);
	row_text(sh, "  ");
	row_str(sh, "hw_type", -8, hw_type(type));
	row_text(sh, "  ");
	row_str(sh, "hw_address", -17, hw);
	row_text(sh, "  ");
	row_str(sh, "device", -6, name);
	row_text(sh, "  ");
	row_str(sh, "state", 0, nud_name(state));
	row_end(sh);
	return NULL;
}

static struct error *put_neighbours(struct shell *sh, const char *table, bool v6)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	bool hlists = peek_has(sh->kernel, "neigh_hash_table", "hash_heads"); /* 6.13 */
	uint64_t tbl = peek_symbol(&p, table), hash, shift, heads;
	uint64_t link = hlists ? peek_offset(&p, "neighbour", "hash") : 0;

	if (!peek_ok(&p)) /* IPv6 may be a module, or not there */
		return NULL;
	hash = peek_member(&p, tbl, "neigh_table", "nht");
	shift = peek_member(&p, hash, "neigh_hash_table", "hash_shift");
	heads = peek_member(&p, hash, "neigh_hash_table", "hash_heads|hash_buckets");
	TRY(peek_error(&p));
	for (uint64_t i = 0; i < MIN(1ull << (shift & 31), (uint64_t)BUCKETS_MAX) && !shell_interrupted(); i++) {
		uint64_t at = peek_long(&p, heads + i * sh->kernel->long_size);

		for (unsigned n = 0; at && n < CHAIN_MAX && !peek_failed(&p); n++) {
			TRY(put_neighbour(sh, at - link, v6));
			at = hlists ? peek_long(&p, at) : peek_member(&p, at, "neighbour", "next");
		}
		TRY(peek_error(&p));
	}
	return NULL;
}

static struct error *put_all_neighbours(struct shell *sh)
{
	row_text(sh, "%-*s  IP ADDRESS     HW TYPE   HW ADDRESS         DEVICE  STATE\n", (int)(2 * sh->kernel->long_size),
		 "NEIGHBOUR");
	TRY(put_neighbours(sh, "arp_tbl", false));
	return put_neighbours(sh, "nd_tbl", true);
}

/* ---- sockets ---- */

struct sockets {
	struct shell *sh;
	const char *word; /* -R */
	bool structs, any;
	uint64_t fops; /* of files that are sockets */
	struct show_how how;
};

static void family_name(uint64_t family, char *buf, size_t room)
{
	static const char *const names[] = {"UNSPEC", "UNIX", "INET", "AX25", "IPX", "APPLETALK", "NETROM", "BRIDGE", "AAL5",
					    "X25", "INET6"};

	if (family < ARRAY_SIZE(names))
		snprintf(buf, room, "%s", names[family]);
	else
		snprintf(buf, room, "%s", family == 16 ? "NETLINK" : family == 17 ? "PACKET" : family == 29 ? "CAN" :
			 family == 31 ? "BLUETOOTH" : family == 38 ? "ALG" : family == 40 ? "VSOCK" : family == 44 ? "XDP" : "OTHER");
}

static const char *type_name(uint64_t type)
{
	static const char *const names[] = {"?", "STREAM", "DGRAM", "RAW", "RDM", "SEQPACKET", "DCCP"};

	return type < ARRAY_SIZE(names) ? names[type] : type == 10 ? "PACKET" : "?";
}

/* include/net/tcp_states.h */
static const char *state_name(uint64_t state)
{
	static const char *const names[] = {"", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
					    "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV"};

	return state < ARRAY_SIZE(names) ? names[state] : "";
}

static unsigned port(struct peek *p, uint64_t va)
{
	unsigned char b[2];

	peek_bytes(p, va, b, sizeof(b));
	return (unsigned)b[0] << 8 | b[1];
}

/* "address-port" of both ends. */
static void ends(struct peek *p, uint64_t sk, uint64_t family, char *from, char *to, size_t room)
{
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];

	if (family == AF_INET6_NR) {
		put_ipv6(p, sk + peek_offset(p, "sock", "__sk_common.skc_v6_rcv_saddr"), a);
		put_ipv6(p, sk + peek_offset(p, "sock", "__sk_common.skc_v6_daddr"), b);
	} else {
		put_ipv4(p, sk + peek_offset(p, "sock", "__sk_common.skc_rcv_saddr"), a);
		put_ipv4(p, sk + peek_offset(p, "sock", "__sk_common.skc_daddr"), b);
	}
	snprintf(from, room, "%s-%u", a, port(p, sk + peek_offset(p, "inet_sock", "inet_sport")));
	snprintf(to, room, "%s-%u", b, port(p, sk + peek_offset(p, "sock", "__sk_common.skc_dport")));
}

static bool refers(const struct sockets *s, uint64_t fd, uint64_t socket, uint64_t sk)
{
	uint64_t v;

	if (!s->word || (text_u64(s->word, &v) && v == fd))
		return true;
	return text_hex(s->word, &v) && (v == socket || v == sk);
}

static struct error *put_struct(struct sockets *s, const char *name, uint64_t va)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct ctype t;

	TRY(ctype_parse(s->sh->kernel, name, &t));
	strbuf_printf(&out, "%s ", name);
	TRY(show_object(s->sh, t, va, &s->how, &out));
	TRY(strbuf_error(&out));
	fprintf(s->sh->out, "%s\n", strbuf_str(&out));
	return NULL;
}

static struct error *put_socket(uint64_t fd, uint64_t file, void *arg)
{
	struct sockets *s = arg;
	struct shell *sh = s->sh;
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t socket, sk, family, type, state;
	char from[80] = "", to[80] = "", name[40];

	if (peek_member(&p, file, "file", "f_op") != s->fops)
		return peek_error(&p);
	socket = peek_member(&p, file, "file", "private_data");
	sk = peek_member(&p, socket, "socket", "sk");
	type = peek_member(&p, socket, "socket", "type");
	family = sk ? peek_member(&p, sk, "sock", "__sk_common.skc_family") : 0;
	state = sk ? peek_member(&p, sk, "sock", "__sk_common.skc_state") : 0;
	if (sk && (family == AF_INET_NR || family == AF_INET6_NR))
		ends(&p, sk, family, from, to, sizeof(from));
	TRY(peek_error(&p));
	if (!refers(s, fd, socket, sk))
		return NULL;
	if (!s->any || s->structs)
		row_text(sh, s->structs ? "FD       SOCKET            SOCK\n" :
			 "FD       SOCKET            SOCK       FAMILY:TYPE SOURCE-PORT DESTINATION-PORT\n");
	s->any = true;
	family_name(family, name, sizeof(name));
	row_begin(sh, "socket");
	row_u64(sh, "fd", 2, fd);
	row_text(sh, " ");
	row_addr(sh, "socket", socket);
	row_text(sh, " ");
	row_addr(sh, "sock", sk);
	row_text(sh, " ");
	if (!s->structs) {
		row_str(sh, "family", 0, name);
		row_text(sh, ":");
		row_str(sh, "type", 0, type_name(type));
		row_text(sh, from[0] ? "  " : " ");
		row_str(sh, "source", 0, from);
		row_text(sh, " ");
		row_str(sh, "destination", 0, to);
		row_only_str(sh, "state", state_name(state));
	}
	row_end(sh);
	if (!s->structs)
		return NULL;
	row_text(sh, "\n");
	TRY(put_struct(s, "struct socket", socket));
	return sk ? put_struct(s, "struct sock", sk) : NULL;
}

static struct error *put_sockets(struct shell *sh, const struct task *t, const void *arg)
{
	struct sockets s = *(const struct sockets *)arg;
	_cleanup_peek_ struct peek p = {.k = sh->kernel};

	s.fops = peek_symbol(&p, "socket_file_ops");
	TRY(peek_error(&p));
	print_task_line(sh, t);
	TRY(fds_walk(sh, t, put_socket, &s));
	if (!s.any)
		row_text(sh, "No open sockets.\n");
	return NULL;
}

/* ---- command line ---- */

static struct error *put_dots(struct shell *sh, const char *word)
{
	unsigned char bytes[4];
	char text[INET6_ADDRSTRLEN];
	uint64_t v;

	if ((!text_u64(word, &v) || word[0] == '0') && !text_hex(word, &v))
		return error_new(ERROR_USAGE, "%s: expected a number", word);
	if (v > UINT32_MAX)
		return error_new(ERROR_USAGE, "%s: more than 32 bits", word);
	put_u32(bytes, (uint32_t)v, sh->kernel->big);
	inet_ntop(AF_INET, bytes, text, sizeof(text));
	row_begin(sh, "address");
	row_str(sh, "address", 0, text);
	row_end(sh);
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct sockets s = {.sh = sh, .how = show_defaults(sh)};
	bool sockets = false;
	struct task t = sh->task;
	char **words;
	int id, n;

	while ((id = options_next(o)) > 0) {
		switch (id) {
		case OPT_NEIGHBOURS:
			return put_all_neighbours(sh);
		case OPT_SOCKETS:
		case OPT_STRUCTS:
			sockets = true;
			s.structs |= id == OPT_STRUCTS;
			break;
		case OPT_DOTS:
			return put_dots(sh, o->value);
		case OPT_REFERENCE:
			s.word = o->value;
			break;
		case OPT_HEX:
		case OPT_DEC:
			s.how.radix = id == OPT_HEX ? 16 : 10;
			break;
		}
	}
	if (id < 0)
		return command_misused();
	words = command_words(o, &n);
	if (sockets)
		return tasks_for_words(sh, words, n, false, put_sockets, &s);
	if (n)
		TRY(tasks_pick_one(sh, words[0], &t));
	return put_devices(sh, n || sh->has_task ? &t : NULL);
}

const struct command cmd_net = {
	.name = "net",
	.args = "[-a | -n [pid|task] | [-s|-S] [-R word] [pid|task] ... | -N address]",
	.summary = "show network interfaces, neighbours, sockets",
	.options = options,
	.run = run,
};
