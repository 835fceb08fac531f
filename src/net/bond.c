/* See bond.h. */
#include "net/bond.h"

#include <arpa/inet.h>
#include <string.h>
#include <linux/if_link.h>

#include "base/inet.h"

#define MODES_ALL   0x7f
#define MODE_8023AD 0x10
#define MODES_PRIMARY (1 << 1 | 1 << 5 | 1 << 6)
#define MODES_ARP   (1 << 0 | 1 << 1 | 1 << 2 | 1 << 3)

/* In the order in which the kernel wants them: it checks some against others. */
static const struct option {
	const char *name;
	uint16_t attr;
	uint8_t width;	/* 0: a list of addresses */
	uint8_t modes;	/* bits of the modes in which it may be set */
	uint32_t usual; /* the kernel's default */
} options[] = {
	{ "mode", IFLA_BOND_MODE, 1, MODES_ALL, UINT32_MAX },
	{ "miimon", IFLA_BOND_MIIMON, 4, MODES_ALL, 0 },
	{ "updelay", IFLA_BOND_UPDELAY, 4, MODES_ALL, 0 },
	{ "downdelay", IFLA_BOND_DOWNDELAY, 4, MODES_ALL, 0 },
	{ "use_carrier", IFLA_BOND_USE_CARRIER, 1, MODES_ALL, 1 },
	{ "arp_interval", IFLA_BOND_ARP_INTERVAL, 4, MODES_ARP, 0 },
	{ "arp_ip_target", IFLA_BOND_ARP_IP_TARGET, 0, MODES_ARP, 0 },
	{ "arp_validate", IFLA_BOND_ARP_VALIDATE, 4, 1 << 1, 0 },
	{ "arp_all_targets", IFLA_BOND_ARP_ALL_TARGETS, 4, MODES_ARP, 0 },
	{ "primary_reselect", IFLA_BOND_PRIMARY_RESELECT, 1, MODES_PRIMARY, 0 },
	{ "fail_over_mac", IFLA_BOND_FAIL_OVER_MAC, 1, 1 << 1, 0 },
	{ "xmit_hash_policy", IFLA_BOND_XMIT_HASH_POLICY, 1, MODES_ALL, 0 },
	{ "all_slaves_active", IFLA_BOND_ALL_SLAVES_ACTIVE, 1, MODES_ALL, 0 },
	{ "min_links", IFLA_BOND_MIN_LINKS, 4, MODES_ALL, 0 },
	{ "lp_interval", IFLA_BOND_LP_INTERVAL, 4, MODES_ALL, 1 },
	{ "packets_per_slave", IFLA_BOND_PACKETS_PER_SLAVE, 4, 1 << 0, 1 },
	{ "ad_lacp_rate", IFLA_BOND_AD_LACP_RATE, 1, MODE_8023AD, 0 },
	{ "ad_select", IFLA_BOND_AD_SELECT, 1, MODES_ALL, 0 },
	{ "tlb_dynamic_lb", IFLA_BOND_TLB_DYNAMIC_LB, 1, 1 << 5 | 1 << 6, 1 },
};

#define MODE_LAST 6

static uint32_t value_of(const struct attr *a, unsigned width)
{
	return width == 1 ? attr_u8(a) : attr_u32(a);
}

static bool find(const struct attr *data, uint16_t type, struct attr *ret)
{
	struct attr_walk w = { data->bytes, data->len };

	while (attr_next(&w, ret))
		if (ret->type == type)
			return true;
	return false;
}

/* "10.0.0.1,10.0.0.2"; nothing for none. */
static struct error *target_words(const struct attr *list, const char *name, struct words *to)
{
	struct attr_walk w = { list->bytes, list->len };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct attr a;
	char shown[INET_TEXT];

	while (attr_next(&w, &a)) {
		struct inet_addr one = { .family = AF_INET };

		if (a.len < 4)
			continue;
		memcpy(one.bytes, a.bytes, 4);
		strbuf_printf(&text, "%s%s", text.len ? "," : "", inet_format(&one, shown));
	}
	TRY(strbuf_error(&text));
	return text.len ? words_addf(to, "%s=%s", name, strbuf_str(&text)) : NULL;
}

struct error *bond_words(const struct attr *data, struct words *to, int *ret_primary)
{
	struct attr a;
	unsigned mode = find(data, IFLA_BOND_MODE, &a) ? attr_u8(&a) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *o = &options[i];

		if (mode > MODE_LAST || !(o->modes & (1 << mode)) || !find(data, o->attr, &a))
			continue;
		if (o->width == 0)
			TRY(target_words(&a, o->name, to));
		else if (value_of(&a, o->width) != o->usual)
			TRY(words_addf(to, "%s=%u", o->name, value_of(&a, o->width)));
	}
	*ret_primary = find(data, IFLA_BOND_PRIMARY, &a) ? (int)attr_u32(&a) : 0;
	return NULL;
}

/* The option of a "name=value" word, and its value. */
static const struct option *split(const char *word, const char **ret_value)
{
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < ARRAY_SIZE(options) && word[len]; i++)
		if (strlen(options[i].name) == len && strncmp(options[i].name, word, len) == 0) {
			*ret_value = word + len + 1;
			return &options[i];
		}
	return NULL;
}

/* Hands each address of a list to the message, or only looks at them. */
static bool each_target(const char *list, struct rtnl_message *m)
{
	uint16_t n = 0;

	for (;;) {
		size_t len = strcspn(list, ",");
		struct inet_addr a;
		char one[INET_TEXT];

		if (len >= sizeof(one))
			return false;
		memcpy(one, list, len);
		one[len] = '\0';
		if (!inet_parse(one, &a) || a.family != AF_INET || n == 16)
			return false;
		if (m)
			rtnl_put(m, n, a.bytes, 4);
		n++;
		if (!list[len])
			return true;
		list += len + 1;
	}
}

struct error *bond_check(const char *word)
{
	const char *text;
	const struct option *o = split(word, &text);
	uint64_t v;

	if (!o)
		return error_new(ERROR_USAGE, "\"%s\" is no option of a bond", word);
	if (o->width == 0 ? !each_target(text, NULL) :
			    !text_u64(text, &v) || v > (o->width == 1 ? UINT8_MAX : UINT32_MAX))
		return error_new(ERROR_USAGE, "\"%s\": not a value that %s can have", word, o->name);
	return NULL;
}

void bond_put(struct rtnl_message *m, const struct words *chosen)
{
	for (size_t i = 0; i < chosen->n; i++) {
		const char *text;
		const struct option *o = split(chosen->v[i], &text);
		uint64_t v = 0;
		size_t nest;

		if (!o)
			continue;
		if (o->width == 0) {
			nest = rtnl_nest(m, o->attr);
			(void)each_target(text, m); /* it has been checked */
			rtnl_nest_end(m, nest);
		} else if (text_u64(text, &v)) {
			if (o->width == 1)
				rtnl_put_u8(m, o->attr, v);
			else
				rtnl_put_u32(m, o->attr, v);
		}
	}
}
