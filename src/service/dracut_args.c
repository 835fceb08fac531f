/* Options of dracut; see dracut_args.h. The tables come first here: they are the file's
 * subject. */
#include "service/dracut_args.h"

enum meaning {
	MODULES,
	OMIT_MODULES,
	INSTALL,
	OPTIONAL,
	INCLUDE,
	MOUNT,
	PACKING,
	PARTS,	    /* dracut modules to add */
	OMIT_PARTS, /* dracut modules to leave out */
	NOTHING,    /* how dracut works, or what our image is anyway */
	NONE,	    /* known, and without a counterpart */
};

static const struct option_meaning {
	const char *name, *letter;
	unsigned nr_values;
	enum meaning meaning;
	const char *packing;
} option_meanings[] = {
	{"--add-drivers", NULL, 1, MODULES},
	{"--force-drivers", NULL, 1, MODULES},
	{"--filesystems", NULL, 1, MODULES},
	{"--omit-drivers", NULL, 1, OMIT_MODULES},
	{"--install", "-I", 1, INSTALL},
	{"--install-optional", NULL, 1, OPTIONAL},
	{"--include", "-i", 2, INCLUDE},
	{"--mount", NULL, 1, MOUNT},
	{"--add", "-a", 1, PARTS},
	{"--force-add", NULL, 1, PARTS},
	{"--omit", "-o", 1, OMIT_PARTS},

	{"--gzip", NULL, 0, PACKING, "gzip"},
	{"--zstd", NULL, 0, PACKING, "zstd"},
	{"--no-compress", NULL, 0, PACKING, "none"},
	{"--bzip2", NULL, 0, PACKING, NULL},
	{"--lzma", NULL, 0, PACKING, NULL},
	{"--xz", NULL, 0, PACKING, NULL},
	{"--lzo", NULL, 0, PACKING, NULL},
	{"--lz4", NULL, 0, PACKING, NULL},
	{"--compress", NULL, 1, PACKING, NULL},
	{"--squash-compressor", NULL, 1, NOTHING},

	{"--hostonly", "-H", 0, NOTHING},
	{"--no-hostonly", "-N", 0, NOTHING},
	{"--hostonly-cmdline", NULL, 0, NOTHING},
	{"--no-hostonly-cmdline", NULL, 0, NOTHING},
	{"--hostonly-i18n", NULL, 0, NOTHING},
	{"--no-hostonly-i18n", NULL, 0, NOTHING},
	{"--no-hostonly-default-device", NULL, 0, NOTHING},
	{"--hostonly-mode", NULL, 1, NOTHING},
	{"--hostonly-nics", NULL, 1, NOTHING},
	{"--persistent-policy", NULL, 1, NOTHING},
	{"--strip", NULL, 0, NOTHING},
	{"--aggressive-strip", NULL, 0, NOTHING},
	{"--nostrip", NULL, 0, NOTHING},
	{"--hardlink", NULL, 0, NOTHING},
	{"--nohardlink", NULL, 0, NOTHING},
	{"--reproducible", NULL, 0, NOTHING},
	{"--no-reproducible", NULL, 0, NOTHING},
	{"--enhanced-cpio", NULL, 0, NOTHING},
	{"--parallel", "-p", 0, NOTHING},
	{"--force", "-f", 0, NOTHING},
	{"--quiet", "-q", 0, NOTHING},
	{"--verbose", "-v", 0, NOTHING},
	{"--debug", NULL, 0, NOTHING},
	{"--stdlog", "-L", 1, NOTHING},
	{"--logfile", NULL, 1, NOTHING},
	{"--tmpdir", NULL, 1, NOTHING},
	{"--printsize", NULL, 0, NOTHING},
	{"--show-modules", "-M", 0, NOTHING},
	{"--nofscks", NULL, 0, NOTHING},
	{"--no-early-microcode", NULL, 0, NOTHING},
	{"--lvmconf", NULL, 0, NOTHING},
	{"--nolvmconf", NULL, 0, NOTHING},
	{"--mdadmconf", NULL, 0, NOTHING},
	{"--nomdadmconf", NULL, 0, NOTHING},

	{"--modules", "-m", 1, NONE},
	{"--drivers", "-d", 1, NONE},
	{"--fwdir", NULL, 1, NONE},
	{"--kernel-cmdline", NULL, 1, NONE},
	{"--add-fstab", NULL, 1, NONE},
	{"--add-device", NULL, 1, NONE},
	{"--device", NULL, 1, NONE},
	{"--fstab", NULL, 0, NONE},
	{"--use-fstab", NULL, 0, NONE},
	{"--fscks", NULL, 1, NONE},
	{"--libdirs", NULL, 1, NONE},
	{"--early-microcode", NULL, 0, NONE},
	{"--uefi", NULL, 0, NONE},
	{"--uefi-stub", NULL, 1, NONE},
	{"--conf", "-c", 1, NONE},
	{"--confdir", NULL, 1, NONE},
	{"--sysroot", "-r", 1, NONE},
	{"--prefix", NULL, 1, NONE},
	{"--kver", NULL, 1, NONE},
	{"--regenerate-all", NULL, 0, NONE},
};

/* Parts that dracut's users ask for by name, and that our image has whenever the target needs
 * them. */
static const char *const parts_as_needed[] = {
	"base",
	"bash",
	"btrfs",
	"crypt",
	"dash",
	"dm",
	"dmraid",
	"drm",
	"fcoe",
	"fs-lib",
	"i18n",
	"ifcfg",
	"iscsi",
	"kdumpbase",
	"kernel-modules",
	"kernel-network-modules",
	"lunmask",
	"lvm",
	"lvmthinpool-monitor",
	"mdraid",
	"multipath",
	"net-lib",
	"network",
	"network-legacy",
	"network-manager",
	"nfs",
	"nvdimm",
	"nvmf",
	"qemu",
	"qemu-net",
	"rootfs-block",
	"shutdown",
	"squash",
	"ssh-client",
	"systemd",
	"systemd-networkd",
	"terminfo",
	"udev-rules",
	"virtiofs",
	"watchdog",
	"watchdog-modules",
	"zz-fadumpinit",
};

void dracut_args_done(struct dracut_args *d)
{
	words_done(&d->modules);
	words_done(&d->omit_modules);
	words_done(&d->install);
	words_done(&d->optional);
	for (size_t i = 0; i < d->include.n; i++) {
		free(d->include.v[i].source);
		free(d->include.v[i].path);
	}
	vector_done(&d->include);
	free(d->device);
	free(d->fstype);
	free(d->options);
	words_done(&d->warnings);
	words_done(&d->notes);
	*d = (struct dracut_args){0};
}

static bool among(const char *const *list, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

static bool is_part_as_needed(const char *part)
{
	return among(parts_as_needed, ARRAY_SIZE(parts_as_needed), part);
}

/* `--name=value` and `-Xvalue` hold their value; *ret_value is null where the next word is it.
 */
static const struct option_meaning *find(const char *word, const char **ret_value)
{
	size_t n = strcspn(word, "=");

	*ret_value = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(option_meanings); i++) {
		const struct option_meaning *o = &option_meanings[i];

		if (text_starts(word, "--")) {
			if (strlen(o->name) != n || strncmp(o->name, word, n))
				continue;
			*ret_value = word[n] ? word + n + 1 : NULL;
			return o;
		}
		if (!o->letter || !text_starts(word, o->letter))
			continue;
		*ret_value = word[2] && o->nr_values ? word + 2 : NULL;
		return o;
	}
	return NULL;
}

static struct error *take_include(struct dracut_args *d, const char *source, const char *path)
{
	struct dracut_include one = {0};

	if (source[0] != '/' || path[0] != '/')
		return words_addf(
			&d->warnings,
			"dracut_args: --include %s %s is left out: both must be absolute paths",
			source, path);
	one.source = strdup(source);
	one.path = strdup(path);
	if (!one.source || !one.path || !vector_push(&d->include, one)) {
		free(one.source);
		free(one.path);
		return error_nomem();
	}
	return NULL;
}

static struct error *take_mount(struct dracut_args *d, const char *value)
{
	_cleanup_words_ struct words w = {0};

	d->nr_mounts++;
	if (d->nr_mounts > 1)
		return NULL; /* the settings refuse it */
	TRY(words_split(&w, value));
	if (w.n < 3)
		return error_new(
			ERROR_USAGE,
			"dracut_args: expected --mount \"DEVICE MOUNTPOINT TYPE [OPTIONS]\", "
			"found \"%s\"",
			value);
	d->device = strdup(w.v[0]);
	d->fstype = strdup(w.v[2]);
	d->options = w.n > 3 ? strdup(w.v[3]) : NULL;
	if (!d->device || !d->fstype || (w.n > 3 && !d->options))
		return error_nomem();
	return NULL;
}

static struct error *take_parts(struct dracut_args *d, const char *option,
				const struct words *parts)
{
	for (size_t i = 0; i < parts->n; i++) {
		const char *part = parts->v[i];

		if (is_part_as_needed(part))
			TRY(words_addf(&d->notes,
				       "dracut_args: %s %s: in the image whenever it is needed",
				       option, part));
		else
			TRY(words_addf(
				&d->warnings,
				"dracut_args: %s %s has no effect: there is no such part here",
				option, part));
	}
	return NULL;
}

static struct error *omit_parts(struct dracut_args *d, const char *option,
				const struct words *parts)
{
	for (size_t i = 0; i < parts->n; i++) {
		const char *part = parts->v[i];

		if (strcmp(part, "watchdog") == 0 || strcmp(part, "watchdog-modules") == 0)
			d->no_watchdog = true;
		else
			TRY(words_addf(
				&d->notes,
				"dracut_args: %s %s: only what is needed is in the image",
				option, part));
	}
	return NULL;
}

static struct error *take_packing(struct dracut_args *d, const struct option_meaning *o,
				  const char *value)
{
	static const char *const ours[] = {"gzip", "zstd"};

	if (o->packing) {
		d->packing = o->packing;
		return NULL;
	}
	for (size_t i = 0; value && i < ARRAY_SIZE(ours); i++)
		if (text_starts(value, ours[i])) {
			d->packing = ours[i];
			return NULL;
		}
	return words_addf(
		&d->warnings,
		"dracut_args: %s%s%s has no effect: the image is packed by zstd or gzip",
		o->name, value ? " " : "", value ? value : "");
}

static struct error *append_list(struct words *to, const char *list)
{
	_cleanup_words_ struct words w = {0};

	TRY(words_split(&w, list));
	for (size_t i = 0; i < w.n; i++)
		if (!words_have(to, w.v[i]))
			TRY(words_add(to, w.v[i]));
	return NULL;
}

static struct error *take_omitted(struct dracut_args *d, const char *list)
{
	_cleanup_words_ struct words w = {0};

	TRY(words_split(&w, list));
	for (size_t i = 0; i < w.n; i++)
		if (strpbrk(w.v[i], "*?[](){}|^$\\+"))
			TRY(words_addf(
				&d->warnings,
				"dracut_args: --omit-drivers %s has no effect: name the modules",
				w.v[i]));
		else
			TRY(words_add(&d->omit_modules, w.v[i]));
	return NULL;
}

/* `value` has as many words as the option takes. */
static struct error *take(struct dracut_args *d, const struct option_meaning *o,
			  const char *const value[2])
{
	_cleanup_words_ struct words parts = {0};

	switch (o->meaning) {
	case MODULES:
		return append_list(&d->modules, value[0]);
	case OMIT_MODULES:
		return take_omitted(d, value[0]);
	case INSTALL:
		return append_list(&d->install, value[0]);
	case OPTIONAL:
		return append_list(&d->optional, value[0]);
	case INCLUDE:
		return take_include(d, value[0], value[1]);
	case MOUNT:
		return take_mount(d, value[0]);
	case PACKING:
		return take_packing(d, o, value[0]);
	case PARTS:
		TRY(words_split(&parts, value[0]));
		return take_parts(d, o->name, &parts);
	case OMIT_PARTS:
		TRY(words_split(&parts, value[0]));
		return omit_parts(d, o->name, &parts);
	case NOTHING:
		return words_addf(&d->notes, "dracut_args: %s changes nothing here", o->name);
	case NONE:
		break;
	}
	return words_addf(&d->warnings, "dracut_args: %s%s%s has no effect here", o->name,
			  value[0] ? " " : "", value[0] ? value[0] : "");
}

static struct error *take_word(struct dracut_args *d, const struct words *w, size_t *at)
{
	const char *word = w->v[*at], *value[2] = {NULL, NULL}, *held;
	const struct option_meaning *o = find(word, &held);
	unsigned n = 0;

	if (!o)
		return words_addf(&d->warnings,
				  "dracut_args: %s is not understood and has no effect", word);
	if (held)
		value[n++] = held;
	while (n < o->nr_values && *at + 1 < w->n)
		value[n++] = w->v[++*at];
	if (n < o->nr_values)
		return words_addf(&d->warnings,
				  "dracut_args: %s has no effect: its value is missing", word);
	return take(d, o, value);
}

struct error *dracut_args_parse(struct dracut_args *d, const char *args)
{
	_cleanup_words_ struct words w = {0};

	TRY(error_prefix(words_split(&w, args), "dracut_args"));
	for (size_t i = 0; i < w.n; i++)
		TRY(take_word(d, &w, &i));
	return NULL;
}
