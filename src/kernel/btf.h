/*
 * BTF as bytes: the kernel's own type information. Everything is bounds-checked when opened or
 * asked; the index is 4 bytes a type, plus a hash of the names that can be asked for. Layout
 * and its changes: include/uapi/linux/btf.h (Linux 5.2 to 7.2), doc/kernel/btf.md.
 */
#pragma once

#include "kernel/type.h"
#include "kernel/vmem.h"

#define BTF_MAGIC 0xeb9f

enum btf_kind {
	BTF_INT = 1,
	BTF_PTR,
	BTF_ARRAY,
	BTF_STRUCT,
	BTF_UNION,
	BTF_ENUM,
	BTF_FWD,
	BTF_TYPEDEF,
	BTF_VOLATILE,
	BTF_CONST,
	BTF_RESTRICT,
	BTF_FUNC,
	BTF_FUNC_PROTO,
	BTF_VAR,
	BTF_DATASEC,
	BTF_FLOAT,    /* 5.13 */
	BTF_DECL_TAG, /* 5.16 */
	BTF_TYPE_TAG, /* 5.17 */
	BTF_ENUM64,   /* 6.0 */
};

/* One type, as it stands in the table. */
struct btf_type {
	uint32_t kind, vlen;
	bool flag;	  /* kind_flag: bit fields with sizes, signed enums, union FWD */
	uint32_t size;	  /* bytes, or the id of another type, by kind */
	const char *name; /* "" when it has none; borrowed */
	const unsigned char *rest; /* what follows, checked to be there */
};

/* `bytes` is borrowed and must outlive the table. `long_size` is that of pointers, 4 or 8. */
struct error *btf_open(const void *bytes, size_t len, unsigned long_size,
		       struct btf **ret) MUST_CHECK;
/* Hands the bytes over, to be released with the table. */
void btf_own(struct btf *b, struct vmem_block *block);
/* Length of the BTF blob that starts with these 24 bytes or more; 0: no header of one. */
uint64_t btf_blob_length(const void *bytes, size_t len);
/* A string by its offset, "" when there is none; borrowed. */
const char *btf_string_at(const struct btf *b, uint32_t off);
bool btf_is_big(const struct btf *b);
/* Ids are 1 to count - 1; 0 is void. */
uint32_t btf_count(const struct btf *b);
bool btf_type_at(const struct btf *b, uint32_t id, struct btf_type *ret);
/* What is left without typedef, const, volatile, restrict and type tags; 0 when void or bad. */
uint32_t btf_strip(const struct btf *b, uint32_t id);
/* Size in bytes of a type; false when it has none (void, functions, forward declarations). */
bool btf_size(const struct btf *b, uint32_t id, uint64_t *ret);
/* The next type called `name` after *id (start with 0): structs, unions, enums, typedefs,
 * integers, floats. False: no more. */
bool btf_next_named(const struct btf *b, const char *name, uint32_t *id);
/* One element of what a type holds: a member, a constant, a parameter. */
struct btf_elem {
	const char *name; /* "" when it has none; borrowed */
	uint32_t type;	  /* its type's id; 0: void, or "..." at the end of a prototype */
	uint64_t bits;	  /* members: offset from the start, in bits */
	uint32_t bit_size; /* members: 0 no bit field */
	int64_t value;	  /* constants */
};
/* Element `i` of a struct, union, enum or prototype; false past the last one. */
bool btf_elem_at(const struct btf *b, const struct btf_type *t, uint32_t i, struct btf_elem *ret);
/* What an integer is, besides its size. */
struct btf_int {
	bool is_signed, is_char, is_bool;
	uint8_t bits, bit_off; /* of the value in its bytes; old bit fields are integers of odd size */
};
bool btf_int_of(const struct btf *b, const struct btf_type *t, struct btf_int *ret);
/* Element type and length of an array. */
bool btf_array_of(const struct btf *b, const struct btf_type *t, uint32_t *ret_type,
		  uint32_t *ret_len);
/* The member at `path` ("a.b[2].c") of struct or union `id`; ERROR_NOT_FOUND without one. */
struct error *btf_member(const struct btf *b, uint32_t id, const char *path,
			 struct member *ret) MUST_CHECK;
/* Value of a constant, in any enum. */
bool btf_enum_value(const struct btf *b, const char *name, int64_t *ret);
/* A variable of section `section`: its offset there and its type. */
bool btf_section_var(const struct btf *b, const char *section, const char *name,
		     uint64_t *ret_off, uint32_t *ret_type);

DEFINE_CLEANUP(struct btf *, btf_free)
#define _cleanup_btf_ CLEANUP(btf_free)
