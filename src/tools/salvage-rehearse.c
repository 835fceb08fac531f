/*
 * PID 1 of the virtual machine of a rehearsal (service/rehearse.h). In its production system it loads
 * /kernel and /image with /cmdline as the capture kernel, and panics. Started in a capture kernel (the
 * floor) it says so and powers off.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>

#include "base/base.h"
#include "kexec/kexec.h"

static void say(const char *fmt, ...) PRINTF(1, 2);
static void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("rehearsal: ", stdout);
	vprintf(fmt, ap);
	putchar('\n');
	fflush(stdout);
	va_end(ap);
}

NORETURN static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void mount_one(const char *type, const char *where)
{
	if (mkdir(where, 0755) < 0 && errno != EEXIST)
		say("cannot make %s: %s", where, strerror(errno));
	if (mount(type, where, type, 0, NULL) < 0 && errno != EBUSY)
		say("cannot mount %s: %s", where, strerror(errno));
}

static bool in_capture_kernel(void)
{
	struct stat st;

	return stat("/proc/vmcore", &st) == 0;
}

/* KEXEC_ARGS as the service understands them (service/load.c). */
static enum kexec_call call_of(const char *args)
{
	_cleanup_words_ struct words w = { 0 };
	enum kexec_call call = KEXEC_CALL_AUTO;
	struct error *e = words_split(&w, args);

	error_free(e); /* the service would have refused it */
	for (size_t i = 0; i < w.n; i++) {
		if (!strcmp(w.v[i], "-s") || !strcmp(w.v[i], "--kexec-file-syscall"))
			call = KEXEC_CALL_FILE;
		if (!strcmp(w.v[i], "-c") || !strcmp(w.v[i], "--kexec-syscall"))
			call = KEXEC_CALL_SEGMENTS;
	}
	return call;
}

static struct error *arm(int root)
{
	_cleanup_kexec_result_ struct kexec_result planned = { 0 }, loaded = { 0 };
	_cleanup_kexec_plan_ struct kexec_plan *plan = NULL;
	_cleanup_free_ char *line = NULL, *args = NULL;
	const char *initrds[] = { "/image" };
	struct kexec_request rq = {
		.root = root, .kernel = "/kernel", .initrds = initrds, .nr_initrds = 1, .panic = true
	};

	TRY(file_read(root, "cmdline", 65536, &line, NULL));
	TRY(file_read(root, "args", 65536, &args, NULL));
	rq.cmdline = line;
	rq.call = call_of(args);
	TRY(kexec_plan(&rq, &plan, &planned));
	return kexec_load(plan, &loaded);
}

int main(void)
{
	struct error *e;
	int root;

	mount_one("devtmpfs", "/dev");
	if (!freopen("/dev/console", "w", stdout))
		power_off();
	mount_one("proc", "/proc");
	mount_one("sysfs", "/sys");
	if (in_capture_kernel()) {
		say("the floor's init runs");
		power_off();
	}
	root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	e = arm(root);
	if (e) {
		say("cannot arm: %s", error_message(e));
		power_off();
	}
	(void)unlink("/kernel");
	(void)unlink("/image");
	say("panic now");
	e = file_poke(root, "proc/sysrq-trigger", "c");
	say("cannot panic: %s", e ? error_message(e) : "SysRq c had no effect");
	power_off();
}
