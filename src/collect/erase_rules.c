/*
 * The text of erase rules, as makedumpfile.conf(5) describes it: words separated by blanks and
 * line ends, # begins a comment, [MODULE] at the beginning of a line begins a section.
 *
 *	erase EXPR [size NUMBER[K|M] | size EXPR | nullify]
 *	for ID in EXPR [via MEMBER | within STRUCT[:MEMBER]]
 *		erase ID[.MEMBER...] ...
 *	endfor
 *
 * EXPR is VARIABLE[.MEMBER...]. Beyond that page, -> is a dot, [N] picks an element of an array, and
 * VARIABLE@TYPE tells the type of a variable that nothing else tells.
 */
#include "collect/erase-priv.h"

#include <ctype.h>
#include <string.h>

#include "base/base.h"

#define EXPR_DEPTH_MAX 32
#define NR_COMMANDS_MAX 65536

struct reader {
	const char *name;
	char *rest;	/* lines that were not read yet */
	char *in_line;	/* what is left of this one */
	unsigned line;
	char *module;	/* owned */
	char *word;	/* looked at, not taken; null: at the end of the file or section */
	char *section;	/* the name in [], when the next word is behind it */
	bool ended;
};

static const char *const keywords[] = { "erase", "size", "nullify", "for", "in", "within", "via", "endfor" };

static bool is_keyword(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		if (!strcmp(word, keywords[i]))
			return true;
	return false;
}

static struct error *wrong(const struct reader *r, const char *expected)
{
	return error_new(ERROR_USAGE, "%s:%u: expected %s, found %s%s%s", r->name, r->line, expected,
			 r->word ? "\"" : "", r->word ? r->word : r->section ? "another section" : "the end of the file",
			 r->word ? "\"" : "");
}

/* Takes a [MODULE] line apart. */
static struct error *take_section(struct reader *r, char *line)
{
	char *end = strchr(line, ']');

	if (!end || end == line + 1)
		return error_new(ERROR_USAGE, "%s:%u: expected [MODULE], found \"%s\"", r->name, r->line, line);
	*end = '\0';
	r->section = line + 1;
	return NULL;
}

/* Makes r->word the next word, null before a section begins and at the end. */
static struct error *look(struct reader *r)
{
	r->word = NULL;
	while (!r->section) {
		char *line;

		while (r->in_line && (r->word = strsep(&r->in_line, " \t\r")))
			if (*r->word)
				return NULL;
		r->word = NULL;
		line = text_next_line(&r->rest);
		if (!line) {
			r->ended = true;
			return NULL;
		}
		r->line++;
		line[strcspn(line, "#")] = '\0';
		if (*line == '[')
			TRY(take_section(r, line));
		else
			r->in_line = line;
	}
	return NULL;
}

/* Takes a word that may not be a keyword. */
static struct error *take_word(struct reader *r, const char *expected, char **ret)
{
	if (!r->word || is_keyword(r->word))
		return wrong(r, expected);
	*ret = strdup(r->word);
	return *ret ? look(r) : error_nomem();
}

static bool at(const struct reader *r, const char *word)
{
	return r->word && !strcmp(r->word, word);
}

/* ---- expressions ---- */

static void expr_done(struct erase_expr *x)
{
	free(x->text);
	free(x->head);
	free(x->type);
	free(x->index);
	words_done(&x->path);
}

static bool is_name(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '_' && s[i] != '$' && s[i] != '.')
			return false;
	return len > 0 && !isdigit((unsigned char)s[0]);
}

/* "[12]" whole, or nothing. */
static bool is_index(const char *s)
{
	size_t n;

	if (!*s)
		return true;
	n = strspn(s + 1, "0123456789");
	return *s == '[' && n > 0 && n < 10 && !strcmp(s + 1 + n, "]");
}

static struct error *add_member(const struct reader *r, struct erase_expr *x, const char *member)
{
	size_t len = strcspn(member, "[");

	if (!is_name(member, len) || !is_index(member + len))
		return error_new(ERROR_USAGE, "%s:%u: \"%s\" is no member, in \"%s\"", r->name, r->line, member,
				 x->text);
	if (x->path.n == EXPR_DEPTH_MAX)
		return error_new(ERROR_USAGE, "%s:%u: more than %u members in \"%s\"", r->name, r->line,
				 EXPR_DEPTH_MAX, x->text);
	return words_add(&x->path, member);
}

/* The variable with what is told about it, "name[2]" or "name@type*". */
static struct error *take_head(const struct reader *r, struct erase_expr *x, const char *head)
{
	size_t len = strcspn(head, "[@");
	const char *type = head[len] == '@' ? head + len + 1 : "", *index = head[len] == '[' ? head + len : "";
	size_t type_len = strcspn(type, "*[");

	x->head = strndup(head, len);
	x->type = strdup(type);
	x->index = strdup(index);
	if (!x->head || !x->type || !x->index)
		return error_nomem();
	if (!is_name(head, len) || !is_index(index) || (*type && !is_name(type, type_len)) ||
	    (head[len] == '@' && !*type))
		return error_new(ERROR_USAGE, "%s:%u: expected VARIABLE, VARIABLE[N] or VARIABLE@TYPE, found \"%s\"",
				 r->name, r->line, head);
	return NULL;
}

static struct error *parse_expr(const struct reader *r, const char *text, struct erase_expr *x)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *word, *arrow;
	bool first = true;

	x->text = strdup(text);
	if (!copy || !x->text)
		return error_nomem();
	while ((arrow = strstr(copy, "->"))) {
		*arrow = '.';
		memmove(arrow + 1, arrow + 2, strlen(arrow + 2) + 1);
	}
	while ((word = strsep(&rest, "."))) {
		if (!*word) /* as there: empty ones do not count */
			continue;
		TRY(first ? take_head(r, x, word) : add_member(r, x, word));
		first = false;
	}
	return first ? error_new(ERROR_USAGE, "%s:%u: \"%s\" names no variable", r->name, r->line, text) : NULL;
}

static struct error *take_expr(struct reader *r, const char *expected, struct erase_expr *x)
{
	if (!r->word || is_keyword(r->word))
		return wrong(r, expected);
	TRY(parse_expr(r, r->word, x));
	return look(r);
}

/* ---- commands ---- */

/* "25", "1K", "2m". False: it is no number. */
static bool take_number(const char *text, uint64_t *ret)
{
	char digits[24];
	size_t len = strspn(text, "0123456789");
	unsigned shift = 0;

	if (!len || len >= sizeof(digits))
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (text[len])
		shift = tolower((unsigned char)text[len]) == 'k' ? 10 : tolower((unsigned char)text[len]) == 'm' ? 20 : 64;
	return shift < 64 && (!text[len] || !text[len + 1]) && text_u64(digits, ret) &&
	       *ret <= ERASE_BYTES_MAX >> shift && (*ret <<= shift, true);
}

static struct error *take_size(struct reader *r, struct erase_command *c)
{
	TRY(look(r));
	c->has_size = true;
	if (!r->word || is_keyword(r->word))
		return wrong(r, "a size");
	if (isdigit((unsigned char)r->word[0])) {
		c->size_is_number = take_number(r->word, &c->number);
		return c->size_is_number ? look(r) : wrong(r, "a number of bytes up to 1024M, or with K or M");
	}
	return take_expr(r, "a size", &c->size);
}

/* r->word is "erase". */
static struct error *take_command(struct reader *r, struct erase_rules *rules, const char *id)
{
	struct erase_command *c;

	if (rules->commands.n == NR_COMMANDS_MAX)
		return error_new(ERROR_USAGE, "%s:%u: more than %u commands", r->name, r->line, NR_COMMANDS_MAX);
	if (!vector_push(&rules->commands, (struct erase_command){ .line = r->line }))
		return error_nomem();
	c = &rules->commands.v[rules->commands.n - 1];
	TRY(look(r));
	TRY(take_expr(r, "a variable to erase", &c->what));
	if (id && strcmp(c->what.head, id) != 0)
		return error_new(ERROR_USAGE, "%s:%u: expected %s or a member of it, found \"%s\"", r->name, r->line, id,
				 c->what.text);
	if (at(r, "size"))
		return take_size(r, c);
	if (!at(r, "nullify"))
		return NULL;
	c->how = ERASE_NULLIFY;
	return look(r);
}

static struct error *take_within(struct reader *r, struct erase_rule *rule)
{
	char *colon;

	TRY(look(r));
	TRY(take_word(r, "STRUCT:MEMBER", &rule->within));
	colon = strchr(rule->within, ':');
	rule->member = strdup(colon ? colon + 1 : "list");
	if (!rule->member)
		return error_nomem();
	if (colon)
		*colon = '\0';
	if (!is_name(rule->within, strlen(rule->within)) || !is_name(rule->member, strlen(rule->member)))
		return error_new(ERROR_USAGE, "%s:%u: expected STRUCT:MEMBER behind within", r->name, r->line);
	return NULL;
}

/* r->word is "for". */
static struct error *take_loop(struct reader *r, struct erase_rules *rules, struct erase_rule *rule)
{
	rule->loop = true;
	TRY(look(r));
	TRY(take_word(r, "the name of a loop variable", &rule->id));
	if (!is_name(rule->id, strlen(rule->id)) || strchr(rule->id, '.'))
		return error_new(ERROR_USAGE, "%s:%u: \"%s\" cannot be a loop variable", r->name, r->line, rule->id);
	if (!at(r, "in"))
		return wrong(r, "in");
	TRY(look(r));
	TRY(take_expr(r, "an array or a list", &rule->in));
	if (at(r, "via")) {
		TRY(look(r));
		TRY(take_word(r, "a member", &rule->via));
	} else if (at(r, "within")) {
		TRY(take_within(r, rule));
	}
	while (at(r, "erase"))
		TRY(take_command(r, rules, rule->id));
	if (!at(r, "endfor"))
		return wrong(r, "erase or endfor");
	return look(r);
}

static struct error *take_rule(struct reader *r, struct erase_rules *rules)
{
	struct erase_rule *rule;

	if (!vector_push(&rules->list, (struct erase_rule){ .line = r->line, .first = rules->commands.n }))
		return error_nomem();
	rule = &rules->list.v[rules->list.n - 1];
	if (r->module && !(rule->module = strdup(r->module)))
		return error_nomem();
	if (at(r, "for"))
		TRY(take_loop(r, rules, rule));
	else if (at(r, "erase"))
		TRY(take_command(r, rules, NULL));
	else
		return wrong(r, "erase or for");
	rule->n = rules->commands.n - rule->first;
	return NULL;
}

static struct error *begin_section(struct reader *r)
{
	free(r->module);
	r->module = NULL;
	if (strcmp(r->section, "vmlinux") != 0 && !(r->module = strdup(r->section)))
		return error_nomem();
	r->section = NULL;
	return look(r);
}

static struct error *read_all(struct reader *r, struct erase_rules *rules)
{
	TRY(look(r));
	while (r->word || r->section)
		TRY(r->word ? take_rule(r, rules) : begin_section(r));
	return NULL;
}

struct error *erase_parse(const char *name, const char *text, struct erase_rules **ret)
{
	CLEANUP(erase_rules_free) struct erase_rules *rules = calloc(1, sizeof(*rules));
	_cleanup_free_ char *copy = strdup(text);
	struct reader r = { .name = name, .rest = copy };
	struct error *e;

	if (!rules || !copy || !(rules->name = strdup(name)))
		return error_nomem();
	e = read_all(&r, rules);
	free(r.module);
	TRY(e);
	*ret = take_ptr(rules);
	return NULL;
}

static struct error *add_variable(const struct erase_rule *rule, const struct erase_expr *x, struct words *ret)
{
	if (!x->head || x->type[0] || rule->module || (rule->loop && !strcmp(x->head, rule->id)) ||
	    words_have(ret, x->head))
		return NULL;
	return words_add(ret, x->head);
}

struct error *erase_variables(const struct erase_rules *r, struct words *ret)
{
	for (size_t i = 0; i < r->list.n; i++) {
		const struct erase_rule *rule = &r->list.v[i];

		TRY(add_variable(rule, &rule->in, ret));
		for (size_t k = rule->first; k < rule->first + rule->n; k++) {
			TRY(add_variable(rule, &r->commands.v[k].what, ret));
			TRY(add_variable(rule, &r->commands.v[k].size, ret));
		}
	}
	return NULL;
}

void erase_rules_free(struct erase_rules *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->commands.n; i++) {
		expr_done(&r->commands.v[i].what);
		expr_done(&r->commands.v[i].size);
	}
	for (size_t i = 0; i < r->list.n; i++) {
		struct erase_rule *rule = &r->list.v[i];

		free(rule->module);
		free(rule->id);
		free(rule->via);
		free(rule->within);
		free(rule->member);
		expr_done(&rule->in);
	}
	vector_done(&r->commands);
	vector_done(&r->list);
	free(r->name);
	free(r);
}
