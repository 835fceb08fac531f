#include "shell/value.h"

#include <string.h>

#include "base/base.h"
#include "kernel/module.h"
#include "kernel/symbol.h"
#include "kernel/type.h"
#include "shell/expr.h"

struct error *value_symbol(struct shell *sh, const char *name, uint64_t *ret)
{
	struct error *e = symbol_find(sh->kernel, name, ret), *none;

	if (!e || error_kind(e) != ERROR_NOT_FOUND)
		return e;
	none = modules_load(sh->kernel);
	for (size_t i = 0; !none && i < modules_count(sh->kernel); i++) {
		none = module_symbol_find(sh->kernel, module_at(sh->kernel, i), name, ret);
		if (!none) {
			error_free(e);
			return NULL;
		}
		error_drop_if(&none, ERROR_NOT_FOUND);
	}
	error_free(none); /* a module that cannot be read has none */
	return e;
}

struct error *value_address(struct shell *sh, const char *word, uint64_t *ret)
{
	struct expr_value v;
	struct error *e;

	if (text_hex(word, ret))
		return NULL;
	/* without parentheses it is a symbol, with an offset perhaps: its address, not its value */
	if (word[0] != '(') {
		size_t len = strcspn(word, "+-");
		_cleanup_free_ char *name = strndup(word, len);
		uint64_t off = 0;

		if (!name)
			return error_nomem();
		e = value_symbol(sh, name, ret);
		if (e) {
			error_free(e);
			return error_new(ERROR_USAGE, "%s: no such symbol, and no hexadecimal number", word);
		}
		if (!word[len])
			return NULL;
		if (!text_u64(word + len + 1, &off) && !text_hex(word + len + 1, &off))
			return error_new(ERROR_USAGE, "%s: expected a number after %c", word, word[len]);
		*ret += word[len] == '+' ? off : -off;
		return NULL;
	}
	TRY(expr_eval(sh, word, &v));
	return expr_number(sh, &v, ret);
}

struct error *value_count(const char *word, int64_t *ret)
{
	uint64_t v;
	bool minus = word[0] == '-';

	if (text_i64(word, ret))
		return NULL;
	if (text_hex(word + minus, &v) && v <= INT64_MAX) {
		*ret = minus ? -(int64_t)v : (int64_t)v;
		return NULL;
	}
	return error_new(ERROR_USAGE, "%s: expected a number", word);
}

struct error *value_offset(struct shell *sh, const char *word, uint64_t *ret)
{
	const char *dot = strchr(word, '.');
	_cleanup_free_ char *type = NULL;
	struct member m;
	int64_t n;

	if (!dot) {
		TRY(value_count(word, &n));
		*ret = (uint64_t)n;
		return NULL;
	}
	type = strndup(word, (size_t)(dot - word));
	if (!type)
		return error_nomem();
	TRY(type_member(sh->kernel, type, dot + 1, &m));
	*ret = m.off;
	return NULL;
}

static struct error *take_range(const char *spec, char *part, struct cpus *c)
{
	char *dash = strchr(part, '-');
	uint64_t first, last;

	if (dash)
		*dash++ = '\0';
	if (!text_u64(part, &first) || (dash && !text_u64(dash, &last)) || (dash && last < first))
		return error_new(ERROR_USAGE, "%s: expected CPUs like 0, 1,3, 2-4 or all", spec);
	if (!dash)
		last = first;
	if (last >= c->nr)
		return error_new(ERROR_USAGE, "%s: there are only CPUs 0 to %u", spec, c->nr - 1);
	for (uint64_t cpu = first; cpu <= last; cpu++)
		c->in[cpu] = true;
	return NULL;
}

static struct error *take_spec(struct shell *sh, const char *spec, struct cpus *c)
{
	_cleanup_free_ char *copy = strdup(spec);
	char *rest = copy, *part;

	if (!copy)
		return error_nomem();
	if (!spec[0]) {
		unsigned cpu = sh->has_task && sh->task.cpu >= 0 ? (unsigned)sh->task.cpu : 0;

		if (cpu < c->nr)
			c->in[cpu] = true;
		return NULL;
	}
	if (text_equal(spec, "all") || text_equal(spec, "a")) {
		for (unsigned cpu = 0; cpu < c->nr; cpu++) {
			bool there = true;
			struct error *e = cpu_in_mask(sh->kernel, "possible", cpu, &there);

			error_free(e);
			c->in[cpu] = there;
		}
		return NULL;
	}
	while ((part = strsep(&rest, ",")))
		TRY(take_range(spec, part, c));
	return NULL;
}

struct error *value_cpus(struct shell *sh, const char *spec, struct cpus *ret)
{
	struct error *e;

	*ret = (struct cpus){ 0 };
	TRY(cpu_count(sh->kernel, &ret->nr));
	ret->in = calloc(MAX(ret->nr, 1u), sizeof(*ret->in));
	if (!ret->in)
		return error_nomem();
	e = take_spec(sh, spec, ret);
	if (e)
		cpus_done(ret);
	return e;
}

void cpus_done(struct cpus *c)
{
	free(c->in);
	*c = (struct cpus){ 0 };
}

void value_symbol_text(struct shell *sh, uint64_t va, unsigned radix, char *buf, size_t room)
{
	struct symbol s;
	struct error *e = symbol_at(sh->kernel, va, &s);

	buf[0] = '\0';
	error_free(e);
	if (e)
		return;
	if (va == s.va)
		snprintf(buf, room, "%s", s.name);
	else
		snprintf(buf, room, radix == 16 ? "%s+0x%llx" : "%s+%llu", s.name,
			 (unsigned long long)(va - s.va));
}
