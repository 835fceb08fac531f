/* What goes into a capture image: modules, programs, the plan. */
#include "service/image-priv.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "service/capline.h"
#include "service/rootpath.h"

#define INIT	  "/init"
#define REPORT	  "/bin/salvage-report"

#define SOFTDOG	       "softdog"
#define SOFTDOG_S      60

struct error *image_warn(struct image *im, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(&b, fmt, ap);
	va_end(ap);
	TRY(strbuf_error(&b));
	return words_add(&im->warnings, strbuf_str(&b));
}

static bool kernel_knows(const struct image *im, const char *name)
{
	_cleanup_words_ struct words one = { 0 };
	_cleanup_module_list_ struct module_list found = { 0 };
	struct error *e = words_add(&one, name);

	if (!e)
		e = modules_closure(im->how->root, im->how->kernel->release, &one, &found);
	if (!e)
		return true;
	error_free(e); /* the caller says what is missing */
	return false;
}

/* A name that the kernel does not know is no reason to have no dump. */
static struct error *add_known_modules(struct image *im, const struct words *wanted, struct words *names)
{
	for (size_t i = 0; i < wanted->n; i++) {
		if (!kernel_knows(im, wanted->v[i]))
			TRY(image_warn(im, "Module %s not found", wanted->v[i]));
		else if (!words_have(names, wanted->v[i]))
			TRY(words_add(names, wanted->v[i]));
	}
	return NULL;
}

static struct error *add_extra_modules(struct image *im, struct words *names)
{
	const char *list = settings_get(im->how->settings, SETTING_EXTRA_MODULES);
	_cleanup_words_ struct words extra = { 0 };

	if (list)
		TRY(error_prefix(words_split(&extra, list), "extra_modules"));
	TRY(add_known_modules(im, &extra, names));
	return add_known_modules(im, &im->how->settings->dracut.modules, names);
}

/* Only what the target stands on may end the capture when it cannot be inserted. */
static void require_only(struct module_list *all, const struct module_list *needed)
{
	for (size_t i = 0; i < all->files.n; i++) {
		struct module_file *f = &all->files.v[i];

		f->required = false;
		for (size_t j = 0; j < needed->files.n; j++)
			if (needed->files.v[j].required && !strcmp(needed->files.v[j].name, f->name))
				f->required = true;
	}
}

/* Module names as people write them: '-' and '_' are the same. */
static bool same_module(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b))
			return false;
	return *a == *b;
}

/* dracut_args --omit-drivers, after the closure: what the target needs stays. */
static struct error *leave_out(struct image *im)
{
	const struct words *omit = &im->how->settings->dracut.omit_modules;

	for (size_t i = im->modules.files.n; i-- > 0;) {
		const struct module_file *f = &im->modules.files.v[i];
		bool unwanted = false;

		for (size_t j = 0; j < omit->n; j++)
			unwanted |= same_module(omit->v[j], f->name);
		if (unwanted && f->required)
			TRY(image_warn(im,
				       "dracut_args: --omit-drivers %s has no effect: the dump target needs it",
				       f->name));
		else if (unwanted)
			module_list_remove(&im->modules, i);
	}
	return NULL;
}

/* Without a watchdog that runs, the kernel's own one ends what hangs. */
static struct error *add_softdog(struct image *im, struct words *names)
{
	if (im->plan.watchdog_s || im->how->settings->dracut.no_watchdog || !kernel_knows(im, SOFTDOG))
		return NULL;
	im->plan.watchdog_s = SOFTDOG_S;
	return words_have(names, SOFTDOG) ? NULL : words_add(names, SOFTDOG);
}

/* Its time from the start: PID 1 may hang before it gets to it. */
static struct error *tell_softdog(struct image *im)
{
	for (size_t i = 0; i < im->modules.files.n; i++) {
		struct module_file *f = &im->modules.files.v[i];

		if (strcmp(f->name, SOFTDOG) != 0 || f->parameters)
			continue;
		if (asprintf(&f->parameters, "soft_margin=%u", im->plan.watchdog_s) < 0) {
			f->parameters = NULL;
			return error_nomem();
		}
	}
	return NULL;
}

/* What is of use only when the target fails is never a reason to have no dump. */
static struct error *add_second_place_modules(struct image *im, struct words *names)
{
	const struct target *t = im->how->target;

	for (size_t i = 0; i < t->rootfs_modules.n; i++)
		if (!words_have(names, t->rootfs_modules.v[i]))
			TRY(words_add(names, t->rootfs_modules.v[i]));
	if (text_equal(settings_get(im->how->settings, SETTING_SECOND_PLACE), "auto") &&
	    file_exists(im->how->root, "sys/firmware/efi/efivars") && kernel_knows(im, "efivarfs"))
		TRY(words_add(names, "efivarfs"));
	return NULL;
}

struct error *image_choose_modules(struct image *im)
{
	const struct image_how *how = im->how;
	_cleanup_module_list_ struct module_list needed = { 0 };
	_cleanup_words_ struct words names = { 0 }, dogs = { 0 };

	for (size_t i = 0; i < how->target->modules.n; i++)
		TRY(words_add(&names, how->target->modules.v[i]));
	TRY(modules_closure(how->root, how->kernel->release, &names, &needed));
	TRY(watchdogs_active(how->root, &dogs, &im->plan.watchdog_s));
	if (how->settings->dracut.no_watchdog)
		im->plan.watchdog_s = 0;
	for (size_t i = 0; i < dogs.n && !how->settings->dracut.no_watchdog; i++)
		if (!words_have(&names, dogs.v[i]) && kernel_knows(im, dogs.v[i]))
			TRY(words_add(&names, dogs.v[i]));
	TRY(add_softdog(im, &names));
	TRY(add_second_place_modules(im, &names));
	for (size_t i = 0; i < how->target->wanted.n; i++)
		if (kernel_knows(im, how->target->wanted.v[i]) && !words_have(&names, how->target->wanted.v[i]))
			TRY(words_add(&names, how->target->wanted.v[i]));
	TRY(add_extra_modules(im, &names));
	TRY(modules_closure(how->root, how->kernel->release, &names, &im->modules));
	TRY(tell_softdog(im));
	require_only(&im->modules, &needed);
	return leave_out(im);
}

struct error *image_add_program(struct image *im, const char *source, const char *path)
{
	struct image_program p = { .source = strdup(source), .path = strdup(path) };

	if (!p.source || !p.path || !vector_push(&im->programs, p)) {
		free(p.source);
		free(p.path);
		return error_nomem();
	}
	return NULL;
}

/* Our own programs: beside this one (not installed), or below the same prefix. */
static const struct {
	bool beside;
	const char *name;
} own_folders[] = {
	{ true, "" },
	{ true, "/../lib/salvage" },
	{ false, "/usr/lib/salvage" },
	{ false, "/usr/local/lib/salvage" },
};

struct error *image_find_own(const char *name, char **ret)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n < 0)
		return error_sys(errno, "/proc/self/exe: cannot read the link; is /proc mounted?");
	self[n] = '\0';
	slash = strrchr(self, '/');
	*slash = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(own_folders); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s%s/%s", own_folders[i].beside ? self : "", own_folders[i].name,
			     name) < 0) {
			path = NULL;
			return error_nomem();
		}
		if (access(path, X_OK) == 0) {
			*ret = take_ptr(path);
			return NULL;
		}
	}
	return error_new(ERROR_NOT_FOUND,
			 "%s was found neither in %s nor in %s/../lib/salvage; install the whole of "
			 "salvage",
			 name, self, self);
}

struct error *image_add_own(struct image *im, const char *name, const char *path)
{
	_cleanup_free_ char *source = NULL;

	TRY(image_find_own(name, &source));
	return image_add_program(im, source, path);
}

/* A program of the machine: checked as the established service words it. */
struct error *image_add_machines(struct image *im, const char *path)
{
	_cleanup_close_ int fd = -1;
	struct error *e = rootpath_open(im->how->root, path, &fd);
	struct stat st;

	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return error_new(ERROR_USAGE, "Error: %s not found.", path);
	TRY(e);
	if (fstat(fd, &st) < 0)
		return error_sys(errno, "%s: cannot look at it", path);
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return error_new(ERROR_USAGE, "Error: %s is not executable.", path);
	return image_add_program(im, rootpath_below(path), path);
}

struct error *image_find_in_path(int root, const char *name, char **ret)
{
	static const char *const folders[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					       "/usr/bin", "/sbin", "/bin" };

	if (name[0] == '/') {
		*ret = strdup(name);
		return *ret ? NULL : error_nomem();
	}
	for (size_t i = 0; i < ARRAY_SIZE(folders) && !strchr(name, '/'); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/%s", folders[i], name) < 0) {
			path = NULL;
			return error_nomem();
		}
		if (faccessat(root, rootpath_below(path), F_OK, 0) == 0) {
			*ret = take_ptr(path);
			return NULL;
		}
	}
	return error_new(ERROR_USAGE, "Error: %s not found.", name);
}

static struct error *add_extra_bins(struct image *im)
{
	const char *list = settings_get(im->how->settings, SETTING_EXTRA_BINS);
	_cleanup_words_ struct words extra = { 0 };

	if (!list)
		return NULL;
	TRY(error_prefix(words_split(&extra, list), "extra_bins"));
	for (size_t i = 0; i < extra.n; i++) {
		_cleanup_free_ char *path = NULL;

		TRY(image_find_in_path(im->how->root, extra.v[i], &path));
		TRY(image_add_machines(im, path));
	}
	return NULL;
}

/* PID 1 starts it on the console; without one the machine would restart at once. */
static struct error *add_shell(struct image *im)
{
	if (!text_equal(settings_get(im->how->settings, SETTING_FAILURE_ACTION), "shell"))
		return NULL;
	return error_prefix(image_add_machines(im, "/bin/sh"), "failure_action shell");
}

struct error *image_choose_programs(struct image *im)
{
	struct error *e;

	TRY(image_add_own(im, "salvage-init", INIT));
	TRY(image_choose_collector(im));
	e = image_add_own(im, "salvage-report", REPORT);
	if (e && error_kind(e) == ERROR_NOT_FOUND) {
		/* a dump without a report is still a dump */
		im->plan.no_report = true;
		TRY(image_warn(im, "%s; there will be no report beside the dump", error_message(e)));
		error_free(e);
	} else {
		TRY(e);
	}
	TRY(add_shell(im));
	TRY(image_choose_hooks(im));
	TRY(image_add_target_programs(im));
	return add_extra_bins(im);
}

/* Seconds east of UTC now: dump folders are named in local time. */
static int timezone_now(void)
{
	time_t now = time(NULL);
	struct tm tm;

	return localtime_r(&now, &tm) ? (int)tm.tm_gmtoff : 0;
}

static struct error *host_name(int root, char **ret)
{
	struct error *e;
	char *text = NULL;

	e = file_read(root, "proc/sys/kernel/hostname", 4096, &text, NULL);
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	text[strcspn(text, "\n")] = '\0';
	if (!*text) {
		free(text);
		text = NULL;
	}
	*ret = text;
	return NULL;
}

static enum plan_action action_of(const struct settings *s, enum setting which)
{
	int action = plan_action_find(settings_get(s, which));

	return action < 0 ? PLAN_REBOOT : action; /* settings_parse() let known words through */
}

struct error *image_fill_plan(struct image *im)
{
	const struct image_how *how = im->how;
	struct plan *p = &im->plan;

	TRY(host_name(how->root, &p->host));
	p->kernel = strdup(how->kernel->release);
	p->path = how->target->path ? strdup(how->target->path) : NULL;
	if (!p->kernel || (how->target->path && !p->path))
		return error_nomem();
	for (size_t i = 0; i < im->modules.files.n; i++) {
		const struct module_file *m = &im->modules.files.v[i];

		TRY(plan_add_module(p, m->path, m->parameters, m->required));
	}
	TRY(image_fill_storage(im));
	p->timezone_offset = timezone_now();
	p->failure_action = action_of(how->settings, SETTING_FAILURE_ACTION);
	p->final_action = action_of(how->settings, SETTING_FINAL_ACTION);
	TRY(image_fill_keeping(im));
	return image_fill_network(im);
}
