/* Writing the plan: the text that plan_parse() reads back to the same struct. */
#include <ctype.h>
#include <string.h>

#include "plan/internal.h"

/* Null is left out; what the text can't hold is refused. */
static struct error *put(struct strbuf *to, const char *key, const char *value)
{
	size_t len;

	if (!value)
		return NULL;
	len = strlen(value);
	if (len == 0 || strpbrk(value, "\n") || isspace((unsigned char)value[0]) ||
	    isspace((unsigned char)value[len - 1]))
		return error_new(ERROR_USAGE,
				 "plan: %s \"%s\": a value can't be empty, hold a newline, or begin or end with a blank",
				 key, value);
	strbuf_printf(to, "%s %s\n", key, value);
	return NULL;
}

static struct error *put_module(struct strbuf *to, const struct plan_module *m)
{
	_cleanup_strbuf_ struct strbuf value = { 0 };

	if (strpbrk(m->path, " \t\n\v\f\r"))
		return error_new(ERROR_USAGE, "plan: module \"%s\": the path can't hold blanks",
				 m->path);
	strbuf_puts(&value, m->path);
	if (m->parameters) {
		if (!*m->parameters || isspace((unsigned char)*m->parameters))
			return error_new(ERROR_USAGE,
					 "plan: module %s: its parameters begin with a blank or are empty",
					 m->path);
		strbuf_printf(&value, " %s", m->parameters);
	}
	TRY(strbuf_error(&value));
	return put(to, m->required ? "module!" : "module", strbuf_str(&value));
}

/* One word, so that words_split() gives it back. */
static void put_quoted(struct strbuf *to, const char *word)
{
	bool plain = *word != '\0';

	for (const char *s = word; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("%+,-./:=@_", *s))
			plain = false;
	if (plain) {
		strbuf_puts(to, word);
		return;
	}
	strbuf_putc(to, '\'');
	for (const char *s = word; *s; s++)
		if (*s == '\'')
			strbuf_puts(to, "'\\''");
		else
			strbuf_putc(to, *s);
	strbuf_putc(to, '\'');
}

static struct error *put_words(struct strbuf *to, const char *key, const struct words *w)
{
	_cleanup_strbuf_ struct strbuf value = { 0 };

	for (size_t i = 0; i < w->n; i++) {
		if (i)
			strbuf_putc(&value, ' ');
		put_quoted(&value, w->v[i]);
	}
	TRY(strbuf_error(&value));
	return put(to, key, strbuf_str(&value));
}

static struct error *put_place(struct strbuf *to, const struct plan_place *place,
			       const char *device, const char *fstype, const char *options)
{
	TRY(put(to, device, place->device));
	TRY(put(to, fstype, place->fstype));
	return put(to, options, place->options);
}

static struct error *put_hooks(struct strbuf *to, const struct plan *p)
{
	static const char *const keys[] = {
		[PLAN_HOOK_VETO] = "hook-veto",
		[PLAN_HOOK_PRE] = "hook-pre",
		[PLAN_HOOK_POST] = "hook-post",
		[PLAN_HOOK_EMERGENCY] = "hook-emergency",
	};

	for (int i = 0; i < PLAN_HOOK_COUNT; i++)
		for (size_t j = 0; j < p->hooks[i].n; j++)
			TRY(put(to, keys[i], p->hooks[i].v[j]));
	return NULL;
}

static void put_number(struct strbuf *to, const char *key, uint64_t value)
{
	if (value)
		strbuf_printf(to, "%s %llu\n", key, (unsigned long long)value);
}

static struct error *put_map(struct strbuf *to, const struct plan_layer *l)
{
	_cleanup_strbuf_ struct strbuf value = { 0 };

	strbuf_printf(&value, "%s%s%s", l->name, l->uuid ? " " : "", l->uuid ? l->uuid : "");
	TRY(strbuf_error(&value));
	TRY(put(to, "map", strbuf_str(&value)));
	for (size_t i = 0; i < l->rows.n; i++) {
		const struct dm_row *r = &l->rows.v[i];
		_cleanup_strbuf_ struct strbuf row = { 0 };

		strbuf_printf(&row, "%llu %llu %s%s%s", (unsigned long long)r->start,
			      (unsigned long long)r->len, r->type, *r->params ? " " : "", r->params);
		TRY(strbuf_error(&row));
		TRY(put(to, "row", strbuf_str(&row)));
	}
	return NULL;
}

static struct error *put_array(struct strbuf *to, const struct plan_layer *l)
{
	_cleanup_strbuf_ struct strbuf value = { 0 };

	strbuf_printf(&value, "%s %s %u", l->name, l->metadata, l->nr_members);
	for (size_t i = 0; i < l->members.n; i++)
		strbuf_printf(&value, " %s", l->members.v[i]);
	TRY(strbuf_error(&value));
	return put(to, "array", strbuf_str(&value));
}

static struct error *put_layers(struct strbuf *to, const struct plan *p)
{
	for (size_t i = 0; i < p->layers.n; i++) {
		const struct plan_layer *l = &p->layers.v[i];

		TRY(l->is_array ? put_array(to, l) : put_map(to, l));
	}
	for (size_t i = 0; i < p->keys.n; i++) {
		_cleanup_strbuf_ struct strbuf value = { 0 };

		strbuf_printf(&value, "%s %s", p->keys.v[i].description, p->keys.v[i].path);
		TRY(strbuf_error(&value));
		TRY(put(to, "key", strbuf_str(&value)));
	}
	if (p->kernel_keys)
		strbuf_puts(to, "kernel-keys yes\n");
	return NULL;
}

static struct error *check_numbers(const struct plan *p)
{
	if (!plan_target_name(p->target.kind))
		return error_new(ERROR_USAGE, "plan: there is no target of kind %d", p->target.kind);
	if (!plan_action_name(p->failure_action) || !plan_action_name(p->final_action) ||
	    p->final_action > PLAN_POWEROFF)
		return error_new(ERROR_USAGE, "plan: the final action is reboot, halt or poweroff");
	if (p->timezone_offset < -86400 || p->timezone_offset > 86400)
		return error_new(ERROR_USAGE, "plan: timezone-offset %d is more than a day",
				 p->timezone_offset);
	return NULL;
}

struct error *plan_write(const struct plan *p, struct strbuf *to)
{
	TRY(error_prefix(plan_check(p), "plan"));
	TRY(check_numbers(p));
	strbuf_printf(to, "plan %d\n", PLAN_VERSION);
	TRY(put(to, "host", p->host));
	TRY(put(to, "kernel", p->kernel));
	for (size_t i = 0; i < p->modules.n; i++)
		TRY(put_module(to, &p->modules.v[i]));
	TRY(put(to, "target", plan_target_name(p->target.kind)));
	TRY(put_place(to, &p->target, "device", "fstype", "mount-options"));
	TRY(put_layers(to, p));
	TRY(put(to, "path", p->path));
	TRY(put(to, "directory", p->directory));
	TRY(put(to, "address", p->address));
	if (p->timezone_offset)
		strbuf_printf(to, "timezone-offset %d\n", p->timezone_offset);
	plan_net_write(&p->net, to);
	plan_fence_write(&p->fence, to);
	if (p->ssh.n)
		TRY(put_words(to, "ssh", &p->ssh));
	TRY(put_words(to, "collector", &p->collector));
	if (p->no_report)
		strbuf_puts(to, "report no\n");
	if (p->no_dmesg)
		strbuf_puts(to, "dmesg no\n");
	strbuf_printf(to, "failure-action %s\n", plan_action_name(p->failure_action));
	strbuf_printf(to, "final-action %s\n", plan_action_name(p->final_action));
	TRY(put_place(to, &p->root, "root-device", "root-fstype", "root-options"));
	for (int i = 0; i < PLAN_STEP_COUNT; i++)
		if (p->limit_s[i])
			strbuf_printf(to, "limit %s %u\n", plan_step_name(i), p->limit_s[i]);
	put_number(to, "watchdog", p->watchdog_s);
	TRY(put_hooks(to, p));
	put_number(to, "keep-count", p->keep_count);
	put_number(to, "keep-bytes", p->keep_bytes);
	put_number(to, "keep-free", p->keep_free);
	for (unsigned i = 0; i < p->nr_evidence; i++)
		strbuf_printf(to, "evidence %s\n", plan_evidence_name(p->evidence[i]));
	return strbuf_error(to);
}
