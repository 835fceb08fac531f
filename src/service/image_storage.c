/* What a capture image holds for its target's storage: the devices to be made, and their keys. */
#include "service/image-priv.h"

#include <string.h>
#include <sys/stat.h>

#include "service/luks.h"
#include "service/rootpath.h"

#define KEYS_FOLDER "/etc/keys/"

static struct error *copy_text(const char *from, char **to)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? error_nomem() : NULL;
}

static struct error *copy_place(const struct plan_place *from, struct plan_place *to)
{
	to->kind = from->kind;
	TRY(copy_text(from->device, &to->device));
	TRY(copy_text(from->fstype, &to->fstype));
	return copy_text(from->options, &to->options);
}

static struct error *add_keys(const struct target *t, struct plan *p)
{
	p->kernel_keys = t->kernel_keys;
	for (size_t i = 0; i < t->luks.n; i++) {
		_cleanup_strbuf_ struct strbuf name = { 0 }, path = { 0 };

		if (!t->luks.v[i].key_file)
			continue;
		strbuf_printf(&name, LUKS_KEY_PREFIX "%s", t->luks.v[i].uuid);
		strbuf_printf(&path, KEYS_FOLDER "%s", t->luks.v[i].uuid);
		TRY(strbuf_error(&name));
		TRY(strbuf_error(&path));
		TRY(plan_add_key(p, name.s, path.s));
	}
	return NULL;
}

struct error *image_fill_storage(struct image *im)
{
	const struct target *t = im->how->target;

	TRY(copy_place(&t->place, &im->plan.target));
	TRY(copy_place(&t->rootfs, &im->plan.root));
	for (size_t i = 0; i < t->layers.n; i++)
		TRY(plan_copy_layer(&im->plan, &t->layers.v[i]));
	return add_keys(t, &im->plan);
}

/* A key file is recorded by its place and time: a digest of a password may be guessed from. */
struct error *image_record_keys(struct image *im)
{
	const struct target *t = im->how->target;

	for (size_t i = 0; i < t->luks.n; i++) {
		const struct luks_volume *v = &t->luks.v[i];
		struct stat st;

		if (!v->key_file) {
			TRY(inputs_add(&im->inputs, INPUT_FACT, IMAGE_KERNEL_KEY LUKS_KEY_PREFIX "%s", v->uuid));
			continue;
		}
		if (fstatat(im->how->root, rootpath_below(v->key_file), &st, 0) < 0)
			return error_new(ERROR_NOT_FOUND, "luks_key_file %s is gone", v->key_file);
		TRY(inputs_add(&im->inputs, INPUT_FACT, "key-file %s %jd.%09ld %jd", v->key_file,
			       (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (intmax_t)st.st_size));
	}
	return NULL;
}

struct error *image_add_keys(const struct image *im, struct initramfs *ar)
{
	const struct target *t = im->how->target;

	for (size_t i = 0; i < t->luks.n; i++) {
		const struct luks_volume *v = &t->luks.v[i];
		_cleanup_strbuf_ struct strbuf path = { 0 };
		struct error *e;
		char *key;

		if (!v->key_file)
			continue;
		strbuf_printf(&path, KEYS_FOLDER "%s", v->uuid);
		TRY(strbuf_error(&path));
		TRY(luks_volume_key(v, &key));
		e = initramfs_add_text(ar, path.s, key, v->bytes, 0400);
		explicit_bzero(key, v->bytes);
		free(key);
		TRY(e);
	}
	return NULL;
}
