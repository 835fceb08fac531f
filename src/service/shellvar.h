/*
 * Assignments in shell files that a boot loader's generator sources (/etc/default/grub): where the
 * value of NAME=…, NAME+=… stands, so that words in it can be changed and nothing else.
 */
#pragma once

#include "service/bootedit.h"

struct shellvar {
	size_t start, end; /* of the value, quotes included, in the text */
	bool adds;	   /* += */
};

/* The next assignment of `name` at or after *pos, which moves behind it; false at the end. */
bool shellvar_next(const char *text, size_t len, const char *name, size_t *pos, struct shellvar *ret);
/* The value with the edit done inside its quotes; null when nothing changes. With `append` what is not
 * there is added; a value that a command makes gets it as a part of its own. */
struct error *shellvar_edit(const char *text, const struct shellvar *v, const struct boot_edit *e,
			    bool append, char **ret) MUST_CHECK;
/* Adds the words of the value, quotes taken off, to `to` with a blank in front. */
void shellvar_words(const char *text, const struct shellvar *v, struct strbuf *to);
/*
 * A whole file: every assignment of one of `names` (null-terminated) that holds a word of the edit is
 * changed. *ret is null when nothing changes; *ret_touched tells whether any held one.
 */
struct error *shellvar_edit_all(const char *text, size_t len, const char *const *names,
				const struct boot_edit *e, char **ret, bool *ret_touched) MUST_CHECK;
/* The same for the last assignment of `name`, appending what is missing; a line is added where there is
 * no assignment. */
struct error *shellvar_edit_last(const char *text, size_t len, const char *name,
				 const struct boot_edit *e, char **ret) MUST_CHECK;
