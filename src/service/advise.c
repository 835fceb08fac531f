/* Advice; see advise.h. One function a check, one row in the table at the end. */
#include "service/advise.h"

#include <string.h>

#include "host/host.h"
#include "service/capline.h"
#include "service/crashkernel.h"
#include "service/kernel_log.h"
#include "service/rootpath.h"

#define SYSCONFIG "/etc/sysconfig/kdump"
#define SMALL	  (64ull << 20) /* the guides of old called it unreliable, and kernels have grown since */
#define SYSRQ_DUMPS 8		/* SYSRQ_ENABLE_DUMP (include/linux/sysrq.h) */

struct subject {
	int root;
	struct advice_list *list;
	struct kexec_state kexec;
	struct words log, capture_log; /* the running kernel's; the newest capture's */
	char *capture_log_name;
	char *cmdline; /* of the running kernel */
	char *capture; /* of the capture kernel; null: cannot be made */
};

void advice_done(struct advice_list *l)
{
	for (size_t i = 0; i < l->v.n; i++) {
		free(l->v.v[i].seen);
		free(l->v.v[i].source);
		free(l->v.v[i].todo);
	}
	vector_done(&l->v);
}

const char *advice_level_name(enum advice_level level)
{
	static const char *const names[] = { "good", "note", "warn", "bad" };

	return names[level];
}

static struct error *copy(const char *from, char **to)
{
	*to = from ? strdup(from) : NULL;
	return !from || *to ? NULL : error_nomem();
}

/* `source` and `todo` may be null. */
static struct error *add(struct subject *s, const char *id, enum advice_level level, const char *source,
			 const char *todo, const char *fmt, ...) PRINTF(6, 7);
static struct error *add(struct subject *s, const char *id, enum advice_level level, const char *source,
			 const char *todo, const char *fmt, ...)
{
	struct advice a = { .id = id, .level = level };
	struct error *e;
	va_list ap;

	va_start(ap, fmt);
	a.seen = text_vformat(fmt, ap);
	va_end(ap);
	e = a.seen ? copy(source, &a.source) : error_nomem();
	if (!e)
		e = copy(todo, &a.todo);
	if (!e && vector_push(&s->list->v, a))
		return NULL;
	free(a.seen);
	free(a.source);
	free(a.todo);
	return e ? e : error_nomem();
}

/* "NAME = VALUE" of a file with one number; false when it is not there. */
static bool number(const struct subject *s, const char *name, uint64_t *ret, char source[128])
{
	struct error *e = file_read_u64(s->root, name, ret);

	error_free(e); /* older kernels lack some */
	if (e)
		return false;
	snprintf(source, 128, "/%s = %llu", name, (unsigned long long)*ret);
	return true;
}

static bool has_word(const char *line, const char *name)
{
	bool found = false;
	struct error *e = line ? cmdline_find(line, name, &found, NULL) : NULL;

	error_free(e); /* out of memory for a word: as if it were not there */
	return found;
}

/* --- the reservation ----------------------------------------------------------------- */

static const char *first_of(const struct words *log, const char *const *texts)
{
	for (size_t i = 0; texts[i]; i++) {
		const char *line = kernel_log_find(log, texts[i]);

		if (line)
			return line;
	}
	return NULL;
}

/* Why there is none although the command line asks for one. */
static struct error *nothing_reserved(struct subject *s, const char *value)
{
	static const char *const complaints[] = { "crashkernel reservation failed", "crashkernel: memory value expected",
						  "crashkernel: Memory value expected", "crashkernel=auto",
						  "crashkernel: unrecognized", "Cannot reserve", NULL };
	_cleanup_crashkernel_ struct crashkernel c = { 0 };
	const char *line = first_of(&s->log, complaints);
	_cleanup_free_ char *word = NULL;
	uint64_t ram = 0;
	struct error *e;

	if (asprintf(&word, "crashkernel=%s", value) < 0)
		return error_nomem();
	e = crashkernel_parse(value, &c);
	if (e) {
		struct error *added = add(s, "reservation", ADVICE_BAD, line ? line : word,
					  "kdumpctl reset-crashkernel, then restart the machine", "%s", error_message(e));
		error_free(e);
		return added;
	}
	if (c.automatic)
		return add(s, "crashkernel-auto", ADVICE_BAD, line ? line : word,
			   "kdumpctl reset-crashkernel puts a size in its place; then restart the machine",
			   "crashkernel=auto reserved nothing: only some distributions' kernels of old know it, "
			   "and those reserve nothing on machines with less than 2 to 4 GiB");
	e = crashkernel_ram(s->root, &ram);
	error_free(e); /* the addresses are hidden from others than root */
	if (!e && !crashkernel_size(&c, ram))
		return add(s, "reservation", ADVICE_BAD, word,
			   "give a plain size: crashkernel=192M", "the value reserves nothing on a machine with %llu MiB",
			   (unsigned long long)ram >> 20);
	return add(s, "reservation", ADVICE_BAD, line ? line : word,
		   c.has_offset ? "leave out @OFFSET: the kernel then looks for a place itself" :
				  "ask for less, or for crashkernel=SIZE,high",
		   "the kernel found no room for the reservation");
}

static struct error *check_reservation(struct subject *s)
{
	_cleanup_crashkernel_ struct crashkernel c = { 0 };
	_cleanup_free_ char *value = NULL, *source = NULL;
	struct error *e;
	bool asked;

	if (!s->kexec.crash_supported)
		return add(s, "support", ADVICE_BAD, "/sys/kernel/kexec_crash_size is missing",
			   "start a kernel that has CONFIG_CRASH_DUMP and CONFIG_KEXEC",
			   "the running kernel was built without crash dumps");
	TRY(cmdline_find(s->cmdline, "crashkernel", &asked, &value));
	if (!s->kexec.crash_size && !asked)
		return add(s, "reservation", ADVICE_BAD, "/proc/cmdline has no crashkernel=",
			   "kdumpctl reset-crashkernel, then restart the machine",
			   "no memory is set aside for a capture kernel");
	if (!s->kexec.crash_size)
		return nothing_reserved(s, value);
	if (asprintf(&source, "/sys/kernel/kexec_crash_size = %llu", (unsigned long long)s->kexec.crash_size) < 0)
		return error_nomem();
	if (s->kexec.crash_size < SMALL)
		return add(s, "reservation-small", ADVICE_WARN, source,
			   "kdumpctl estimate tells what is needed, kdumpctl reset-crashkernel sets it",
			   "%llu MiB are set aside; less than 64 MiB is not enough for a capture kernel of today",
			   (unsigned long long)s->kexec.crash_size >> 20);
	TRY(add(s, "reservation", ADVICE_GOOD, source, NULL,
		"%llu MiB are set aside for the capture kernel; `free` shows so much less memory",
		(unsigned long long)s->kexec.crash_size >> 20));
	if (!asked)
		return NULL;
	e = crashkernel_parse(value, &c);
	error_free(e); /* it reserves something all the same */
	if (e || !c.has_offset)
		return NULL;
	free(source);
	if (asprintf(&source, "crashkernel=%s", value) < 0) {
		source = NULL;
		return error_nomem();
	}
	return add(s, "reservation-offset", ADVICE_NOTE, source, "leave out @OFFSET",
		   "the address behind @ is no longer needed, and can make the reservation fail");
}

static struct error *check_armed(struct subject *s)
{
	s->list->armed = s->kexec.crash_loaded;
	if (s->kexec.crash_loaded)
		return add(s, "armed", ADVICE_GOOD, "/sys/kernel/kexec_crash_loaded = 1", NULL,
			   "a capture kernel is loaded");
	if (!s->kexec.crash_size)
		return NULL; /* said above */
	return add(s, "armed", ADVICE_BAD, "/sys/kernel/kexec_crash_loaded = 0",
		   "systemctl enable --now kdump (or kdumpctl start, which says why it cannot)",
		   "no capture kernel is loaded");
}

/* --- what makes a crash one ------------------------------------------------------------ */

static struct error *check_oops(struct subject *s)
{
	char source[128];
	uint64_t v;

	if (!number(s, "proc/sys/kernel/panic_on_oops", &v, source))
		return NULL;
	if (v)
		return add(s, "panic-on-oops", ADVICE_GOOD, source, NULL, "an oops is a panic, and is captured");
	return add(s, "panic-on-oops", ADVICE_WARN, source, "sysctl kernel.panic_on_oops=1 (and in /etc/sysctl.d)",
		   "an oops only ends the process that met it: the machine goes on damaged, without a dump");
}

static struct error *check_sysrq(struct subject *s)
{
	char source[128];
	uint64_t v;

	if (!number(s, "proc/sys/kernel/sysrq", &v, source))
		return add(s, "sysrq", ADVICE_NOTE, "/proc/sys/kernel/sysrq is missing", NULL,
			   "this kernel has no SysRq: a crash on purpose needs another way");
	if (v == 1 || (v & SYSRQ_DUMPS))
		return add(s, "sysrq", ADVICE_GOOD, source, NULL, "SysRq c on the keyboard crashes the machine");
	return add(s, "sysrq", ADVICE_NOTE, source, "sysctl kernel.sysrq=1, for a machine that hangs",
		   "SysRq c on the keyboard is off; `echo c >/proc/sysrq-trigger` works all the same");
}

static struct error *check_panic_time(struct subject *s)
{
	char source[128];
	uint64_t v;

	if (!number(s, "proc/sys/kernel/panic", &v, source) || v || !s->kexec.crash_supported)
		return NULL;
	return add(s, "panic-timeout", ADVICE_NOTE, source, "sysctl kernel.panic=30",
		   "after a panic that is not captured the machine stays as it is");
}

/* --- what the kernel allows --------------------------------------------------------------- */

static struct error *check_lockdown(struct subject *s)
{
	_cleanup_free_ char *source = NULL;

	if (s->kexec.load_disabled)
		TRY(add(s, "load-disabled", s->kexec.crash_loaded ? ADVICE_NOTE : ADVICE_BAD,
			"/proc/sys/kernel/kexec_load_disabled = 1", "it stays so until the machine is restarted",
			s->kexec.crash_loaded ? "what is loaded cannot be replaced any more" :
						"nothing can be loaded any more"));
	if (!s->kexec.lockdown[0] || !strcmp(s->kexec.lockdown, "none"))
		return NULL;
	if (asprintf(&source, "/sys/kernel/security/lockdown: %s", s->kexec.lockdown) < 0)
		return error_nomem();
	return add(s, "lockdown", ADVICE_NOTE, source,
		   "keep KEXEC_ARGS=\"-s\" in /etc/sysconfig/kdump and use the distribution's kernel",
		   "the kernel is locked down: only signed kernels are loaded, by the file call");
}

/* --- hints of the old guides, when there is a sign of what they are about ---------------------- */

/* "irq 9: nobody cared (try booting with the "irqpoll" option)" (kernel/irq/spurious.c) */
static const char *nobody_cared(const struct words *log, unsigned *ret_irq)
{
	for (size_t i = 0; i < log->n; i++) {
		const char *at = strstr(log->v[i], "irq ");

		if (at && strstr(at, ": nobody cared") && sscanf(at, "irq %u:", ret_irq) == 1)
			return log->v[i];
	}
	return NULL;
}

static struct error *check_nobody_cared(struct subject *s)
{
	unsigned irq = 0;
	const char *line = nobody_cared(&s->capture_log, &irq), *whose = "the last capture's kernel";

	if (!line) {
		line = nobody_cared(&s->log, &irq);
		whose = "this kernel";
	}
	if (!line)
		return NULL;
	if (irq == 9) /* the interrupt of ACPI */
		return add(s, "irq-9", ADVICE_WARN, line,
			   "when captures hang there: KDUMP_COMMANDLINE_APPEND+=\" acpi=noirq\" in " SYSCONFIG
			   " (known of one blade model; not elsewhere)",
			   "%s had interrupts of ACPI that no driver took", whose);
	if (has_word(s->capture, "irqpoll"))
		return add(s, "irq-nobody-cared", ADVICE_NOTE, line, NULL,
			   "%s had interrupts that no driver took; the capture kernel polls (irqpoll)", whose);
	return add(s, "irq-nobody-cared", ADVICE_WARN, line,
		   "KDUMP_COMMANDLINE_APPEND+=\" irqpoll\" in " SYSCONFIG,
		   "%s had interrupts that no driver took", whose);
}

/* Devices that the dead kernel left working, and a driver that could not begin anew with them. */
static struct error *check_reset_devices(struct subject *s)
{
	static const char *const signs[] = { "reset failed", "failed to reset", "Reset failed", "Failed to reset",
					     "timeout waiting for", "probe with driver", "controller is down",
					     "not ready; aborting", "adapter reset", NULL };
	const char *line = first_of(&s->capture_log, signs);

	if (!s->capture || has_word(s->capture, "reset_devices")) {
		if (!line || !s->capture)
			return NULL;
		return add(s, "device-trouble", ADVICE_NOTE, line, NULL,
			   "a driver had trouble in the last capture although reset_devices is set");
	}
	return add(s, "reset-devices", line ? ADVICE_WARN : ADVICE_NOTE,
		   line ? line : "the capture kernel's command line has no reset_devices",
		   "KDUMP_COMMANDLINE_APPEND+=\" reset_devices\" in " SYSCONFIG
		   " (the guides' reset_devices=1 is the same)",
		   line ? "a driver had trouble with its device in the last capture, and was not asked to reset it" :
			  "drivers are not asked to reset their devices");
}

static struct error *check_irqpoll(struct subject *s)
{
	if (!s->capture || has_word(s->capture, "irqpoll"))
		return NULL;
#if defined(__x86_64__) || defined(__i386__)
	return add(s, "irqpoll", ADVICE_NOTE, "the capture kernel's command line has no irqpoll",
		   "KDUMP_COMMANDLINE_APPEND+=\" irqpoll\" in " SYSCONFIG " when captures hang on a shared interrupt",
		   "interrupts that the dead kernel left pending are not polled for");
#else
	return NULL;
#endif
}

static struct error *check_screen(struct subject *s)
{
	_cleanup_words_ struct words cards = { 0 };
	_cleanup_free_ char *source = NULL, *console = NULL;
	struct error *e = rootpath_list(s->root, "sys/class/graphics", &cards);
	bool fb = false, found;

	(void)error_drop_if(&e, ERROR_NOT_FOUND); /* no frame buffer at all */
	TRY(e);
	for (size_t i = 0; i < cards.n && !fb; i++) {
		fb = text_starts(cards.v[i], "fb") && cards.v[i][2] >= '0' && cards.v[i][2] <= '9';
		if (fb && asprintf(&source, "/sys/class/graphics/%s", cards.v[i]) < 0)
			return error_nomem();
	}
	TRY(cmdline_find(s->cmdline, "console", &found, &console));
	if (!fb)
		return NULL;
	return add(s, "screen", ADVICE_NOTE, source,
		   found && !text_starts(console, "tty0") ? NULL :
							    "console=ttyS0 (or the machine's serial line) shows the capture at work",
		   "the console is a frame buffer: after the panic the picture may stay distorted or frozen. The dump "
		   "is written all the same, and the picture is back after the restart");
}

static struct error *(*const checks[])(struct subject *s) = {
	check_reservation, check_armed,	       check_oops,	   check_sysrq,	  check_panic_time,
	check_lockdown,	   check_nobody_cared, check_reset_devices, check_irqpoll, check_screen,
};

/* The log of the newest capture: FOLDER/kexec-dmesg.log, by the folders' names, which end in the time. */
static struct error *read_capture_log(struct subject *s, const char *dumps)
{
	_cleanup_words_ struct words folders = { 0 };
	const char *newest_stamp = NULL;
	struct error *e = rootpath_list(s->root, dumps, &folders);

	if (error_drop_if(&e, ERROR_NOT_FOUND) || error_drop_if(&e, ERROR_NOT_PERMITTED))
		return NULL;
	TRY(e);
	for (size_t i = 0; i < folders.n; i++) {
		_cleanup_free_ char *path = NULL;
		const char *stamp = strlen(folders.v[i]) > 19 ? folders.v[i] + strlen(folders.v[i]) - 19 : folders.v[i];

		if (asprintf(&path, "%s/%s/kexec-dmesg.log", dumps, folders.v[i]) < 0)
			return error_nomem();
		if (!file_exists(s->root, rootpath_below(path)) || (newest_stamp && strcmp(stamp, newest_stamp) < 0))
			continue;
		newest_stamp = stamp;
		free(s->capture_log_name);
		s->capture_log_name = take_ptr(path);
	}
	return s->capture_log_name ? kernel_log_read_file(s->root, s->capture_log_name, &s->capture_log) : NULL;
}

static struct error *look(struct subject *s, const char *dumps)
{
	_cleanup_sysconfig_ struct sysconfig conf = { 0 };
	struct error *e;

	TRY(host_kexec_state(s->root, &s->kexec));
	TRY(host_cmdline(s->root, &s->cmdline));
	TRY(kernel_log_read(s->root, &s->log));
	TRY(read_capture_log(s, dumps));
	e = sysconfig_read(&conf, s->root, SYSCONFIG);
	if (!e)
		e = capline_make(s->root, &conf, &s->capture);
	if (e) { /* kdumpctl lint tells more of it */
		struct error *added = add(s, "settings", ADVICE_BAD, SYSCONFIG, "kdumpctl lint", "%s", error_message(e));

		error_free(e);
		TRY(added);
	}
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		TRY(checks[i](s));
	return NULL;
}

struct error *advise(int root, const char *dumps, struct advice_list *ret)
{
	struct subject s = { .root = root, .list = ret };
	struct error *e = look(&s, dumps);

	words_done(&s.log);
	words_done(&s.capture_log);
	free(s.capture_log_name);
	free(s.cmdline);
	free(s.capture);
	return e;
}
