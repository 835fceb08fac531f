/* Loading; see load.h. */
#include "service/load.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "host/host.h"
#include "kexec/kexec.h"
#include "service/capline.h"
#include "service/image.h"
#include "service/rootpath.h"

struct load_args {
	enum kexec_call call;
	bool debug;
};

static struct error *parse_args(const struct sysconfig *conf, struct load_args *ret)
{
	static const struct {
		const char *letter, *name;
		enum kexec_call call;
	} calls[] = {
		{ "-s", "--kexec-file-syscall", KEXEC_CALL_FILE },
		{ "-c", "--kexec-syscall", KEXEC_CALL_SEGMENTS },
		{ "-a", "--kexec-syscall-auto", KEXEC_CALL_AUTO },
	};
	/* what changes nothing for a capture kernel that is loaded here */
	static const char *const idle[] = {
		"--elf32-core-headers", "--elf64-core-headers", "--dt-no-old-root", "--args-linux",
		"--no-checks", "--noefi", "--reset-vga", "--console-vga", "--console-serial", "-p",
		"--load-panic",
	};
	_cleanup_words_ struct words args = { 0 };

	*ret = (struct load_args){ .call = KEXEC_CALL_AUTO };
	TRY(words_split(&args, sysconfig_get(conf, SYSCONFIG_KEXEC_ARGS)));
	for (size_t i = 0; i < args.n; i++) {
		const char *arg = args.v[i];
		bool known = false;

		for (size_t j = 0; j < ARRAY_SIZE(calls); j++)
			if (!strcmp(arg, calls[j].letter) || !strcmp(arg, calls[j].name)) {
				ret->call = calls[j].call;
				known = true;
			}
		if (!strcmp(arg, "-d") || !strcmp(arg, "--debug"))
			ret->debug = known = true;
		for (size_t j = 0; j < ARRAY_SIZE(idle); j++)
			known |= !strcmp(arg, idle[j]);
		if (!known)
			return error_new(ERROR_USAGE,
					 "KEXEC_ARGS: option %s is not supported here; use -s, -c, "
					 "-a or -d",
					 arg);
	}
	return NULL;
}

/* A locked-down kernel takes files that it can check itself, whatever the arguments ask for. */
static struct error *respect_lockdown(int root, struct load_args *args)
{
	struct kexec_state state;

	if (args->call != KEXEC_CALL_SEGMENTS)
		return NULL;
	TRY(host_kexec_state(root, &state));
	if (state.lockdown[0] && strcmp(state.lockdown, "none"))
		args->call = KEXEC_CALL_FILE;
	return NULL;
}

/* The library's sentence and its advice as one message. */
static struct error *with_advice(struct error *e, const struct kexec_result *r)
{
	struct error *longer;

	if (!e || !r->next || error_kind(e) == ERROR_NOMEM)
		return e;
	longer = error_new(error_kind(e), "%s; %s", error_message(e), r->next);
	error_free(e);
	return longer;
}

/* Makes the plan, and hands it to the kernel unless it is only a `check`. */
static struct error *plan_and_load(int root, const struct sysconfig *conf,
				   const struct capture_kernel *k, bool check)
{
	_cleanup_kexec_result_ struct kexec_result result = { 0 }, loaded = { 0 };
	_cleanup_kexec_plan_ struct kexec_plan *plan = NULL;
	_cleanup_close_ int kernel = -1, image = -1;
	_cleanup_free_ char *line = NULL;
	_cleanup_words_ struct words keys = { 0 };
	const char *initrds[1];
	struct kexec_request rq = { .root = root, .panic = true };
	struct load_args args;
	char image_name[64];
	struct stat st;

	TRY(parse_args(conf, &args));
	TRY(respect_lockdown(root, &args));
	TRY(capline_make(root, conf, &line));
	log_debug("command line of the capture kernel: %s", line);
	kernel = openat(root, rootpath_below(k->kernel), O_RDONLY | O_CLOEXEC);
	if (kernel < 0)
		return error_sys(errno, "%s: cannot open", k->kernel);
	image = openat(root, rootpath_below(k->image), O_RDONLY | O_CLOEXEC);
	if (image < 0)
		return error_sys(errno, "%s: cannot open (kdumpctl rebuild makes it)", k->image);
	if (fstat(image, &st) < 0 || !S_ISREG(st.st_mode) || !st.st_size)
		return error_new(ERROR_BAD_DATA, "%s: no image, or an empty one; build it: kdumpctl rebuild",
				 k->image);
	snprintf(image_name, sizeof(image_name), "/proc/self/fd/%d", image);
	initrds[0] = image_name;
	rq.kernel = k->kernel;
	rq.kernel_fd = kernel;
	rq.initrds = initrds;
	rq.nr_initrds = 1;
	rq.cmdline = line;
	rq.call = args.call;
	rq.debug = args.debug;
	TRY(image_recorded_keys(root, k, &keys));
	rq.crypt_keys = (const char *const *)keys.v;
	rq.nr_crypt_keys = keys.n;
	TRY(with_advice(kexec_plan(&rq, &plan, &result), &result));
	if (check)
		return NULL;
	if (kexec_plan_warning(plan))
		log_warning("%s", kexec_plan_warning(plan));
	if (args.debug)
		kexec_plan_print(plan, stderr);
	TRY(with_advice(kexec_load(plan, &loaded), &loaded));
	if (loaded.before_note)
		log_warning("what was loaded could not be noted down, for the case that the next load fails: %s",
			    loaded.before_note);
	return NULL;
}

struct error *capture_load(int root, const struct sysconfig *conf, const struct capture_kernel *k)
{
	return plan_and_load(root, conf, k, false);
}

struct error *capture_check(int root, const struct sysconfig *conf, const struct capture_kernel *k)
{
	return plan_and_load(root, conf, k, true);
}

struct error *capture_unload(int root, const struct sysconfig *conf)
{
	_cleanup_kexec_result_ struct kexec_result result = { 0 };
	struct load_args args;

	(void)root; /* the kernel has one reservation, whatever tree is looked at */
	TRY(parse_args(conf, &args));
	return with_advice(kexec_unload(true, args.call, &result), &result);
}
