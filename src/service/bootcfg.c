/* The boot loaders in their order, and where the files they name are; see bootcfg.h. */
#include "service/bootcfg.h"

#include <string.h>
#include <sys/stat.h>

#include "service/rootpath.h"

/* In the order in which they are asked. systemd-boot says itself that it started the machine; GRUB's
 * file may be left over. The tools that edit for others come before those. */
static const struct bootcfg *const loaders[] = {
	&bootcfg_ostree, &bootcfg_grubby, &bootcfg_sdboot,   &bootcfg_grub,
	&bootcfg_bls,	 &bootcfg_legacy, &bootcfg_extlinux, &bootcfg_zipl,
};

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
		struct error *e;

		if (!loaders[i]->entry)
			continue;
		e = loaders[i]->entry(root, wanted, &entry);
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

void boot_kernels_done(struct boot_kernels *k)
{
	for (size_t i = 0; i < k->v.n; i++) {
		struct boot_kernel *one = &k->v.v[i];

		free(one->kernel);
		free(one->title);
		free(one->args);
		free(one->file);
	}
	vector_done(&k->v);
}

struct error *boot_kernels_add(struct boot_kernels *k, const char *kernel, const char *title, const char *args,
			       const char *file)
{
	struct boot_kernel one = {
		.kernel = strdup(kernel),
		.title = title ? strdup(title) : NULL,
		.args = strdup(args ? args : ""),
		.file = strdup(file),
	};

	if (one.kernel && one.args && one.file && (one.title || !title) && vector_push(&k->v, one))
		return NULL;
	free(one.kernel);
	free(one.title);
	free(one.args);
	free(one.file);
	return error_nomem();
}

struct error *bootcfg_editor(int root, const struct bootcfg **ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(loaders); i++)
		if (loaders[i]->here && loaders[i]->here(root)) {
			*ret = loaders[i];
			return NULL;
		}
	return error_new(ERROR_NOT_FOUND,
			 "no boot loader's configuration was found (GRUB, systemd-boot, BLS entries, "
			 "/etc/grub.conf, extlinux, zipl); put the argument on the kernel's command line "
			 "where this machine's loader keeps it");
}

struct error *bootcfg_list(int root, const struct bootcfg *b, struct boot_kernels *ret)
{
	struct error *e;

	TRY(b->list(root, ret));
	for (size_t i = 0; i < ret->v.n; i++) {
		e = locate(root, &ret->v.v[i].kernel);
		if (!error_drop_if(&e, ERROR_NOT_FOUND)) /* an entry that would not start is listed too */
			TRY(e);
	}
	return NULL;
}

struct error *bootcfg_edit(const struct bootcfg *b, struct boot_changes *c, const struct boot_kernel *k,
			   const struct boot_edit *e)
{
	TRY(boot_edit_check(e));
	if (k)
		return error_prefix(b->edit(c, k, e), "%s", b->name);
	return b->edit_new ? error_prefix(b->edit_new(c, e), "%s", b->name) : NULL;
}

/* zipl writes kernel and arguments into the boot record: on such machines nothing counts before it ran. */
static struct error *run_zipl(int root)
{
	bool found;

	if (!file_exists(root, "etc/zipl.conf"))
		return NULL;
	return boot_run(root, "zipl", NULL, &found, NULL);
}

struct error *bootcfg_apply(const struct bootcfg *b, struct boot_changes *c)
{
	struct error *e = b->apply ? b->apply(c) : NULL, *undo;

	if (!e)
		e = run_zipl(c->root);
	if (!e)
		return NULL;
	undo = boot_changes_undo(c);
	if (undo) {
		e = error_prefix(e, "%s (and the files could not be put back: %s)", b->name, error_message(undo));
		error_free(undo);
		return e;
	}
	return error_prefix(e, "%s: the files are as they were before", b->name);
}
