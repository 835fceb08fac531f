/* See fence.h. */
#include "service/fence.h"

#include <string.h>
#include <sys/socket.h>
#include <linux/rtnetlink.h>

#define PORT	 7410 /* fence_kdump_send(8) */
#define INTERVAL 10

static struct error *number(const char *option, const char *value, unsigned least, unsigned most, unsigned *ret)
{
	uint64_t v;

	if (!text_u64(value, &v) || v < least || v > most)
		return error_new(ERROR_USAGE, "fence_kdump_args: %s %s: expected a number from %u to %u", option,
				 value, least, most);
	*ret = v;
	return NULL;
}

static struct error *family(const char *value, int *ret)
{
	if (strcmp(value, "auto") == 0)
		*ret = 0;
	else if (strcmp(value, "ipv4") == 0)
		*ret = AF_INET;
	else if (strcmp(value, "ipv6") == 0)
		*ret = AF_INET6;
	else
		return error_new(ERROR_USAGE, "fence_kdump_args: %s is no family; there are auto, ipv4, ipv6", value);
	return NULL;
}

/* The letter of an option, and its value; `*i` moves over what it took. */
static struct error *next_option(const struct words *w, size_t *i, char *ret_letter, const char **ret_value)
{
	static const struct {
		const char *name;
		char letter;
	} names[] = { { "--ipport", 'p' }, { "--family", 'f' }, { "--count", 'c' }, { "--interval", 'i' },
		      { "--verbose", 'v' } };
	const char *word = w->v[*i], *value = NULL;
	char letter = 0;

	for (size_t j = 0; j < ARRAY_SIZE(names) && !letter; j++) {
		const char *rest = text_after(word, names[j].name);

		if (rest && (*rest == '=' || !*rest)) {
			letter = names[j].letter;
			value = *rest ? rest + 1 : NULL;
		}
	}
	if (!letter && word[0] == '-' && word[1] && strchr("pfciv", word[1])) {
		letter = word[1];
		value = word[2] ? word + 2 : NULL;
	}
	if (!letter)
		return error_new(ERROR_USAGE, "fence_kdump_args: option %s is not known", word);
	if (letter != 'v' && !value && ++*i < w->n)
		value = w->v[*i];
	if (letter != 'v' && !value)
		return error_new(ERROR_USAGE, "fence_kdump_args: %s has no value", word);
	*ret_letter = letter;
	*ret_value = value;
	return NULL;
}

struct error *fence_args(const char *text, struct plan_fence *to, int *ret_family)
{
	_cleanup_words_ struct words w = { 0 };

	to->port = PORT;
	to->interval_s = INTERVAL;
	to->count = 0;
	*ret_family = 0;
	if (text)
		TRY(words_split(&w, text));
	for (size_t i = 0; i < w.n; i++) {
		const char *value = NULL, *word = w.v[i];
		char letter = 0;

		TRY(next_option(&w, &i, &letter, &value));
		switch (letter) {
		case 'p':
			TRY(number(word, value, 1, 65535, &to->port));
			break;
		case 'i':
			TRY(number(word, value, 1, 3600, &to->interval_s));
			break;
		case 'c':
			TRY(number(word, value, 0, 1000000, &to->count));
			break;
		case 'f':
			TRY(family(value, ret_family));
			break;
		}
	}
	return NULL;
}

static struct error *own_node(const char *node)
{
	return error_new(ERROR_USAGE, "Option fence_kdump_nodes cannot contain %s", node);
}

/* Its first address of the family, for which there is a way. */
static struct error *add_node(const struct network_how *how, const char *node, int wanted,
			      struct plan_fence *to, struct plan_net *net, struct words *modules,
			      struct words *warnings)
{
	struct error *first = NULL;
	struct inet_list list;

	TRY(network_resolve(node, &list));
	for (size_t i = 0; i < list.n; i++) {
		struct net_route route;
		struct error *e;

		if (wanted && list.v[i].family != wanted)
			continue;
		e = how->source->route(how->source, &list.v[i], &route);
		if (!e && route.type == RTN_LOCAL)
			return own_node(node);
		if (!e)
			e = network_plan(how, &list.v[i], net, modules, warnings);
		if (!e) {
			error_free(first);
			return vector_push(&to->nodes, list.v[i]) ? NULL : error_nomem();
		}
		error_free(first);
		first = e;
	}
	return first ? first : error_new(ERROR_NOT_FOUND, "it has no address of that family");
}

struct error *fence_resolve(const struct network_how *how, const struct settings *s, const char *host,
			    struct plan_fence *to, struct plan_net *net, struct words *modules,
			    struct words *warnings)
{
	const char *text = settings_get(s, SETTING_FENCE_KDUMP_NODES);
	_cleanup_words_ struct words nodes = { 0 };
	int wanted;

	TRY(fence_args(settings_get(s, SETTING_FENCE_KDUMP_ARGS), to, &wanted));
	if (!text)
		return NULL;
	TRY(error_prefix(words_split(&nodes, text), "fence_kdump_nodes"));
	for (size_t i = 0; i < nodes.n; i++) {
		if (text_equal(nodes.v[i], host))
			return own_node(nodes.v[i]);
		TRY(error_prefix(add_node(how, nodes.v[i], wanted, to, net, modules, warnings),
				 "fence_kdump_nodes: %s", nodes.v[i]));
	}
	return NULL;
}
