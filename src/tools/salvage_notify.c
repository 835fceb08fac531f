/* salvage notify: tells once of each crash that was saved, in the journal and at the login. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report/saved.h"
#include "service/journal.h"
#include "service/service.h"
#include "tools/salvage.h"

#define TOLD	   "var/lib/kdump/notified" /* names of crashes that were told of, one a line */
#define MOTD	   "run/motd.d/90-salvage"
#define TOLD_LIMIT (1 << 20)
#define SHOWN	   5 /* at the login; the rest is a number */

enum { OPT_ROOT = 1, OPT_HELP };

static const struct option_def defs[] = {
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 0, "root", "DIR", NULL, OPT_ROOT }, /* for tests */
	{ 0 },
};

static struct error *read_told(int root, struct words *ret)
{
	_cleanup_free_ char *text = NULL;
	struct error *e = file_read(root, TOLD, TOLD_LIMIT, &text, NULL);
	char *rest = text, *line;

	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	while ((line = text_next_line(&rest)))
		TRY(words_add(ret, line));
	return NULL;
}

static void tell(int root, const char *folder, const struct saved *s)
{
	_cleanup_free_ char *path = NULL, *message = NULL;
	const char *headline = s->headline ? s->headline : "there is no report";
	_cleanup_strbuf_ struct strbuf clean = { 0 };

	if (asprintf(&path, "%s/%s", folder, s->name) < 0 ||
	    asprintf(&message, "The kernel crashed, and its memory was saved: %s (%s)", headline, path) < 0)
		return;
	journal_send(root, JOURNAL_DUMP, JOURNAL_CRITICAL, message,
		     (const char *const[]){ "DUMP_FOLDER", path, "HEADLINE", headline, NULL });
	strbuf_add_clean(&clean, s->name, strlen(s->name));
	strbuf_puts(&clean, ": ");
	strbuf_add_clean(&clean, headline, strlen(headline));
	puts(strbuf_str(&clean));
}

/* What the login shows until the next restart. */
static struct error *write_motd(int root, const struct saved_list *l, const struct words *fresh)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	size_t shown = 0;

	strbuf_printf(&b, "\nThis machine's kernel crashed; %zu new crash%s saved:\n", fresh->n,
		      fresh->n == 1 ? " was" : "es were");
	for (size_t i = l->rows.n; i-- > 0 && shown < SHOWN;) {
		const struct saved *s = &l->rows.v[i];

		if (!words_have(fresh, s->name))
			continue;
		strbuf_puts(&b, "  ");
		strbuf_add_clean(&b, s->name, strlen(s->name));
		if (s->headline) {
			strbuf_puts(&b, ": ");
			strbuf_add_clean(&b, s->headline, strlen(s->headline));
		}
		strbuf_putc(&b, '\n');
		shown++;
	}
	strbuf_puts(&b, "'salvage show' tells more.\n\n");
	TRY(strbuf_error(&b));
	TRY(file_make_folders(root, "run/motd.d", 0755));
	return file_publish(root, MOTD, 0644, b.s, b.len);
}

/* Only those that are still there are remembered. */
static struct error *write_told(int root, const struct saved_list *l)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };

	for (size_t i = 0; i < l->rows.n; i++)
		strbuf_printf(&b, "%s\n", l->rows.v[i].name);
	TRY(strbuf_error(&b));
	TRY(file_make_folders(root, "var/lib/kdump", 0755));
	return file_publish(root, TOLD, 0644, strbuf_str(&b), b.len);
}

static struct error *notify_of(int root, const char *folder, const struct saved_list *l)
{
	_cleanup_words_ struct words told = { 0 }, fresh = { 0 };

	TRY(read_told(root, &told));
	for (size_t i = 0; i < l->rows.n; i++) {
		if (words_have(&told, l->rows.v[i].name))
			continue;
		TRY(words_add(&fresh, l->rows.v[i].name));
		tell(root, folder, &l->rows.v[i]);
	}
	if (!fresh.n)
		return NULL;
	TRY(write_motd(root, l, &fresh));
	return write_told(root, l);
}

/* The dumps' folder, by a name that leads below the root. */
static struct error *notify(int root)
{
	_cleanup_settings_ struct settings s = { 0 };
	_cleanup_free_ char *path = NULL;
	const char *folder = "/var/crash";
	struct saved_list l;
	struct error *e = settings_read(&s, root, "/etc/kdump.conf");

	if (!e && !s.target_type && settings_get(&s, SETTING_PATH))
		folder = settings_get(&s, SETTING_PATH);
	error_free(e); /* wrong settings are told of when the service starts */
	if (asprintf(&path, "/proc/self/fd/%d/%s", root, rootpath_below(folder)) < 0) {
		path = NULL;
		return error_nomem();
	}
	e = saved_scan(path, &l);
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	e = notify_of(root, folder, &l);
	saved_done(&l);
	return e;
}

int salvage_notify(int argc, char **argv)
{
	_cleanup_close_ int root = -1;
	struct options o;
	struct error *e = options_begin(&o, defs, argc, argv);
	int id = 0, rest = argc;

	while (!e && (id = options_next(&o)) > 0) {
		if (id == OPT_HELP) {
			fputs("Usage: salvage notify\n"
			      "Tells of crashes that were saved and not told of before: in the journal, and at the\n"
			      "login (/run/motd.d). Run by salvage-notify.service at every start.\n\n",
			      stdout);
			options_help(defs, stdout);
			options_done(&o);
			return EXIT_FINE;
		}
		root = open(o.value, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (!e) {
		rest = options_rest(&o);
		options_done(&o);
	}
	if (!e && (id < 0 || rest < argc)) {
		log_error("wrong usage; see 'salvage notify --help'");
		return EXIT_WRONG_USAGE;
	}
	if (!e && root < 0)
		root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!e)
		e = notify(root);
	if (e) {
		int code = error_kind(e) == ERROR_NOT_PERMITTED ? EXIT_FORBIDDEN : EXIT_FAILED;

		log_error("%s", error_message(e));
		error_free(e);
		return code;
	}
	return EXIT_FINE;
}
