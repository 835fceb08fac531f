/* rt-setup-kdump: sets memory aside in the boot entries of the real-time kernels. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "service/bls.h"
#include "service/crashkernel_reset.h"
#include "service/service.h"
#include "service/shellvar.h"

#define SYSCONFIG "/etc/sysconfig/kdump"

enum { OPT_GRUB = 1, OPT_RHEL, OPT_ROOT, OPT_HELP, OPT_VERSION };

static const struct option_def defs[] = {
	{ 'g', "grub", NULL, "add crashkernel= to every real-time kernel's boot entry", OPT_GRUB },
	{ 0, "rhel", NULL, "capture with the newest kernel that is no real-time one", OPT_RHEL },
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 'V', "version", NULL, "show the version", OPT_VERSION },
	{ 0, "root", "DIR", NULL, OPT_ROOT }, /* for tests */
	{ 0 },
};

static struct error *add_reservations(int root)
{
	_cleanup_reset_result_ struct reset_result r = { 0 };
	_cleanup_sysconfig_ struct sysconfig conf = { 0 };
	const struct reset_wish wish = { .which = RESET_REAL_TIME };
	bool changed = false;

	TRY(sysconfig_read(&conf, root, SYSCONFIG));
	TRY(crashkernel_reset(root, &conf, &wish, &r));
	for (size_t i = 0; i < r.rows.n; i++) {
		const struct reset_row *row = &r.rows.v[i];

		printf(row->changed ? "%s: crashkernel=%s\n" : "%s: has crashkernel=%s already\n", row->kernel,
		       row->value);
		changed |= row->changed;
	}
	for (size_t i = 0; i < r.notes.n; i++)
		log_warning("%s", r.notes.v[i]);
	if (changed)
		puts("Restart the machine for it to take effect.");
	return NULL;
}

/* Of the kernels in /boot, the one with the highest version that is no real-time kernel. */
static struct error *stock_kernel(int root, char **ret)
{
	_cleanup_words_ struct words names = { 0 };
	const char *best = NULL;

	TRY(rootpath_list(root, "/boot", &names));
	for (size_t i = 0; i < names.n; i++) {
		const char *release = text_after(names.v[i], "vmlinuz-");

		if (release && !release_is_real_time(release) && !strstr(release, "rescue") &&
		    (!best || version_compare(release, best) > 0))
			best = release;
	}
	if (!best)
		return error_new(ERROR_NOT_FOUND, "/boot: there is no kernel but real-time ones");
	*ret = strdup(best);
	return *ret ? NULL : error_nomem();
}

/* The assignment's value is replaced, or a line added. */
static struct error *set_release(int root, const char *release)
{
	_cleanup_boot_changes_ struct boot_changes c = { .root = root };
	_cleanup_boot_file_ struct boot_file f = { 0 };
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct shellvar v, last = { 0 };
	size_t pos = 0;
	struct error *e = boot_file_read(root, SYSCONFIG, &f);

	if (error_drop_if(&e, ERROR_NOT_FOUND)) {
		strbuf_printf(&out, "KDUMP_KERNELVER=\"%s\"\n", release);
		TRY(strbuf_error(&out));
		TRY(file_make_folders(root, "etc/sysconfig", 0755));
		return boot_file_create(&c, SYSCONFIG, strbuf_str(&out));
	}
	TRY(e);
	while (shellvar_next(f.text, f.len, "KDUMP_KERNELVER", &pos, &v))
		last = v;
	if (last.start) {
		strbuf_add(&out, f.text, last.start);
		strbuf_printf(&out, "\"%s\"", release);
		strbuf_add(&out, f.text + last.end, f.len - last.end);
	} else {
		strbuf_add(&out, f.text, f.len);
		strbuf_printf(&out, "%sKDUMP_KERNELVER=\"%s\"\n",
			      f.len && f.text[f.len - 1] != '\n' ? "\n" : "", release);
	}
	TRY(strbuf_error(&out));
	return boot_file_write(&c, &f, strbuf_str(&out), out.len);
}

static struct error *capture_with_stock(int root)
{
	_cleanup_free_ char *release = NULL;

	TRY(stock_kernel(root, &release));
	TRY(set_release(root, release));
	printf("%s: KDUMP_KERNELVER=\"%s\"\n", SYSCONFIG, release);
	return NULL;
}

static void help(void)
{
	puts("Usage: rt-setup-kdump [OPTION]...\n"
	     "Sets memory aside for the capture kernel in the boot entries of real-time kernels.\n");
	options_help(defs, stdout);
}

int main(int argc, char **argv)
{
	_cleanup_close_ int root = -1;
	bool grub = false, rhel = false;
	struct options o;
	struct error *e;
	int id = 0;

	log_setup("rt-setup-kdump", LOG_LEVEL_INFO);
	e = options_begin(&o, defs, argc, argv);
	while (!e && (id = options_next(&o)) > 0) {
		if (id == OPT_HELP || id == OPT_VERSION) {
			if (id == OPT_HELP)
				help();
			else
				puts("rt-setup-kdump (salvage) " SALVAGE_VERSION);
			options_done(&o);
			return 0;
		}
		grub |= id == OPT_GRUB;
		rhel |= id == OPT_RHEL;
		if (id == OPT_ROOT)
			root = open(o.value, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (!e && (id < 0 || options_rest(&o) < argc || !(grub || rhel))) {
		log_error("expected --grub, --rhel or both; see rt-setup-kdump --help");
		options_done(&o);
		return 1;
	}
	if (!e)
		options_done(&o);
	if (!e && root < 0)
		root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!e && rhel)
		e = capture_with_stock(root);
	if (!e && grub)
		e = add_reservations(root);
	if (!e)
		return 0;
	log_error("%s", error_message(e));
	error_free(e);
	return 1;
}
