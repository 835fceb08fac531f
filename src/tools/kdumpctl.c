/*
 * kdumpctl: the kdump service's command, with the words, streams and exit codes that scripts,
 * units and front ends rely on. The steps are in src/service; here is their order.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "host/host.h"
#include "service/service.h"

#define CONFIG	  "/etc/kdump.conf"
#define SYSCONFIG "/etc/sysconfig/kdump"

#define EXIT_NOT_OPERATIONAL 3

#define LOCK_SAY_MS	5000
#define LOCK_TRY_MS	100
#define LOCK_LIMIT_S	300

struct service {
	int root;
	struct settings settings;
	struct sysconfig sysconfig;
	struct capture_kernel kernel;
	struct target target;
	struct image_how image_how; /* borrowed by the image */
	struct image image;
};

static int arg_root = -1;
static bool arg_recorded; /* --root: what it says is of another machine than this kernel */
static unsigned arg_wait_s = LOCK_LIMIT_S;

static void service_done(struct service *s)
{
	image_done(&s->image);
	target_done(&s->target);
	capture_kernel_done(&s->kernel);
	sysconfig_done(&s->sysconfig);
	settings_done(&s->settings);
}

static inline void service_done_cleanup(struct service *s)
{
	service_done(s);
}
#define _cleanup_service_ CLEANUP(service_done)

/* Says what went wrong, then the line that scripts look for (may be null). Always false. */
static bool failed(struct error *e, const char *known)
{
	log_error("%s", error_message(e));
	error_free(e);
	if (known)
		log_error("%s", known);
	return false;
}

static void say_warnings(const struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		log_warning("%s", w->v[i]);
}

/* KDUMP_STDLOGLVL: 0 none to 4 debug, as enum log_level counts. */
static void set_log_level(const struct sysconfig *conf)
{
	uint64_t level;

	if (text_u64(sysconfig_get(conf, SYSCONFIG_STDLOGLVL), &level) &&
	    level <= LOG_LEVEL_DEBUG)
		log_setup("kdump", level);
	else
		log_warning("KDUMP_STDLOGLVL=%s is not a level from 0 to 4; 3 is used",
			    sysconfig_get(conf, SYSCONFIG_STDLOGLVL));
}

static bool read_sysconfig(struct service *s)
{
	struct error *e = sysconfig_read(&s->sysconfig, s->root, SYSCONFIG);

	if (e)
		return failed(e, NULL);
	set_log_level(&s->sysconfig);
	say_warnings(&s->sysconfig.warnings);
	return true;
}

static bool read_settings(struct service *s)
{
	struct error *e = settings_read(&s->settings, s->root, CONFIG);

	say_warnings(&s->settings.warnings);
	return e ? failed(e, NULL) : true;
}

static bool find_kernel(struct service *s)
{
	struct error *e = capture_kernel_find(s->root, &s->sysconfig, &s->kernel);

	return e ? failed(e, "failed to prepare for kdump bootinfo.") : true;
}

/* Everything that is decided before anything is written. */
static bool prepare(struct service *s)
{
	struct resolve_how how = { .root = s->root };
	struct error *e;

	if (!find_kernel(s))
		return false;
	how.foreign = s->kernel.foreign;
	e = target_resolve(&how, &s->settings, &s->target);
	say_warnings(&s->target.warnings);
	if (e && error_kind(e) == ERROR_NOT_PERMITTED) {
		log_error("%s. Cannot rebuild %s", error_message(e), s->kernel.image);
		error_free(e);
		return false;
	}
	if (e)
		return failed(e, NULL);
	log_debug("target: %s", s->target.shown);
	s->image_how = (struct image_how){
		.root = s->root,
		.settings = &s->settings,
		.kernel = &s->kernel,
		.target = &s->target,
	};
	e = image_prepare(&s->image_how, &s->image);
	say_warnings(&s->image.warnings);
	return e ? failed(e, NULL) : true;
}

static bool build(struct service *s)
{
	struct initramfs_size size;
	uint64_t began = clock_now_ms();
	struct error *e;

	log_info("Rebuilding %s", s->kernel.image);
	e = image_build(&s->image, &size);
	if (e)
		return failed(e, "mkdumprd: failed to make kdump initrd");
	log_debug("%s: %zu entries, %llu KiB, unpacked %llu KiB, made in %llu ms", s->kernel.image,
		  size.nr_entries, (unsigned long long)size.packed / 1024,
		  (unsigned long long)size.unpacked / 1024,
		  (unsigned long long)(clock_now_ms() - began));
	return true;
}

static bool build_when_needed(struct service *s)
{
	_cleanup_words_ struct words reasons = { 0 };
	struct error *e = image_outdated(&s->image, &reasons);

	if (e)
		return failed(e, NULL);
	for (size_t i = 0; i < reasons.n; i++)
		log_info("%s", reasons.v[i]);
	return reasons.n ? build(s) : true;
}

static bool changes_this_kernel(void)
{
	if (arg_recorded)
		log_error("--root names a recorded machine: nothing is loaded or unloaded");
	return !arg_recorded;
}

static bool loadable(struct service *s)
{
	struct error *e = capture_check(s->root, &s->sysconfig, &s->kernel);

	return e ? failed(e, "kexec: failed to load kdump kernel") : true;
}

static bool load(struct service *s)
{
	struct error *e;

	if (arg_recorded)
		return loadable(s) && changes_this_kernel();
	e = capture_load(s->root, &s->sysconfig, &s->kernel);
	if (e)
		return failed(e, "kexec: failed to load kdump kernel");
	log_info("kexec: loaded kdump kernel");
	return true;
}

static bool unload(struct service *s)
{
	struct error *e;

	if (!changes_this_kernel())
		return false;
	e = capture_unload(s->root, &s->sysconfig);
	if (e)
		return failed(e, "kexec: failed to unload kdump kernel");
	log_info("kexec: unloaded kdump kernel");
	return true;
}

static bool kexec_state(const struct service *s, struct kexec_state *ret)
{
	struct error *e = host_kexec_state(s->root, ret);

	return e ? failed(e, NULL) : true;
}

static bool feasible(const struct kexec_state *state)
{
	if (!state->crash_supported) {
		log_error("Kdump is not supported on this kernel");
		return false;
	}
	if (!state->crash_size) {
		log_error("No memory reserved for crash kernel");
		log_error("add crashkernel=256M to the kernel's command line and restart the machine");
		return false;
	}
	return true;
}

static int outcome(bool ok, const char *what)
{
	if (ok)
		log_info("%s: [OK]", what);
	else
		log_error("%s: [FAILED]", what);
	return ok ? 0 : 1;
}

static int cmd_start(struct service *s)
{
	struct kexec_state state;
	bool ok = read_sysconfig(s) && kexec_state(s, &state) && feasible(&state) &&
		  read_settings(s);

	if (ok && state.crash_loaded) {
		log_warning("Kdump already running: [WARNING]");
		return 0;
	}
	return outcome(ok && prepare(s) && build_when_needed(s) && load(s), "Starting kdump");
}

static int cmd_stop(struct service *s)
{
	return outcome(read_sysconfig(s) && unload(s), "Stopping kdump");
}

static int stays_as_it_is(const struct kexec_state *state)
{
	if (state->crash_loaded)
		log_info("the capture kernel that is loaded stays loaded");
	return outcome(false, "Starting kdump");
}

/* The load takes the place of what is loaded. Unloading first would leave none for longer, and nothing
 * to go back to when the kernel refuses the new one. */
static int replace(struct service *s, bool loaded)
{
	bool ok = load(s);

	if (ok && loaded)
		(void)outcome(true, "Stopping kdump"); /* the line that scripts look for */
	return outcome(ok, "Starting kdump");
}

/* Whatever can go wrong does so before the capture kernel that is loaded is given up. */
static int cmd_restart(struct service *s)
{
	struct kexec_state state = { 0 };

	if (!(read_sysconfig(s) && kexec_state(s, &state) && feasible(&state) &&
	      read_settings(s) && prepare(s) && build_when_needed(s) && loadable(s)))
		return stays_as_it_is(&state);
	return replace(s, true);
}

/* After CPUs or memory came or went: the same image, loaded anew. */
static int cmd_reload(struct service *s)
{
	struct kexec_state state = { 0 };

	if (!(read_sysconfig(s) && kexec_state(s, &state) && feasible(&state) &&
	      find_kernel(s) && loadable(s)))
		return stays_as_it_is(&state);
	if (!state.crash_loaded)
		log_warning("Kdump was not running: [WARNING]");
	return replace(s, state.crash_loaded);
}

static int cmd_rebuild(struct service *s)
{
	return read_sysconfig(s) && read_settings(s) && prepare(s) && build(s) ? 0 : 1;
}

static int cmd_status(struct service *s)
{
	struct kexec_state state;

	if (!kexec_state(s, &state))
		return EXIT_NOT_OPERATIONAL;
	if (!state.crash_supported)
		log_error("kdump is not supported on this kernel");
	if (state.crash_supported && state.crash_loaded) {
		log_info("Kdump is operational");
		return 0;
	}
	log_info("Kdump is not operational");
	return EXIT_NOT_OPERATIONAL;
}

static int cmd_showmem(struct service *s)
{
	struct kexec_state state;

	if (!kexec_state(s, &state))
		return 1;
	log_info("Reserved %lluMB memory for crash kernel",
		 (unsigned long long)state.crash_size >> 20);
	return 0;
}

struct command {
	const char *name;
	int (*run)(struct service *s); /* null: not supported yet */
	bool locked; /* changes something: one at a time */
};

/* In the order of the usage line. */
static const struct command commands[] = {
	{ "estimate" },
	{ "start", cmd_start, true },
	{ "stop", cmd_stop, true },
	{ "status", cmd_status },
	{ "restart", cmd_restart, true },
	{ "reload", cmd_reload, true },
	{ "rebuild", cmd_rebuild, true },
	{ "reset-crashkernel" },
	{ "propagate" },
	{ "showmem", cmd_showmem },
	{ "test" },
	{ "setup-crypttab" },
	{ "get-default-crashkernel" },
};

static int usage(const char *argv0)
{
	_cleanup_strbuf_ struct strbuf names = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		strbuf_printf(&names, "%s%s", i ? "|" : "", commands[i].name);
	log_info("Usage: %s {%s}", argv0, strbuf_str(&names));
	return 1;
}

/* /run/lock may be writable for all: only a file of our own is a lock that nobody else can
 * take and keep. */
static bool is_own_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid();
}

static int open_lock(const char **ret_name)
{
	const char *name = file_exists(arg_root, "run/lock") ? "run/lock/kdump" : "tmp/kdump.lock";
	const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int fd;

	*ret_name = name;
	for (int i = 0; i < 3; i++) {
		/* an old file is opened without O_CREAT: in sticky folders the kernel forbids it
		 * for files of other owners (fs.protected_regular) */
		fd = openat(arg_root, name, flags);
		if (fd < 0 && errno == ENOENT)
			fd = openat(arg_root, name, flags | O_CREAT | O_EXCL, 0600);
		if (fd >= 0 && is_own_file(fd))
			return fd;
		if (fd >= 0)
			close(fd);
		else if (errno == EEXIST)
			continue; /* another one made it meanwhile */
		else if (errno != ELOOP)
			return -1;
		if (unlinkat(arg_root, name, 0) < 0 && errno != ENOENT)
			return -1;
		errno = EEXIST;
	}
	return -1;
}

/* The lock is held until the program ends. */
static bool take_lock(void)
{
	uint64_t began = clock_now_ms(), said = 0; /* 0: not yet */
	const char *name;
	int fd = open_lock(&name);

	if (fd < 0) {
		log_error("/%s: cannot open the lock: %s%s", name, strerror(errno),
			  geteuid() ? "; run it as root" : "");
		return false;
	}
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		uint64_t now = clock_now_ms();

		if (errno != EWOULDBLOCK && errno != EINTR) {
			log_error("/%s: cannot lock: %s", name, strerror(errno));
			return false;
		}
		if (now - began >= arg_wait_s * 1000ULL) {
			log_error("Another app held the kdump lock (/%s) for more than %u s; giving up",
				  name, arg_wait_s);
			return false;
		}
		if (!said || now - said >= LOCK_SAY_MS) {
			log_info("Another app is currently holding the kdump lock; waiting for it "
				 "to exit...");
			said = now;
		}
		clock_sleep_ms(LOCK_TRY_MS);
	}
	return true;
}

static int run_command(const struct command *c)
{
	_cleanup_service_ struct service s = { .root = arg_root };

	if (!file_exists(arg_root, rootpath_below(CONFIG))) {
		log_error("Error: No kdump config file found!");
		log_error("%s is missing; make it, an empty one is valid (see kdump.conf(5))", CONFIG);
		return 1;
	}
	if (!c->run) {
		log_error("kdumpctl %s is not supported yet", c->name);
		return 1;
	}
	if (c->locked && !take_lock())
		return 1;
	return c->run(&s);
}

enum { OPT_ROOT = 1, OPT_WAIT, OPT_HELP, OPT_VERSION };

static const struct option_def options[] = {
	{ 0, "wait", "SECONDS", "how long to wait for another kdumpctl (default 300)", OPT_WAIT },
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 'V', "version", NULL, "show the version", OPT_VERSION },
	{ 0, "root", "DIR", NULL, OPT_ROOT }, /* for tests: /etc, /proc, /sys, /boot are in there */
	{ 0 },
};

static void help(void)
{
	printf("Usage: kdumpctl [OPTION] COMMAND\n\nCommands:");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].run)
			printf(" %s", commands[i].name);
	printf("\n\nOptions:\n");
	options_help(options, stdout);
}

/* -1: go on; otherwise the exit status. */
static int read_options(struct options *o)
{
	uint64_t seconds;
	int id;

	while ((id = options_next(o)) != 0) {
		switch (id) {
		case OPT_ROOT:
			arg_recorded = true;
			arg_root = open(o->value, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			if (arg_root < 0) {
				log_error("%s: cannot open: %s", o->value, strerror(errno));
				return 1;
			}
			break;
		case OPT_WAIT:
			if (!text_u64(o->value, &seconds) || seconds > 86400) {
				log_error("--wait: expected a number of seconds, found \"%s\"", o->value);
				return 1;
			}
			arg_wait_s = seconds;
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
	struct options o;
	struct error *e;
	const char *name;
	int r;

	log_setup("kdump", LOG_LEVEL_INFO);
	e = options_begin(&o, options, argc, argv);
	if (e) {
		(void)failed(e, NULL);
		return 1;
	}
	r = read_options(&o);
	name = argv[options_rest(&o)];
	options_done(&o);
	if (r >= 0)
		return r;
	if (arg_root < 0)
		arg_root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; name && i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return run_command(&commands[i]);
	return usage(argv[0]);
}
