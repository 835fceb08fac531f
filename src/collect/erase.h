/*
 * Private data taken out of a dump: the rules of makedumpfile.conf(5) (doc/collector.md), read
 * from text, turned into places in physical memory by the dump's own types and symbols, and
 * carried out page by page. Erased bytes become 'X', nullified pointers zeros.
 */
#pragma once

#include "base/strbuf.h"
#include "base/text.h"
#include "kernel/kernel.h"

struct erase_rules;
struct erase;

/* Reads the text of a rule file. Mistakes are ERROR_USAGE: "NAME:LINE: ...". */
struct error *erase_parse(const char *name, const char *text, struct erase_rules **ret) MUST_CHECK;
void erase_rules_free(struct erase_rules *r); /* null is fine */

/* Adds the kernel's variables that the rules name (none of a module's) and say no type of. */
struct error *erase_variables(const struct erase_rules *r, struct words *ret) MUST_CHECK;

struct erase_request {
	struct kernel *kernel;		 /* borrowed */
	const struct erase_rules *rules; /* borrowed */
	/* optional: the C type of a variable as it is declared ("struct list_head"), where the dump
	 * does not tell; null: not known. `module` null: the kernel's own. Borrowed until the next call. */
	const char *(*type_of)(void *arg, const char *module, const char *name);
	void *type_arg;
	/* whether the dump will hold a frame; null: all of them */
	bool (*kept)(void *arg, uint64_t pfn);
	void *kept_arg;
};

/* Finds what the rules name. A rule that cannot be carried out costs a line in `why`. */
struct error *erase_gather(const struct erase_request *r, struct strbuf *why, struct erase **ret) MUST_CHECK;
void erase_free(struct erase *e); /* null is fine */
/* What was erased, as makedumpfile records it: "erase EXPRESSION size N" or "... nullify", a line
 * each; borrowed. */
const char *erase_lines(const struct erase *e, size_t *ret_len);
/* Whether there is something to erase in a frame; in any thread. */
bool erase_touches(const struct erase *e, uint64_t pfn);
void erase_page(const struct erase *e, uint64_t pfn, void *page);

DEFINE_CLEANUP(struct erase_rules *, erase_rules_free)
DEFINE_CLEANUP(struct erase *, erase_free)
