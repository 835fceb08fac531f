/* The boot loaders in their order, and where the files they name are; see bootcfg.h. */
#include "service/bootcfg.h"

#include <string.h>
#include <sys/stat.h>

#include "service/rootpath.h"

/* systemd-boot says itself that it started the machine; GRUB's file may be left over. */
static const struct bootcfg *const loaders[] = { &bootcfg_sdboot, &bootcfg_grub, &bootcfg_bls };

void boot_entry_done(struct boot_entry *e)
{
	free(e->loader);
	free(e->title);
	free(e->id);
	free(e->kernel);
	free(e->cmdline);
	words_done(&e->initrds);
}

static bool is_file(int root, const char *name)
{
	_cleanup_close_ int fd = -1;
	struct error *e = rootpath_open(root, name, &fd);
	struct stat st;

	if (e) {
		error_free(e); /* looked for in several places */
		return false;
	}
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* A loader's path begins at its partition: /vmlinuz is /boot/vmlinuz where /boot is one of its own,
 * /@/boot/vmlinuz is /boot/vmlinuz where the root is the subvolume @. */
static struct error *locate(int root, char **path)
{
	static const char *const mounts[] = { "", "/boot", "/efi", "/boot/efi" };

	for (const char *rest = *path; rest; rest = strchr(rest + 1, '/'))
		for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
			_cleanup_free_ char *name = NULL;

			if (asprintf(&name, "%s%s%s", mounts[i], *rest == '/' ? "" : "/", rest) < 0)
				return error_nomem();
			if (!is_file(root, name))
				continue;
			free(*path);
			*path = take_ptr(name);
			return NULL;
		}
	return error_new(ERROR_NOT_FOUND, "%s: no such file, nor below /boot, /efi or /boot/efi", *path);
}

static struct error *locate_files(int root, struct boot_entry *e)
{
	TRY(locate(root, &e->kernel));
	for (size_t i = 0; i < e->initrds.n; i++)
		TRY(locate(root, &e->initrds.v[i]));
	return NULL;
}

struct error *bootcfg_entry(int root, const char *wanted, struct boot_entry *ret)
{
	_cleanup_strbuf_ struct strbuf said = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(loaders); i++) {
		struct boot_entry entry = { 0 };
		struct error *e = loaders[i]->entry(root, wanted, &entry);

		if (e && error_kind(e) == ERROR_NOT_FOUND) {
			strbuf_printf(&said, "%s%s: %s", said.len ? "; " : "", loaders[i]->name,
				      error_message(e));
			error_free(e);
			continue;
		}
		if (!e)
			e = error_prefix(locate_files(root, &entry), "%s's entry \"%s\"", entry.loader,
					 entry.title ? entry.title : entry.id ? entry.id : "?");
		if (e) {
			boot_entry_done(&entry);
			return e;
		}
		*ret = entry;
		return NULL;
	}
	return error_new(ERROR_NOT_FOUND, "no boot loader's default entry was found: %s", strbuf_str(&said));
}
