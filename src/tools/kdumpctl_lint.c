/* kdumpctl lint: everything that is wrong with the configuration, and what to write instead. */
#include "tools/kdumpctl.h"

#include <stdio.h>

#include "service/lint.h"

enum { OPT_JSON = 1 };

const struct option_def lint_options[] = {
	{0, "json", NULL, "the findings and the settings in force as JSON", OPT_JSON},
	{0},
};

/* An error of a step as a finding. Only lack of memory stays an error. */
static struct error *as_finding(struct lint *l, struct error *e)
{
	struct error *r;

	if (!e || error_kind(e) == ERROR_NOMEM)
		return e;
	r = lint_add(l, LINT_ERROR, NULL, 0, "%s", error_message(e));
	error_free(e);
	return r;
}

/* What start would find out about the machine; nothing is written. */
static struct error *check_machine(struct service *s, struct lint *l)
{
	bool force, never;
	struct error *e;

	TRY(as_finding(l, settings_rebuild_wish(&s->settings, &force, &never)));
	e = try_prepare(s);
	TRY(lint_add_words(l, LINT_WARNING, NULL, &s->target.warnings));
	for (size_t i = 0; i < s->image.warnings.n; i++)
		if (!words_have(&s->settings.dracut.warnings, s->image.warnings.v[i]))
			TRY(lint_add(l, LINT_WARNING, NULL, 0, "%s", s->image.warnings.v[i]));
	return as_finding(l, e);
}

static struct error *read_file(struct service *s, const char *file, struct lint *l)
{
	_cleanup_close_ int folder =
		open(file[0] == '/' ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	TRY(as_finding(l, settings_read(&s->settings, folder, file)));
	return lint_settings(l, &s->settings);
}

static struct error *read_machine(struct service *s, struct lint *l)
{
	struct error *e = dialect_open(s->root, &s->dialect);

	if (e)
		return as_finding(l, e);
	TRY(as_finding(l, dialect_settings(&s->dialect, s->root, &s->settings)));
	TRY(lint_settings(l, &s->settings));
	TRY(as_finding(l, dialect_sysconfig(&s->dialect, s->root, &s->sysconfig)));
	TRY(lint_add_words(l, LINT_WARNING, NULL, &s->sysconfig.warnings));
	/* guesses about a machine from half-read files would only repeat what was said */
	return lint_count(l, LINT_ERROR) ? NULL : check_machine(s, l);
}

static void write_settings(const struct settings *s, struct json *j)
{
	json_open(j, "settings", '{');
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (settings_key(s, i) && settings_get(s, i))
			json_string(j, settings_key(s, i), settings_get(s, i));
	json_close(j, '}');
}

static struct error *print(const struct service *s, const struct lint *l, bool as_json)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	struct json j;

	if (as_json) {
		json_init(&j, &b);
		json_open(&j, NULL, '{');
		json_string(&j, "file", s->settings.file);
		lint_write_json(l, &j);
		write_settings(&s->settings, &j);
		json_close(&j, '}');
	} else {
		TRY(lint_write(l, &b));
	}
	TRY(strbuf_error(&b));
	fputs(strbuf_str(&b), stdout);
	return NULL;
}

int cmd_lint(struct service *s)
{
	_cleanup_lint_ struct lint l = {0};
	const char *file;
	bool as_json = false;
	struct error *e;
	int id;

	while ((id = options_next(s->options)) != 0) {
		if (id < 0)
			return 1;
		as_json = true;
	}
	file = s->options->argv[options_rest(s->options)];
	s->settings.collect = true;
	e = file ? read_file(s, file, &l) : read_machine(s, &l);
	if (!e)
		e = print(s, &l, as_json);
	if (e)
		return failed(e, NULL), 1;
	return lint_count(&l, LINT_ERROR) ? 1 : 0;
}
