/* kexec: load a kernel for the next reboot or for a crash, start it, ask for it, drop it. */
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <linux/reboot.h>

#include "base/base.h"
#include "host/host.h"
#include "kexec/kexec.h"

/* Scripts rely on these. */
enum { EXIT_LOADED = 1, EXIT_USAGE = 1, EXIT_FAILED = 255 };

enum {
	OPT_HELP = 1, OPT_VERSION, OPT_LOAD, OPT_PANIC, OPT_EXEC, OPT_FORCE, OPT_UNLOAD, OPT_STATUS,
	OPT_FILE_CALL, OPT_SEGMENT_CALL, OPT_AUTO_CALL, OPT_INITRD, OPT_APPEND, OPT_REUSE_CMDLINE,
	OPT_TYPE, OPT_DEBUG, OPT_NO_CHECKS, OPT_NO_SYNC, OPT_NO_IFDOWN, OPT_CKR_SIZE, OPT_MEM_MIN,
	OPT_MEM_MAX, OPT_ELF32, OPT_ELF64, OPT_NO_EFI, OPT_HOTPLUG, OPT_ACCEPTED, OPT_ACCEPTED_VALUE,
	OPT_SPOIL, OPT_REFUSED, OPT_CHECK, OPT_ROOT, OPT_MODULE, OPT_DTB, OPT_ARGS_ELF,
	OPT_ARGS_LINUX, OPT_ARGS_NONE, OPT_ENTRY_32BIT, OPT_MEMMAP, OPT_NO_CMA, OPT_FORCE_DTB,
	OPT_ENTRY, OPT_JUMP_BACK, OPT_PRESERVE_CONTEXT,
	OPT_JSON, OPT_CRYPT_KEY, OPT_SERIAL, OPT_BAUD, OPT_CONSOLE_SERIAL, OPT_CONSOLE_VGA,
	OPT_RESET_VGA,
};

static const struct option_def options[] = {
	{ 'h', "help", NULL, "Show this help.", OPT_HELP },
	{ 'v', "version", NULL, "Show the version.", OPT_VERSION },
	{ 'l', "load", NULL, "Load the kernel for the next reboot.", OPT_LOAD },
	{ 'p', "load-panic", NULL, "Load the kernel into the reserved memory, for a crash.", OPT_PANIC },
	{ 'e', "exec", NULL, "Start the loaded kernel now, without a shutdown.", OPT_EXEC },
	{ 'f', "force", NULL, "Load and start at once.", OPT_FORCE },
	{ 'u', "unload", NULL, "Drop the loaded kernel (with -p: the one for a crash).", OPT_UNLOAD },
	{ 'S', "status", NULL, "Exit with 1 when a crash kernel (-l: the other) is loaded, else 0.",
	  OPT_STATUS },
	{ 's', "kexec-file-syscall", NULL, "Use kexec_file_load only.", OPT_FILE_CALL },
	{ 'c', "kexec-syscall", NULL, "Use kexec_load only.", OPT_SEGMENT_CALL },
	{ 'a', "kexec-syscall-auto", NULL, "Use kexec_file_load, else kexec_load (default).",
	  OPT_AUTO_CALL },
	{ 0, "initrd", "FILE", "Use FILE as initrd; may be repeated, the files are joined.", OPT_INITRD },
	{ 0, "ramdisk", "FILE", NULL, OPT_INITRD },
	{ 0, "command-line", "TEXT", "Set the kernel command line.", OPT_APPEND },
	{ 0, "append", "TEXT", "The same; with --reuse-cmdline it is added.", OPT_APPEND },
	{ 0, "module", "WORDS", "A file and its arguments, for a multiboot kernel; may be repeated.", OPT_MODULE },
	{ 0, "dtb", "FILE", "Pass this device tree blob (kexec_load).", OPT_DTB },
	{ 0, "devicetreeblob", "FILE", NULL, OPT_DTB },
	{ 0, "force-dtb", NULL, "Carry the running machine's device tree over.", OPT_FORCE_DTB },
	{ 0, "reuse-cmdline", NULL, "Take the running kernel's command line.", OPT_REUSE_CMDLINE },
	{ 't', "type", "TYPE", "Insist on an image of this type; the types are listed below.", OPT_TYPE },
	{ 'd', "debug", NULL, "Show ranges, segments and command line.", OPT_DEBUG },
	{ 'i', "no-checks", NULL, "Do not check the loaded kernel's digest before it starts.",
	  OPT_NO_CHECKS },
	{ 'y', "no-sync", NULL, "Do not sync file systems before -e or -f.", OPT_NO_SYNC },
	{ 'x', "no-ifdown", NULL, "Leave network interfaces up before -e or -f.", OPT_NO_IFDOWN },
	{ 0, "noifdown", NULL, NULL, OPT_NO_IFDOWN },
	{ 0, "print-ckr-size", NULL, "Print the size of the reserved memory in bytes.", OPT_CKR_SIZE },
	{ 0, "mem-min", "ADDR", "Put nothing below this address.", OPT_MEM_MIN },
	{ 0, "mem-max", "ADDR", "Put nothing above this address.", OPT_MEM_MAX },
	{ 0, "elf64-core-headers", NULL, "Describe memory in ELF64 headers (default).", OPT_ELF64 },
	{ 0, "elf32-core-headers", NULL, "Describe memory in ELF32 headers.", OPT_ELF32 },
	{ 0, "pass-memmap-cmdline", NULL, "Tell a capture kernel its memory by memmap= too.", OPT_MEMMAP },
	{ 0, "args-elf", NULL, "Tell an ELF kernel its command line by ELF notes.", OPT_ARGS_ELF },
	{ 0, "args-linux", NULL, "Tell it as Linux is told (default for a vmlinux).", OPT_ARGS_LINUX },
	{ 0, "args-none", NULL, "Tell it nothing.", OPT_ARGS_NONE },
	{ 0, "entry-32bit", NULL, "Start a bzImage at its 32-bit entry.", OPT_ENTRY_32BIT },
	{ 0, "no-cma", NULL, "Keep the kernel out of CMA memory (kexec_file_load).", OPT_NO_CMA },
	{ 0, "load-preserve-context", NULL, "Load what can come back to this kernel.", OPT_PRESERVE_CONTEXT },
	{ 0, "load-jump-back-helper", NULL, "Load what goes back to the kernel that started this one.",
	  OPT_JUMP_BACK },
	{ 0, "entry", "ADDR", "Where that kernel waits.", OPT_ENTRY },
	{ 0, "noefi", NULL, "Pass no EFI tables, name the ACPI tables' place instead.", OPT_NO_EFI },
	{ 0, "hotplug", NULL, "Let the kernel update the core headers (kexec_load).", OPT_HOTPLUG },
	{ 0, "crypt-key", "NAME", "Hand this keyring key to the capture kernel, for its encrypted disk.",
	  OPT_CRYPT_KEY },
	{ 0, "serial", "PORT", "The check before the start speaks there: ttyS0 to ttyS3, or hex.",
	  OPT_SERIAL },
	{ 0, "serial-baud", "RATE", "Speed of that line (default: as console= says).", OPT_BAUD },
	{ 0, "console-serial", NULL, "Speak on ttyS0 where no console= names a serial line.",
	  OPT_CONSOLE_SERIAL },
	{ 0, "console-vga", NULL, "Speak on the screen even where it seems not to be in text mode.",
	  OPT_CONSOLE_VGA },
	{ 0, "reset-vga", NULL, "Bring a VGA card back to text mode before that.", OPT_RESET_VGA },
	{ 0, "check", NULL, "Build and check everything for -l or -p, show the plan, load nothing.",
	  OPT_CHECK },
	{ 0, "json", NULL, "Answer -S, --check and loads in JSON.", OPT_JSON },
	{ 0, "root", "DIR", NULL, OPT_ROOT }, /* a recorded /proc and /sys, with --check, -S or -e */
	/* Nothing to do for these: what they ask for is always so, or for another architecture. */
	{ 0, "dt-no-old-root", NULL, NULL, OPT_ACCEPTED },
	{ 0, "reuse-video-type", NULL, NULL, OPT_ACCEPTED },
	{ 0, "real-mode", NULL, NULL, OPT_REFUSED },
	{ 0, "reuseinitrd", NULL, NULL, OPT_REFUSED },
	{ 0, "load-live-update", NULL, NULL, OPT_REFUSED },
	{ 0, "exec-live-update", NULL, NULL, OPT_REFUSED },
	{ 0, "spoil-digest", NULL, NULL, OPT_SPOIL }, /* for tests of the digest check */
	{ 0 }
};

static struct {
	bool load, panic, exec, unload, status, ckr_size, bare;
	bool sync, ifdown, reuse_cmdline, check, json;
	char *append;
	const char *root;
	struct words initrds, modules, crypt_keys;
	struct kexec_request rq;
} arg = { .sync = true, .ifdown = true, .root = "/" };

static void help(void)
{
	const char *name, *words;

	printf("Usage: kexec [OPTION]... [KERNEL]\n"
	       "Loads a kernel out of the running one, for the next reboot or for a crash.\n\n");
	options_help(options, stdout);
	printf("\nImage types (--type), each also packed with gzip, xz, lzma, zstd or lz4:\n");
	for (size_t i = 0; kexec_type_nr(i, &name, &words); i++)
		printf("  %-16s %s\n", name, words);
	printf("\nExit status: 0, 1 (usage, missing files; -S: loaded), 255 (refused or failed).\n");
}

static void set_action(int id)
{
	switch (id) {
	case OPT_LOAD:
		arg.load = true;
		break;
	case OPT_PANIC:
		arg.panic = true;
		break;
	case OPT_EXEC:
		arg.exec = true;
		break;
	case OPT_FORCE:
		arg.load = arg.exec = true;
		break;
	case OPT_UNLOAD:
		arg.unload = true;
		break;
	case OPT_STATUS:
		arg.status = true;
		break;
	case OPT_CKR_SIZE:
		arg.ckr_size = true;
		break;
	case OPT_PRESERVE_CONTEXT:
		arg.rq.preserve_context = true;
		break;
	case OPT_JUMP_BACK:
		arg.rq.jump_back = true;
		break;
	default:
		break;
	}
}

static void set_switch(int id)
{
	switch (id) {
	case OPT_FILE_CALL:
		arg.rq.call = KEXEC_CALL_FILE;
		break;
	case OPT_SEGMENT_CALL:
		arg.rq.call = KEXEC_CALL_SEGMENTS;
		break;
	case OPT_AUTO_CALL:
		arg.rq.call = KEXEC_CALL_AUTO;
		break;
	case OPT_REUSE_CMDLINE:
		arg.reuse_cmdline = true;
		break;
	case OPT_DEBUG:
		arg.rq.debug = true;
		break;
	case OPT_NO_CHECKS:
		arg.rq.no_checks = true;
		break;
	case OPT_NO_SYNC:
		arg.sync = false;
		break;
	case OPT_NO_IFDOWN:
		arg.ifdown = false;
		break;
	case OPT_ELF32:
	case OPT_ELF64:
		arg.rq.headers = id == OPT_ELF32 ? KEXEC_HEADERS_ELF32 : KEXEC_HEADERS_ELF64;
		break;
	case OPT_NO_EFI:
		arg.rq.no_efi = true;
		break;
	case OPT_HOTPLUG:
		arg.rq.hotplug = true;
		break;
	case OPT_ARGS_ELF:
		arg.rq.args = KEXEC_ARGS_NOTES;
		break;
	case OPT_ARGS_LINUX:
		arg.rq.args = KEXEC_ARGS_LINUX;
		break;
	case OPT_ARGS_NONE:
		arg.rq.args = KEXEC_ARGS_NONE;
		break;
	case OPT_ENTRY_32BIT:
		arg.rq.entry_32bit = true;
		break;
	case OPT_MEMMAP:
		arg.rq.memmap_cmdline = true;
		break;
	case OPT_NO_CMA:
		arg.rq.no_cma = true;
		break;
	case OPT_FORCE_DTB:
		arg.rq.force_dtb = true;
		break;
	case OPT_CHECK:
		arg.check = true;
		break;
	case OPT_JSON:
		arg.json = true;
		break;
	case OPT_CONSOLE_VGA:
		arg.rq.console_vga = true;
		break;
	case OPT_RESET_VGA:
		arg.rq.reset_vga = true;
		break;
	case OPT_CONSOLE_SERIAL:
		arg.rq.console_serial = true;
		break;
	case OPT_SPOIL:
		arg.rq.spoil_digest = true;
		break;
	default:
		set_action(id);
	}
}

/* The old tool took addresses as strtoul does: bare numbers are decimal. */
static struct error *address(const char *text, uint64_t *ret)
{
	if (text_u64(text, ret) || text_size(text, ret))
		return NULL;
	return error_new(ERROR_USAGE, "\"%s\" is not an address", text);
}

/* What this machine cannot do any more, or this program not. */
static struct error *refuse_option(const char *name)
{
	static const struct {
		const char *name;
		const char *why;
	} refused[] = {
		{ "real-mode", "the 16-bit entry needs a BIOS as it is at power-on, which is gone once Linux runs" },
		{ "reuseinitrd", "this machine's kernel does not keep its first initrd; name it with --initrd" },
		{ "load-live-update", "this is for hosts under the Xen hypervisor" },
		{ "exec-live-update", "this is for hosts under the Xen hypervisor" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (!strcmp(refused[i].name, name))
			return error_new(ERROR_USAGE, "--%s: %s", name, refused[i].why);
	return error_new(ERROR_USAGE, "--%s is not supported", name);
}

static struct error *baud(const char *text)
{
	uint64_t n;

	if (!text_u64(text, &n) || !n || n > UINT_MAX)
		return error_new(ERROR_USAGE, "\"%s\" is no speed of a serial line", text);
	arg.rq.serial_baud = (unsigned)n;
	return NULL;
}

static struct error *set_option(int id, const char *value)
{
	switch (id) {
	case OPT_INITRD:
		return words_add(&arg.initrds, value);
	case OPT_MODULE:
		return words_add(&arg.modules, value);
	case OPT_DTB:
		arg.rq.dtb = value;
		return NULL;
	case OPT_APPEND:
		free(arg.append);
		arg.append = strdup(value);
		return arg.append ? NULL : error_nomem();
	case OPT_ROOT:
		arg.root = value;
		return NULL;
	case OPT_TYPE:
		arg.rq.type = value;
		return NULL;
	case OPT_MEM_MIN:
		return address(value, &arg.rq.mem_min);
	case OPT_MEM_MAX:
		TRY(address(value, &arg.rq.mem_max));
		arg.rq.mem_max += arg.rq.mem_max != UINT64_MAX;
		return NULL;
	case OPT_ENTRY:
		return address(value, &arg.rq.jump_back_entry);
	case OPT_CRYPT_KEY:
		return words_add(&arg.crypt_keys, value);
	case OPT_SERIAL:
		arg.rq.serial = value;
		return NULL;
	case OPT_BAUD:
		return baud(value);
	default:
		set_switch(id);
		return NULL;
	}
}

/* Returns an exit status, or -1 to go on. */
static int parse(int argc, char **argv)
{
	struct options o;
	struct error *e = options_begin(&o, options, argc, argv);
	int id = 0, status = -1;

	while (!e && status < 0 && (id = options_next(&o)) > 0) {
		if (id == OPT_HELP) {
			help();
			status = 0;
		} else if (id == OPT_VERSION) {
			printf("kexec (salvage) %s\n", SALVAGE_VERSION);
			status = 0;
		} else {
			e = id == OPT_REFUSED ? refuse_option(o.row->name) : set_option(id, o.value);
		}
	}
	if (!e && status < 0 && id == 0 && argc - options_rest(&o) > 1)
		e = error_new(ERROR_USAGE, "more than one kernel: %s", argv[options_rest(&o) + 1]);
	if (!e && id == 0 && options_rest(&o) < argc)
		arg.rq.kernel = argv[options_rest(&o)];
	options_done(&o);
	if (e) {
		log_error("%s", error_message(e));
		error_free(e);
		return EXIT_USAGE;
	}
	if (id < 0) {
		fprintf(stderr, "Try 'kexec --help'.\n");
		return EXIT_USAGE;
	}
	return status;
}

/* `r` is null for questions, which have no result but the error. */
static int report(struct error *e, const struct kexec_result *r)
{
	enum kexec_reason reason = KEXEC_NO_HOST_FACTS;
	const char *next = "run it as root, with /proc and /sys mounted";

	if (r) {
		reason = r->reason;
		next = r->next;
	} else if (error_kind(e) == ERROR_UNSUPPORTED) {
		reason = KEXEC_NOT_SUPPORTED;
		next = "mount /sys, or start a kernel built with CONFIG_KEXEC_FILE and CONFIG_CRASH_DUMP";
	}
	log_error("%s", error_message(e));
	if (next && *next)
		fprintf(stderr, "  what to do: %s (%s)\n", next, kexec_reason_name(reason));
	error_free(e);
	return reason == KEXEC_NO_FILE || reason == KEXEC_BAD_REQUEST ||
			       reason == KEXEC_NO_RESERVATION ?
		       EXIT_USAGE :
		       EXIT_FAILED;
}

/* The command line asked for, malloc'd; null when nothing was said of it. */
static struct error *command_line(char **ret)
{
	_cleanup_free_ char *line = NULL;

	if (!arg.reuse_cmdline) {
		*ret = arg.append ? strdup(arg.append) : NULL;
		return *ret || !arg.append ? NULL : error_nomem();
	}
	TRY(host_cmdline(arg.rq.root, &line));
	TRY(cmdline_remove(&line, "BOOT_IMAGE"));
	if (arg.panic)
		TRY(cmdline_remove(&line, "crashkernel"));
	if (arg.append)
		TRY(cmdline_append(&line, arg.append));
	*ret = take_ptr(line);
	return NULL;
}

static void print_json(const struct kexec_plan *plan, const struct kexec_result *r)
{
	struct error *e = kexec_plan_json(plan, r, stdout);

	if (e)
		log_error("%s", error_message(e));
	error_free(e);
}

static int load(void)
{
	_cleanup_kexec_result_ struct kexec_result r = { 0 };
	_cleanup_kexec_plan_ struct kexec_plan *plan = NULL;
	_cleanup_free_ char *line = NULL;
	struct error *e = command_line(&line);

	if (e)
		return report(e, NULL);
	arg.rq.cmdline = line;
	arg.rq.panic = arg.panic;
	arg.rq.recorded = strcmp(arg.root, "/") != 0;
	arg.rq.initrds = (const char *const *)arg.initrds.v;
	arg.rq.nr_initrds = arg.initrds.n;
	arg.rq.modules = (const char *const *)arg.modules.v;
	arg.rq.nr_modules = arg.modules.n;
	arg.rq.crypt_keys = (const char *const *)arg.crypt_keys.v;
	arg.rq.nr_crypt_keys = arg.crypt_keys.n;
	e = kexec_plan(&arg.rq, &plan, &r);
	if (!e && !arg.json && (arg.check || arg.rq.debug))
		kexec_plan_print(plan, stdout);
	if (!e && !arg.check && kexec_plan_warning(plan))
		log_warning("%s", kexec_plan_warning(plan));
	if (!e && !arg.check) {
		kexec_result_done(&r);
		e = kexec_load(plan, &r);
	}
	if (arg.json)
		print_json(plan, &r);
	if (r.used == KEXEC_CALL_SEGMENTS && r.note)
		log_info("using kexec_load: %s", r.note);
	if (!e && r.before_note)
		log_warning("what was loaded could not be noted down, for the case that the next load fails: %s",
			    r.before_note);
	if (!e && r.gap_us && arg.rq.debug)
		log_info("loaded; at most %llu us without a capture kernel",
			 (unsigned long long)r.gap_us);
	return e ? report(e, &r) : 0;
}

static int unload(void)
{
	_cleanup_kexec_result_ struct kexec_result r = { 0 };
	struct error *e = kexec_unload(arg.panic, arg.rq.call, &r);

	return e ? report(e, &r) : 0;
}

static int status(void)
{
	bool loaded;
	struct error *e = arg.json ? kexec_status_json(arg.rq.root, stdout) : NULL;

	if (!e)
		e = kexec_loaded(arg.rq.root, arg.panic || !arg.load, &loaded);
	if (e)
		return report(e, NULL);
	return loaded ? EXIT_LOADED : 0;
}

static int print_reserved(void)
{
	struct kexec_state s;
	struct error *e = host_kexec_state(arg.rq.root, &s);

	if (e)
		return report(e, NULL);
	printf("%llu\n", (unsigned long long)s.crash_size);
	return 0;
}

/* Drivers then stop their devices before the new kernel meets them. */
static void interfaces_down(void)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct if_nameindex *all = if_nameindex();

	for (struct if_nameindex *i = all; fd >= 0 && i && i->if_index; i++) {
		struct ifreq rq = { 0 };

		snprintf(rq.ifr_name, sizeof(rq.ifr_name), "%s", i->if_name);
		if (!strcmp(i->if_name, "lo") || ioctl(fd, SIOCGIFFLAGS, &rq) < 0)
			continue;
		rq.ifr_flags &= ~IFF_UP;
		if (ioctl(fd, SIOCSIFFLAGS, &rq) < 0)
			log_warning("%s: cannot take the interface down: %s", i->if_name,
				    strerror(errno));
	}
	if (all)
		if_freenameindex(all);
}

/* Every check stands before the first thing that changes something. */
static int execute(void)
{
	bool loaded = false;
	struct error *e = kexec_loaded(arg.rq.root, false, &loaded);

	if (e)
		return report(e, NULL);
	if (!loaded) {
		log_error("no kernel is loaded; nothing was changed");
		fprintf(stderr, "  what to do: load one with kexec -l KERNEL (nothing-loaded)\n");
		return EXIT_USAGE;
	}
	if (strcmp(arg.root, "/")) {
		log_error("not started: --root names a recorded machine");
		return EXIT_USAGE;
	}
	if (geteuid() != 0) {
		log_error("starting a kernel needs root; nothing was changed");
		return EXIT_FAILED;
	}
	if (arg.sync)
		sync();
	if (arg.ifdown)
		interfaces_down();
	if (reboot(LINUX_REBOOT_CMD_KEXEC) == 0) /* loaded with its way back, and it took that */
		return 0;
	log_error("the kernel did not start the loaded one: %s", strerror(errno));
	return EXIT_FAILED;
}

/* Bare "kexec KERNEL": the init system ends services and starts the loaded kernel. */
static int shut_down(void)
{
	execlp("shutdown", "shutdown", "-r", "now", (char *)NULL);
	log_error("shutdown: %s; the kernel stays loaded", strerror(errno));
	return EXIT_FAILED;
}

/* A recorded tree says nothing of the machine that a system call would change. */
static bool changes_another_machine(void)
{
	return strcmp(arg.root, "/") && (arg.unload || ((arg.rq.kernel || arg.rq.jump_back) && !arg.check));
}

/* What contradicts itself; null when nothing does. */
static const char *contradiction(void)
{
	if (arg.rq.jump_back && (arg.rq.kernel || arg.panic || !arg.rq.jump_back_entry))
		return "--load-jump-back-helper goes with --entry=ADDR, and without -p and KERNEL";
	if (arg.rq.jump_back_entry && !arg.rq.jump_back)
		return "--entry goes with --load-jump-back-helper";
	if (arg.unload && arg.rq.kernel)
		return "-u takes no KERNEL: to put another one in its place, load that without -u";
	if (arg.check && (arg.unload || (arg.exec && !arg.rq.kernel)))
		return "--check goes with -l or -p and a KERNEL, and nothing is changed then";
	return NULL;
}

static int run(void)
{
	const char *wrong = contradiction();
	int rc = 0;

	if (wrong) {
		log_error("%s", wrong);
		return EXIT_USAGE;
	}
	if (changes_another_machine()) {
		log_error("--root goes with --check and with questions only");
		return EXIT_USAGE;
	}
	if (arg.ckr_size)
		return print_reserved();
	if (arg.status)
		return status();
	if (arg.unload)
		return unload();
	arg.bare = arg.rq.kernel && !arg.check && !arg.load && !arg.panic && !arg.exec;
	if (arg.rq.kernel || arg.load || arg.panic || arg.rq.jump_back)
		rc = load();
	else if (!arg.exec) {
		log_error("nothing to do: give -l, -p, -e, -u or -S (see kexec --help)");
		rc = EXIT_USAGE;
	}
	if (!rc && arg.exec && !arg.panic && !arg.check)
		rc = execute();
	return !rc && arg.bare ? shut_down() : rc;
}

int main(int argc, char **argv)
{
	int rc;

	log_setup("kexec", LOG_LEVEL_INFO);
	rc = parse(argc, argv);
	if (rc < 0) {
		arg.rq.root = open(arg.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (arg.rq.root < 0) {
			log_error("%s: open: %s", arg.root, strerror(errno));
			rc = EXIT_USAGE;
		} else {
			rc = run();
			close(arg.rq.root);
		}
	}
	words_done(&arg.initrds);
	words_done(&arg.crypt_keys);
	words_done(&arg.modules);
	free(arg.append);
	return rc;
}
