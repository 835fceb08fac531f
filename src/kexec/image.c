/* The known types, and taking layers off; see image.h. */
#include "kexec/image.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "kexec/image_types.h"
#include "kexec/kexec.h"
#include "unpack/unpack.h"

/* In probe order: what says more about a file stands in front of what says less. */
static const struct image_type *const types[] = {
	&image_multiboot2, &image_elf_x86_64, &image_multiboot, &image_elf_x86,	  &image_bzimage64,
	&image_bzimage,	   &image_zboot,      &image_uki,	&image_uimage,	  &image_elf_ppc64,
	&image_elf_arm64,  &image_arm64,      &image_riscv,	&image_arm,	  &image_s390,
	&image_nbi,	   &image_elf_foreign,
};

bool kexec_type_nr(size_t n, const char **ret_name, const char **ret_words)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((types[i]->load || types[i]->wrapper) && !n--) {
			*ret_name = types[i]->name;
			*ret_words = types[i]->words;
			return true;
		}
	return false;
}

const struct image_type *image_type_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i]->name, name))
			return types[i];
	return NULL;
}

/* The type insisted upon first: a file may answer to several (an ELF file with a multiboot
 * header). */
static const struct image_type *find_type(const struct image_blob *k, const char *insist)
{
	for (size_t i = 0; insist && i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i]->name, insist) && types[i]->is(k->bytes, k->len))
			return types[i];
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i]->is(k->bytes, k->len))
			return types[i];
	return NULL;
}

static struct error *add_layer(struct image *im, const char *name)
{
	if (im->nr_layers == IMAGE_LAYERS)
		return error_new(ERROR_UNSUPPORTED, "%s: wrapped more than %d times", im->name,
				 IMAGE_LAYERS - 1);
	im->layers[im->nr_layers++] = name;
	return NULL;
}

struct error *image_unpack(struct image *im, struct image_blob packed, struct image_blob *ret)
{
	char *bytes;
	size_t len;

	if (im->nr_owned == IMAGE_LAYERS)
		return error_new(ERROR_UNSUPPORTED, "packed more than %d times", IMAGE_LAYERS);
	TRY(unpack_bytes("the kernel", packed.bytes, packed.len, im->limit, &bytes, &len));
	*ret = packed;
	if (!bytes)
		return NULL;
	im->owned[im->nr_owned++] = bytes;
	*ret = (struct image_blob){ (unsigned char *)bytes, len };
	return NULL;
}

/* One layer: a packing, a wrapper, or the kernel (then im->type is set). */
static struct error *open_layer(struct image *im, const char *insist)
{
	const char *format = unpack_format(im->kernel.bytes, im->kernel.len);
	const struct image_type *t;

	if (format) {
		TRY(add_layer(im, format));
		return image_unpack(im, im->kernel, &im->kernel);
	}
	t = find_type(&im->kernel, insist);
	if (!t)
		return error_new(ERROR_NOT_FOUND, "%s",
				 im->nr_layers ? "what is inside is no kernel image of a known type" :
						 "no kernel image of a known type: neither \"HdrS\" at 0x202 nor an ELF or PE header");
	TRY(add_layer(im, t->name));
	TRY(t->open(im));
	if (!t->wrapper)
		im->type = t;
	return NULL;
}

static bool is_insisted(const struct image *im, const char *insist)
{
	if (!insist)
		return true;
	for (size_t i = 0; i < im->nr_layers; i++)
		if (!strcmp(im->layers[i], insist))
			return true;
	/* every bzImage64 is a bzImage */
	return !strcmp(insist, "bzImage") && im->type == &image_bzimage64;
}

static struct error *open_all(struct image *im, const char *insist)
{
	while (!im->type)
		TRY(open_layer(im, insist));
	if (!is_insisted(im, insist))
		return error_new(ERROR_USAGE, "it is %s (%s), not of the type \"%s\"", im->type->words,
				 im->type->name, insist);
	if (!im->type->load)
		return error_new(ERROR_UNSUPPORTED, "it is %s, which cannot be started from this machine",
				 im->type->words);
	return NULL;
}

struct error *image_open(const char *name, const void *bytes, size_t len, const char *insist,
			 size_t limit, struct image *ret)
{
	_cleanup_image_ struct image im = { .name = name, .limit = limit, .kernel = { bytes, len } };

	TRY(error_prefix(open_all(&im, insist), "%s", name));
	*ret = im;
	im = (struct image){ 0 };
	return NULL;
}

void image_close(struct image *im)
{
	for (size_t i = 0; i < im->nr_owned; i++)
		free(im->owned[i]);
	free(im->cmdline);
	free(im->os);
	*im = (struct image){ 0 };
}

char *image_release(const struct image *im)
{
	static const char banner[] = "Linux version ";
	const unsigned char *at = im->kernel.bytes, *end = at + im->kernel.len;

	if (im->bz.setup_len)
		return bzimage_release(&im->bz);
	/* the text also stands in formats, without a number behind it */
	while ((at = memmem(at, (size_t)(end - at), banner, sizeof(banner) - 1))) {
		size_t n = 0;

		at += sizeof(banner) - 1;
		while (n < 128 && at + n < end && isgraph(at[n]))
			n++;
		if (n && isdigit(at[0]))
			return strndup((const char *)at, n);
	}
	return NULL;
}

struct error *image_layers_text(const struct image *im, char **ret)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };

	for (size_t i = 0; i < im->nr_layers; i++)
		strbuf_printf(&b, "%s%s", i ? ", " : "", im->layers[i]);
	TRY(strbuf_error(&b));
	*ret = strbuf_take(&b, NULL);
	return *ret ? NULL : error_nomem();
}
