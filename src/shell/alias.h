/* Names for commands with their options: some built in, others given by `alias`. */
#pragma once

#include "base/text.h"
#include "shell/shell.h"

/* Puts the words of an alias in front when the first word is the name of one. */
struct error *alias_expand(struct shell *sh, struct words *w) MUST_CHECK;
void aliases_free(struct aliases *a);
