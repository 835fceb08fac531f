/* search: a value or a text in memory. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/slab.h"
#include "kernel/symbol.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/kmem.h"
#include "shell/row.h"
#include "shell/tasks.h"
#include "shell/userspace.h"
#include "shell/value.h"
#include "shell/vmap.h"
#include "shell/vmas.h"

enum {
	OPT_KERNEL = 1, OPT_NO_VMALLOC, OPT_NO_LINEAR, OPT_USER, OPT_PHYSICAL, OPT_STACKS, OPT_ACTIVE, OPT_START, OPT_END,
	OPT_LENGTH, OPT_MASK, OPT_TEXT, OPT_INT, OPT_SHORT, OPT_CONTEXT,
};

static const struct option_def options[] = {
	{'k', NULL, NULL, "in the kernel's memory (the default)", OPT_KERNEL},
	{'K', NULL, NULL, "in the kernel's memory without vmalloc, modules and the array of pages", OPT_NO_VMALLOC},
	{'V', NULL, NULL, "only in vmalloc, modules and the array of pages", OPT_NO_LINEAR},
	{'u', NULL, NULL, "in the current task's own memory", OPT_USER},
	{'p', NULL, NULL, "in physical memory", OPT_PHYSICAL},
	{'t', NULL, NULL, "in the kernel stacks of all tasks", OPT_STACKS},
	{'T', NULL, NULL, "in those of the tasks that ran", OPT_ACTIVE},
	{'s', NULL, "START", "from this address on", OPT_START},
	{'e', NULL, "END", "up to this address", OPT_END},
	{'l', NULL, "LENGTH", "that many bytes", OPT_LENGTH},
	{'m', NULL, "MASK", "bits that may be anything", OPT_MASK},
	{'c', NULL, NULL, "the values are texts", OPT_TEXT},
	{'w', NULL, NULL, "values of 32 bits", OPT_INT},
	{'h', NULL, NULL, "values of 16 bits", OPT_SHORT},
	{'x', NULL, "COUNT", "with so many values before and after each", OPT_CONTEXT},
	{0},
};

enum space { KERNEL, USER, PHYSICAL };

#define VALUES_MAX  16
#define TEXT_MAX    128
#define TEXT_SHOWN  56
#define CONTEXT_MAX 4096

struct span {
	uint64_t start, end;
};

struct request {
	struct shell *sh;
	enum space space;
	bool text, no_vmalloc, no_linear;
	unsigned width; /* bytes of a value */
	uint64_t mask;	/* bits that count */
	uint64_t from, to, context;
	uint64_t values[VALUES_MAX];
	const char *texts[VALUES_MAX];
	unsigned n;
	VECTOR(struct span) spans;
	const struct task *header; /* told before its first match; null: none */
	uint64_t found;
};

static struct error *read_at(struct request *r, uint64_t at, void *buf, size_t len)
{
	switch (r->space) {
	case PHYSICAL:
		return dump_read_phys(r->sh->dump, at, buf, len);
	case USER:
		return user_read(r->sh, &r->sh->task, at, buf, len);
	default:
		return vmem_read(r->sh->kernel, at, buf, len);
	}
}

/* ---- matches ---- */

static void begin_match(struct request *r)
{
	if (r->header)
		print_task_line(r->sh, r->header);
	r->header = NULL;
	r->found++;
}

/* `count` values from `at` on, two or more a line, with their bytes as text. */
static void put_context(struct request *r, uint64_t at, uint64_t count)
{
	unsigned per_line = 16 / r->width;

	for (uint64_t i = 0; i < count; i += per_line) {
		unsigned char bytes[16];
		uint64_t n = MIN((uint64_t)per_line, count - i);
		struct error *e = read_at(r, at + i * r->width, bytes, n * r->width);

		if (e) {
			error_free(e);
			continue;
		}
		row_text(r->sh, "%" PRIx64 ":  ", at + i * r->width);
		for (uint64_t j = 0; j < n; j++)
			row_text(r->sh, "%0*" PRIx64 " ", (int)(2 * r->width),
				 get_uint(bytes + j * r->width, r->width, r->sh->kernel->big));
		row_text(r->sh, "  ");
		for (uint64_t j = 0; j < n * r->width; j++)
			row_text(r->sh, "%c", bytes[j] >= ' ' && bytes[j] < 127 ? bytes[j] : '.');
		row_text(r->sh, "\n");
	}
}

static void put_value(struct request *r, uint64_t at, uint64_t v)
{
	begin_match(r);
	if (r->context)
		put_context(r, at - r->context * r->width, r->context);
	row_begin(r->sh, "match");
	row_hex(r->sh, "address", 0, at);
	row_text(r->sh, ": ");
	row_hex(r->sh, "value", 0, v);
	row_text(r->sh, " ");
	row_end(r->sh);
	if (r->context) {
		put_context(r, at + r->width, r->context);
		row_text(r->sh, "\n");
	}
}

static void put_text(struct request *r, uint64_t at, const char *wanted)
{
	char shown[TEXT_SHOWN + 1];
	unsigned char c;
	size_t n = 0;

	begin_match(r);
	for (; n < TEXT_SHOWN; n++) {
		struct error *e = read_at(r, at + n, &c, 1);

		error_free(e);
		if (e)
			break;
		shown[n] = c >= ' ' && c < 127 ? (char)c : '.';
	}
	shown[n] = '\0';
	row_begin(r->sh, "match");
	row_hex(r->sh, "address", 0, at);
	row_text(r->sh, ": ");
	row_str(r->sh, "text", 0, shown);
	row_only_str(r->sh, "wanted", wanted);
	row_end(r->sh);
}

static void look_for_values(struct request *r, uint64_t at, const unsigned char *bytes, size_t len)
{
	bool big = r->sh->kernel->big;

	for (size_t i = 0; i + r->width <= len; i += r->width) {
		uint64_t v = get_uint(bytes + i, r->width, big);

		for (unsigned j = 0; j < r->n; j++)
			if ((v & r->mask) == (r->values[j] & r->mask))
				put_value(r, at + i, v);
	}
}

/* `carry` is how much of the page before stands in front. */
static void look_for_texts(struct request *r, uint64_t at, const unsigned char *bytes, size_t len, size_t carry)
{
	for (unsigned j = 0; j < r->n; j++) {
		size_t n = strlen(r->texts[j]), from = carry >= n ? carry - n + 1 : 0;
		const unsigned char *p = bytes + from;

		while ((p = memmem(p, len - (size_t)(p - bytes), r->texts[j], n))) {
			put_text(r, at + (uint64_t)(p - bytes), r->texts[j]);
			p++;
		}
	}
}

/* ---- where to look ---- */

static struct error *look_in(struct request *r, struct span s)
{
	_cleanup_free_ unsigned char *buf = malloc(TEXT_MAX + r->sh->kernel->page_size);
	uint64_t at = MAX(s.start, r->from), end = MIN(s.end, r->to);
	size_t carry = 0;

	if (!buf)
		return error_nomem();
	at = ROUND_UP(at, (uint64_t)r->width);
	while (at < end && !shell_interrupted()) {
		size_t n = MIN(end - at, r->sh->kernel->page_size - at % r->sh->kernel->page_size);
		struct error *e = read_at(r, at, buf + carry, n);

		if (e && error_kind(e) == ERROR_NOMEM)
			return e;
		if (e) { /* not in the dump, or nothing there */
			error_free(e);
			carry = 0;
		} else if (r->text) {
			size_t all = carry + n, keep = MIN(all, (size_t)TEXT_MAX);

			look_for_texts(r, at - carry, buf, all, carry);
			memmove(buf, buf + all - keep, keep);
			carry = keep;
		} else {
			look_for_values(r, at, buf, n);
		}
		if (__builtin_add_overflow(at, (uint64_t)n, &at))
			break;
	}
	return NULL;
}

static struct error *add_span(struct request *r, uint64_t start, uint64_t end)
{
	return start >= end || vector_push(&r->spans, (struct span){start, end}) ? NULL : error_nomem();
}

static struct error *add_vmap(const struct vmap_row *v, void *arg)
{
	return add_span(arg, v->start, v->end);
}

static struct error *add_vma(const struct vma *v, void *arg)
{
	return add_span(arg, v->start, v->end);
}

static int by_start(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

#define PLAIN_MAX (1ull << 30) /* a range of so many bytes is looked through as it is */

static struct error *add_linear(struct request *r)
{
	const struct dump *d = r->sh->dump;
	uint64_t start;
	struct slabs *s;

	TRY(shell_slabs(r->sh, &s));
	for (size_t i = 0; i < d->memory.n; i++) {
		struct error *e = slabs_linear(s, d->memory.v[i].start * d->page_size, &start);

		if (!e)
			e = add_span(r, start, start + (d->memory.v[i].end - d->memory.v[i].start) * d->page_size);
		if (e && error_kind(e) == ERROR_NOMEM)
			return e;
		error_free(e); /* memory beyond the linear map */
	}
	return NULL;
}

static struct error *add_pages(struct request *r)
{
	const struct dump *d = r->sh->dump;
	uint64_t first, last;
	struct slabs *s;

	if (!d->memory.n)
		return NULL;
	TRY(shell_slabs(r->sh, &s));
	TRY(slabs_page(s, d->memory.v[0].start, &first));
	TRY(slabs_page(s, d->max_pfn - 1, &last));
	return add_span(r, first, last + slabs_page_size(s));
}

static struct error *add_image(struct request *r)
{
	uint64_t start, end;

	TRY(symbol_find(r->sh->kernel, "_stext", &start));
	TRY(symbol_find(r->sh->kernel, "_end", &end));
	return add_span(r, start, end);
}

/* What cannot be found is said; the rest is looked through. */
static struct error *or_say(struct request *r, const char *what, struct error *e)
{
	if (!e || error_kind(e) == ERROR_NOMEM)
		return e;
	fprintf(r->sh->errors, "search: not in %s: %s\n", what, error_message(e));
	error_free(e);
	return NULL;
}

static struct error *add_kernel(struct request *r)
{
	if (r->from && r->to - r->from <= PLAIN_MAX)
		return add_span(r, r->from, r->to);
	if (!r->no_linear) {
		TRY(or_say(r, "the linear map", add_linear(r)));
		TRY(or_say(r, "the kernel's image", add_image(r)));
	}
	if (!r->no_vmalloc) {
		TRY(or_say(r, "vmalloc areas", vmap_walk(r->sh, add_vmap, r)));
		TRY(or_say(r, "struct pages", add_pages(r)));
	}
	qsort(r->spans.v, r->spans.n, sizeof(*r->spans.v), by_start);
	return NULL;
}

static struct error *add_spans(struct request *r)
{
	const struct dump *d = r->sh->dump;

	if (r->space == USER) {
		if (!r->sh->has_task || !r->sh->task.mm)
			return error_new(ERROR_NOT_FOUND, "-u: the current task has no memory of its own; \"set\" chooses another");
		return vmas_walk(r->sh, r->sh->task.mm, add_vma, r);
	}
	if (r->space == PHYSICAL) {
		for (size_t i = 0; i < d->memory.n; i++)
			TRY(add_span(r, d->memory.v[i].start * d->page_size, d->memory.v[i].end * d->page_size));
		return NULL;
	}
	return add_kernel(r);
}

static struct error *look_in_stacks(struct request *r, bool active)
{
	const struct shell_tasks *all;
	uint64_t size = task_stack_size(r->sh->kernel);

	TRY(shell_tasks_load(r->sh, &all));
	for (size_t i = 0; i < all->n && !shell_interrupted(); i++) {
		uint64_t before = r->found;

		if (active && !task_is_active(r->sh, &all->v[i]))
			continue;
		r->header = &all->v[i];
		TRY(look_in(r, (struct span){all->v[i].stack_va, all->v[i].stack_va + size}));
		if (r->found > before)
			row_text(r->sh, "\n");
	}
	return NULL;
}

/* ---- command line ---- */

static struct error *take_values(struct request *r, char **words, int n)
{
	uint64_t limit = r->width == 8 ? UINT64_MAX : (1ull << 8 * r->width) - 1;

	if (n < 1)
		return command_misused();
	if (n > VALUES_MAX)
		return error_new(ERROR_USAGE, "more than %d values", VALUES_MAX);
	for (int i = 0; i < n; i++) {
		if (r->text && (!words[i][0] || strlen(words[i]) > TEXT_MAX))
			return error_new(ERROR_USAGE, "a text has 1 to %d bytes", TEXT_MAX);
		if (r->text)
			r->texts[i] = words[i];
		else
			TRY(value_address(r->sh, words[i], &r->values[i]));
		if (r->values[i] > limit)
			return error_new(ERROR_USAGE, "%s: more than %u bits", words[i], 8 * r->width);
	}
	r->n = (unsigned)n;
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct request r = {.sh = sh, .width = sh->kernel->long_size, .mask = UINT64_MAX, .to = UINT64_MAX};
	bool stacks = false, active = false;
	uint64_t mask = 0, length = 0;
	int64_t count = 0;
	char **words;
	struct error *e;
	int id, n;

	while ((id = options_next(o)) > 0) {
		switch (id) {
		case OPT_NO_VMALLOC:
			r.no_vmalloc = true;
			break;
		case OPT_NO_LINEAR:
			r.no_linear = true;
			break;
		case OPT_USER:
			r.space = USER;
			break;
		case OPT_PHYSICAL:
			r.space = PHYSICAL;
			break;
		case OPT_STACKS:
		case OPT_ACTIVE:
			stacks = true;
			active |= id == OPT_ACTIVE;
			break;
		case OPT_START:
			TRY(value_address(sh, o->value, &r.from));
			break;
		case OPT_END:
			TRY(value_address(sh, o->value, &r.to));
			break;
		case OPT_LENGTH:
			TRY(value_count(o->value, &count));
			length = count > 0 ? (uint64_t)count : 0;
			break;
		case OPT_MASK:
			TRY(value_address(sh, o->value, &mask));
			break;
		case OPT_TEXT:
			r.text = true;
			break;
		case OPT_INT:
			r.width = 4;
			break;
		case OPT_SHORT:
			r.width = 2;
			break;
		case OPT_CONTEXT:
			TRY(value_count(o->value, &count));
			if (count < 0 || count > CONTEXT_MAX)
				return error_new(ERROR_USAGE, "-x: 0 to %d", CONTEXT_MAX);
			r.context = (uint64_t)count;
			break;
		}
	}
	words = command_words(o, &n);
	if (id < 0)
		return command_misused();
	if (r.text)
		r.width = 1;
	TRY(take_values(&r, words, n));
	r.mask = ~mask & (r.width == 8 ? UINT64_MAX : (1ull << 8 * r.width) - 1);
	if (length && __builtin_add_overflow(r.from, length, &r.to))
		r.to = UINT64_MAX;
	if (r.to <= r.from)
		return error_new(ERROR_USAGE, "%" PRIx64 ": not behind the start %" PRIx64, r.to, r.from);
	if (stacks)
		return look_in_stacks(&r, active);
	e = add_spans(&r);
	for (size_t i = 0; i < r.spans.n && !e && !shell_interrupted(); i++)
		e = look_in(&r, r.spans.v[i]);
	vector_done(&r.spans);
	return e;
}

const struct command cmd_search = {
	.name = "search",
	.args = "[-k|-K|-V|-u|-p|-t|-T] [-s start] [-e end|-l length] [-m mask] [-x count] [-c|-w|-h] value ...",
	.summary = "look for values or texts in memory",
	.text = "  search -t ffff8bfcc11f6100         which stacks hold the address\n"
		"  search -s _etext -m ffff0000 abcd\n"
		"  search -c \"out of memory\"\n",
	.options = options,
	.run = run,
};
