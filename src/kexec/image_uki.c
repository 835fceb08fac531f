/*
 * Unified kernel image: a PE program whose sections hold kernel, initrd, command line and more
 * (UAPI group, "Unified Kernel Image"). Sections after the first .profile belong to other
 * profiles and are left alone.
 */
#include <string.h>

#include "base/text.h"
#include "kexec/image.h"
#include "kexec/image_types.h"
#include "kexec/pe.h"

#define TEXT_MAX (1u << 20)

static bool is_uki(const unsigned char *b, size_t len)
{
	struct pe pe;
	struct error *e = pe_is(b, len) ? pe_parse(b, len, &pe) : error_new(ERROR_NOT_FOUND, "no PE");
	bool yes = !e && pe_find(&pe, ".linux", NULL);

	error_free(e); /* a damaged one is seen by open */
	return yes;
}

static struct image_blob blob(const struct pe *pe, const char *name)
{
	const struct pe_section *s = pe_find(pe, name, ".profile");

	return s ? (struct image_blob){ s->bytes, s->len } : (struct image_blob){ 0 };
}

/* A text section up to its NUL, blanks at its ends taken off; *ret null when not there. */
static struct error *text(const struct pe *pe, const char *name, char **ret)
{
	struct image_blob b = blob(pe, name);
	char *copy;

	*ret = NULL;
	if (!b.bytes)
		return NULL;
	if (b.len > TEXT_MAX)
		return error_new(ERROR_BAD_DATA, "section %s has %zu bytes of text", name, b.len);
	copy = strndup((const char *)b.bytes, b.len);
	if (!copy)
		return error_nomem();
	*ret = strdup(text_strip(copy));
	free(copy);
	return *ret ? NULL : error_nomem();
}

/* PRETTY_NAME of os-release(5), quotes taken off. */
static struct error *read_os(const struct pe *pe, char **ret)
{
	_cleanup_free_ char *all = NULL;
	char *rest, *line;

	TRY(text(pe, ".osrel", &all));
	rest = all;
	while (rest && !*ret && (line = text_next_line(&rest))) {
		const char *value = text_after(line, "PRETTY_NAME=");
		size_t n;

		if (!value)
			continue;
		value += *value == '"' || *value == '\'';
		n = strcspn(value, "\"'");
		*ret = strndup(value, n);
		if (!*ret)
			return error_nomem();
	}
	return NULL;
}

static struct error *open_uki(struct image *im)
{
	struct pe pe;
	struct image_blob linux_part;

	TRY(pe_parse(im->kernel.bytes, im->kernel.len, &pe));
	linux_part = blob(&pe, ".linux");
	if (!linux_part.bytes)
		return error_new(ERROR_BAD_DATA, "the unified image has no .linux section in its base profile");
	if (im->cmdline || im->initrd.bytes || im->ucode.bytes || im->dtb.bytes || im->os)
		return error_new(ERROR_UNSUPPORTED, "a unified image inside a unified image");
	im->initrd = blob(&pe, ".initrd");
	im->ucode = blob(&pe, ".ucode");
	im->dtb = blob(&pe, ".dtb");
	TRY(text(&pe, ".cmdline", &im->cmdline));
	TRY(read_os(&pe, &im->os));
	im->kernel = linux_part;
	return NULL;
}

const struct image_type image_uki = {
	.name = "uki",
	.words = "a unified kernel image",
	.is = is_uki,
	.open = open_uki,
	.wrapper = true,
};
