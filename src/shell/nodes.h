/* The machine's memory nodes (struct pglist_data). */
#pragma once

#include "base/vector.h"
#include "shell/shell.h"

struct node {
	unsigned id;
	uint64_t va; /* struct pglist_data */
	uint64_t start_pfn, spanned, present; /* page frames */
};

struct nodes {
	VECTOR(struct node) v;
};
struct error *nodes_load(struct shell *sh, struct nodes *ret) MUST_CHECK;
void nodes_done(struct nodes *n);
