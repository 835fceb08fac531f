/* tree: what red-black trees, radix trees, extensible arrays and maple trees hold. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/peek.h"
#include "kernel/tree.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/row.h"
#include "shell/show.h"
#include "shell/value.h"

enum {
	OPT_TYPE = 1, OPT_ROOT, OPT_NODE, OPT_STRUCT, OPT_LINEAR, OPT_POSITION, OPT_NODE_GIVEN, OPT_VERBOSE, OPT_HEX, OPT_DEC,
};

static const struct option_def options[] = {
	{'t', NULL, "TYPE", "rbtree (the default), radix, xarray or maple; rb, ra, x and ma for short", OPT_TYPE},
	{'r', NULL, "OFFSET", "the root is in the structure at the start: bytes, or struct.member", OPT_ROOT},
	{'o', NULL, "OFFSET", "where the rb_node is in each structure", OPT_NODE},
	{'s', NULL, "STRUCT[.MEMBERS]", "show each as a structure, or members of it", OPT_STRUCT},
	{'S', NULL, "STRUCT[.MEMBERS]", "the same", OPT_STRUCT},
	{'l', NULL, NULL, "red-black trees: from the leftmost to the rightmost", OPT_LINEAR},
	{'p', NULL, NULL, "where in the tree each is", OPT_POSITION},
	{'N', NULL, NULL, "the start is a node, not a root", OPT_NODE_GIVEN},
	{'v', NULL, NULL, "maple trees: with the range of each entry", OPT_VERBOSE},
	{'x', NULL, NULL, "numbers in hexadecimal", OPT_HEX},
	{'d', NULL, NULL, "numbers in decimal", OPT_DEC},
	{0},
};

#define DEPTH_MAX 64
#define NODES_MAX (1u << 22)

enum kind { RBTREE, RADIX, XARRAY, MAPLE };

struct request {
	struct shell *sh;
	enum kind kind;
	uint64_t off;
	bool linear, position, node_given, verbose;
	struct words shown;
	struct show_how how;
	struct error *e;
	uint64_t left, right; /* of struct rb_node */
	unsigned n;
	char path[2 * DEPTH_MAX + 8];
};

static struct error *take_kind(struct request *r, const char *word)
{
	static const struct {
		const char *name;
		enum kind kind;
	} kinds[] = {
		{"rbtree", RBTREE}, {"rb", RBTREE}, {"radix", RADIX}, {"ra", RADIX},
		{"xarray", XARRAY}, {"x", XARRAY},  {"maple", MAPLE}, {"m", MAPLE}, {"ma", MAPLE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(word, kinds[i].name) == 0) {
			r->kind = kinds[i].kind;
			return NULL;
		}
	return error_new(ERROR_USAGE, "%s: expected rbtree, radix, xarray or maple", word);
}

static struct error *put(struct request *r, uint64_t va, uint64_t key)
{
	TRY(show_entry(r->sh, &r->shown, va, &r->how));
	if (r->kind == RBTREE && r->position)
		row_text(r->sh, "  position: %s\n", r->path);
	else if (r->position || r->verbose)
		row_text(r->sh, "  index: %" PRIu64 "\n", key);
	return NULL;
}

/* ---- red-black trees ---- */

static struct error *walk_rb(struct request *r, uint64_t node, unsigned depth)
{
	_cleanup_peek_ struct peek p = {.k = r->sh->kernel};
	size_t len = strlen(r->path);
	uint64_t left, right;

	if (!node || shell_interrupted())
		return NULL;
	if (depth >= DEPTH_MAX || ++r->n > NODES_MAX)
		return error_new(ERROR_BAD_DATA, "the tree is deeper than %d levels or has more than %u nodes", DEPTH_MAX,
				 NODES_MAX);
	left = peek_long(&p, node + r->left);
	right = peek_long(&p, node + r->right);
	TRY(peek_error(&p));
	if (!r->linear)
		TRY(put(r, node - r->off, 0));
	strcpy(r->path + len, "/l");
	TRY(walk_rb(r, left, depth + 1));
	r->path[len] = '\0';
	if (r->linear)
		TRY(put(r, node - r->off, 0));
	strcpy(r->path + len, "/r");
	TRY(walk_rb(r, right, depth + 1));
	r->path[len] = '\0';
	return NULL;
}

static struct error *rbtree(struct request *r, uint64_t root)
{
	_cleanup_peek_ struct peek p = {.k = r->sh->kernel};

	r->left = peek_offset(&p, "rb_node", "rb_left");
	r->right = peek_offset(&p, "rb_node", "rb_right");
	if (!r->node_given)
		root = peek_long(&p, root);
	TRY(peek_error(&p));
	strcpy(r->path, "root");
	return walk_rb(r, root, 0);
}

/* ---- the others ---- */

static bool put_entry(uint64_t key, uint64_t entry, void *arg)
{
	struct request *r = arg;

	if (entry & 1 && r->kind != MAPLE) { /* a number, not an address */
		row_text(r->sh, "%0*" PRIx64 "  (value %" PRIu64 ")\n", (int)(2 * r->sh->kernel->long_size), entry, entry >> 1);
		return !shell_interrupted();
	}
	r->e = put(r, entry, key);
	return !r->e && !shell_interrupted();
}

static struct error *others(struct request *r, uint64_t root)
{
	struct error *e;

	if (r->node_given)
		return error_new(ERROR_UNSUPPORTED, "-N: for red-black trees only");
	if (r->linear)
		return error_new(ERROR_USAGE, "-l: for red-black trees only");
	e = r->kind == MAPLE ? maple_walk(r->sh->kernel, root, put_entry, r) : xarray_walk(r->sh->kernel, root, put_entry, r);
	if (!r->e)
		return e;
	error_free(e);
	return take_ptr(r->e);
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct request r = {.sh = sh, .how = show_defaults(sh)};
	uint64_t root, root_off = 0;
	struct error *e = NULL;
	char **words;
	int id, n;

	while (!e && (id = options_next(o)) > 0) {
		switch (id) {
		case OPT_TYPE:
			e = take_kind(&r, o->value);
			break;
		case OPT_ROOT:
			e = value_offset(sh, o->value, &root_off);
			break;
		case OPT_NODE:
			e = value_offset(sh, o->value, &r.off);
			break;
		case OPT_STRUCT:
			e = words_add(&r.shown, o->value);
			break;
		case OPT_HEX:
		case OPT_DEC:
			r.how.radix = id == OPT_HEX ? 16 : 10;
			break;
		}
		r.linear |= id == OPT_LINEAR;
		r.position |= id == OPT_POSITION;
		r.node_given |= id == OPT_NODE_GIVEN;
		r.verbose |= id == OPT_VERBOSE;
	}
	words = command_words(o, &n);
	if (!e && (id < 0 || n != 1))
		e = command_misused();
	if (!e)
		e = value_address(sh, words[0], &root);
	if (!e)
		e = r.kind == RBTREE ? rbtree(&r, root + root_off) : others(&r, root + root_off);
	words_done(&r.shown);
	return e;
}

const struct command cmd_tree = {
	.name = "tree",
	.args = "[-t type] [-r offset] [-o offset] [-s struct[.members]] [-l] [-p] [-N] [-x|-d] start",
	.summary = "list what a tree holds",
	.text = "  tree -t rb -o vmap_area.rb_node vmap_area_root\n"
		"  tree -t xarray -r address_space.i_pages -s page.flags ffff8bfcc30f2c88\n"
		"  tree -t maple -v sparse_irqs\n",
	.options = options,
	.run = run,
};
