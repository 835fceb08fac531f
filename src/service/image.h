/*
 * The capture image: what goes into it (plan, modules, programs), whether the one on disk
 * still is that, and its making.
 */
#pragma once

#include "base/base.h"
#include "initramfs/initramfs.h"
#include "plan/plan.h"
#include "service/capkernel.h"
#include "service/inputs.h"
#include "service/resolve.h"
#include "service/settings.h"
#include "service/sysconfig.h"

/* Everything is borrowed for the life of the image object. */
struct image_how {
	int root;
	const struct settings *settings;
	const struct capture_kernel *kernel;
	const struct target *target;
	const struct sysconfig *sysconfig; /* null: as in stock */
};

struct image_program {
	char *source; /* absolute: on this machine; else below the root */
	char *path;   /* in the image */
};

/* Something that is copied as it stands. */
struct image_file {
	char *source; /* as of image_program */
	char *path;
	unsigned mode; /* of files; 0: as the source's */
};

struct image {
	const struct image_how *how;
	struct plan plan;
	struct strbuf plan_text;
	struct module_list modules;
	VECTOR(struct image_program) programs;
	VECTOR(struct image_file) files; /* no folders: those are listed when they are added */
	enum initramfs_packing packing;
	struct inputs inputs;
	struct words warnings; /* whole sentences */
};

/* Decides everything, writes nothing. image_done() whatever the outcome. */
struct error *image_prepare(const struct image_how *how, struct image *ret) MUST_CHECK;
void image_done(struct image *im);

/* Why the image on disk must be built (again); no words when it is as it should be. */
struct error *image_outdated(const struct image *im, struct words *ret_reasons) MUST_CHECK;
/* Builds it, publishes it whole, and records what it was made of. `ret_size` may be null. */
struct error *image_build(const struct image *im, struct initramfs_size *ret_size) MUST_CHECK;

/* How large it would be, packed; nothing is written. */
struct error *image_size(const struct image *im, uint64_t *ret) MUST_CHECK;
/* The keyring's keys that the kernel hands over to the capture kernel with this image, as its record
 * says; none without a record. */
struct error *image_recorded_keys(int root, const struct capture_kernel *k,
				  struct words *ret) MUST_CHECK;

static inline void image_done_cleanup(struct image *im)
{
	image_done(im);
}
#define _cleanup_image_ CLEANUP(image_done)
