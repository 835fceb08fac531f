/* The steps of image_prepare(), in image_contents.c. Each fills in its part of the image. */
#pragma once

#include "service/image.h"

/* Where a program of this suite is: beside the running one, or in lib/salvage. */
struct error *image_find_own(const char *name, char **ret) MUST_CHECK;
#define IMAGE_KERNEL_KEY "kernel-key " /* in the record, before a key's name */

struct error *image_choose_modules(struct image *im) MUST_CHECK;
struct error *image_choose_programs(struct image *im) MUST_CHECK;
/* After the two above. */
struct error *image_fill_plan(struct image *im) MUST_CHECK;

/* image_hooks.c: the site's programs, into the image and the plan. */
struct error *image_choose_hooks(struct image *im) MUST_CHECK;
/* image_keep.c: naming, retention and second places, into the plan. After the target's places. */
struct error *image_fill_keeping(struct image *im) MUST_CHECK;

/* core_collector: its program, checked, and its argv in the plan; in image_collector.c. */
struct error *image_choose_collector(struct image *im) MUST_CHECK;
/* image_network.c: parts of the above for targets behind a network. */
struct error *image_add_target_programs(struct image *im) MUST_CHECK;
struct error *image_fill_network(struct image *im) MUST_CHECK;
struct error *image_record_texts(struct image *im) MUST_CHECK;
struct error *image_put_texts(const struct image *im, struct initramfs *ar) MUST_CHECK;

/* dracut_args: after the three above; options that have an effect here. */
struct error *image_apply_dracut(struct image *im) MUST_CHECK;

/* A sentence for the person who arms. */
struct error *image_warn(struct image *im, const char *fmt, ...) PRINTF(2, 3) MUST_CHECK;
/* A program, with the libraries it needs. `source`: absolute on this machine, else below the root. */
struct error *image_add_program(struct image *im, const char *source, const char *path) MUST_CHECK;
/* A program of ours, from beside this one or where it was installed. ERROR_NOT_FOUND. */
struct error *image_add_own(struct image *im, const char *name, const char *path) MUST_CHECK;
/* A program of the machine below the root, at the same path, after a check that it can be run:
 * ERROR_USAGE in the words of the established service. */
struct error *image_add_machines(struct image *im, const char *path) MUST_CHECK;
/* A program's absolute path from its name, below the root. ERROR_USAGE when there is none. */
struct error *image_find_in_path(int root, const char *name, char **ret) MUST_CHECK;
/* A plain file; `mode` 0 keeps the source's. ERROR_NOT_FOUND when it is not there. */
struct error *image_add_file(struct image *im, const char *source, const char *path,
			     unsigned mode) MUST_CHECK;
/* The same for a folder and everything in it, sorted; links are followed below the root. */
struct error *image_add_tree(struct image *im, const char *source, const char *path) MUST_CHECK;

/* image_storage.c */
struct error *image_fill_storage(struct image *im) MUST_CHECK;
struct error *image_record_keys(struct image *im) MUST_CHECK;
struct error *image_add_keys(const struct image *im, struct initramfs *ar) MUST_CHECK;
