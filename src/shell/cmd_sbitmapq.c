/* sbitmapq: a queue of tags and which of them are taken. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/block.h"
#include "kernel/peek.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/row.h"
#include "shell/show.h"
#include "shell/value.h"

enum { OPT_STRUCT = 1, OPT_ARRAY, OPT_POINTERS, OPT_VERBOSE, OPT_HEX, OPT_DEC };

static const struct option_def options[] = {
	{'s', NULL, "STRUCT[.MEMBERS]", "show what the taken tags stand for, in the array of -a", OPT_STRUCT},
	{'a', NULL, "ADDRESS", "an array with an element for each tag", OPT_ARRAY},
	{'p', NULL, NULL, "the array's elements are pointers", OPT_POINTERS},
	{'v', NULL, NULL, "the bits themselves", OPT_VERBOSE},
	{'x', NULL, NULL, "numbers in hexadecimal", OPT_HEX},
	{'d', NULL, NULL, "numbers in decimal", OPT_DEC},
	{0},
};

struct request {
	struct shell *sh;
	struct words shown;
	struct show_how how;
	uint64_t array, each;
	bool pointers, verbose;
	uint64_t busy;
	struct error *e;
};

static bool take_bit(uint64_t bit, void *arg)
{
	struct request *r = arg;
	uint64_t va = r->array + bit * r->each;

	r->busy++;
	if (!r->array) {
		if (r->verbose) {
			row_begin(r->sh, "tag");
			row_text(r->sh, "tag ");
			row_u64(r->sh, "tag", 0, bit);
			row_end(r->sh);
		}
		return !shell_interrupted();
	}
	if (r->pointers)
		r->e = vmem_read_long(r->sh->kernel, va, &va);
	row_text(r->sh, "%" PRIu64 ": ", bit);
	if (!r->e)
		r->e = show_entry(r->sh, &r->shown, va, &r->how);
	return !r->e && !shell_interrupted();
}

static void put(struct shell *sh, const char *name, uint64_t v)
{
	row_begin(sh, "fact");
	row_only_str(sh, "what", name);
	row_text(sh, "%s = ", name);
	row_u64(sh, "value", 0, v);
	row_end(sh);
}

static struct error *show(struct request *r, uint64_t va)
{
	_cleanup_peek_ struct peek p = {.k = r->sh->kernel};
	uint64_t sb = va + peek_offset(&p, "sbitmap_queue", "sb");
	uint64_t depth = peek_member(&p, sb, "sbitmap", "depth"), shift = peek_member(&p, sb, "sbitmap", "shift");
	uint64_t words = peek_member(&p, sb, "sbitmap", "map_nr"), batch = peek_member(&p, va, "sbitmap_queue", "wake_batch");
	struct error *e;

	TRY(peek_error(&p));
	e = sbitmap_walk(r->sh->kernel, sb, take_bit, r);
	if (r->e) {
		error_free(e);
		return take_ptr(r->e);
	}
	TRY(e);
	if (r->array)
		return NULL;
	put(r->sh, "depth", depth);
	put(r->sh, "busy", r->busy);
	put(r->sh, "bits_per_word", 1ull << (shift & 63));
	put(r->sh, "map_nr", words);
	put(r->sh, "wake_batch", batch);
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct request r = {.sh = sh, .how = show_defaults(sh), .each = sh->kernel->long_size};
	struct error *e = NULL;
	uint64_t va;
	char **words;
	int id, n;

	while (!e && (id = options_next(o)) > 0) {
		if (id == OPT_STRUCT)
			e = words_add(&r.shown, o->value);
		else if (id == OPT_ARRAY)
			e = value_address(sh, o->value, &r.array);
		else if (id == OPT_HEX || id == OPT_DEC)
			r.how.radix = id == OPT_HEX ? 16 : 10;
		r.pointers |= id == OPT_POINTERS;
		r.verbose |= id == OPT_VERBOSE;
	}
	words = command_words(o, &n);
	if (!e && (id < 0 || n != 1 || !r.array != !r.shown.n))
		e = command_misused();
	if (!e && r.shown.n && !r.pointers) {
		_cleanup_free_ char *type = strdup(r.shown.v[0]);

		if (type)
			type[strcspn(type, ".")] = '\0';
		e = type ? type_size(sh->kernel, type, &r.each) : error_nomem();
	}
	if (!e)
		e = value_address(sh, words[0], &va);
	if (!e)
		e = show(&r, va);
	words_done(&r.shown);
	return e;
}

const struct command cmd_sbitmapq = {
	.name = "sbitmapq",
	.args = "[-s struct[.members] -a address [-p]] [-v] [-x|-d] address",
	.summary = "show a queue of tags",
	.options = options,
	.run = run,
};
