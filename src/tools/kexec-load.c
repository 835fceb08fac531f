/* kexec-load: load what the boot loader would start next, for a reboot by kexec. */
#include <errno.h>
#include <string.h>

#include "host/host.h"
#include "kexec/kexec.h"
#include "service/bootcfg.h"
#include "service/rootpath.h"

enum { EXIT_USAGE = 2, EXIT_NO_ENTRY = 3 };

enum {
	OPT_HELP = 1, OPT_VERSION, OPT_ENTRY, OPT_APPEND, OPT_CHECK, OPT_JSON, OPT_UNLESS_LOADED, OPT_FILE_CALL,
	OPT_SEGMENT_CALL, OPT_AUTO_CALL, OPT_DEBUG, OPT_ROOT,
};

static const struct option_def options[] = {
	{ 'h', "help", NULL, "Show this help.", OPT_HELP },
	{ 'v', "version", NULL, "Show the version.", OPT_VERSION },
	{ 'e', "entry", "ENTRY", "Load this entry: a title, an id, a number, or SUBMENU>ENTRY.", OPT_ENTRY },
	{ 0, "append", "TEXT", "Add this to the entry's command line.", OPT_APPEND },
	{ 0, "unless-loaded", NULL, "Do nothing when a kernel is loaded already.", OPT_UNLESS_LOADED },
	{ 's', "kexec-file-syscall", NULL, "Use kexec_file_load only.", OPT_FILE_CALL },
	{ 'c', "kexec-syscall", NULL, "Use kexec_load only.", OPT_SEGMENT_CALL },
	{ 'a', "kexec-syscall-auto", NULL, "Choose the call (default).", OPT_AUTO_CALL },
	{ 0, "check", NULL, "Show what would be loaded, load nothing.", OPT_CHECK },
	{ 0, "json", NULL, "Answer in JSON.", OPT_JSON },
	{ 'd', "debug", NULL, "Show ranges, segments and command line.", OPT_DEBUG },
	{ 0, "root", "DIR", NULL, OPT_ROOT }, /* a recorded machine, with --check */
	{ 0 }
};

static struct {
	bool check, json, unless_loaded;
	const char *entry, *append, *root;
	struct kexec_request rq;
} arg = { .root = "/" };

static void help(void)
{
	printf("Usage: kexec-load [OPTION]...\n"
	       "Loads the boot loader's default entry (GRUB, systemd-boot, Boot Loader Specification)\n"
	       "for a reboot by kexec: systemctl kexec, or kexec -e.\n\n");
	options_help(options, stdout);
	printf("\nExit status: 0, 1 (refused or failed), 2 (usage), 3 (no entry found).\n");
}

static void set_option(int id, const char *value)
{
	switch (id) {
	case OPT_ENTRY:
		arg.entry = value;
		break;
	case OPT_APPEND:
		arg.append = value;
		break;
	case OPT_CHECK:
		arg.check = true;
		break;
	case OPT_JSON:
		arg.json = true;
		break;
	case OPT_UNLESS_LOADED:
		arg.unless_loaded = true;
		break;
	case OPT_FILE_CALL:
		arg.rq.call = KEXEC_CALL_FILE;
		break;
	case OPT_SEGMENT_CALL:
		arg.rq.call = KEXEC_CALL_SEGMENTS;
		break;
	case OPT_AUTO_CALL:
		arg.rq.call = KEXEC_CALL_AUTO;
		break;
	case OPT_DEBUG:
		arg.rq.debug = true;
		break;
	default:
		arg.root = value;
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
			printf("kexec-load (salvage) %s\n", SALVAGE_VERSION);
			status = 0;
		} else {
			set_option(id, o.value);
		}
	}
	if (!e && status < 0 && id == 0 && options_rest(&o) < argc)
		e = error_new(ERROR_USAGE, "unexpected word: %s", argv[options_rest(&o)]);
	options_done(&o);
	if (e) {
		log_error("%s", error_message(e));
		error_free(e);
		return EXIT_USAGE;
	}
	return id < 0 ? EXIT_USAGE : status;
}

static int report(struct error *e, const struct kexec_result *r, int status)
{
	log_error("%s", error_message(e));
	if (r && r->next && *r->next)
		fprintf(stderr, "  what to do: %s (%s)\n", r->next, kexec_reason_name(r->reason));
	error_free(e);
	return status;
}

/* "/proc/self/fd/N": a file below the root, without leaving it by links. */
static struct error *open_below(const char *name, int *ret_fd)
{
	_cleanup_close_ int path = -1;
	char again[64];

	TRY(rootpath_open(arg.rq.root, name, &path));
	snprintf(again, sizeof(again), "/proc/self/fd/%d", path);
	*ret_fd = open(again, O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? error_sys(errno, "%s: open", name) : NULL;
}

struct files {
	int kernel;
	VECTOR(int) initrds;
	struct words names;
	char *cmdline;
};

static struct error *open_files(const struct boot_entry *entry, struct files *f)
{
	TRY(open_below(entry->kernel, &f->kernel));
	for (size_t i = 0; i < entry->initrds.n; i++) {
		int fd;

		TRY(open_below(entry->initrds.v[i], &fd));
		if (!vector_push(&f->initrds, fd)) {
			close(fd);
			return error_nomem();
		}
		TRY(words_addf(&f->names, "/proc/self/fd/%d", fd));
	}
	if (entry->cmdline) {
		f->cmdline = strdup(entry->cmdline);
		if (!f->cmdline)
			return error_nomem();
		if (arg.append)
			TRY(cmdline_append(&f->cmdline, arg.append));
	} else if (arg.append) {
		return error_new(ERROR_USAGE, "the entry's command line stands in its unified image; --append "
					      "would take its place: use kexec -l --append");
	}
	return NULL;
}

static void files_done(struct files *f)
{
	if (f->kernel >= 0)
		close(f->kernel);
	for (size_t i = 0; i < f->initrds.n; i++)
		close(f->initrds.v[i]);
	vector_done(&f->initrds);
	words_done(&f->names);
	free(f->cmdline);
}

static int load_files(const struct boot_entry *entry, const struct files *f)
{
	_cleanup_kexec_result_ struct kexec_result r = { 0 };
	_cleanup_kexec_plan_ struct kexec_plan *plan = NULL;
	struct error *e, *print;

	arg.rq.kernel = entry->kernel;
	arg.rq.kernel_fd = f->kernel;
	arg.rq.initrds = (const char *const *)f->names.v;
	arg.rq.nr_initrds = f->names.n;
	arg.rq.cmdline = f->cmdline;
	arg.rq.recorded = strcmp(arg.root, "/") != 0;
	e = kexec_plan(&arg.rq, &plan, &r);
	if (!e && !arg.json && (arg.check || arg.rq.debug))
		kexec_plan_print(plan, stdout);
	if (!e && !arg.check) {
		kexec_result_done(&r);
		e = kexec_load(plan, &r);
	}
	if (arg.json) {
		print = kexec_plan_json(plan, &r, stdout);
		error_free(print); /* the status tells */
	}
	if (e)
		return report(e, &r, EXIT_FAILURE);
	if (!arg.check && !arg.json)
		log_info("loaded %s's entry \"%s\"", entry->loader,
			 entry->title ? entry->title : entry->id ? entry->id : entry->kernel);
	return 0;
}

static int load(const struct boot_entry *entry)
{
	struct files f = { .kernel = -1 };
	struct error *e = open_files(entry, &f);
	int rc = e ? report(e, NULL, EXIT_FAILURE) : load_files(entry, &f);

	files_done(&f);
	return rc;
}

static int run(void)
{
	_cleanup_boot_entry_ struct boot_entry entry = { 0 };
	bool loaded = false;
	struct error *e = arg.unless_loaded ? kexec_loaded(arg.rq.root, false, &loaded) : NULL;

	if (e)
		return report(e, NULL, EXIT_FAILURE);
	if (loaded) {
		log_info("a kernel is loaded already");
		return 0;
	}
	if (strcmp(arg.root, "/") && !arg.check) {
		log_error("--root goes with --check only");
		return EXIT_USAGE;
	}
	e = bootcfg_entry(arg.rq.root, arg.entry, &entry);
	if (e)
		return report(e, NULL, error_kind(e) == ERROR_NOT_FOUND ? EXIT_NO_ENTRY : EXIT_FAILURE);
	if (arg.check && !arg.json) {
		printf("loader: %s\nentry: %s%s%s%s\nkernel: %s\n", entry.loader,
		       entry.title ? entry.title : "", entry.id ? " (" : "", entry.id ? entry.id : "",
		       entry.id ? ")" : "", entry.kernel);
		for (size_t i = 0; i < entry.initrds.n; i++)
			printf("initrd: %s\n", entry.initrds.v[i]);
	}
	return load(&entry);
}

int main(int argc, char **argv)
{
	int rc;

	log_setup("kexec-load", LOG_LEVEL_INFO);
	rc = parse(argc, argv);
	if (rc >= 0)
		return rc;
	arg.rq.root = open(arg.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (arg.rq.root < 0) {
		log_error("%s: open: %s", arg.root, strerror(errno));
		return EXIT_USAGE;
	}
	rc = run();
	close(arg.rq.root);
	return rc;
}
