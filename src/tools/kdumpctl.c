/*
 * kdumpctl: the kdump service's command, with the words, streams and exit codes that scripts,
 * units and front ends rely on. Here is the table of its subcommands; see kdumpctl.h.
 */
#include "tools/kdumpctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOCK_LIMIT_S 300

enum command_flags {
	LOCKED = 1 << 0, /* changes something: one at a time */
	OURS = 1 << 1,	 /* not a word of the established service: not in its usage line */
	HIDDEN = 1 << 2, /* for scripts of packages: not shown */
	BARE = 1 << 3,	 /* works without a kdump.conf */
	RAW = 1 << 4,	 /* reads its words itself */
};

struct command {
	const char *name;
	int (*run)(struct service *s); /* null: not supported yet */
	unsigned flags;
	const struct option_def *options; /* null: none; what follows the subcommand's name */
};

/* In the order of the usage line. */
static const struct command commands[] = {
	{ "estimate", cmd_estimate, 0, estimate_options },
	{ "start", cmd_start, LOCKED },
	{ "stop", cmd_stop, LOCKED },
	{ "status", cmd_status, 0, status_options },
	{ "restart", cmd_restart, LOCKED },
	{ "reload", cmd_reload, LOCKED },
	{ "rebuild", cmd_rebuild, LOCKED },
	{ "reset-crashkernel", cmd_reset_crashkernel, LOCKED | RAW },
	{ "propagate", cmd_propagate },
	{ "showmem", cmd_showmem, 0, showmem_options },
	{ "test", cmd_test, LOCKED, test_options },
	{ "setup-crypttab" },
	{ "get-default-crashkernel", cmd_get_default_crashkernel, RAW },
	{ "rehearse", cmd_rehearse, OURS | LOCKED, rehearse_options },
	{ "lint", cmd_lint, OURS, lint_options },
	{ "_hotplug", cmd_hotplug, HIDDEN },
	{ "_early-files", cmd_early_files, HIDDEN },
	{ "_reset-crashkernel-after-update", cmd_reset_after_update, LOCKED | HIDDEN | RAW },
	{ "_reset-crashkernel-for-installed_kernel", cmd_reset_for_installed_kernel, LOCKED | HIDDEN | RAW },
};

enum { OPT_ROOT = 1, OPT_WAIT, OPT_HELP, OPT_VERSION };

/* In front of the subcommand. */
static const struct option_def options[] = {
	{ 0, "wait", "SECONDS", "how long to wait for another kdumpctl (default 300)", OPT_WAIT },
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 'V', "version", NULL, "show the version", OPT_VERSION },
	{ 0, "root", "DIR", NULL, OPT_ROOT }, /* for tests: /etc, /proc, /sys, /boot are in there */
	{ 0 },
};

static const struct option_def no_options[] = { { 0 } };

static int usage(const char *argv0)
{
	_cleanup_strbuf_ struct strbuf names = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!(commands[i].flags & (OURS | HIDDEN)))
			strbuf_printf(&names, "%s%s", names.len ? "|" : "", commands[i].name);
	log_info("Usage: %s {%s}", argv0, strbuf_str(&names));
	log_info("kdumpctl --help tells more");
	return 1;
}

static void help(void)
{
	printf("Usage: kdumpctl [OPTION] COMMAND [OPTION]\n\nCommands:");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].run && !(commands[i].flags & HIDDEN))
			printf(" %s", commands[i].name);
	printf("\n\nOptions in front of the command:\n");
	options_help(options, stdout);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].options && !(commands[i].flags & HIDDEN)) {
			printf("\nOptions of %s:\n", commands[i].name);
			options_help(commands[i].options, stdout);
		}
}

static int run_command(const struct command *c, struct service *s, int argc, char **argv)
{
	struct options o;
	struct error *e;
	int r;

	if (!(c->flags & BARE) && !dialect_any_file(s->root)) {
		log_error("Error: No kdump config file found!");
		log_error("%s is missing; make it, an empty one is valid (see kdump.conf(5))",
			  DIALECT_CONFIG);
		return 1;
	}
	if (!c->run) {
		log_error("kdumpctl %s is not supported yet", c->name);
		return 1;
	}
	if ((c->flags & LOCKED) && !take_lock(s))
		return 1;
	e = options_begin(&o, c->options ? c->options : no_options, argc, argv);
	if (e) {
		(void)failed(e, NULL);
		return 1;
	}
	s->options = &o;
	/* without options of its own, reading them only finds those that are none */
	r = !c->options && !(c->flags & RAW) && options_next(&o) ? 1 : c->run(s);
	options_done(&o);
	return r;
}

/* -1: go on; otherwise the exit status. */
static int read_options(struct options *o, struct service *s)
{
	uint64_t seconds;
	int id;

	while ((id = options_next(o)) != 0) {
		switch (id) {
		case OPT_ROOT:
			s->recorded = true;
			s->root = open(o->value, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			if (s->root < 0) {
				log_error("%s: cannot open: %s", o->value, strerror(errno));
				return 1;
			}
			break;
		case OPT_WAIT:
			if (!text_u64(o->value, &seconds) || seconds > 86400) {
				log_error("--wait: expected a number of seconds, found \"%s\"", o->value);
				return 1;
			}
			s->wait_s = seconds;
			break;
		case OPT_HELP:
			help();
			return 0;
		case OPT_VERSION:
			printf("kdumpctl (salvage) " SALVAGE_VERSION "\n");
			return 0;
		default:
			return 1;
		}
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct service s = { .root = -1, .wait_s = LOCK_LIMIT_S };
	struct options o;
	struct error *e;
	int r = -1, rest;

	log_setup("kdump", LOG_LEVEL_INFO);
	e = options_begin_leading(&o, options, argc, argv);
	if (e) {
		(void)failed(e, NULL);
		return 1;
	}
	r = read_options(&o, &s);
	rest = options_rest(&o);
	options_done(&o);
	if (r >= 0)
		return r;
	if (s.root < 0)
		s.root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; rest < argc && i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, argv[rest]) == 0)
			r = run_command(&commands[i], &s, argc - rest, argv + rest);
	service_done(&s);
	return r < 0 ? usage(argv[0]) : r;
}
