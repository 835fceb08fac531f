/* kdumpctl get-default-crashkernel, estimate, reset-crashkernel: the memory that is set aside. */
#include <stdio.h>
#include <string.h>

#include "service/crashkernel_reset.h"
#include "service/estimate.h"
#include "tools/kdumpctl.h"

#define MB(bytes) ((unsigned long long)(bytes) >> 20)

int cmd_get_default_crashkernel(struct service *s)
{
	char **argv = s->options->argv;
	enum dump_mode mode = argv[1] && !strcmp(argv[1], "fadump") ? DUMP_MODE_FADUMP : DUMP_MODE_KDUMP;
	_cleanup_free_ char *value = NULL;
	struct crashkernel_facts facts;
	struct error *e;

	if (argv[1] && mode == DUMP_MODE_KDUMP && strcmp(argv[1], "kdump")) {
		log_error("%s: expected kdump or fadump", argv[1]);
		return 1;
	}
	if (!read_sysconfig(s))
		return 1;
	e = crashkernel_facts(s->root, &s->sysconfig, NULL, &facts);
	if (!e)
		e = crashkernel_default(&facts, mode, &value);
	if (e)
		return !failed(e, NULL);
	fputs(value ? value : "", stdout); /* installers take it as it is, without a newline */
	return 0;
}

static void print_estimate(const struct estimate *est)
{
	printf("Reserved crashkernel:    %lluM\n", MB(est->reserved));
	printf("Recommended crashkernel: %lluM\n\n", MB(est->recommended));
	printf("Kernel image size:   %lluM\n", MB(est->kernel));
	printf("Kernel modules size: %lluM\n", MB(est->modules));
	printf("Initramfs size:      %lluM\n", MB(est->image));
	printf("Runtime reservation: %lluM\n", MB(est->runtime));
	if (est->luks)
		printf("LUKS required size:  %lluM\n", MB(est->luks));
	printf("Large modules:%s\n", est->large.n ? "" : " <none>");
	for (size_t i = 0; i < est->large.n; i++)
		printf("    %s: %llu\n", est->large.v[i].name, (unsigned long long)est->large.v[i].bytes);
	if (!est->enough)
		printf("WARNING: Current crashkernel size is lower than recommended size %lluM.\n",
		       MB(est->recommended));
}

static struct error *print_estimate_json(const struct estimate *est)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	struct json j;

	json_init(&j, &b);
	json_open(&j, NULL, '{');
	json_string(&j, "schema", "kdumpctl.estimate/1");
	json_u64(&j, "reserved", est->reserved);
	json_u64(&j, "recommended", est->recommended);
	json_u64(&j, "default", est->fallback);
	json_bool(&j, "enough", est->enough);
	json_u64(&j, "kernel", est->kernel);
	json_u64(&j, "modules", est->modules);
	json_u64(&j, "image", est->image);
	json_u64(&j, "runtime", est->runtime);
	json_u64(&j, "luks", est->luks);
	json_open(&j, "large_modules", '{');
	for (size_t i = 0; i < est->large.n; i++)
		json_u64(&j, est->large.v[i].name, est->large.v[i].bytes);
	json_close(&j, '}');
	json_close(&j, '}');
	TRY(strbuf_error(&b));
	fputs(strbuf_str(&b), stdout);
	return NULL;
}

enum { OPT_JSON = 1, OPT_MEASURE };

const struct option_def estimate_options[] = {
	{ 'j', "json", NULL, "write JSON (schema kdumpctl.estimate/1), sizes in bytes", OPT_JSON },
	{ 0, "measure", NULL, "find the smallest reservation that captures, in virtual machines", OPT_MEASURE },
	{ 0 },
};

int cmd_estimate(struct service *s)
{
	_cleanup_estimate_ struct estimate est = { 0 };
	struct error *e;
	bool json = false, measure = false;
	int id;

	while ((id = options_next(s->options)) != 0) {
		if (id < 0)
			return 1;
		json |= id == OPT_JSON;
		measure |= id == OPT_MEASURE;
	}
	if (measure)
		return estimate_by_rehearsal(s, json);
	if (!(read_sysconfig(s) && read_settings(s) && prepare(s)))
		return 1;
	e = estimate_make(&s->image, &s->sysconfig, &est);
	if (!e && json)
		e = print_estimate_json(&est);
	else if (!e)
		print_estimate(&est);
	return e ? !failed(e, NULL) : 0;
}

/* The amounts below which the default reserves nothing. */
static const char *least(enum dump_mode mode)
{
	return mode == DUMP_MODE_FADUMP ? "4G" : "2G";
}

/* Whether this value reserves nothing here; what cannot be read or found out counts as something. */
static bool reserves_nothing(int root, const char *value)
{
	_cleanup_crashkernel_ struct crashkernel c = { 0 };
	uint64_t ram = 0;
	struct error *e = crashkernel_ram(root, &ram);

	if (!e)
		e = crashkernel_parse(value, &c);
	if (e) {
		error_free(e);
		return false;
	}
	return !c.automatic && !crashkernel_size(&c, ram);
}

static void say_row(const struct reset_row *r)
{
	char what[64] = "Updated";

	if (r->fadump)
		snprintf(what, sizeof(what), "Updated fadump=%s and updated", r->fadump);
	else if (r->fadump_removed)
		snprintf(what, sizeof(what), "Removed fadump and updated");
	if (r->changed)
		log_info("%s crashkernel=%s for kernel=%s, grub entry index=%zu.", what, r->value, r->kernel,
			 r->index);
	else
		log_info("No need to update crashkernel value for kernel=%s, grub entry index=%zu", r->kernel,
			 r->index);
}

static void say_result(const struct service *s, const struct reset_result *r)
{
	const struct reset_row *changed = NULL;

	for (size_t i = 0; i < r->rows.n; i++) {
		say_row(&r->rows.v[i]);
		if (r->rows.v[i].changed)
			changed = &r->rows.v[i];
	}
	say_warnings(&r->notes);
	if (!changed)
		return;
	if (reserves_nothing(s->root, changed->value))
		log_warning("This machine has less than %s of memory: crashkernel=%s reserves nothing here",
			    least(changed->mode), changed->value);
	else
		log_warning("Please reboot the system for the change to take effect.");
}

static bool is_power(const struct service *s)
{
	struct crashkernel_facts f;
	struct error *e = crashkernel_facts(s->root, &s->sysconfig, NULL, &f);

	if (e) {
		error_free(e); /* it will fail again where it counts */
		return false;
	}
	return text_starts(f.arch, "ppc64");
}

struct reset_args {
	struct reset_wish wish;
	bool reboot, kernel_given;
	char *release; /* malloc'd */
};

static bool parse_fadump(struct service *s, const char *word, struct reset_args *a, int *ret_exit)
{
	static const struct {
		const char *word;
		enum fadump_wish wish;
	} words[] = { { "on", FADUMP_ON }, { "nocma", FADUMP_NOCMA }, { "off", FADUMP_OFF } };

	if (!is_power(s)) {
		log_error("Option --fadump only valid on PPC");
		*ret_exit = 1;
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i].word, word)) {
			a->wish.fadump = words[i].wish;
			return true;
		}
	log_error("--fadump=%s is none of on, off, nocma; nothing was changed", word);
	*ret_exit = 0; /* as scripts know it */
	return false;
}

/* Word by word: other tools' messages for what is not known are relied upon. */
static bool parse_reset(struct service *s, struct reset_args *a, int *ret_exit)
{
	*ret_exit = 1;
	for (char **arg = s->options->argv + 1; *arg; arg++) {
		const char *value;

		if ((value = text_after(*arg, "--kernel="))) {
			a->kernel_given = true;
			a->wish.which = !strcmp(value, "ALL")	  ? RESET_ALL :
					!strcmp(value, "DEFAULT") ? RESET_DEFAULT :
								    RESET_KERNEL;
			a->wish.kernel = value;
		} else if ((value = text_after(*arg, "--fadump="))) {
			if (!parse_fadump(s, value, a, ret_exit))
				return false;
		} else if (!strcmp(*arg, "--reboot")) {
			log_warning("--reboot is deprecated; restart the machine when it suits");
			a->reboot = true;
		} else {
			log_error("%s not recognized", *arg);
			return false;
		}
	}
	return true;
}

/* The kernel that captures is the one that should be started; its entry is meant when none is named. */
static bool choose_release(struct service *s, struct reset_args *a)
{
	const char *wanted = sysconfig_get(&s->sysconfig, SYSCONFIG_KERNELVER);
	struct error *e;

	if (*wanted) {
		a->release = strdup(wanted);
		e = a->release ? NULL : error_nomem();
	} else {
		e = host_kernel_release(s->root, &a->release);
	}
	a->wish.which = RESET_RELEASE;
	a->wish.kernel = a->release;
	return e ? failed(e, NULL) : true;
}

/* What is wrong, as scripts know it. */
static int reset_failed(struct error *e, const struct reset_args *a, const struct reset_result *r)
{
	if (error_kind(e) == ERROR_NOT_FOUND && r->loader && a->wish.which == RESET_RELEASE)
		log_error("no kernel for version %s found", a->wish.kernel);
	else if (error_kind(e) == ERROR_NOT_FOUND && r->loader && a->wish.which == RESET_KERNEL)
		log_error("Invalid --kernel=%s, please specify a valid kernel path, ALL or DEFAULT", a->wish.kernel);
	else
		return !failed(e, NULL);
	error_free(e);
	return 1;
}

static int restart_machine(const struct service *s)
{
	char *argv[] = { (char *)"systemctl", (char *)"reboot", NULL };
	const struct process_how how = { .limit_ms = 30000 };
	struct error *e;

	if (s->recorded) {
		log_error("--root names a recorded machine: it is not restarted");
		return 1;
	}
	e = process_run_ok(argv, &how);
	return e ? !failed(e, NULL) : 0;
}

static bool any_changed(const struct reset_result *r)
{
	for (size_t i = 0; i < r->rows.n; i++)
		if (r->rows.v[i].changed)
			return true;
	return false;
}

static int reset(struct service *s, struct reset_args *a)
{
	_cleanup_reset_result_ struct reset_result r = { 0 };
	struct error *e = crashkernel_reset(s->root, &s->sysconfig, &a->wish, &r);

	if (e)
		return reset_failed(e, a, &r);
	if (a->kernel_given && a->wish.which == RESET_KERNEL && r.one_for_all)
		log_warning("%s has one command line for all kernels: --kernel has no effect", r.loader->name);
	say_result(s, &r);
	return a->reboot && any_changed(&r) ? restart_machine(s) : 0;
}

int cmd_reset_crashkernel(struct service *s)
{
	struct reset_args a = { 0 };
	int code = 1;

	if (!read_sysconfig(s) || !parse_reset(s, &a, &code))
		return code;
	code = a.kernel_given || choose_release(s, &a) ? reset(s, &a) : 1;
	free(a.release);
	return code;
}

/* auto_reset_crashkernel, and only where the service is in use. */
static bool may_reset(struct service *s)
{
	char *argv[] = { (char *)"systemctl", (char *)"--quiet", (char *)"is-enabled", (char *)"kdump", NULL };
	const struct process_how how = { .limit_ms = 30000 };
	struct error *e;

	if (!read_settings(s) || !strcmp(settings_get(&s->settings, SETTING_AUTO_RESET_CRASHKERNEL), "no"))
		return false;
	if (s->recorded)
		return true;
	e = process_run_ok(argv, &how);
	error_free(e); /* not enabled */
	return !e;
}

int cmd_reset_after_update(struct service *s)
{
	_cleanup_reset_result_ struct reset_result r = { 0 };
	const struct reset_wish wish = { .which = RESET_RESERVED };
	bool any = false;
	struct error *e;

	if (!read_sysconfig(s) || !may_reset(s))
		return 0;
	e = crashkernel_reset(s->root, &s->sysconfig, &wish, &r);
	if (e) {
		(void)failed(e, NULL);
		return 0; /* an update of a package does not fail for it */
	}
	for (size_t i = 0; i < r.rows.n; i++) {
		if (!r.rows.v[i].changed)
			continue;
		any = true;
		log_info("For kernel=%s, crashkernel=%s now. Please reboot the system for the change to take effect.",
			 r.rows.v[i].kernel, r.rows.v[i].value);
	}
	if (any)
		log_info("auto_reset_crashkernel=no in %s keeps values as they are", s->dialect.file);
	return 0;
}

/* osbuild makes images; it says so in the environment of its first process (container=bwrap-osbuild). */
static bool in_image_build(int root)
{
	_cleanup_free_ char *text = NULL;
	struct error *e;
	size_t len = 0;

	e = file_read(root, "proc/1/environ", 1 << 20, &text, &len);
	error_free(e); /* not to be read: an ordinary machine */
	for (size_t p = 0; text && p < len; p += strlen(text + p) + 1)
		if (!strcmp(text + p, "container=bwrap-osbuild"))
			return true;
	return false;
}

/* A new kernel gets what the running one has; in an image that is being made, the default. */
int cmd_reset_for_installed_kernel(struct service *s)
{
	_cleanup_reset_result_ struct reset_result r = { 0 };
	_cleanup_free_ char *value = NULL;
	struct reset_wish wish = { .which = RESET_RELEASE, .kernel = s->options->argv[1] };
	struct error *e;

	if (!wish.kernel) {
		log_error("%s: expected the release of the new kernel", s->options->argv[0]);
		return 1;
	}
	if (!read_sysconfig(s) || !may_reset(s))
		return 0;
	e = crashkernel_of_running(s->root, &value);
	if (e)
		return !failed(e, NULL);
	if (!value && !in_image_build(s->root))
		return 0; /* nothing is reserved here, by choice */
	wish.value = value && !strchr(value, ' ') ? value : NULL;
	e = crashkernel_reset(s->root, &s->sysconfig, &wish, &r);
	if (e && !r.loader) {
		error_free(e); /* an image without a boot loader yet */
		return 0;
	}
	if (e)
		return !failed(e, NULL);
	for (size_t i = 0; i < r.rows.n; i++)
		if (r.rows.v[i].changed)
			log_info("kernel=%s gets crashkernel=%s", r.rows.v[i].kernel, r.rows.v[i].value);
	return 0;
}
