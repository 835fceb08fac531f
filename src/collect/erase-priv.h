/* What the erase*.c files share: rules as they were read, and places as they are found. */
#pragma once

#include "base/vector.h"
#include "collect/erase.h"
#include "kernel/c_type.h"

/* An expression: a variable, its type where the rule says it (VARIABLE@TYPE), and members. */
struct erase_expr {
	char *text; /* as it was written; owned */
	char *head; /* the variable, owned */
	char *type; /* "" or what stood behind @, owned */
	struct words path; /* members, each maybe with [N] */
	char *index;	   /* "" or [N] behind the variable; owned */
};

enum erase_how { ERASE_BYTES, ERASE_NULLIFY };

struct erase_command {
	unsigned line;
	struct erase_expr what;
	enum erase_how how;
	bool has_size, size_is_number;
	uint64_t number;
	struct erase_expr size;
};

/* One or several commands, in a loop or not. */
struct erase_rule {
	unsigned line;
	char *module; /* null: the kernel; owned */
	bool loop;
	char *id;	/* loop variable, owned */
	struct erase_expr in;
	char *via;	/* null: none; owned */
	char *within, *member; /* null: none; owned */
	size_t first, n; /* of the commands */
};

struct erase_rules {
	char *name;
	VECTOR(struct erase_rule) list;
	VECTOR(struct erase_command) commands;
};

/* Bytes of virtual memory that one command named once. */
struct erase_spot {
	uint64_t va, pa, len;
	uint32_t command, turn; /* turn: how often the command had come before */
	bool nullify;
	uint64_t kept; /* bytes of it that are in the dump */
};

#define ERASE_SPOTS_MAX (1u << 18)
#define ERASE_BYTES_MAX (1ull << 30) /* of one spot */

struct erase_spots {
	VECTOR(struct erase_spot) list;
};

/* Carries all rules out; every place goes into `ret`, each failure into `why`. */
struct error *erase_find(const struct erase_request *r, struct strbuf *why, struct erase_spots *ret) MUST_CHECK;
