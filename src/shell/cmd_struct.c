/* struct, union: definitions, offsets and contents of structures. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "shell/command.h"
#include "shell/show.h"
#include "shell/value.h"
#include "kernel/symbol.h"
#include "kernel/vmem.h"

#define COUNT_MAX 65536

enum { OPT_OFFSETS = 1, OPT_HEX, OPT_DEC, OPT_RAW, OPT_CONTAINER, OPT_COUNT, OPT_CHECK };

static const struct option_def options[] = {
	{'o', NULL, NULL, "offsets of the members; with an address, their addresses", OPT_OFFSETS},
	{'x', NULL, NULL, "numbers in hexadecimal", OPT_HEX},
	{'d', NULL, NULL, "numbers in decimal", OPT_DEC},
	{'r', NULL, NULL, "the raw bytes of the structure", OPT_RAW},
	{'l', NULL, "OFFSET", "the address is that of a member: a number, or struct.member", OPT_CONTAINER},
	{'c', NULL, "COUNT", "so many structures, one after the other; negative: backwards", OPT_COUNT},
	{'f', NULL, NULL, "do not check the address (it is checked when it is read)", OPT_CHECK},
	{0},
};

struct request {
	struct shell *sh;
	const char *command;   /* "struct" or "union" */
	struct ctype type;
	uint64_t size;
	struct words members;  /* after the dot */
	bool offsets, raw;
	struct show_how how;
	int64_t count;
	uint64_t back; /* of -l */
	bool has_va;
};

static struct error *find_type(struct shell *sh, const char *command, const char *name, struct ctype *ret)
{
	char text[192];
	struct error *e;

	snprintf(text, sizeof(text), "%s %s", command, name);
	e = ctype_parse(sh->kernel, text, ret);
	if (!e || error_kind(e) == ERROR_NOMEM)
		return e;
	error_free(e);
	/* a typedef of one */
	e = ctype_parse(sh->kernel, name, ret);
	if (!e && ctype_kind(sh->kernel, *ret) == CTYPE_STRUCT)
		return NULL;
	if (!e)
		return error_new(ERROR_USAGE, "data type mismatch: %s is not a %s", name, command);
	error_free(e);
	return error_new(ERROR_USAGE, "invalid data structure reference: %s", name);
}

/* "task_struct.pid,comm" */
static struct error *take_type(struct request *r, const char *word)
{
	char name[160];
	size_t len = strcspn(word, ".");
	_cleanup_free_ char *copy = NULL;
	char *rest, *member;

	if (len == 0 || len >= sizeof(name))
		return error_new(ERROR_USAGE, "invalid data structure reference: %.160s", word);
	memcpy(name, word, len);
	name[len] = '\0';
	TRY(find_type(r->sh, r->command, name, &r->type));
	if (!ctype_size(r->sh->kernel, r->type, &r->size))
		return error_new(ERROR_USAGE, "%s: is only declared in this kernel", name);
	if (!word[len])
		return NULL;
	rest = copy = strdup(word + len + 1);
	if (!copy)
		return error_nomem();
	while ((member = strsep(&rest, ","))) {
		struct ctype t;
		struct member m;
		struct error *e = ctype_member(r->sh->kernel, r->type, member, &m, &t);

		if (e) {
			error_free(e);
			return error_new(ERROR_USAGE, "invalid data structure member reference: %s", member);
		}
		TRY(words_add(&r->members, member));
	}
	return NULL;
}

static struct error *take_container(struct request *r, const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	char *dot = copy ? strchr(copy, '.') : NULL;
	struct member m;
	int64_t off;

	if (!copy)
		return error_nomem();
	if (!dot) {
		TRY(value_count(text, &off));
		r->back = (uint64_t)off;
		return NULL;
	}
	*dot = '\0';
	TRY(type_member(r->sh->kernel, copy, dot + 1, &m));
	r->back = m.off;
	return NULL;
}

static struct error *print_raw(struct request *r, uint64_t va)
{
	char line[128];

	snprintf(line, sizeof(line), "rd -%u %" PRIx64 " %" PRIu64, 8 * r->sh->kernel->long_size, va,
		 MAX(r->size / r->sh->kernel->long_size, (uint64_t)1));
	return shell_run_line(r->sh, line);
}

static const char *keyword(struct request *r, struct btf_type *b)
{
	if (!ctype_base(r->sh->kernel, r->type, b))
		return r->command;
	return b->kind == BTF_UNION ? "union" : "struct";
}

static struct error *print_one(struct request *r, uint64_t va)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct btf_type b = {.name = ""};

	if (r->raw)
		return print_raw(r, va);
	if (r->offsets) {
		TRY(show_offsets(r->sh, r->type, r->members.n ? r->members.v[0] : NULL, va,
				 r->how.radix == 16, &out));
	} else if (r->members.n) {
		for (size_t i = 0; i < r->members.n; i++)
			TRY(show_member(r->sh, r->type, r->members.v[i], va, &r->how, &out));
	} else {
		const char *word = keyword(r, &b);

		strbuf_printf(&out, "%s %s ", word, b.name);
		TRY(show_object(r->sh, r->type, va, &r->how, &out));
		strbuf_putc(&out, '\n');
	}
	TRY(strbuf_error(&out));
	fputs(strbuf_str(&out), r->sh->out);
	return NULL;
}

static struct error *print_all(struct request *r, uint64_t va)
{
	int64_t n = r->count < 0 ? -r->count : r->count;

	va -= r->back;
	if (r->count < 0)
		va -= (uint64_t)(n - 1) * r->size;
	for (int64_t i = 0; i < n && !shell_interrupted(); i++) {
		if (i)
			fputc('\n', r->sh->out);
		TRY(print_one(r, va + (uint64_t)i * r->size));
	}
	return NULL;
}

/* "runqueues:0", "runqueues:all": the copies of a per-CPU variable. */
static struct error *print_percpu(struct request *r, const char *word, const char *colon)
{
	_cleanup_free_ char *name = strndup(word, colon - word);
	struct cpus cpus;
	struct error *e = NULL;

	if (!name)
		return error_nomem();
	TRY(value_cpus(r->sh, colon + 1, &cpus));
	for (unsigned cpu = 0; cpu < cpus.nr && !e; cpu++) {
		uint64_t va, base;

		if (!cpus.in[cpu])
			continue;
		/* a symbol, or the pointer of an allocated per-CPU object */
		if (text_hex(name, &base))
			e = percpu_pointer(r->sh->kernel, base, cpu, &va);
		else
			e = percpu_address(r->sh->kernel, name, cpu, &va);
		if (e)
			break;
		fprintf(r->sh->out, "[%u]: %" PRIx64 "\n", cpu, va);
		e = print_all(r, va);
	}
	cpus_done(&cpus);
	return e;
}

static struct error *print_definition(struct request *r)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	if (r->raw)
		return error_new(ERROR_USAGE, "-r needs an address");
	if (r->offsets || r->members.n)
		TRY(show_offsets(r->sh, r->type, r->members.n ? r->members.v[0] : NULL, 0,
				 r->how.radix == 16, &out));
	else
		TRY(show_definition(r->sh, r->type, r->how.radix == 16, &out));
	fputs(strbuf_str(&out), r->sh->out);
	return NULL;
}

static struct error *take_options(struct request *r, struct options *o)
{
	int id;

	while ((id = options_next(o)) > 0) {
		switch (id) {
		case OPT_OFFSETS:
			r->offsets = true;
			break;
		case OPT_HEX:
			r->how.radix = 16;
			break;
		case OPT_DEC:
			r->how.radix = 10;
			break;
		case OPT_RAW:
			r->raw = true;
			break;
		case OPT_CONTAINER:
			TRY(take_container(r, o->value));
			break;
		case OPT_COUNT:
			TRY(value_count(o->value, &r->count));
			break;
		case OPT_CHECK:
			break;
		}
	}
	return id < 0 ? command_misused() : NULL;
}

static struct error *run_request(struct request *r, struct options *o)
{
	const char *colon;
	uint64_t va;
	char **words;
	int n;

	TRY(take_options(r, o));
	words = command_words(o, &n);
	if (n < 1 || n > 3)
		return command_misused();
	TRY(take_type(r, words[0]));
	if (n == 3)
		TRY(value_count(words[2], &r->count));
	if (r->count == 0 || r->count > COUNT_MAX || r->count < -COUNT_MAX)
		return error_new(ERROR_USAGE, "a count of %" PRId64 " is out of range (up to %d)", r->count,
				 COUNT_MAX);
	if (n == 1)
		return print_definition(r);
	if (r->offsets && r->members.n > 1)
		return error_new(ERROR_USAGE, "-o option not valid with multiple member format");
	colon = words[1][0] == '(' ? NULL : strchr(words[1], ':');
	if (colon)
		return print_percpu(r, words[1], colon);
	TRY(value_address(r->sh, words[1], &va));
	return print_all(r, va);
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct request r = {.sh = sh, .command = o->argv[0], .how = show_defaults(sh), .count = 1};
	struct error *e;

	if (!text_equal(r.command, "union"))
		r.command = "struct";
	e = run_request(&r, o);
	words_done(&r.members);
	return e;
}

#define TEXT                                                                                           \
	"Without an address: the definition. With one: the contents. Members may be picked, with a\n"  \
	"dot and commas, and may be paths. A per-CPU variable's copies are named by CPU. A third word\n" \
	"is a count.\n\n"                                                                               \
	"  struct list_head\n"                                                                          \
	"  struct -o task_struct\n"                                                                     \
	"  struct task_struct.pid,comm,thread.sp init_task\n"                                           \
	"  struct rq.nr_running runqueues:all\n"                                                        \
	"  struct task_struct -l task_struct.tasks ffff8bfcc11f6990\n"

const struct command cmd_struct = {
	.name = "struct",
	.aliases = "*",
	.args = "name[.member[,member]] [-o][-x|-d][-r][-l offset][-c count] [address|symbol[:cpus]] [count]",
	.summary = "define a structure, or show what is in one",
	.text = TEXT,
	.options = options,
	.run = run,
};

const struct command cmd_union = {
	.name = "union",
	.args = "name[.member[,member]] [-o][-x|-d][-r][-l offset][-c count] [address|symbol[:cpus]] [count]",
	.summary = "define a union, or show what is in one",
	.text = TEXT,
	.options = options,
	.run = run,
};
