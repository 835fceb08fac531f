/* salvage config: the settings of kdump.conf, shown and changed. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/options.h"
#include "service/bootedit.h"
#include "service/confedit.h"
#include "service/lint.h"
#include "tools/salvage.h"

#define CONFIG "/etc/kdump.conf"

enum { OPT_JSON = 1, OPT_DRY_RUN, OPT_FILE, OPT_HELP };

static const struct option_def defs[] = {
	{ 'j', "json", NULL, "write JSON (schema salvage.config/1) instead of text", OPT_JSON },
	{ 'n', "dry-run", NULL, "check and show the changed file, write nothing", OPT_DRY_RUN },
	{ 'f', "file", "FILE", "another file than " CONFIG, OPT_FILE },
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 0 },
};

struct job {
	const char *file;
	bool json, dry_run;
	VECTOR(struct conf_change) changes;
	struct settings settings; /* of the text as it will be */
	struct lint lint;
	bool changed;
};

static void help(void)
{
	fputs("Usage: salvage config [OPTION]... [KEY=VALUE]... [KEY=]...\n"
	      "Shows the settings in force, or changes some: KEY=VALUE sets a directive, KEY= takes it out. The\n"
	      "file keeps its comments and everything else; what would not be valid is not written.\n"
	      "'kdumpctl start' (or the service) makes a new image of it.\n\n",
	      stdout);
	options_help(defs, stdout);
	fputs("\nExamples:\n"
	      "  salvage config ext4=UUID=5a1f-... path=/crash\n"
	      "  salvage config --dry-run ssh=kdump@backup core_collector='makedumpfile -F -l -d 31'\n",
	      stdout);
}

static struct error *read_words(struct job *j, char **words)
{
	for (; *words; words++) {
		char *value = strchr(*words, '=');
		struct conf_change c;

		if (!value)
			return error_new(ERROR_USAGE, "%s: expected KEY=VALUE, or KEY= to take it out", *words);
		*value++ = '\0';
		c = (struct conf_change){ *words, *value ? value : NULL };
		if (!vector_push(&j->changes, c))
			return error_nomem();
	}
	return NULL;
}

/* What the reader thinks of the text. */
static struct error *check(struct job *j, const char *text, size_t len)
{
	struct error *e;

	j->settings.collect = true;
	e = settings_parse(&j->settings, j->file, text, len);
	if (e && error_kind(e) == ERROR_NOMEM)
		return e;
	if (e) {
		struct error *again = lint_add(&j->lint, LINT_ERROR, j->file, 0, "%s", error_message(e));

		error_free(e);
		TRY(again);
	}
	return lint_settings(&j->lint, &j->settings);
}

static void show_settings(const struct job *j, struct strbuf *to)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (settings_key(&j->settings, i) && settings_get(&j->settings, i))
			strbuf_printf(to, "%s%s %s\n", j->settings.value[i] ? "" : "# default: ", settings_key(&j->settings, i),
				      settings_get(&j->settings, i));
}

static void show_json(const struct job *j, struct strbuf *to)
{
	struct json o;

	json_init(&o, to);
	json_open(&o, NULL, '{');
	json_string(&o, "schema", "salvage.config/1");
	json_string(&o, "file", j->file);
	json_bool(&o, "changed", j->changed);
	lint_write_json(&j->lint, &o);
	json_string(&o, "target", j->settings.target_type);
	json_open(&o, "settings", '[');
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (!settings_key(&j->settings, i) || !settings_get(&j->settings, i))
			continue;
		json_open(&o, NULL, '{');
		json_string(&o, "key", settings_key(&j->settings, i));
		json_string(&o, "value", settings_get(&j->settings, i));
		json_bool(&o, "default", !j->settings.value[i]);
		json_close(&o, '}');
	}
	json_close(&o, ']');
	json_close(&o, '}');
}

static struct error *show(const struct job *j, const char *text)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };

	if (j->json)
		show_json(j, &b);
	else if (j->lint.v.n)
		TRY(lint_write(&j->lint, &b));
	if (!j->json && j->dry_run && j->changes.n)
		strbuf_puts(&b, text);
	else if (!j->json && !j->changes.n)
		show_settings(j, &b);
	TRY(strbuf_error(&b));
	return file_write_fd(STDOUT_FILENO, "standard output", strbuf_str(&b), b.len);
}

static struct error *store(struct job *j, int root, const struct boot_file *old, const struct strbuf *text)
{
	_cleanup_boot_changes_ struct boot_changes changes = { .root = root };

	j->changed = text->len != old->len || memcmp(text->s, old->text, text->len);
	if (!j->changed || j->dry_run)
		return NULL;
	return boot_file_write(&changes, old, text->s, text->len);
}

static struct error *run(struct job *j, char **words)
{
	_cleanup_close_ int root = open(j->file[0] == '/' ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_boot_file_ struct boot_file old = { 0 };
	_cleanup_strbuf_ struct strbuf text = { 0 };

	TRY(read_words(j, words));
	TRY(boot_file_read(root, j->file, &old));
	TRY(confedit(old.text, old.len, j->changes.v, j->changes.n, &text));
	TRY(check(j, strbuf_str(&text), text.len));
	if (j->changes.n && !lint_count(&j->lint, LINT_ERROR))
		TRY(store(j, root, &old, &text));
	return show(j, strbuf_str(&text));
}

static int end(struct job *j, struct error *e)
{
	int code = EXIT_FINE;

	if (e) {
		code = error_kind(e) == ERROR_USAGE	    ? EXIT_WRONG_USAGE :
		       error_kind(e) == ERROR_NOT_PERMITTED ? EXIT_FORBIDDEN :
							      EXIT_FAILED;
		log_error("%s", error_message(e));
		error_free(e);
	} else if (lint_count(&j->lint, LINT_ERROR)) {
		code = EXIT_FAILED;
		if (j->changes.n)
			log_error("nothing was written: the changed file would not be valid");
	}
	settings_done(&j->settings);
	lint_done(&j->lint);
	vector_done(&j->changes);
	return code;
}

int salvage_config(int argc, char **argv)
{
	struct job j = { .file = CONFIG };
	struct options o;
	struct error *e = options_begin(&o, defs, argc, argv);
	int id = 0;

	while (!e && (id = options_next(&o)) > 0) {
		if (id == OPT_JSON)
			j.json = true;
		else if (id == OPT_DRY_RUN)
			j.dry_run = true;
		else if (id == OPT_FILE)
			j.file = o.value;
		else {
			help();
			options_done(&o);
			return EXIT_FINE;
		}
	}
	if (e)
		return end(&j, e);
	argv += options_rest(&o);
	options_done(&o);
	return id < 0 ? EXIT_WRONG_USAGE : end(&j, run(&j, argv));
}
