/* The capture kernel's files; see capkernel.h. */
#include "service/capkernel.h"

#include <string.h>
#include <sys/stat.h>

#include "host/cmdline.h"
#include "host/host.h"
#include "service/rootpath.h"

#define STATE_FOLDER "/var/lib/kdump"

static const char *const boot_folders[] = { "/boot", "/boot/efi", "/efi", "/" };

void capture_kernel_done(struct capture_kernel *k)
{
	free(k->release);
	free(k->kernel);
	free(k->image);
	free(k->record);
	*k = (struct capture_kernel){ 0 };
}

static bool is_plain_file(int root, const char *path)
{
	_cleanup_close_ int fd = -1;
	struct error *e = rootpath_open(root, path, &fd);
	struct stat st;

	error_free(e); /* not there, or not to be reached: not this one */
	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* Takes FOLDER/NAME when it is a file. */
static struct error *try_file(int root, const char *folder, const char *name, char **ret)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/%s", strcmp(folder, "/") ? folder : "", name) < 0) {
		path = NULL;
		return error_nomem();
	}
	if (is_plain_file(root, path))
		*ret = take_ptr(path);
	return NULL;
}

/* BOOT_IMAGE=(hd0,gpt2)/vmlinuz-REL of the running kernel, when it is of this release. */
static struct error *boot_image(int root, const char *release, char **ret)
{
	_cleanup_free_ char *line = NULL, *value = NULL;
	const char *name;
	bool found;

	TRY(host_cmdline(root, &line));
	TRY(cmdline_find(line, "BOOT_IMAGE", &found, &value));
	if (!found || !text_ends(value, release))
		return NULL;
	name = value;
	if (*name == '(' && strchr(name, ')'))
		name = strchr(name, ')') + 1;
	*ret = strdup(name + strspn(name, "/"));
	return *ret ? NULL : error_nomem();
}

static struct error *machine_id(int root, char **ret)
{
	_cleanup_free_ char *text = NULL;
	struct error *e = file_read(root, "etc/machine-id", 4096, &text, NULL);

	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	*ret = strdup(text_strip(text));
	return *ret ? NULL : error_nomem();
}

static struct error *candidates(int root, const struct sysconfig *conf, const char *release,
				struct words *names)
{
	_cleanup_free_ char *boot = NULL, *id = NULL;
	const char *img = sysconfig_get(conf, SYSCONFIG_IMG);
	const char *ext = sysconfig_get(conf, SYSCONFIG_IMG_EXT);

	TRY(boot_image(root, release, &boot));
	TRY(machine_id(root, &id));
	if (boot)
		TRY(words_add(names, boot));
	TRY(words_addf(names, "%s-%s%s", img, release, ext));
	if (id && *id) {
		TRY(words_addf(names, "%s/%s/%s%s", id, release, img, ext));
		TRY(words_addf(names, "%s/%s/linux", id, release));
	}
	return NULL;
}

static struct error *find_kernel(int root, const struct sysconfig *conf, const char *release,
				 char **ret)
{
	const char *only = sysconfig_get(conf, SYSCONFIG_BOOTDIR);
	_cleanup_words_ struct words names = { 0 };

	TRY(candidates(root, conf, release, &names));
	for (size_t i = 0; i < names.n && !*ret; i++) {
		if (*only)
			TRY(try_file(root, only, names.v[i], ret));
		for (size_t j = 0; !*only && j < ARRAY_SIZE(boot_folders) && !*ret; j++)
			TRY(try_file(root, boot_folders[j], names.v[i], ret));
	}
	return NULL;
}

static bool folder_writable(int root, const char *path)
{
	return faccessat(root, rootpath_below(path), W_OK, AT_EACCESS) == 0;
}

/* Beside the kernel, or where state is kept when that folder cannot be written. */
static struct error *place_image(int root, struct capture_kernel *k)
{
	_cleanup_free_ char *folder = strdup(k->kernel);

	if (!folder)
		return error_nomem();
	*strrchr(folder, '/') = '\0';
	if (asprintf(&k->image, "%s/initramfs-%skdump.img",
		     folder_writable(root, folder) ? folder : STATE_FOLDER, k->release) < 0) {
		k->image = NULL;
		return error_nomem();
	}
	if (asprintf(&k->record, "%s/initramfs-%skdump.inputs", STATE_FOLDER, k->release) < 0) {
		k->record = NULL;
		return error_nomem();
	}
	return NULL;
}

struct error *capture_kernel_find(int root, const struct sysconfig *conf,
				  struct capture_kernel *ret)
{
	const char *wanted = sysconfig_get(conf, SYSCONFIG_KERNELVER);
	_cleanup_capture_kernel_ struct capture_kernel k = { 0 };
	_cleanup_free_ char *running = NULL;

	TRY(host_kernel_release(root, &running));
	if (strchr(wanted, '/'))
		return error_new(ERROR_USAGE, "KDUMP_KERNELVER=%s is no kernel release", wanted);
	k.release = strdup(*wanted ? wanted : running);
	if (!k.release)
		return error_nomem();
	/* a debug kernel needs much more memory; its plain sister captures just as well */
	if (!*wanted && text_ends(k.release, "+debug")) {
		k.release[strlen(k.release) - strlen("+debug")] = '\0';
		TRY(find_kernel(root, conf, k.release, &k.kernel));
		if (!k.kernel)
			strcat(k.release, "+debug"); /* was there before */
	}
	if (!k.kernel)
		TRY(find_kernel(root, conf, k.release, &k.kernel));
	if (!k.kernel)
		return error_new(ERROR_NOT_FOUND,
				 "Failed to detect kdump kernel location: no kernel file of release "
				 "%s in %s; set KDUMP_KERNELVER or KDUMP_BOOTDIR",
				 k.release,
				 *sysconfig_get(conf, SYSCONFIG_BOOTDIR) ?
					 sysconfig_get(conf, SYSCONFIG_BOOTDIR) :
					 "/boot, /boot/efi, /efi, /");
	k.foreign = strcmp(k.release, running) != 0;
	TRY(place_image(root, &k));
	*ret = k;
	k = (struct capture_kernel){ 0 };
	return NULL;
}
