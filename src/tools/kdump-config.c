/*
 * kdump-config: the same service under the name and in the words that Debian's scripts and
 * units know. What it prints goes to standard output, what fails to standard error.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/cmdline.h"
#include "service/crashkernel.h"
#include "tools/kdumpctl.h"

#define STATE_FOLDER  "/var/lib/kdump"
#define PANIC_ON_OOPS "proc/sys/kernel/panic_on_oops"
#define LOCK_WAIT_S   300

static bool armed(const struct service *s)
{
	struct kexec_state state;

	return kexec_state(s, &state) && state.crash_supported && state.crash_loaded;
}

static int say_state(const struct service *s, const char *label)
{
	printf("%s%s\n", label, armed(s) ? "ready to kdump" : "Not ready to kdump");
	return 0; /* ready or not: scripts read the words */
}

static int cmd_config_status(struct service *s)
{
	return say_state(s, "current state   : ");
}

/* --- load, unload -------------------------------------------------------------------- */

/* Debian's words for what stands in the way. */
static bool possible(struct service *s)
{
	_cleanup_free_ char *line = NULL;
	struct kexec_state state;
	bool found = false;
	struct error *e;

	if (!kexec_state(s, &state))
		return false;
	if (!state.crash_supported) {
		log_error("kdump is not supported by this kernel");
		return false;
	}
	e = host_cmdline(s->root, &line);
	if (!e)
		e = cmdline_find(line, "crashkernel", &found, NULL);
	if (e)
		return failed(e, NULL);
	if (!found && !state.crash_size) {
		log_error("no crashkernel= parameter in the kernel cmdline");
		return false;
	}
	return feasible(&state);
}

/* What SOS and people look at: the command that would do the same by hand. */
static struct error *kexec_command(const struct service *s, struct strbuf *to)
{
	_cleanup_free_ char *line = NULL;

	TRY(capline_make(s->root, &s->sysconfig, &line));
	strbuf_printf(to, "/sbin/kexec -p %s --command-line=\"%s\" --initrd=%s %s",
		      sysconfig_get(&s->sysconfig, SYSCONFIG_KEXEC_ARGS), line, s->kernel.image,
		      s->kernel.kernel);
	return strbuf_error(to);
}

static struct error *record_command(const struct service *s)
{
	_cleanup_strbuf_ struct strbuf command = {0}, path = {0};
	const char *folder = s->settings.target_type ? "/var/crash"
						     : settings_get(&s->settings, SETTING_PATH);

	TRY(kexec_command(s, &command));
	strbuf_putc(&command, '\n');
	strbuf_printf(&path, "%s/kexec_cmd", rootpath_below(folder));
	TRY(strbuf_error(&path));
	TRY(strbuf_error(&command));
	return file_publish(s->root, strbuf_str(&path), 0644, strbuf_str(&command),
			    command.len);
}

/* An oops shall be a crash too; a machine where that cannot be set still captures panics. */
static void panic_on_oops(const struct service *s)
{
	struct error *e = s->recorded ? NULL : file_poke(s->root, PANIC_ON_OOPS, "1\n");

	if (e)
		log_warning("%s", error_message(e));
	error_free(e);
}

static int load_it(struct service *s)
{
	struct error *e;

	if (!(read_sysconfig(s) && possible(s) && read_settings(s) && prepare(s) &&
	      build_when_needed(s)) ||
	    !loadable(s) || !changes_this_kernel(s)) {
		log_error("failed to load kdump kernel");
		return 1;
	}
	e = capture_load(s->root, &s->sysconfig, &s->kernel);
	if (e)
		return failed(e, "failed to load kdump kernel"), 1;
	panic_on_oops(s);
	error_free(record_command(s)); /* a note for people, as good as it goes */
	printf("loaded kdump kernel\n");
	return 0;
}

static int cmd_config_load(struct service *s)
{
	if (armed(s)) {
		printf("loaded kdump kernel\n"); /* it is */
		return 0;
	}
	return load_it(s);
}

static int cmd_config_unload(struct service *s)
{
	struct error *e;

	if (!read_sysconfig(s) || !changes_this_kernel(s))
		return 1;
	e = capture_unload(s->root, &s->sysconfig);
	if (e)
		return failed(e, "failed to unload kdump kernel"), 1;
	printf("unloaded kdump kernel\n");
	return 0;
}

static int cmd_config_reload(struct service *s)
{
	return load_it(s); /* takes the place of what is loaded */
}

/* From udev: never a failure, and nothing where nothing is loaded. */
static int cmd_config_try_reload(struct service *s)
{
	if (armed(s))
		(void)load_it(s);
	return 0;
}

/* --- show, test ---------------------------------------------------------------------- */

static void show_settings(const struct service *s)
{
	static const struct {
		enum setting which;
		const char *label;
	} rows[] = {
		{SETTING_PATH, "KDUMP_COREDIR:"},
		{SETTING_CORE_COLLECTOR, "core_collector:"},
		{SETTING_SSHKEY, "SSH_KEY:"},
	};

	printf("DUMP_MODE:       kdump\nUSE_KDUMP:       1\n");
	if (s->settings.target_type)
		printf("target:          %s %s\n", s->settings.target_type,
		       settings_get(&s->settings, SETTING_TARGET));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].which != SETTING_SSHKEY || settings_target(&s->settings, "ssh"))
			printf("%-16s %s\n", rows[i].label,
			       settings_get(&s->settings, rows[i].which));
}

static void show_suggestion(const struct service *s)
{
	_cleanup_crashkernel_ struct crashkernel c = {0};
	_cleanup_free_ char *value = NULL;
	struct crashkernel_facts facts;
	uint64_t ram;
	struct error *e = crashkernel_facts(s->root, &s->sysconfig, s->kernel.release, &facts);

	if (!e)
		e = crashkernel_default(&facts, DUMP_MODE_KDUMP, &value);
	if (!e && !value)
		e = error_new(ERROR_NOT_FOUND, "no value is known for %s", facts.arch);
	if (!e)
		e = crashkernel_parse(value, &c);
	if (!e)
		e = crashkernel_ram(s->root, &ram);
	if (!e && !crashkernel_size(&c, ram))
		e = error_new(ERROR_NOT_FOUND, "this machine has too little memory for one");
	if (e)
		printf("crashkernel suggested size: Unknown (%s)\n", error_message(e));
	else
		printf("crashkernel suggested size: %lluM\n",
		       (unsigned long long)crashkernel_size(&c, ram) >> 20);
	error_free(e);
}

/* A file, or what a link points to. */
static void show_file(const struct service *s, const char *label, const char *path)
{
	char to[4096];
	ssize_t n = readlinkat(s->root, rootpath_below(path), to, sizeof(to) - 1);

	printf("%s\n   %s", label, path);
	if (n > 0)
		printf(": symbolic link to %.*s", (int)n, to);
	else if (!file_exists(s->root, rootpath_below(path)))
		printf(": not there");
	printf("\n");
}

static bool show_command(const struct service *s)
{
	_cleanup_strbuf_ struct strbuf command = {0};
	struct error *e = kexec_command(s, &command);

	if (e)
		return failed(e, NULL);
	printf("  %s\n", strbuf_str(&command));
	return true;
}

static bool show_all(struct service *s)
{
	if (!(read_sysconfig(s) && read_settings(s) && find_kernel(s)))
		return false;
	show_settings(s);
	show_suggestion(s);
	show_file(s, "kdump kernel:", s->kernel.kernel);
	show_file(s, "kdump initrd:", s->kernel.image);
	return true;
}

static int cmd_config_show(struct service *s)
{
	if (!show_all(s))
		return 1;
	(void)say_state(s, "current state:    ");
	printf("\nkexec command:\n");
	return show_command(s) ? 0 : 1;
}

static int cmd_config_test(struct service *s)
{
	if (!show_all(s))
		return 1;
	printf("kexec command to be used:\n");
	return show_command(s) ? 0 : 1;
}

/* --- symlinks ------------------------------------------------------------------------ */

static struct error *point(int root, const char *link, const char *to)
{
	_cleanup_free_ char *fresh = NULL;

	if (asprintf(&fresh, "%s.new", link) < 0) {
		fresh = NULL;
		return error_nomem();
	}
	(void)unlinkat(root, fresh, 0); /* often not there */
	if (symlinkat(to, root, fresh) < 0 || renameat(root, fresh, root, link) < 0)
		return error_sys(errno, "/%s: cannot make the link", link);
	return NULL;
}

static struct error *point_both(struct service *s, const char *release)
{
	_cleanup_capture_kernel_ struct capture_kernel k = {0};

	TRY(sysconfig_set(&s->sysconfig, SYSCONFIG_KERNELVER, release));
	TRY(capture_kernel_find(s->root, &s->sysconfig, &k));
	TRY(file_make_folders(s->root, rootpath_below(STATE_FOLDER), 0755));
	TRY(point(s->root, rootpath_below(STATE_FOLDER "/vmlinuz"), k.kernel));
	return point(s->root, rootpath_below(STATE_FOLDER "/initrd.img"), k.image);
}

static int cmd_config_symlinks(struct service *s)
{
	const char *release = s->options->argv[options_rest(s->options)];
	struct error *e;

	if (!release) {
		log_error("symlinks: the release of a kernel is missing");
		return 1;
	}
	if (armed(s)) {
		log_error(
			"the links are not changed while a kdump kernel is loaded; run kdump-config unload first");
		return 1;
	}
	if (!read_sysconfig(s))
		return 1;
	e = point_both(s, release);
	if (e)
		return failed(e, NULL), 1;
	printf("%s/vmlinuz and %s/initrd.img are for %s now\n", STATE_FOLDER, STATE_FOLDER,
	       release);
	return 0;
}

static int cmd_config_savecore(struct service *s)
{
	(void)s;
	log_error(
		"savecore: the capture image saves the dump by itself; there is nothing to do here");
	return 1;
}

/* --- main ---------------------------------------------------------------------------- */

static const struct command {
	const char *name;
	int (*run)(struct service *s);
	bool locked;
} commands[] = {
	{"help", NULL},
	{"test", cmd_config_test},
	{"show", cmd_config_show},
	{"status", cmd_config_status},
	{"load", cmd_config_load, true},
	{"unload", cmd_config_unload, true},
	{"reload", cmd_config_reload, true},
	{"condreload", cmd_config_try_reload, true},
	{"try-reload", cmd_config_try_reload, true},
	{"savecore", cmd_config_savecore},
	{"symlinks", cmd_config_symlinks, true},
};

enum { OPT_ROOT = 1, OPT_HELP };

static const struct option_def options[] = {
	{'h', "help", NULL, "show this text", OPT_HELP},
	{0, "root", "DIR", NULL, OPT_ROOT}, /* for tests, as kdumpctl's */
	{0},
};
static const struct option_def no_options[] = {{0}};

static int usage(FILE *to)
{
	fprintf(to, "Usage: kdump-config {");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "%s%s", i ? "|" : "", commands[i].name);
	fprintf(to, "}\n");
	return to == stdout ? 0 : 1;
}

/* -1: go on; otherwise the exit status. */
static int read_options(struct options *o, struct service *s)
{
	int id;

	while ((id = options_next(o)) != 0) {
		if (id == OPT_HELP)
			return usage(stdout);
		if (id != OPT_ROOT)
			return 1;
		s->recorded = true;
		s->root = open(o->value, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (s->root < 0) {
			log_error("%s: cannot open: %s", o->value, strerror(errno));
			return 1;
		}
	}
	return -1;
}

static int run(const struct command *c, struct service *s, int argc, char **argv)
{
	struct options o;
	struct error *e;
	int r;

	if (!c->run)
		return usage(stdout);
	if (c->locked && !take_lock(s))
		return 1;
	e = options_begin(&o, no_options, argc, argv);
	if (e)
		return failed(e, NULL), 1;
	s->options = &o;
	r = options_next(&o) ? 1 : c->run(s);
	options_done(&o);
	return r;
}

int main(int argc, char **argv)
{
	struct service s = {.root = -1, .wait_s = LOCK_WAIT_S};
	struct options o;
	struct error *e;
	int r, rest;

	log_setup("kdump-config", LOG_LEVEL_INFO);
	e = options_begin_leading(&o, options, argc, argv);
	if (e)
		return failed(e, NULL), 1;
	r = read_options(&o, &s);
	rest = options_rest(&o);
	options_done(&o);
	if (r >= 0)
		return r;
	if (s.root < 0)
		s.root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; rest < argc && i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, argv[rest]) == 0)
			r = run(&commands[i], &s, argc - rest, argv + rest);
	service_done(&s);
	return r < 0 ? usage(stderr) : r;
}
