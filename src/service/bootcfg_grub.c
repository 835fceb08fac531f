/* GRUB: finding its files; the script is run in grub.c. */
#include <string.h>

#include "service/grub.h"
#include "service/rootpath.h"

#define SCRIPT_LIMIT (4u << 20)

static struct error *try_folder(int root, const char *folder, const char *wanted,
				struct boot_entry *ret)
{
	struct grub_where where = { root, folder };
	_cleanup_free_ char *path = NULL, *text = NULL;

	if (asprintf(&path, "%s/grub.cfg", folder) < 0)
		return error_nomem();
	TRY(file_read(root, path, SCRIPT_LIMIT, &text, NULL));
	return error_prefix(grub_entry(&where, text, wanted, ret), "/%s", path);
}

/* The distribution's folder on the EFI partition. */
static struct error *try_efi(int root, const char *wanted, struct boot_entry *ret)
{
	_cleanup_words_ struct words vendors = { 0 };

	struct error *e = rootpath_list(root, "boot/efi/EFI", &vendors);

	(void)error_drop_if(&e, ERROR_NOT_FOUND); /* then there is no grub.cfg there either */
	TRY(e);
	for (size_t i = 0; i < vendors.n; i++) {
		_cleanup_free_ char *folder = NULL;

		if (asprintf(&folder, "boot/efi/EFI/%s", vendors.v[i]) < 0)
			return error_nomem();
		e = try_folder(root, folder, wanted, ret);
		if (!error_drop_if(&e, ERROR_NOT_FOUND))
			return e;
	}
	return error_new(ERROR_NOT_FOUND, "there is no grub.cfg");
}

static struct error *grub_default(int root, const char *wanted, struct boot_entry *ret)
{
	static const char *const files[] = { "boot/grub/grub.cfg", "boot/grub2/grub.cfg" };
	static const char *const folders[] = { "boot/grub", "boot/grub2" };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (file_exists(root, files[i]))
			return try_folder(root, folders[i], wanted, ret);
	return try_efi(root, wanted, ret);
}

const struct bootcfg bootcfg_grub = { "GRUB", grub_default };
