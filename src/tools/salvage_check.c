/* salvage check: what stands in the way of a dump on this machine. salvage status: in short. */
#include <errno.h>
#include <stdio.h>

#include "host/host.h"
#include "report/saved.h"
#include "service/advise.h"
#include "service/service.h"
#include "tools/salvage.h"

#define DUMPS	  "/var/crash"
#define CONFIG	  "/etc/kdump.conf"
#define SYSCONFIG "/etc/sysconfig/kdump"

enum { OPT_JSON = 1, OPT_ALL, OPT_ROOT, OPT_HELP };

static const struct option_def defs[] = {
	{ 'j', "json", NULL, "write JSON instead of text", OPT_JSON },
	{ 'a', "all", NULL, "check: also what is as it should be", OPT_ALL },
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 0, "root", "DIR", NULL, OPT_ROOT }, /* for tests: a recorded machine */
	{ 0 },
};

struct args {
	bool json, all;
	int root;
};

/* -1: go on. */
static int read_args(int argc, char **argv, const char *about, struct args *a)
{
	struct options o;
	struct error *e = options_begin(&o, defs, argc, argv);
	int id = 0, rest = argc;

	while (!e && (id = options_next(&o)) > 0) {
		if (id == OPT_HELP) {
			fputs(about, stdout);
			options_help(defs, stdout);
			options_done(&o);
			return EXIT_FINE;
		}
		a->json |= id == OPT_JSON;
		a->all |= id == OPT_ALL;
		if (id == OPT_ROOT)
			a->root = open(o.value, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (!e) {
		rest = options_rest(&o);
		options_done(&o);
	}
	if (!e && !id && rest == argc && a->root < 0)
		a->root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!e && !id && rest == argc && a->root >= 0)
		return -1;
	log_error("wrong usage; see '%s --help'", argv[0]);
	error_free(e);
	return EXIT_WRONG_USAGE;
}

static int give_up(struct error *e)
{
	int code = error_kind(e) == ERROR_NOT_PERMITTED ? EXIT_FORBIDDEN : EXIT_FAILED;

	log_error("%s", error_message(e));
	error_free(e);
	return code;
}

/* Where dumps go: `path` of kdump.conf when that can be read. */
static char *dump_folder(int root)
{
	_cleanup_settings_ struct settings s = { 0 };
	struct error *e = settings_read(&s, root, CONFIG);
	const char *path = e ? NULL : settings_get(&s, SETTING_PATH);
	char *copy = strdup(path && path[0] == '/' && !s.target_type ? path : DUMPS);

	error_free(e); /* the settings are said to be wrong elsewhere */
	return copy;
}

static void print_advice(const struct advice_list *l, bool all)
{
	bool any = false;

	for (size_t i = 0; i < l->v.n; i++) {
		const struct advice *a = &l->v.v[i];

		if (a->level == ADVICE_GOOD && !all)
			continue;
		any = true;
		printf("%-4s  %s\n", advice_level_name(a->level), a->seen);
		if (a->source)
			printf("      seen:  %s\n", a->source);
		if (a->todo)
			printf("      to do: %s\n", a->todo);
	}
	if (!any)
		puts("Everything is as it should be.");
}

static struct error *print_advice_json(const struct advice_list *l)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	struct json j;

	json_init(&j, &b);
	json_open(&j, NULL, '{');
	json_string(&j, "schema", "salvage.check/1");
	json_bool(&j, "armed", l->armed);
	json_open(&j, "findings", '[');
	for (size_t i = 0; i < l->v.n; i++) {
		const struct advice *a = &l->v.v[i];

		json_open(&j, NULL, '{');
		json_string(&j, "id", a->id);
		json_string(&j, "level", advice_level_name(a->level));
		json_string(&j, "seen", a->seen);
		json_string(&j, "source", a->source);
		json_string(&j, "to_do", a->todo);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
	TRY(strbuf_error(&b));
	fputs(strbuf_str(&b), stdout);
	return NULL;
}

int salvage_check(int argc, char **argv)
{
	_cleanup_advice_ struct advice_list l = { 0 };
	_cleanup_free_ char *dumps = NULL;
	struct args a = { .root = -1 };
	struct error *e;
	int code = read_args(argc, argv,
			     "Usage: salvage check [OPTION]...\n"
			     "Looks at settings and logs for what stands in the way of a crash dump. Changes nothing.\n"
			     "Exit status 3 when there would be no dump.\n\n",
			     &a);

	if (code >= 0)
		return code;
	dumps = dump_folder(a.root);
	e = dumps ? advise(a.root, dumps, &l) : error_nomem();
	if (!e && a.json)
		e = print_advice_json(&l);
	else if (!e)
		print_advice(&l, a.all);
	close(a.root);
	if (e)
		return give_up(e);
	for (size_t i = 0; i < l.v.n; i++)
		if (l.v.v[i].level == ADVICE_BAD)
			return EXIT_NOT_ACTIVE;
	return EXIT_FINE;
}

/* What salvage status shows. */
struct state {
	struct kexec_state kexec;
	char *kernel, *image, *dumps, *newest, *trouble; /* null: not found out */
	size_t nr_dumps;
};

static void state_done(struct state *s)
{
	free(s->kernel);
	free(s->image);
	free(s->dumps);
	free(s->newest);
	free(s->trouble);
}

/* The folder's name is for the running system only: saved_scan() takes paths. */
static struct error *count_dumps(struct state *s)
{
	struct saved_list l;
	struct error *e = saved_scan(s->dumps, &l);

	if (error_drop_if(&e, ERROR_NOT_FOUND) || error_drop_if(&e, ERROR_NOT_PERMITTED))
		return NULL;
	TRY(e);
	s->nr_dumps = l.rows.n;
	if (l.rows.n) {
		s->newest = strdup(l.rows.v[l.rows.n - 1].name);
		e = s->newest ? NULL : error_nomem();
	}
	saved_done(&l);
	return e;
}

static struct error *find_out(int root, struct state *s)
{
	_cleanup_capture_kernel_ struct capture_kernel k = { 0 };
	_cleanup_sysconfig_ struct sysconfig conf = { 0 };
	struct error *e;

	TRY(host_kexec_state(root, &s->kexec));
	e = sysconfig_read(&conf, root, SYSCONFIG);
	if (!e)
		e = capture_kernel_find(root, &conf, &k);
	if (e) {
		s->trouble = strdup(error_message(e));
		error_free(e);
	} else {
		s->kernel = take_ptr(k.kernel);
		s->image = take_ptr(k.image);
	}
	s->dumps = dump_folder(root);
	return s->dumps ? count_dumps(s) : error_nomem();
}

static void print_state(int root, const struct state *s)
{
	bool built = s->image && file_exists(root, rootpath_below(s->image));

	printf("Armed:       %s\n", s->kexec.crash_loaded ? "yes" : "no");
	printf("Reservation: %llu MiB\n", (unsigned long long)s->kexec.crash_size >> 20);
	if (s->kernel)
		printf("Kernel:      %s\nImage:       %s%s\n", s->kernel, s->image, built ? "" : " (not built yet)");
	else
		printf("Kernel:      none: %s\n", s->trouble ? s->trouble : "?");
	printf("Dumps:       %zu in %s%s%s\n", s->nr_dumps, s->dumps, s->newest ? ", the newest " : "",
	       s->newest ? s->newest : "");
	if (!s->kexec.crash_loaded)
		puts("\n'salvage check' tells what is missing.");
}

static struct error *print_state_json(const struct state *s)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	struct json j;

	json_init(&j, &b);
	json_open(&j, NULL, '{');
	json_string(&j, "schema", "salvage.status/1");
	json_bool(&j, "supported", s->kexec.crash_supported);
	json_bool(&j, "armed", s->kexec.crash_loaded);
	json_u64(&j, "reservation", s->kexec.crash_size);
	json_string(&j, "kernel", s->kernel);
	json_string(&j, "image", s->image);
	json_string(&j, "dump_folder", s->dumps);
	json_u64(&j, "dumps", s->nr_dumps);
	json_string(&j, "newest", s->newest);
	json_close(&j, '}');
	TRY(strbuf_error(&b));
	fputs(strbuf_str(&b), stdout);
	return NULL;
}

int salvage_status(int argc, char **argv)
{
	struct state s = { 0 };
	struct args a = { .root = -1 };
	struct error *e;
	int code = read_args(argc, argv,
			     "Usage: salvage status [OPTION]...\n"
			     "Whether a crash would be captured, by what, and what was. Exit status 3 when not.\n\n",
			     &a);

	if (code >= 0)
		return code;
	e = find_out(a.root, &s);
	if (!e && a.json)
		e = print_state_json(&s);
	else if (!e)
		print_state(a.root, &s);
	code = e ? give_up(e) : s.kexec.crash_loaded ? EXIT_FINE : EXIT_NOT_ACTIVE;
	close(a.root);
	state_done(&s);
	return code;
}
