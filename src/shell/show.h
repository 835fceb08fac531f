/* Values and declarations as the classic debugger prints them (print pretty on). */
#pragma once

#include "base/text.h"
#include "kernel/c_type.h"
#include "shell/shell.h"

struct show_how {
	unsigned radix;	    /* 10 or 16 */
	unsigned print_max; /* elements and characters */
	unsigned indent;    /* of the lines after the first */
};
struct show_how show_defaults(const struct shell *sh);

/* The object of type `t` at `va`, without a newline at the end. */
struct error *show_object(struct shell *sh, struct ctype t, uint64_t va, const struct show_how *how,
			  struct strbuf *out) MUST_CHECK;
/* A number that is at hand (of an integer, enum or pointer type). */
void show_number(struct shell *sh, struct ctype t, uint64_t number, const struct show_how *how,
		 struct strbuf *out);
/* Lines "  name = value," of the named members (paths) of the struct at `va`. */
struct error *show_member(struct shell *sh, struct ctype t, const char *path, uint64_t va,
			  const struct show_how *how, struct strbuf *out) MUST_CHECK;

/* "struct list_head {\n    struct list_head *next; ...}\n" and the line with the size. */
struct error *show_definition(struct shell *sh, struct ctype t, bool hex, struct strbuf *out) MUST_CHECK;
/* The same with "[off]" before each member; `va` is added to the offsets and makes them hex. */
struct error *show_offsets(struct shell *sh, struct ctype t, const char *only, uint64_t va, bool hex,
			   struct strbuf *out) MUST_CHECK;

/* One entry of a list or tree: its address, then what is `wanted` of it: "task_struct.pid,comm", or
 * whole structures by name. */
struct error *show_entry(struct shell *sh, const struct words *wanted, uint64_t va,
			 const struct show_how *how) MUST_CHECK;
