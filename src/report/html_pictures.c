/* The pictures of the page: what the CPUs did, what was on the stacks, what the memory was used for. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/html-priv.h"

#define CELL	   22
#define PER_ROW	   48
#define ROW	   20
#define WIDE	   1000.0
#define DEPTH_MAX  40
#define CPUS_DRAWN 2048
#define NODES_MAX  4000

static bool stands_with_interrupts_off(const struct report_stack *s)
{
	for (size_t i = 0; i < s->frames.n; i++) {
		const struct report_frame *f = &s->frames.v[i];

		if (!f->regs || (f->symbol && (text_starts(f->symbol, "crash_") || text_starts(f->symbol, "stop_this_cpu") ||
					       text_starts(f->symbol, "nmi") || text_starts(f->symbol, "default_do_nmi"))))
			continue;
		for (unsigned n = 0; n < f->regs->n; n++)
			if (text_equal(f->regs->v[n].name, "rflags") || text_equal(f->regs->v[n].name, "eflags"))
				return !(f->regs->v[n].value & 0x200);
		return false;
	}
	return false;
}

static const struct cpu_state {
	const char *class, *words;
} states[] = {
	{ "panicked", "panicked" },	   { "run", "ran a task" },   { "deaf", "ran a task, interrupts off" },
	{ "idle", "idle" },		   { "off", "offline" },      { "silent", "left no registers" },
};

static const struct cpu_state *state_of(const struct report *r, const struct report_cpu *c)
{
	if (c->panicked)
		return &states[0];
	if (!c->has_regs)
		return c->online ? &states[5] : &states[4];
	if (c->task.from == FROM_NOWHERE || c->task.pid != 0)
		return stands_with_interrupts_off(&r->cpus.v[c->same_as].stack) ? &states[2] : &states[1];
	return c->online ? &states[3] : &states[4];
}

void html_cpus(struct strbuf *out, const struct report *r)
{
	size_t n = MIN(r->cpus.n, (size_t)CPUS_DRAWN), seen[ARRAY_SIZE(states)] = { 0 };

	if (!n)
		return;
	strbuf_printf(out, "<svg class=\"cpus\" width=\"%d\" viewBox=\"0 0 %d %zu\" role=\"img\" aria-label=\"CPUs\">\n",
		      (int)MIN(n, (size_t)PER_ROW) * CELL, (int)MIN(n, (size_t)PER_ROW) * CELL, (n + PER_ROW - 1) / PER_ROW * CELL);
	for (size_t i = 0; i < n; i++) {
		const struct report_cpu *c = &r->cpus.v[i];
		const struct cpu_state *s = state_of(r, c);

		seen[s - states]++;
		strbuf_printf(out, "<rect class=\"%s\" x=\"%zu\" y=\"%zu\" width=\"%d\" height=\"%d\" rx=\"3\"><title>", s->class,
			      i % PER_ROW * CELL, i / PER_ROW * CELL, CELL - 3, CELL - 3);
		html_printf(out, "CPU %u: %s, %s", c->cpu, s->words, c->task.from == FROM_NOWHERE ? "unknown task" : c->task.comm);
		strbuf_puts(out, "</title></rect>\n");
	}
	strbuf_puts(out, "</svg>\n<ul class=\"grid\">\n");
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (seen[i])
			strbuf_printf(out, "<li><svg viewBox=\"0 0 12 12\"><rect class=\"%s\" width=\"12\" height=\"12\" rx=\"2\"/></svg>%zu %s</li>\n",
				      states[i].class, seen[i], states[i].words);
	strbuf_puts(out, "</ul>\n");
}

/* ---- stacks as an icicle: callers above, callees below, as wide as stacks go through ---- */

struct node {
	const char *name, *module; /* borrowed from the report */
	size_t weight, parent, first, next; /* indexes; SIZE_MAX: none */
	bool hot;
};

struct tree {
	VECTOR(struct node) nodes; /* the first is the root */
	bool full;
};

static size_t child_of(struct tree *t, size_t parent, const struct report_frame *f)
{
	struct node one = { .name = f->symbol, .module = f->module, .parent = parent, .first = SIZE_MAX };
	size_t at;

	for (at = t->nodes.v[parent].first; at != SIZE_MAX; at = t->nodes.v[at].next)
		if (text_equal(t->nodes.v[at].name, one.name) && text_equal(t->nodes.v[at].module, one.module))
			return at;
	one.next = t->nodes.v[parent].first;
	if (t->nodes.n >= NODES_MAX || !vector_push(&t->nodes, one)) {
		t->full = true;
		return SIZE_MAX;
	}
	t->nodes.v[parent].first = t->nodes.n - 1;
	return t->nodes.n - 1;
}

static void add_stack(struct tree *t, const struct report_stack *s, size_t weight, bool hot)
{
	size_t at = 0, depth = 0;

	if (!s->frames.n || t->full)
		return;
	t->nodes.v[0].weight += weight;
	for (size_t i = s->frames.n; i-- > 0 && depth < DEPTH_MAX;) {
		if (!s->frames.v[i].symbol || !s->frames.v[i].exact)
			continue;
		at = child_of(t, at, &s->frames.v[i]);
		if (at == SIZE_MAX)
			return;
		t->nodes.v[at].weight += weight;
		t->nodes.v[at].hot |= hot;
		depth++;
	}
}

/* Nodes come after their parents, so that one pass places them: x, depth. */
struct place {
	double x, width, used;
	size_t depth;
};

static void draw_node(struct strbuf *out, const struct node *n, const struct place *p)
{
	size_t room = (size_t)(p->width / 7.3), len = n->name ? strlen(n->name) : 0;

	strbuf_printf(out, "<g><title>");
	html_printf(out, "%s%s%s%s, %zu", n->name, n->module ? " [" : "", n->module ? n->module : "", n->module ? "]" : "", n->weight);
	strbuf_printf(out, "</title><rect class=\"%s\" x=\"%.1f\" y=\"%zu\" width=\"%.1f\" height=\"%d\"/>", n->hot ? "hot" : n->module ? "mod" : "frame",
		      p->x, (p->depth - 1) * ROW, p->width, ROW);
	if (room >= 4 && len) {
		strbuf_printf(out, "<text x=\"%.1f\" y=\"%zu\">", p->x + 3, (p->depth - 1) * ROW + 14);
		html_printf(out, "%.*s%s", (int)MIN(len, room > 1 && len > room ? room - 1 : room), n->name, len > room ? ".." : "");
		strbuf_puts(out, "</text>");
	}
	strbuf_puts(out, "</g>\n");
}

static void draw_tree(struct strbuf *out, const struct tree *t)
{
	struct place *places = calloc(t->nodes.n, sizeof(*places));
	size_t deepest = 0;

	if (!places) {
		out->failed = true;
		return;
	}
	places[0] = (struct place){ .width = WIDE };
	for (size_t i = 1; i < t->nodes.n; i++) {
		const struct node *n = &t->nodes.v[i];
		struct place *up = &places[n->parent];

		places[i] = (struct place){ .x = up->x + up->used, .depth = up->depth + 1,
					    .width = up->width * (double)n->weight / (double)MAX(t->nodes.v[n->parent].weight, (size_t)1) };
		up->used += places[i].width;
		deepest = MAX(deepest, places[i].depth);
	}
	strbuf_printf(out, "<div class=\"scroll\"><svg class=\"wide\" viewBox=\"0 0 %.0f %zu\" role=\"img\" aria-label=\"Stacks\">\n", WIDE,
		      deepest * ROW);
	for (size_t i = 1; i < t->nodes.n; i++)
		if (places[i].width >= 0.5)
			draw_node(out, &t->nodes.v[i], &places[i]);
	strbuf_puts(out, "</svg></div>\n");
	free(places);
}

void html_icicle(struct strbuf *out, const struct report *r)
{
	struct tree t = { 0 };

	if (!vector_push(&t.nodes, (struct node){ .first = SIZE_MAX, .next = SIZE_MAX })) {
		out->failed = true;
		return;
	}
	add_stack(&t, &r->panic.stack, 1, true);
	add_stack(&t, &r->panic.victim_stack, 1, true);
	for (size_t i = 0; i < r->cpus.n; i++)
		if (!r->cpus.v[i].panicked)
			add_stack(&t, &r->cpus.v[r->cpus.v[i].same_as].stack, 1, false);
	for (size_t i = 0; i < r->blocked.n; i++)
		if (r->panic.victim.from == FROM_NOWHERE || r->blocked.v[i].task.pid != r->panic.victim.pid)
			add_stack(&t, &r->blocked.v[i].stack, 1, false);
	if (t.nodes.n > 1)
		draw_tree(out, &t);
	vector_done(&t.nodes);
}

/* ---- memory ---- */

static void bar(struct strbuf *out, const char *class, const char *words, uint64_t bytes, uint64_t total, double *x)
{
	double width = total ? WIDE * (double)bytes / (double)total : 0;

	width = MIN(width, WIDE - *x);
	if (width <= 0)
		return;
	strbuf_printf(out, "<rect class=\"%s\" x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"34\"><title>", class, *x, width);
	html_printf(out, "%s: %" PRIu64 " MiB", words, bytes >> 20);
	strbuf_puts(out, "</title></rect>\n");
	*x += width;
}

void html_memory(struct strbuf *out, const struct report *r)
{
	const struct report_memory *m = &r->memory_use;
	const struct {
		const char *class, *words;
		const struct fact_u64 *v;
	} rows[] = {
		{ "ma", "anonymous", &m->anonymous },	   { "mb", "files", &m->files },     { "mc", "slab", &m->slab },
		{ "md", "vmalloc", &m->vmalloc },	   { "me", "page tables", &m->page_tables }, { "mf", "kernel stacks", &m->stacks },
		{ "mg", "per CPU", &m->percpu },	   { "free", "free", &m->free },
	};
	double x = 0;

	if (m->total.from == FROM_NOWHERE || m->free.from == FROM_NOWHERE)
		return;
	strbuf_printf(out, "<svg viewBox=\"0 0 %.0f 34\" role=\"img\" aria-label=\"Memory\">\n", WIDE);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		bar(out, rows[i].class, rows[i].words, rows[i].v->value, m->total.value, &x);
	strbuf_puts(out, "</svg>\n<ul class=\"grid\">\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].v->from != FROM_NOWHERE && rows[i].v->value >= 1 << 20)
			strbuf_printf(out, "<li><svg viewBox=\"0 0 12 12\"><rect class=\"%s\" width=\"12\" height=\"12\"/></svg>%s %" PRIu64 " MiB</li>\n",
				      rows[i].class, rows[i].words, rows[i].v->value >> 20);
	strbuf_printf(out, "<li class=\"dim\">of %" PRIu64 " MiB</li></ul>\n", m->total.value >> 20);
}
