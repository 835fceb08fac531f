/*
 * C types of the dead kernel: a BTF type with pointers and arrays put on it, as casts,
 * declarations and expressions need them. Values are small and copied freely.
 */
#pragma once

#include "base/strbuf.h"
#include "kernel/btf.h"

#define CTYPE_DEPTH   6
#define CTYPE_POINTER UINT32_MAX

struct ctype {
	uint32_t id;		   /* BTF id; 0: void */
	uint32_t n;		   /* derivations, innermost first */
	uint32_t how[CTYPE_DEPTH]; /* CTYPE_POINTER, or the length of an array */
};

enum ctype_kind {
	CTYPE_VOID,
	CTYPE_INT,   /* integers, bools and chars */
	CTYPE_ENUM,
	CTYPE_FLOAT,
	CTYPE_PTR,
	CTYPE_ARRAY,
	CTYPE_STRUCT, /* unions too */
	CTYPE_FUNC,
	CTYPE_BAD,
};

static inline struct ctype ctype_of(uint32_t id)
{
	return (struct ctype){.id = id};
}

/* Reads "struct page *", "unsigned long [4]", "u64", "char *[2]". ERROR_NOT_FOUND: this kernel
 * has no such type; ERROR_USAGE: not the text of a type. Loads BTF. */
struct error *ctype_parse(struct kernel *k, const char *text, struct ctype *ret) MUST_CHECK;
/* As ctype_parse, as far as the text is one; *ret_rest is where it stops. */
struct error *ctype_parse_part(struct kernel *k, const char *text, const char **ret_rest,
			       struct ctype *ret) MUST_CHECK;
/* The rest need BTF to be loaded (types_load()). */
enum ctype_kind ctype_kind(struct kernel *k, struct ctype t);
/* False: it has none (void, functions, structs that are only declared). */
bool ctype_size(struct kernel *k, struct ctype t, uint64_t *ret);
/* What a pointer points to, what an array is made of; *ret_len (may be null): elements. */
bool ctype_target(struct kernel *k, struct ctype t, struct ctype *ret, uint64_t *ret_len);
/* False: too many stars. */
bool ctype_pointer_to(struct ctype t, struct ctype *ret);
/* The struct, integer, enum ... behind typedefs and qualifiers; false for derived types. */
bool ctype_base(struct kernel *k, struct ctype t, struct btf_type *ret);
/* The member at `path` of a struct; as btf_member(). *ret_type is its declared type. */
struct error *ctype_member(struct kernel *k, struct ctype t, const char *path, struct member *ret,
			   struct ctype *ret_type) MUST_CHECK;
/* The declaration of `name` with this type: "struct page *pages[4]"; "" for the type alone. */
void ctype_declare(struct kernel *k, struct ctype t, const char *name, struct strbuf *out);
/* "unsigned long" for "long unsigned int": the order that people write. */
const char *ctype_int_name(const char *btf_name);
