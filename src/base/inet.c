/* See inet.h. */
#include "base/inet.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

bool inet_parse(const char *text, struct inet_addr *ret)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char host[INET6_ADDRSTRLEN];
	struct inet_addr a = { .family = AF_INET6 };
	uint64_t prefix;

	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (!strchr(host, ':'))
		a.family = AF_INET;
	if (inet_pton(a.family, host, a.bytes) != 1)
		return false;
	prefix = 8 * inet_len(&a);
	if (slash) {
		uint64_t most = prefix;

		if (strlen(slash + 1) > 3 || slash[1] < '0' || slash[1] > '9' ||
		    !text_u64(slash + 1, &prefix) || prefix > most)
			return false;
	}
	a.prefix = prefix;
	*ret = a;
	return true;
}

const char *inet_format(const struct inet_addr *a, char *to)
{
	if (!inet_ntop(a->family, a->bytes, to, INET_TEXT))
		snprintf(to, INET_TEXT, "?");
	return to;
}

const char *inet_format_prefix(const struct inet_addr *a, char *to)
{
	size_t len = strlen(inet_format(a, to));

	snprintf(to + len, INET_TEXT - len, "/%u", a->prefix);
	return to;
}

bool inet_same(const struct inet_addr *a, const struct inet_addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, inet_len(a)) == 0;
}

bool inet_within(const struct inet_addr *a, const struct inet_addr *net)
{
	size_t whole = net->prefix / 8;
	unsigned rest = net->prefix % 8;

	if (a->family != net->family || net->prefix > 8 * inet_len(net) ||
	    memcmp(a->bytes, net->bytes, whole) != 0)
		return false;
	return rest == 0 || ((a->bytes[whole] ^ net->bytes[whole]) & (0xff00 >> rest) & 0xff) == 0;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at;

	c = c >= 'A' && c <= 'F' ? c + 32 : c;
	at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

bool mac_parse(const char *text, unsigned char ret[MAC_LEN])
{
	unsigned char mac[MAC_LEN];

	if (strlen(text) != 3 * MAC_LEN - 1)
		return false;
	for (int i = 0; i < MAC_LEN; i++) {
		int high = hex_digit(text[3 * i]), low = hex_digit(text[3 * i + 1]);

		if (high < 0 || low < 0 || (i < MAC_LEN - 1 && text[3 * i + 2] != ':'))
			return false;
		mac[i] = high << 4 | low;
	}
	memcpy(ret, mac, MAC_LEN);
	return true;
}

const char *mac_format(const unsigned char mac[MAC_LEN], char *to)
{
	snprintf(to, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
	return to;
}
