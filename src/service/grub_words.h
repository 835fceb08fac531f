/*
 * What a grub.cfg script is written in: separators, braces and words, with quotes and variables (GRUB
 * manual, "Shell-like scripting"). Knows no commands. Variables are pairs of words: name, value.
 */
#pragma once

#include "base/text.h"

/* Reads one text. */
struct grub_reader {
	const char *at;
};

enum grub_token { GRUB_END, GRUB_SEPARATOR, GRUB_OPEN, GRUB_CLOSE, GRUB_WORD };

/* The value, "" when there is none; `name` is `len` bytes long. */
const char *grub_variable(const struct words *vars, const char *name, size_t len);
struct error *grub_set_variable(struct words *vars, const char *name, const char *value) MUST_CHECK;

/* The next token without taking it; *ret_end is behind it. */
enum grub_token grub_peek(struct grub_reader *r, const char **ret_end);
void grub_take(struct grub_reader *r);
bool grub_at_word(struct grub_reader *r, const char *word);
/* Whether the next word is one of `stops` (null-terminated; may be null). */
bool grub_at_any(struct grub_reader *r, const char *const *stops);
/* The statement's words, expanded, up to its separator or brace. */
struct error *grub_read_words(const struct words *vars, struct grub_reader *r, struct words *w) MUST_CHECK;
