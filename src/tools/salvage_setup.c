/* salvage setup: what this machine lacks for crash dumps, shown, asked about, and done. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "host/host.h"
#include "service/crashkernel_reset.h"
#include "service/service.h"
#include "tools/salvage.h"

#define CONFIG	  "/etc/kdump.conf"
#define SYSCONFIG "/etc/sysconfig/kdump"
#define UNIT	  "kdump.service"

enum { OPT_YES = 1, OPT_ROOT, OPT_HELP };

static const struct option_def defs[] = {
	{ 'y', "yes", NULL, "do not ask", OPT_YES },
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 0, "root", "DIR", NULL, OPT_ROOT }, /* for tests */
	{ 0 },
};

/* What is to be done, in this order. */
struct setup {
	int root;
	bool config, folder, reserve, enable, start;
	bool restart; /* only a restart makes the reservation */
	bool asked;   /* the command line has crashkernel= */
	char *release;
	struct sysconfig conf;
	struct reset_result reset; /* what it would change */
};

static void setup_done(struct setup *s)
{
	free(s->release);
	sysconfig_done(&s->conf);
	reset_result_done(&s->reset);
}

static struct error *look_at_loader(struct setup *s)
{
	const struct reset_wish wish = { .which = RESET_RELEASE, .kernel = s->release, .dry = true };

	TRY(crashkernel_reset(s->root, &s->conf, &wish, &s->reset));
	s->reserve = false;
	for (size_t i = 0; i < s->reset.rows.n; i++)
		s->reserve |= s->reset.rows.v[i].changed;
	return NULL;
}

/* Whether the unit is enabled; a machine without systemd has nothing to enable. */
static struct error *look_at_unit(struct setup *s)
{
	static const char *const args[] = { "--quiet", "is-enabled", UNIT, NULL };
	bool found;
	struct error *e = boot_run(s->root, "systemctl", args, &found, NULL);

	s->enable = found && e;
	error_free(e); /* its status is the answer */
	return NULL;
}

static struct error *look(struct setup *s)
{
	_cleanup_free_ char *line = NULL;
	struct kexec_state state;

	TRY(host_kexec_state(s->root, &state));
	if (!state.crash_supported)
		return error_new(ERROR_UNSUPPORTED, "the running kernel was built without crash dumps");
	TRY(host_kernel_release(s->root, &s->release));
	TRY(sysconfig_read(&s->conf, s->root, SYSCONFIG));
	s->config = !file_exists(s->root, rootpath_below(CONFIG));
	s->folder = s->config && !file_exists(s->root, "var/crash");
	TRY(host_cmdline(s->root, &line));
	TRY(cmdline_find(line, "crashkernel", &s->asked, NULL));
	s->restart = !state.crash_size;
	if (!state.crash_size)
		TRY(look_at_loader(s));
	s->start = state.crash_size && !state.crash_loaded;
	return look_at_unit(s);
}

static bool show(const struct setup *s)
{
	if (!(s->config || s->reserve || s->enable || s->start)) {
		puts(!s->restart ? "A crash of this machine is captured already. Nothing is missing." :
		     s->asked	 ? "Nothing is missing, but crashkernel= reserved no memory: 'salvage check' tells why." :
				   "Restart the machine: the reservation is made then. Nothing else is missing.");
		return false;
	}
	puts("To be done:");
	if (s->config)
		puts("  write " CONFIG ": dumps go to /var/crash");
	for (size_t i = 0; i < s->reset.rows.n; i++)
		if (s->reset.rows.v[i].changed)
			printf("  set crashkernel=%s for %s (%s)\n", s->reset.rows.v[i].value,
			       s->reset.rows.v[i].kernel, s->reset.loader->name);
	if (s->enable)
		puts("  enable " UNIT);
	if (s->start)
		puts("  load the capture kernel (systemctl start kdump)");
	return true;
}

static bool confirmed(void)
{
	char answer[16] = "";

	fputs("Go ahead? (y/N): ", stdout);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		putchar('\n');
	return answer[0] == 'y' || answer[0] == 'Y';
}

static struct error *systemctl(const struct setup *s, const char *verb)
{
	const char *const args[] = { verb, UNIT, NULL };
	bool found;

	TRY(error_prefix(boot_run(s->root, "systemctl", args, &found, NULL), "%s", verb));
	return found ? NULL : error_new(ERROR_NOT_FOUND, "there is no systemctl; run `kdumpctl start` where services are started");
}

static struct error *carry_out(struct setup *s)
{
	static const char text[] = "# kdump.conf(5) tells what can be said here.\npath /var/crash\n";
	const struct reset_wish wish = { .which = RESET_RELEASE, .kernel = s->release };
	_cleanup_reset_result_ struct reset_result done = { 0 };

	if (s->folder)
		TRY(file_make_folders(s->root, "var/crash", 0755));
	if (s->config)
		TRY(file_publish(s->root, rootpath_below(CONFIG), 0644, text, strlen(text)));
	if (s->reserve)
		TRY(crashkernel_reset(s->root, &s->conf, &wish, &done));
	for (size_t i = 0; i < done.notes.n; i++)
		log_warning("%s", done.notes.v[i]);
	if (s->enable)
		TRY(systemctl(s, "enable"));
	if (s->start)
		TRY(systemctl(s, "start"));
	puts(s->restart ? "Done. Restart the machine: the reservation is made then." :
			  "Done. 'salvage check' tells what else could be better, 'kdumpctl rehearse' plays a crash.");
	return NULL;
}

static struct error *setup(int root, bool yes)
{
	struct setup s = { .root = root };
	struct error *e = look(&s);

	if (!e && show(&s)) {
		if (yes || confirmed())
			e = carry_out(&s);
		else
			puts("Nothing was changed.");
	}
	setup_done(&s);
	return e;
}

int salvage_setup(int argc, char **argv)
{
	_cleanup_close_ int root = -1;
	struct options o;
	struct error *e = options_begin(&o, defs, argc, argv);
	int id = 0, rest = argc;
	bool yes = false;

	while (!e && (id = options_next(&o)) > 0) {
		if (id == OPT_HELP) {
			fputs("Usage: salvage setup [--yes]\n"
			      "Sets up crash dumps: settings, memory for the capture kernel in the boot loader's files,\n"
			      "the service. Shows what is missing and asks before anything is changed.\n\n",
			      stdout);
			options_help(defs, stdout);
			options_done(&o);
			return EXIT_FINE;
		}
		yes |= id == OPT_YES;
		if (id == OPT_ROOT)
			root = open(o.value, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (!e) {
		rest = options_rest(&o);
		options_done(&o);
	}
	if (!e && (id < 0 || rest < argc)) {
		log_error("wrong usage; see 'salvage setup --help'");
		return EXIT_WRONG_USAGE;
	}
	if (!e && root < 0)
		root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!e)
		e = setup(root, yes);
	if (e) {
		int code = error_kind(e) == ERROR_NOT_PERMITTED ? EXIT_FORBIDDEN : EXIT_FAILED;

		log_error("%s", error_message(e));
		error_free(e);
		return code;
	}
	return EXIT_FINE;
}
