/* list: what is linked together. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/show.h"
#include "shell/value.h"

#define ENTRIES_MAX (1u << 22)

enum { OPT_OFFSET = 1, OPT_END, OPT_STRUCT, OPT_LINK, OPT_HEAD_IN, OPT_HEAD, OPT_REVERSE, OPT_HEX, OPT_DEC,
       OPT_BRENT };

static const struct option_def options[] = {
	{'o', NULL, "OFFSET", "where the link is in each: a number, or struct.member", OPT_OFFSET},
	{'h', NULL, NULL, "the start is the address of a whole structure with a list_head in it", OPT_HEAD_IN},
	{'H', NULL, NULL, "the start is a list_head that stands alone: not shown", OPT_HEAD},
	{'e', NULL, "ADDRESS", "end before ADDRESS", OPT_END},
	{'s', NULL, "STRUCT[.MEMBERS]", "show each as a structure, or members of it", OPT_STRUCT},
	{'S', NULL, "STRUCT[.MEMBERS]", "the same", OPT_STRUCT},
	{'l', NULL, "OFFSET", "where the link is in the structure that is shown", OPT_LINK},
	{'r', NULL, NULL, "backwards: by list_head.prev", OPT_REVERSE},
	{'B', NULL, NULL, "look for loops (always done)", OPT_BRENT},
	{'x', NULL, NULL, "numbers in hexadecimal", OPT_HEX},
	{'d', NULL, NULL, "numbers in decimal", OPT_DEC},
	{0},
};

struct request {
	struct shell *sh;
	struct show_how how;
	uint64_t off, link, start, end;
	bool whole, head, reverse, has_end, has_start;
	struct words shown; /* "task_struct.pid,comm" */
};

/* Brent's way to see a loop that does not come back to the start. */
struct loop_check {
	uint64_t mark, steps, next_mark;
};

static bool loops(struct loop_check *c, uint64_t at)
{
	if (at == c->mark)
		return true;
	if (c->steps++ == c->next_mark) {
		c->mark = at;
		c->next_mark = 2 * c->next_mark + 1;
	}
	return false;
}

static struct error *walk(struct request *r)
{
	struct kernel *k = r->sh->kernel;
	uint64_t word = r->reverse ? k->long_size : 0;
	/* list_heads point to list_heads, plain links to whole structures */
	bool heads = r->whole || r->head;
	uint64_t first = r->start, at;
	struct loop_check check = {.mark = UINT64_MAX};

	if (r->head)
		TRY(vmem_read_long(k, r->start + word, &at));
	else
		at = r->whole ? first + r->off : first;
	for (unsigned n = 0; n < ENTRIES_MAX && !shell_interrupted(); n++) {
		uint64_t whole = heads ? at - r->off : at;

		if (!at || (r->head && at == r->start) || (r->has_end && whole == r->end))
			return NULL;
		if (n && ((r->whole && at == first + r->off) || (!heads && at == first)))
			return NULL;
		if (loops(&check, at))
			return error_new(ERROR_BAD_DATA, "the list loops at %" PRIx64, at);
		TRY(show_entry(r->sh, &r->shown, whole - r->link, &r->how));
		TRY(vmem_read_long(k, heads ? at + word : at + r->off, &at));
	}
	return shell_interrupted() ? NULL : error_new(ERROR_BAD_DATA, "more than %u entries", ENTRIES_MAX);
}

static struct error *take_words(struct request *r, char **words, int n)
{
	bool has_off = r->off != 0;

	for (int i = 0; i < n; i++) {
		/* "list task_struct.tasks ...": an offset without -o */
		if (!has_off && strchr(words[i], '.') && words[i][0] != '(') {
			TRY(value_offset(r->sh, words[i], &r->off));
			has_off = true;
		} else if (!r->has_start) {
			TRY(value_address(r->sh, words[i], &r->start));
			r->has_start = true;
		} else if (!has_off) {
			/* "list OFFSET START" */
			r->off = r->start;
			has_off = true;
			TRY(value_address(r->sh, words[i], &r->start));
		} else {
			return command_misused();
		}
	}
	return r->has_start ? NULL : command_misused();
}

static struct error *take_options(struct request *r, struct options *o)
{
	int id;

	while ((id = options_next(o)) > 0) {
		switch (id) {
		case OPT_OFFSET:
			TRY(value_offset(r->sh, o->value, &r->off));
			break;
		case OPT_LINK:
			TRY(value_offset(r->sh, o->value, &r->link));
			break;
		case OPT_END:
			TRY(value_address(r->sh, o->value, &r->end));
			r->has_end = true;
			break;
		case OPT_STRUCT:
			TRY(words_add(&r->shown, o->value));
			break;
		case OPT_HEAD_IN:
			r->whole = true;
			break;
		case OPT_HEAD:
			r->head = true;
			break;
		case OPT_REVERSE:
			r->reverse = true;
			break;
		case OPT_HEX:
		case OPT_DEC:
			r->how.radix = id == OPT_HEX ? 16 : 10;
			break;
		}
	}
	if (id < 0)
		return command_misused();
	if (r->reverse && !r->head && !r->whole)
		return error_new(ERROR_USAGE, "-r needs a list of list_heads: -h or -H");
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct request r = {.sh = sh, .how = show_defaults(sh)};
	struct error *e = take_options(&r, o);
	char **words;
	int n;

	if (!e) {
		words = command_words(o, &n);
		e = take_words(&r, words, n);
	}
	if (!e)
		e = walk(&r);
	words_done(&r.shown);
	return e;
}

const struct command cmd_list = {
	.name = "list",
	.args = "[[-o] offset][-e end][-[s|S] struct[.member,...]][-l offset][-r][-x|-d] [-h|-H] start",
	.summary = "follow a linked list",
	.text = "  list task_struct.tasks -s task_struct.pid,comm -h init_task\n"
		"  list -H modules -o module.list -s module.name\n",
	.options = options,
	.run = run,
};
