/*
 * What a capture image was made of: a list of files with their digests, and of facts. Two
 * lists of the same content mean the same image, whatever the files' times say.
 *
 * As text, one item a line after the first line "inputs 1":
 *	file SHA256 PATH	a file that is in the image, or decides what is
 *	module NAME		a kernel module in the image
 *	place WORDS		the target and how it is mounted
 *	fact WORDS		anything else
 *	needed SHA256 PATH	a library or interpreter that a program of the image brought along
 *	image SHA256 PATH	the image that was built of it (last line)
 */
#pragma once

#include "base/base.h"

enum input_kind { INPUT_FILE, INPUT_MODULE, INPUT_PLACE, INPUT_FACT, INPUT_NEEDED, INPUT_IMAGE };

struct input {
	enum input_kind kind;
	char *digest; /* of files and the image; null otherwise */
	char *text;   /* path, name or words */
};

struct inputs {
	VECTOR(struct input) v;
};

struct error *inputs_add(struct inputs *in, enum input_kind kind, const char *fmt,
			 ...) PRINTF(3, 4) MUST_CHECK;
/* Digests the file: absolute `path` on this machine, or below `root` when `below`. */
struct error *inputs_add_file(struct inputs *in, enum input_kind kind, int root,
			      const char *path, bool below) MUST_CHECK;
struct error *inputs_write(const struct inputs *in, struct strbuf *to) MUST_CHECK;
/* ERROR_BAD_DATA for text that is no such list. */
struct error *inputs_parse(struct inputs *in, const char *name, const char *text,
			   size_t len) MUST_CHECK;
void inputs_done(struct inputs *in);

/* Those of the files that `needed` lines speak of that have another content now, or are gone. They are
 * known after the building only, so they are looked at where they were found then. */
struct error *inputs_check_needed(const struct inputs *old, int root, struct words *ret_reasons) MUST_CHECK;
/* One sentence for each kind of difference, for people and scripts; none when both say the
 * same. `needed` and `image` lines are not compared. */
struct error *inputs_compare(const struct inputs *old, const struct inputs *now,
			     struct words *ret_reasons) MUST_CHECK;
/* The image line, or null. */
const struct input *inputs_image(const struct inputs *in);

static inline void inputs_done_cleanup(struct inputs *in)
{
	inputs_done(in);
}
#define _cleanup_inputs_ CLEANUP(inputs_done)
