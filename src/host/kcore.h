/*
 * Two facts out of /proc/kcore's program headers: where the direct map and the kernel's own
 * image lie. Only the headers are read.
 */
#pragma once

#include "base/error.h"

struct kcore_facts {
	bool have_direct_map;
	uint64_t direct_map_va; /* virtual address of physical 0 */
	bool have_text;
	uint64_t text_va; /* the kernel image: _text ... _end */
	uint64_t text_pa;
	uint64_t text_len;
};

/* ERROR_NOT_FOUND, ERROR_NOT_PERMITTED when /proc/kcore is not to be had. */
struct error *host_kcore(int root, struct kcore_facts *ret) MUST_CHECK;
/* The same from the file's first bytes. */
struct error *kcore_parse(const void *bytes, size_t len, struct kcore_facts *ret) MUST_CHECK;
