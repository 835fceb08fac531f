/* diff: what sets this dump apart from another one of the same or a like machine. */
#include <inttypes.h>
#include <string.h>

#include "analyze/report.h"
#include "base/base.h"
#include "kernel/module.h"
#include "kernel/slab.h"
#include "shell/command.h"
#include "shell/kmem.h"
#include "shell/row.h"
#include "shell/tasks.h"

static const struct option_def options[] = {{0}};

#define GROWTH_SHOWN 10
#define GROWTH_MIN   (64u << 10) /* bytes */

struct side {
	struct shell *sh;
	struct report *r;
};

static void put(struct shell *sh, const char *what, const char *here, const char *there)
{
	row_begin(sh, "difference");
	row_str(sh, "what", -18, what);
	row_text(sh, " ");
	row_str(sh, "here", 0, here);
	row_text(sh, "\n%*s", 19, "");
	row_str(sh, "there", 0, there);
	row_end(sh);
}

static void compare(struct shell *sh, const char *what, const char *here, const char *there)
{
	here = here ? here : "(unknown)";
	there = there ? there : "(unknown)";
	if (strcmp(here, there) != 0)
		put(sh, what, here, there);
}

static void compare_numbers(struct shell *sh, const char *what, uint64_t here, uint64_t there, const char *unit)
{
	char a[48], b[48];

	snprintf(a, sizeof(a), "%" PRIu64 "%s", here, unit);
	snprintf(b, sizeof(b), "%" PRIu64 "%s", there, unit);
	compare(sh, what, a, b);
}

static void compare_facts(struct shell *sh, const struct report *a, const struct report *b)
{
	static const char *const none = "no detector's";

	compare(sh, "cause", a->causes.n ? a->causes.v[0].text : none, b->causes.n ? b->causes.v[0].text : none);
	compare(sh, "headline", a->headline, b->headline);
	compare(sh, "signature", a->signature.id, b->signature.id);
	compare(sh, "host", a->host.text, b->host.text);
	compare(sh, "kernel", a->release.text, b->release.text);
	compare(sh, "version", a->version.text, b->version.text);
	compare(sh, "command line", a->command_line.text, b->command_line.text);
	compare(sh, "hardware", a->hardware.text, b->hardware.text);
	compare_numbers(sh, "taint", a->taint.value, b->taint.value, "");
	compare_numbers(sh, "CPUs online", a->cpus_online.value, b->cpus_online.value, "");
	compare_numbers(sh, "memory", a->memory.value >> 20, b->memory.value >> 20, " MiB");
	compare_numbers(sh, "uptime", a->uptime_ms.value / 1000, b->uptime_ms.value / 1000, " s");
	compare_numbers(sh, "tasks", a->tasks, b->tasks, "");
	compare_numbers(sh, "blocked tasks", a->blocked_tasks, b->blocked_tasks, "");
	compare_numbers(sh, "requests under way", a->io_total, b->io_total, "");
	compare_numbers(sh, "memory free", a->memory_use.free.value >> 20, b->memory_use.free.value >> 20, " MiB");
	compare_numbers(sh, "memory slab", a->memory_use.slab.value >> 20, b->memory_use.slab.value >> 20, " MiB");
}

static const struct report_module *module_named(const struct report *r, const char *name)
{
	for (size_t i = 0; i < r->modules.n; i++)
		if (strcmp(r->modules.v[i].name, name) == 0)
			return &r->modules.v[i];
	return NULL;
}

static void compare_modules(struct shell *sh, const struct report *a, const struct report *b)
{
	if (!a->has_modules || !b->has_modules)
		return;
	for (size_t i = 0; i < a->modules.n; i++) {
		const struct report_module *m = &a->modules.v[i], *o = module_named(b, m->name);
		char here[160], there[160];

		snprintf(here, sizeof(here), "%s %s", m->name, m->version);
		snprintf(there, sizeof(there), "%s %s", m->name, o ? o->version : "(not loaded)");
		if (!o || strcmp(m->version, o->version) != 0)
			put(sh, "module", here, there);
	}
	for (size_t i = 0; i < b->modules.n; i++) {
		char here[160];

		snprintf(here, sizeof(here), "%s (not loaded)", b->modules.v[i].name);
		if (!module_named(a, b->modules.v[i].name))
			put(sh, "module", here, b->modules.v[i].name);
	}
}

/* ---- slab caches ---- */

struct growth {
	char name[64];
	uint64_t here, there; /* bytes */
};

static uint64_t cache_bytes(struct shell *sh, struct slabs *s, const struct slab_cache *c)
{
	uint64_t slabs = 0;

	for (unsigned id = 0; id < slabs_nodes(s); id++) {
		struct slab_node n;
		struct error *e = slab_node_read(s, c, id, &n);

		slabs += !e && n.va ? n.slabs : 0;
		error_free(e); /* then its node counts nothing */
	}
	return (slabs * sh->kernel->page_size) << c->order;
}

static uint64_t apart(const struct growth *g)
{
	return g->here > g->there ? g->here - g->there : g->there - g->here;
}

static int by_difference(const void *a, const void *b)
{
	uint64_t x = apart(a), y = apart(b);

	return x > y ? -1 : x < y;
}

static struct error *compare_caches(struct shell *sh, struct shell *other)
{
	VECTOR(struct growth) all = {0};
	struct slabs *s, *o;

	TRY(shell_slabs(sh, &s));
	TRY(shell_slabs(other, &o));
	for (size_t i = 0; i < slabs_count(s) && !shell_interrupted(); i++) {
		const struct slab_cache *c = slabs_cache(s, i), *same = slabs_named(o, c->name);
		struct growth g = {.here = cache_bytes(sh, s, c), .there = same ? cache_bytes(other, o, same) : 0};

		snprintf(g.name, sizeof(g.name), "%s", c->name);
		if (apart(&g) >= GROWTH_MIN && !vector_push(&all, g)) {
			vector_done(&all);
			return error_nomem();
		}
	}
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_difference);
	for (size_t i = 0; i < all.n && i < GROWTH_SHOWN; i++) {
		row_begin(sh, "cache");
		row_text(sh, "slab cache         ");
		row_str(sh, "name", -24, all.v[i].name);
		row_text(sh, " %8.1f MB here, %8.1f MB there", (double)all.v[i].here / (1 << 20), (double)all.v[i].there / (1 << 20));
		row_only_u64(sh, "here_bytes", all.v[i].here);
		row_only_u64(sh, "there_bytes", all.v[i].there);
		row_end(sh);
	}
	vector_done(&all);
	return NULL;
}

/* ---- processes ---- */

static unsigned processes_named(const struct shell_tasks *all, const char *name)
{
	unsigned n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += all->v[i].mm && all->v[i].pid == all->v[i].tgid && strcmp(all->v[i].comm, name) == 0;
	return n;
}

/* Names of `a` whose number in `b` is another; `turned`: only those that `b` has not, the other way round. */
static void compare_names(struct shell *sh, const struct shell_tasks *a, const struct shell_tasks *b, bool turned)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct task *t = &a->v[i];
		unsigned here, there;
		char x[64], y[64];
		bool seen = !t->mm || t->pid != t->tgid;

		for (size_t j = 0; j < i && !seen; j++)
			seen = a->v[j].mm && strcmp(a->v[j].comm, t->comm) == 0;
		if (seen)
			continue;
		here = processes_named(a, t->comm);
		there = processes_named(b, t->comm);
		if (here == there || (turned && there))
			continue;
		snprintf(x, sizeof(x), "%s: %u", t->comm, turned ? there : here);
		snprintf(y, sizeof(y), "%s: %u", t->comm, turned ? here : there);
		put(sh, "processes", x, y);
	}
}

static struct error *compare_all(struct side *a, struct side *b)
{
	struct report_how how = {.tail = 1, .skip[SECTION_PAGES] = "not asked for"};
	const struct shell_tasks *here, *there;
	struct error *e;

	TRY(report_make(a->sh->dump, a->sh->dump_name, &how, &a->r));
	TRY(report_make(b->sh->dump, b->sh->dump_name, &how, &b->r));
	row_text(a->sh, "%-18s %s\n%*s%s\n\n", "", a->sh->dump_name, 19, "", b->sh->dump_name);
	compare_facts(a->sh, a->r, b->r);
	compare_modules(a->sh, a->r, b->r);
	e = shell_tasks_load(a->sh, &here);
	if (!e)
		e = shell_tasks_load(b->sh, &there);
	if (!e) {
		compare_names(a->sh, here, there, false);
		compare_names(a->sh, there, here, true);
		e = compare_caches(a->sh, b->sh);
	}
	if (!e || error_kind(e) == ERROR_NOMEM)
		return e;
	fprintf(a->sh->errors, "diff: %s\n", error_message(e));
	error_free(e);
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	_cleanup_kernel_ struct kernel *k = NULL;
	_cleanup_shell_ struct shell *other = NULL;
	struct side a = {.sh = sh}, b = {0};
	struct dump *d = NULL;
	struct error *e;
	char **words;
	int n;

	if (options_next(o) != 0)
		return command_misused();
	words = command_words(o, &n);
	if (n != 1)
		return command_misused();
	TRY(dump_open(words[0], &d));
	e = error_prefix(kernel_open(d, &k), "%s", words[0]);
	if (!e)
		e = shell_open(d, k, words[0], sh->out, sh->errors, &other);
	if (!e) {
		b.sh = other;
		e = compare_all(&a, &b);
	}
	report_free(a.r);
	report_free(b.r);
	shell_close(take_ptr(other));
	kernel_close(take_ptr(k));
	dump_close(d);
	return e;
}

const struct command cmd_diff = {
	.name = "diff",
	.args = "dump",
	.summary = "show what sets this dump apart from another one",
	.text = "  diff /var/crash/202611240912/vmcore\n",
	.options = options,
	.run = run,
};
