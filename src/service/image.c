/* The capture image; see image.h. What goes into it is in image_contents.c. */
#include "service/image.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "service/image-priv.h"
#include "service/rootpath.h"

#define RECORD_LIMIT (4 << 20) /* bytes */

void image_done(struct image *im)
{
	plan_done(&im->plan);
	strbuf_done(&im->plan_text);
	module_list_done(&im->modules);
	for (size_t i = 0; i < im->programs.n; i++) {
		free(im->programs.v[i].source);
		free(im->programs.v[i].path);
	}
	vector_done(&im->programs);
	for (size_t i = 0; i < im->files.n; i++) {
		free(im->files.v[i].source);
		free(im->files.v[i].path);
	}
	vector_done(&im->files);
	inputs_done(&im->inputs);
	words_done(&im->warnings);
}

/* Plan lines that say where the dump goes; modules have lines of their own in the record. */
static bool is_place(const char *line)
{
	static const char *const keys[] = { "map ", "row ", "array ", "target ", "device ", "fstype ", "mount-options ",
					    "path ",   "root-" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (text_starts(line, keys[i]))
			return true;
	return false;
}

static struct error *record_plan(struct image *im)
{
	_cleanup_free_ char *copy = strdup(strbuf_str(&im->plan_text));
	char *rest = copy, *line;

	if (!copy)
		return error_nomem();
	while ((line = text_next_line(&rest))) {
		if (text_starts(line, "module ") || text_starts(line, "module! "))
			continue;
		/* a lease that was renewed is no reason to build again */
		if (text_starts(line, "net-address ") && strstr(line, " until="))
			*strstr(line, " until=") = '\0';
		TRY(inputs_add(&im->inputs, is_place(line) ? INPUT_PLACE : INPUT_FACT, "%s", line));
	}
	return NULL;
}

static struct error *record_inputs(struct image *im)
{
	const struct image_how *how = im->how;

	TRY(inputs_add(&im->inputs, INPUT_FACT, "salvage " SALVAGE_VERSION));
	TRY(inputs_add(&im->inputs, INPUT_FACT, "packing %d", (int)im->packing));
	TRY(inputs_add_file(&im->inputs, INPUT_FILE, how->root, how->settings->file, true));
	TRY(record_plan(im));
	TRY(image_record_keys(im));
	TRY(image_record_texts(im));
	for (size_t i = 0; i < im->programs.n; i++) {
		const char *source = im->programs.v[i].source;

		TRY(inputs_add_file(&im->inputs, INPUT_FILE, how->root, source, source[0] != '/'));
	}
	for (size_t i = 0; i < im->files.n; i++) {
		const struct image_file *f = &im->files.v[i];

		TRY(inputs_add(&im->inputs, INPUT_FACT, "copy %s %s %o", f->source, f->path, f->mode));
		TRY(inputs_add_file(&im->inputs, INPUT_FILE, how->root, f->source, f->source[0] != '/'));
	}
	for (size_t i = 0; i < im->modules.files.n; i++) {
		const struct module_file *m = &im->modules.files.v[i];

		TRY(inputs_add(&im->inputs, INPUT_MODULE, "%s", m->name));
		if (m->parameters)
			TRY(inputs_add(&im->inputs, INPUT_FACT, "options %s %s", m->name, m->parameters));
		TRY(inputs_add_file(&im->inputs, INPUT_FILE, how->root, m->source, true));
	}
	return NULL;
}

static struct error *pick_packing(struct image *im)
{
	static const struct {
		const char *name;
		enum initramfs_packing packing;
	} chosen[] = {
		{ "none", INITRAMFS_PLAIN },
		{ "gzip", INITRAMFS_GZIP },
		{ "zstd", INITRAMFS_ZSTD },
	};

	const char *wanted = im->how->settings->dracut.packing;

	/* zstd when the kernel is known to open it, else gzip */
	TRY(initramfs_pick_packing(im->how->root, im->how->kernel->release, &im->packing));
	for (size_t i = 0; i < ARRAY_SIZE(chosen); i++)
		if (text_equal(wanted, chosen[i].name)) {
			if (chosen[i].packing == INITRAMFS_ZSTD && im->packing != INITRAMFS_ZSTD)
				return image_warn(im, "dracut_args: --zstd has no effect: this kernel is not "
						      "known to open such an image");
			im->packing = chosen[i].packing;
		}
	return NULL;
}

struct error *image_prepare(const struct image_how *how, struct image *ret)
{
	ret->how = how;
	TRY(image_choose_modules(ret));
	TRY(image_choose_programs(ret));
	TRY(image_apply_dracut(ret));
	TRY(image_fill_plan(ret));
	TRY(plan_write(&ret->plan, &ret->plan_text));
	TRY(pick_packing(ret));
	return record_inputs(ret);
}

static struct error *read_record(int root, const struct capture_kernel *k, struct inputs *ret)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	TRY(file_read(root, rootpath_below(k->record), RECORD_LIMIT, &text, &len));
	return inputs_parse(ret, k->record, text, len);
}

struct error *image_recorded_keys(int root, const struct capture_kernel *k, struct words *ret)
{
	_cleanup_inputs_ struct inputs old = { 0 };
	struct error *e = read_record(root, k, &old);

	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	for (size_t i = 0; i < old.v.n; i++) {
		const char *key = text_after(old.v.v[i].text, IMAGE_KERNEL_KEY);

		if (key && old.v.v[i].kind == INPUT_FACT)
			TRY(words_add(ret, key));
	}
	return NULL;
}

/* Whether the image on disk is the one that the record speaks of. */
static struct error *check_image(const struct image *im, const struct inputs *old,
				 struct words *reasons)
{
	const char *path = im->how->kernel->image;
	const struct input *was = inputs_image(old);
	_cleanup_inputs_ struct inputs now = { 0 };

	TRY(inputs_add_file(&now, INPUT_IMAGE, im->how->root, path, true));
	if (was && text_equal(was->text, path) && text_equal(was->digest, now.v.v[0].digest))
		return NULL;
	return words_addf(reasons, "%s is not the image that was built here", path);
}

struct error *image_outdated(const struct image *im, struct words *ret_reasons)
{
	const struct capture_kernel *k = im->how->kernel;
	_cleanup_inputs_ struct inputs old = { 0 };
	bool force, never;
	struct error *e;

	TRY(settings_rebuild_wish(im->how->settings, &force, &never));
	if (!file_exists(im->how->root, rootpath_below(k->image)))
		return words_add(ret_reasons, "No kdump initial ramdisk found.");
	if (never)
		return NULL;
	if (force)
		return words_addf(ret_reasons, "Force rebuild %s", k->image);
	e = read_record(im->how->root, k, &old);
	if (error_drop_if(&e, ERROR_NOT_FOUND) || error_drop_if(&e, ERROR_BAD_DATA))
		return words_addf(ret_reasons, "There is no record of what %s was made of",
				  k->image);
	TRY(e);
	TRY(inputs_compare(&old, &im->inputs, ret_reasons));
	if (!ret_reasons->n)
		TRY(inputs_check_needed(&old, im->how->root, ret_reasons));
	return ret_reasons->n ? NULL : check_image(im, &old, ret_reasons);
}

static struct error *assemble(const struct image *im, struct initramfs *ar)
{
	for (size_t i = 0; i < im->programs.n; i++)
		TRY(initramfs_add_program(ar, im->programs.v[i].source, im->programs.v[i].path));
	for (size_t i = 0; i < im->files.n; i++)
		TRY(initramfs_add_file(ar, im->files.v[i].source, im->files.v[i].path, im->files.v[i].mode));
	for (size_t i = 0; i < im->modules.files.n; i++)
		TRY(initramfs_add_module(ar, &im->modules.files.v[i]));
	TRY(image_add_keys(im, ar));
	TRY(image_put_texts(im, ar));
	return initramfs_add_text(ar, PLAN_PATH, strbuf_str(&im->plan_text), im->plan_text.len,
				  0600);
}

static struct error *make_folder_of(int root, const char *path)
{
	_cleanup_free_ char *folder = strdup(rootpath_below(path));
	char *slash;

	if (!folder)
		return error_nomem();
	slash = strrchr(folder, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	return file_make_folders(root, folder, 0755);
}

static struct error *write_record(const struct image *im, const struct words *needed)
{
	const struct capture_kernel *k = im->how->kernel;
	_cleanup_strbuf_ struct strbuf text = { 0 };
	_cleanup_inputs_ struct inputs image = { 0 }, libraries = { 0 };

	TRY(inputs_write(&im->inputs, &text));
	for (size_t i = 0; i < needed->n; i++)
		TRY(inputs_add_file(&libraries, INPUT_NEEDED, im->how->root, needed->v[i],
				    needed->v[i][0] != '/'));
	for (size_t i = 0; i < libraries.v.n; i++)
		strbuf_printf(&text, "needed %s %s\n", libraries.v.v[i].digest, libraries.v.v[i].text);
	TRY(inputs_add_file(&image, INPUT_IMAGE, im->how->root, k->image, true));
	strbuf_printf(&text, "image %s %s\n", image.v.v[0].digest, k->image);
	TRY(strbuf_error(&text));
	TRY(make_folder_of(im->how->root, k->record));
	return file_publish(im->how->root, rootpath_below(k->record), 0644, strbuf_str(&text),
			    text.len);
}

struct error *image_build(const struct image *im, struct initramfs_size *ret_size)
{
	const struct capture_kernel *k = im->how->kernel;
	_cleanup_initramfs_ struct initramfs *ar = NULL;
	struct publish file;
	struct error *e;

	TRY(initramfs_new(im->how->root, &ar));
	TRY(assemble(im, ar));
	TRY(make_folder_of(im->how->root, k->image));
	/* an old record must not vouch for a new image */
	(void)unlinkat(im->how->root, rootpath_below(k->record), 0); /* often not there */
	/* 0600: the plan may name what others need not know */
	TRY(file_begin(im->how->root, rootpath_below(k->image), 0600, &file));
	e = initramfs_write(ar, im->packing, file.fd, ret_size);
	if (e) {
		file_abandon(&file);
		return error_prefix(e, "%s", k->image);
	}
	TRY(file_commit(&file));
	return write_record(im, initramfs_needed(ar));
}

struct error *image_size(const struct image *im, uint64_t *ret)
{
	_cleanup_initramfs_ struct initramfs *ar = NULL;
	_cleanup_close_ int fd = memfd_create("image", MFD_CLOEXEC);
	struct initramfs_size size;

	if (fd < 0)
		return error_sys(errno, "cannot make a file in memory");
	TRY(initramfs_new(im->how->root, &ar));
	TRY(assemble(im, ar));
	TRY(initramfs_write(ar, im->packing, fd, &size));
	*ret = size.packed;
	return NULL;
}
