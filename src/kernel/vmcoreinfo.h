/*
 * VMCOREINFO: the KEY=value text that the dead kernel left about itself (kernel/vmcore_info.c,
 * Linux 6.9+; kernel/crash_core.c and kernel/kexec_core.c before). Values keep their text;
 * readers of a key know its base. Lookups are O(log n).
 */
#pragma once

#include "base/error.h"

struct vmcoreinfo;

/* Copies `text` (need not be NUL-terminated). Malformed lines are skipped. */
struct error *vmcoreinfo_parse(const char *text, size_t len, struct vmcoreinfo **ret) MUST_CHECK;
void vmcoreinfo_free(struct vmcoreinfo *v);
const char *vmcoreinfo_get(const struct vmcoreinfo *v, const char *key); /* null: no such key */
/* The typed lookups return false when the key is missing or no number; *ret is untouched. */
bool vmcoreinfo_symbol(const struct vmcoreinfo *v, const char *name, uint64_t *ret); /* SYMBOL(name), hex */
bool vmcoreinfo_offset(const struct vmcoreinfo *v, const char *type, const char *member,
		       uint64_t *ret);						/* OFFSET(type.member) */
bool vmcoreinfo_size(const struct vmcoreinfo *v, const char *type, uint64_t *ret);   /* SIZE(type) */
bool vmcoreinfo_length(const struct vmcoreinfo *v, const char *name, uint64_t *ret); /* LENGTH(name) */
bool vmcoreinfo_number(const struct vmcoreinfo *v, const char *name, int64_t *ret);  /* NUMBER(name), dec */
bool vmcoreinfo_number_hex(const struct vmcoreinfo *v, const char *name, uint64_t *ret);
bool vmcoreinfo_hex(const struct vmcoreinfo *v, const char *key, uint64_t *ret); /* KEY=hex */

/* A kernel's release as a number: "2.6.38-..." is 20638, "6.12.1" 60012; 0: unknown (null is
 * fine). Only for what has no name in the dump. */
unsigned kernel_release_number(const char *release);

DEFINE_CLEANUP(struct vmcoreinfo *, vmcoreinfo_free)
