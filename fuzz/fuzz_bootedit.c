/* Any text as a boot loader's file of the kind that its first byte says. An edit that was done is not done
 * again, and the words that it puts in are in the text. */
#include <string.h>

#include "service/bls_edit.h"
#include "service/bootmenu.h"
#include "service/shellvar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WORD "crashkernel=2G-64G:256M,64G-:512M"

static struct error *edit_variable(const char *text, size_t len, const struct boot_edit *e, char **ret)
{
	return shellvar_edit_last(text, len, "GRUB_CMDLINE_LINUX", e, ret);
}

static struct error *edit_entry(const char *text, size_t len, const struct boot_edit *e, char **ret)
{
	return bls_edit_entry(text, len, "ro crashkernel=auto", e, ret);
}

static struct error *edit_menu(const char *text, size_t len, const struct boot_edit *e, char **ret,
			       struct error *(*read)(const char *, size_t, struct menu *))
{
	_cleanup_menu_ struct menu m = { 0 };

	*ret = NULL;
	TRY(read(text, len, &m));
	return m.v.n ? menu_edit(text, len, &m.v.v[m.v.n / 2], e, ret) : NULL;
}

static struct error *edit_legacy(const char *text, size_t len, const struct boot_edit *e, char **ret)
{
	return edit_menu(text, len, e, ret, menu_legacy);
}

static struct error *edit_extlinux(const char *text, size_t len, const struct boot_edit *e, char **ret)
{
	return edit_menu(text, len, e, ret, menu_extlinux);
}

static struct error *edit_zipl(const char *text, size_t len, const struct boot_edit *e, char **ret)
{
	return edit_menu(text, len, e, ret, menu_zipl);
}

static struct error *(*const kinds[])(const char *, size_t, const struct boot_edit *, char **) = {
	edit_variable, edit_entry, grubenv_edit, cmdline_file_edit, edit_legacy, edit_extlinux, edit_zipl,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_boot_edit_ struct boot_edit e = { 0 };
	_cleanup_free_ char *text = NULL, *now = NULL, *again = NULL;
	struct error *err;
	unsigned kind;

	if (!size || memchr(data, '\0', size)) /* boot_file_read() hands out none */
		return 0;
	kind = data[0] % ARRAY_SIZE(kinds);
	text = strndup((const char *)data + 1, size - 1);
	if (!text || words_add(&e.set, WORD) || words_add(&e.remove, "fadump"))
		abort();
	err = kinds[kind](text, strlen(text), &e, &now);
	if (!err && now) {
		if (kind == 2 && strlen(now) != strlen(text))
			abort();
		err = kinds[kind](now, strlen(now), &e, &again);
		if (!err && again)
			abort();
	}
	error_free(err);
	return 0;
}
