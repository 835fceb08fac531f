/*
 * systemd-boot's default entry, and Boot Loader Specification entries without any loader known; both
 * keep arguments in the entries' files, Fedora's GRUB some of them in grubenv.
 */
#include <string.h>

#include "host/cmdline.h"
#include "service/bls.h"
#include "service/bls_edit.h"

#define VENDOR "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f" /* systemd's, in names of EFI variables */
#define VARIABLE_LIMIT 4096

/* An EFI variable's text: four bytes of attributes, then UTF-16; null when not there. What is not
 * ASCII becomes '?', which a pattern takes for any character. */
static char *variable(int root, const char *name)
{
	_cleanup_free_ char *path = NULL, *bytes = NULL;
	char *text;
	size_t len = 0, n = 0;

	if (asprintf(&path, "sys/firmware/efi/efivars/%s" VENDOR, name) < 0)
		return NULL;
	error_free(file_read(root, path, VARIABLE_LIMIT, &bytes, &len)); /* most are not there */
	text = len > 4 ? calloc(1, len) : NULL;
	for (size_t i = 4; text && i + 1 < len; i += 2) {
		char c = bytes[i + 1] || (bytes[i] & 0x80) ? '?' : bytes[i];

		if (!c)
			break;
		text[n++] = c;
	}
	return text;
}

/* `default` of loader.conf; null when there is none. */
static char *configured(int root)
{
	static const char *const files[] = { "boot/loader/loader.conf", "efi/loader/loader.conf",
					     "boot/efi/loader/loader.conf" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *text = NULL;
		struct error *e = file_read(root, files[i], 65536, &text, NULL);
		char *rest = text, *line;

		error_free(e);
		while (text && (line = text_next_line(&rest))) {
			const char *value = text_after(text_strip(line), "default");

			if (value && (*value == ' ' || *value == '\t'))
				return strdup(value + strspn(value, " \t"));
		}
	}
	return NULL;
}

/* Variables of GRUB ($tuned_params) mean nothing to any other loader. */
static struct error *without_variables(char **line)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	const char *word;
	size_t pos = 0, len;

	while (*line && cmdline_word(*line, &pos, &word, &len))
		if (word[0] != '$')
			strbuf_printf(&out, "%s%.*s", out.len ? " " : "", (int)len, word);
	TRY(strbuf_error(&out));
	if (out.len) {
		free(*line);
		*line = strbuf_take(&out, NULL);
	}
	return NULL;
}

static struct error *copy(const char *loader, const struct bls_entry *b, struct boot_entry *ret)
{
	_cleanup_boot_entry_ struct boot_entry e = {
		.loader = strdup(loader),
		.title = b->title ? strdup(b->title) : NULL,
		.id = strdup(b->id),
		.kernel = strdup(b->kernel),
		.cmdline = b->options ? strdup(b->options) : NULL,
	};

	TRY(without_variables(&e.cmdline));
	for (size_t i = 0; i < b->initrds.n; i++)
		if (b->initrds.v[i][0] != '$')
			TRY(words_add(&e.initrds, b->initrds.v[i]));
	if (!e.loader || !e.id || !e.kernel || (b->options && !e.cmdline))
		return error_nomem();
	*ret = e;
	e = (struct boot_entry){ 0 };
	return NULL;
}

static struct error *no_entry(const char *wanted)
{
	return wanted ? error_new(ERROR_NOT_FOUND, "no boot loader entry \"%s\"", wanted) :
			error_new(ERROR_NOT_FOUND, "no boot loader entry");
}

/* What the next start takes once, then what was chosen for good, then the configuration. */
static struct error *sdboot_entry(int root, const char *wanted, struct boot_entry *ret)
{
	_cleanup_free_ char *info = variable(root, "LoaderInfo");
	_cleanup_free_ char *once = variable(root, "LoaderEntryOneShot");
	_cleanup_free_ char *chosen = variable(root, "LoaderEntryDefault");
	_cleanup_free_ char *conf = configured(root);
	const char *order[] = { once, chosen, conf };
	_cleanup_bls_list_ struct bls_list l = { 0 };
	const struct bls_entry *found = NULL;

	if (!info || !text_starts(info, "systemd-boot"))
		return error_new(ERROR_NOT_FOUND, "not started by systemd-boot");
	TRY(bls_read(root, &l));
	if (wanted)
		found = bls_find(&l, wanted);
	for (size_t i = 0; !wanted && !found && i < ARRAY_SIZE(order); i++)
		if (order[i])
			found = bls_find(&l, order[i]);
	if (!found && !wanted && l.v.n)
		found = &l.v.v[0];
	return found ? copy("systemd-boot", found, ret) : no_entry(wanted);
}

static struct error *bls_default(int root, const char *wanted, struct boot_entry *ret)
{
	_cleanup_bls_list_ struct bls_list l = { 0 };
	const struct bls_entry *found;

	TRY(bls_read(root, &l));
	found = wanted ? bls_find(&l, wanted) : l.v.n ? &l.v.v[0] : NULL;
	return found ? copy("Boot Loader Specification", found, ret) : no_entry(wanted);
}

static bool sdboot_here(int root)
{
	_cleanup_free_ char *info = variable(root, "LoaderInfo");

	return info && text_starts(info, "systemd-boot");
}

static bool bls_here(int root)
{
	_cleanup_bls_list_ struct bls_list l = { 0 };

	error_free(bls_read(root, &l)); /* then the list is empty */
	return l.v.n != 0;
}

static struct error *sdboot_list(int root, struct boot_kernels *ret)
{
	return bls_edit_list(root, &bootcfg_sdboot, ret);
}

/* The entries are GRUB's where there is a GRUB. */
static struct error *bls_list(int root, struct boot_kernels *ret)
{
	return bls_edit_list(root, &bootcfg_grub, ret);
}

const struct bootcfg bootcfg_sdboot = {
	.name = "systemd-boot",
	.entry = sdboot_entry,
	.here = sdboot_here,
	.list = sdboot_list,
	.edit = bls_edit_one,
	.edit_new = bls_edit_new,
};
const struct bootcfg bootcfg_bls = {
	.name = "Boot Loader Specification",
	.entry = bls_default,
	.here = bls_here,
	.list = bls_list,
	.edit = bls_edit_one,
	.edit_new = bls_edit_new,
};
