/* Telling the kernel which keys to hand over; see cryptkeys.h. */
#include "kexec/cryptkeys.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"

#define FOLDER "sys/kernel/config/crash_dm_crypt_keys"

struct error *crypt_keys_check(int root, const char *const *keys, size_t n)
{
	if (!file_exists(root, FOLDER))
		return error_new(ERROR_UNSUPPORTED,
				 "/" FOLDER " is not there: the running kernel cannot hand keys over, or configfs is not mounted");
	if (n > CRYPT_KEYS_MAX)
		return error_new(ERROR_USAGE, "%zu keys, the kernel takes %d", n, CRYPT_KEYS_MAX);
	for (size_t i = 0; i < n; i++)
		if (!*keys[i] || strlen(keys[i]) > CRYPT_KEY_NAME_MAX || strchr(keys[i], '\n'))
			return error_new(ERROR_USAGE,
					 "\"%s\" is no description of a key: 1 to %d bytes in one line", keys[i],
					 CRYPT_KEY_NAME_MAX);
	return NULL;
}

/* A configfs folder's name; the description itself may hold a slash. */
static void entry_name(const char *key, char ret[CRYPT_KEY_NAME_MAX + 1])
{
	snprintf(ret, CRYPT_KEY_NAME_MAX + 1, "%s", key);
	for (char *c = ret; *c; c++)
		if (*c == '/' || (c == ret && *c == '.'))
			*c = '_';
}

static struct error *offer_one(int folder, const char *key)
{
	char name[CRYPT_KEY_NAME_MAX + 1], file[CRYPT_KEY_NAME_MAX + 32];

	entry_name(key, name);
	if (mkdirat(folder, name, 0700) < 0 && errno != EEXIST)
		return error_sys(errno, "/" FOLDER "/%s: mkdir", name);
	snprintf(file, sizeof(file), "%s/description", name);
	return error_prefix(file_poke(folder, file, key), "/" FOLDER);
}

static bool is_wanted(const char *name, const char *const *keys, size_t n)
{
	char own[CRYPT_KEY_NAME_MAX + 1];

	for (size_t i = 0; i < n; i++) {
		entry_name(keys[i], own);
		if (!strcmp(own, name))
			return true;
	}
	return false;
}

/* rmdir takes folders only: the attributes count, reuse and restore stay. */
static struct error *drop_others(int folder, const char *const *keys, size_t n)
{
	_cleanup_words_ struct words others = { 0 };
	_cleanup_closedir_ DIR *dir = NULL;
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *d;

	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		struct error *e = error_sys(errno, "/" FOLDER ": read");

		if (copy >= 0)
			close(copy);
		return e;
	}
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.' && !is_wanted(d->d_name, keys, n))
			TRY(words_add(&others, d->d_name));
	for (size_t i = 0; i < others.n; i++)
		if (unlinkat(folder, others.v[i], AT_REMOVEDIR) < 0 && errno != ENOTDIR)
			return error_sys(errno, "/" FOLDER "/%s: rmdir", others.v[i]);
	return NULL;
}

struct error *crypt_keys_offer(int root, const char *const *keys, size_t n, bool reload)
{
	_cleanup_close_ int folder = openat(root, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		return error_sys(errno, "/" FOLDER ": open");
	TRY(drop_others(folder, keys, n));
	for (size_t i = 0; i < n; i++)
		TRY(offer_one(folder, keys[i]));
	if (reload) /* refused when the loaded image holds no keys: then the keyring must have them */
		error_free(file_poke(folder, "reuse", "true"));
	return NULL;
}
