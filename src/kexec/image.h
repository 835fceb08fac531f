/*
 * Kernel images: what a file is, and what stands in it. A file may be wrapped several times
 * (a packed unified image that holds a packed kernel); each layer is taken off in memory until
 * a kernel is left. A new type is a file image_x.c and a row in image.c.
 */
#pragma once

#include "base/error.h"
#include "kexec/bzimage.h"
#include "kexec/elf_image.h"
#include "kexec/multiboot.h"

#define IMAGE_LAYERS 6

struct build;
struct image;
struct kexec_result;

struct image_blob {
	const unsigned char *bytes; /* null: none */
	size_t len;
};

struct image_type {
	const char *name;  /* for --type */
	const char *words; /* for people: "a bzImage with 64-bit entry" */
	/* By magic numbers only; `len` may be anything. */
	bool (*is)(const unsigned char *b, size_t len);
	/* Reads im->kernel's headers. A wrapper replaces im->kernel by what it holds. */
	struct error *(*open)(struct image *im) MUST_CHECK;
	bool wrapper;
	bool file_call; /* kexec_file_load(2) of this machine takes it */
	/* Places and fills everything but purgatory, sets b->start. Null: only recognised, for
	 * a message that says what the file is. */
	struct error *(*load)(struct build *b, struct kexec_result *r) MUST_CHECK;
};

struct image {
	const char *name;	       /* of the file, for messages; borrowed */
	size_t limit;		       /* bytes of one layer, unpacked */
	const struct image_type *type; /* of the kernel inside */
	const char *layers[IMAGE_LAYERS]; /* type and format names from the outside in */
	size_t nr_layers;
	struct image_blob kernel;      /* innermost; borrowed from the file or from `owned` */
	char *owned[IMAGE_LAYERS];
	size_t nr_owned;
	/* out of a unified image */
	struct image_blob initrd, ucode, dtb;
	char *cmdline;		       /* null: none */
	char *os;		       /* PRETTY_NAME of its os-release; null: none */
	/* by type */
	struct bzimage bz;
	struct elf_image elf;
	struct multiboot mb;
};

/* Takes all layers off. `insist` (may be null) is a type name that must be among them, no
 * layer may have more than `limit` bytes unpacked.
 * ERROR_NOT_FOUND: no kernel of a type known here, ERROR_USAGE: not the type insisted upon,
 * ERROR_UNSUPPORTED: a kernel that this machine cannot start, ERROR_BAD_DATA: damaged. */
struct error *image_open(const char *name, const void *bytes, size_t len, const char *insist,
			 size_t limit, struct image *ret) MUST_CHECK;
void image_close(struct image *im);
/* The release of the Linux inside, from its setup header or its banner; null: not known. malloc'd. */
char *image_release(const struct image *im);
/* "gzip, uki, bzImage64" */
struct error *image_layers_text(const struct image *im, char **ret) MUST_CHECK;
/* For wrappers: unpacks `packed` into memory that the image owns; plain bytes stay as they are. */
struct error *image_unpack(struct image *im, struct image_blob packed, struct image_blob *ret) MUST_CHECK;
/* By its name; null when there is none. */
const struct image_type *image_type_named(const char *name);

static inline void image_close_cleanup(struct image *im)
{
	image_close(im);
}
#define _cleanup_image_ CLEANUP(image_close)
