/*
 * Types of the dead kernel, asked for by name with alternatives, never by version. The answer
 * comes from BTF in the dump, else from VMCOREINFO's OFFSET/SIZE keys.
 *
 *	static const char *const names[] = { "__state", "state", NULL };
 *	TRY(type_member_any(k, "task_struct", names, &m));
 */
#pragma once

#include "kernel/kernel.h"

struct member {
	uint32_t off;	   /* bytes from the start of the outer struct */
	uint32_t size;	   /* bytes; 0 unknown (VMCOREINFO) */
	uint8_t bit_off;   /* bit fields: position above `off`, little-endian numbering */
	uint8_t bit_size;  /* 0: no bit field */
	uint32_t type_id;  /* BTF id of the member's type; 0 unknown */
	uint32_t array_len; /* elements when it is an array, else 0 */
};

/* Finds BTF now; otherwise the functions below do. Error: why there is none. */
struct error *types_load(struct kernel *k) MUST_CHECK;
/* `path` may go through anonymous and named members: "thread.sp", "mm.total_vm". The struct
 * is "task_struct" (struct or union or typedef). ERROR_NOT_FOUND when it is not there. */
struct error *type_member(struct kernel *k, const char *type, const char *path,
			  struct member *ret) MUST_CHECK;
struct error *type_member_any(struct kernel *k, const char *type, const char *const *paths,
			      struct member *ret) MUST_CHECK;
struct error *type_size(struct kernel *k, const char *type, uint64_t *ret) MUST_CHECK;
bool type_exists(struct kernel *k, const char *type);
/* Value of an enum constant, in any enum. */
struct error *type_enum_value(struct kernel *k, const char *name, int64_t *ret) MUST_CHECK;
/* Offset of a per-CPU variable from the start of the per-CPU section, from BTF's DATASEC. */
struct error *type_percpu_var(struct kernel *k, const char *name, uint64_t *ret_off,
			      uint32_t *ret_type_id) MUST_CHECK;

/* Reads a member of the struct at `va`: integers and pointers up to 8 bytes, bit fields. */
struct error *type_read(struct kernel *k, uint64_t va, const struct member *m,
			uint64_t *ret) MUST_CHECK;
/* type_member + type_read. */
struct error *type_read_member(struct kernel *k, uint64_t va, const char *type, const char *path,
			       uint64_t *ret) MUST_CHECK;
void btf_free(struct btf *b);
