/* list: what is linked together. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/type.h"
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

static struct error *member_offset(struct shell *sh, const char *text, uint64_t *ret)
{
	const char *dot = strchr(text, '.');
	_cleanup_free_ char *type = NULL;
	struct member m;
	int64_t n;

	if (!dot) {
		TRY(value_count(text, &n));
		*ret = (uint64_t)n;
		return NULL;
	}
	type = strndup(text, dot - text);
	if (!type)
		return error_nomem();
	TRY(type_member(sh->kernel, type, dot + 1, &m));
	*ret = m.off;
	return NULL;
}

static struct error *show(struct request *r, uint64_t va)
{
	int width = (int)(2 * r->sh->kernel->long_size);

	fprintf(r->sh->out, "%0*" PRIx64 "\n", width, va);
	for (size_t i = 0; i < r->shown.n; i++) {
		_cleanup_strbuf_ struct strbuf out = {0};
		_cleanup_free_ char *copy = strdup(r->shown.v[i]);
		char *rest = copy, *name = strsep(&rest, "."), *path;
		char text[192];
		struct ctype t;

		if (!copy)
			return error_nomem();
		snprintf(text, sizeof(text), "struct %s", name);
		TRY(ctype_parse(r->sh->kernel, text, &t));
		if (!rest) {
			strbuf_printf(&out, "struct %s ", name);
			TRY(show_object(r->sh, t, va, &r->how, &out));
			strbuf_putc(&out, '\n');
		}
		while (rest && (path = strsep(&rest, ",")))
			TRY(show_member(r->sh, t, path, va, &r->how, &out));
		fputs(strbuf_str(&out), r->sh->out);
	}
	return NULL;
}

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
		TRY(show(r, whole - r->link));
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
			TRY(member_offset(r->sh, words[i], &r->off));
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
			TRY(member_offset(r->sh, o->value, &r->off));
			break;
		case OPT_LINK:
			TRY(member_offset(r->sh, o->value, &r->link));
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
