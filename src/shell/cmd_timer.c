/* timer: what was to run when: the wheels, and with -r the high-resolution timers. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/btf.h"
#include "kernel/peek.h"
#include "kernel/task.h"
#include "kernel/tree.h"
#include "shell/clockwork.h"
#include "shell/command.h"
#include "shell/row.h"
#include "shell/value.h"

enum { OPT_HIGH_RES = 1, OPT_CPUS };

static const struct option_def options[] = {
	{'r', NULL, NULL, "the high-resolution timers", OPT_HIGH_RES},
	{'C', NULL, "CPUS", "of some CPUs: 0, 1,3, 2-4, all", OPT_CPUS},
	{0},
};

#define TIMERS_MAX  (1u << 18) /* of one CPU's base */
#define VECTORS_MAX 4096u
#define BASES_MAX   8u

struct timer {
	uint64_t va, expires, soft, function;
	unsigned order; /* as found: timers of one time keep it */
};

struct timers {
	VECTOR(struct timer) v;
};

static int by_time(const void *a, const void *b)
{
	const struct timer *x = a, *y = b;

	if (x->expires != y->expires)
		return x->expires < y->expires ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* Places that the longest of the numbers takes. */
static int digits(int64_t v)
{
	return snprintf(NULL, 0, "%" PRId64, v);
}

static void put_function(struct shell *sh, uint64_t va)
{
	char name[600];

	row_addr(sh, "function", va);
	value_symbol_text(sh, va, 10, name, sizeof(name));
	row_text(sh, "  <");
	row_str(sh, "name", 0, name);
	row_text(sh, ">");
}

/* ---- the wheels: kernel/time/timer.c (4.8) ---- */

static struct error *take_chain(struct shell *sh, uint64_t node, struct timers *all)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t link = peek_offset(&p, "timer_list", "entry");

	TRY(peek_error(&p));
	while (node) {
		struct timer t = {.va = node - link, .order = (unsigned)all->v.n};

		if (all->v.n == TIMERS_MAX)
			return error_new(ERROR_BAD_DATA, "more than %u timers", TIMERS_MAX);
		t.expires = peek_member(&p, t.va, "timer_list", "expires");
		t.function = peek_member(&p, t.va, "timer_list", "function");
		node = peek_long(&p, node);
		TRY(peek_error(&p));
		if (!vector_push(&all->v, t))
			return error_nomem();
	}
	return NULL;
}

static struct error *put_base(struct shell *sh, uint64_t base, uint64_t now)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	struct member vectors = peek_layout(&p, "timer_base", "vectors");
	struct timers all = {0};
	struct error *e = peek_error(&p);
	int width = 7, tte = 3;

	for (uint32_t i = 0; i < MIN(vectors.array_len, VECTORS_MAX) && !e; i++) {
		uint64_t first = peek_long(&p, base + vectors.off + i * sh->kernel->long_size);

		e = peek_error(&p);
		if (!e)
			e = take_chain(sh, first, &all);
	}
	if (all.v.n)
		qsort(all.v.v, all.v.n, sizeof(*all.v.v), by_time);
	for (size_t i = 0; i < all.v.n; i++) {
		width = MAX(width, digits((int64_t)all.v.v[i].expires));
		tte = MAX(tte, digits((int64_t)(all.v.v[i].expires - now)));
	}
	row_text(sh, "  %-*s  %*s  ", width, "EXPIRES", tte + 1, "TTE");
	row_middle(sh, 0, "TIMER_LIST");
	row_text(sh, "  ");
	row_middle(sh, 0, "FUNCTION");
	row_text(sh, "\n");
	for (size_t i = 0; i < all.v.n && !shell_interrupted(); i++) {
		const struct timer *t = &all.v.v[i];

		row_begin(sh, "timer");
		row_text(sh, "  ");
		row_u64(sh, "expires", width, t->expires);
		row_text(sh, "  ");
		row_i64(sh, "tte", tte + 1, (int64_t)(t->expires - now));
		row_text(sh, "  ");
		row_addr(sh, "timer_list", t->va);
		row_text(sh, "  ");
		put_function(sh, t->function);
		row_end(sh);
	}
	if (!all.v.n)
		row_text(sh, "  (empty)\n");
	vector_done(&all.v);
	return e;
}

/* BASE_STD and BASE_DEF; BASE_LOCAL, BASE_GLOBAL and BASE_DEF since 6.9: the names are macros, the
 * number of bases is the array's. */
static struct error *put_cpu(struct shell *sh, unsigned cpu, uint64_t now)
{
	static const char *const two[] = {"BASE_STD", "BASE_DEF"}, *const three[] = {"BASE_LOCAL", "BASE_GLOBAL", "BASE_DEF"};
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t each = peek_size(&p, "timer_base"), va, off, len = 0;
	uint32_t type = 0;
	uint64_t n = 1;

	TRY(peek_error(&p));
	TRY(percpu_address(sh->kernel, "timer_bases", cpu, &va));
	if (!type_percpu_var(sh->kernel, "timer_bases", &off, &type) && btf_size(sh->kernel->btf, type, &len))
		n = MIN(len / each, (uint64_t)BASES_MAX);
	for (uint64_t i = 0; i < n && !shell_interrupted(); i++) {
		const char *name = n == 3 ? three[i] : n == 2 ? two[i] : "BASE";

		row_begin(sh, "base");
		row_text(sh, "TIMER_BASES[");
		row_u64(sh, "cpu", 0, cpu);
		row_text(sh, "][");
		row_str(sh, "base", 0, name);
		row_text(sh, "]: ");
		row_addr(sh, "address", va + i * each);
		row_end(sh);
		TRY(put_base(sh, va + i * each, now));
	}
	return NULL;
}

/* ---- high-resolution timers: kernel/time/hrtimer.c ---- */

struct taking {
	struct shell *sh;
	struct timers all;
	uint64_t off; /* of the rb_node in struct hrtimer */
	struct error *e;
};

static bool take_hrtimer(uint64_t key, uint64_t node, void *arg)
{
	struct taking *t = arg;
	_cleanup_peek_ struct peek p = {.k = t->sh->kernel};
	struct timer h = {.va = node - t->off, .order = (unsigned)t->all.v.n};

	(void)key;
	h.expires = peek_member(&p, h.va, "hrtimer", "node.expires");
	h.soft = peek_member(&p, h.va, "hrtimer", "_softexpires");
	h.function = peek_member(&p, h.va, "hrtimer", "function");
	t->e = peek_error(&p);
	if (!t->e && !vector_push(&t->all.v, h))
		t->e = error_nomem();
	return !t->e && t->all.v.n < TIMERS_MAX;
}

static struct error *put_clock(struct shell *sh, uint64_t base, uint64_t now)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	struct taking t = {.sh = sh, .off = peek_offset(&p, "hrtimer", "node")};
	uint64_t tree = base + peek_offset(&p, "hrtimer_clock_base", "active");
	int width = 11, tte = 3;
	struct error *e = peek_error(&p);

	if (!e)
		e = rbtree_walk(sh->kernel, tree, take_hrtimer, &t);
	if (t.e) {
		error_free(e);
		e = t.e;
	}
	for (size_t i = 0; i < t.all.v.n; i++) {
		width = MAX(width, digits((int64_t)t.all.v.v[i].expires));
		tte = MAX(tte, digits((int64_t)(t.all.v.v[i].expires - now)));
	}
	if (!t.all.v.n) {
		row_text(sh, "  (empty)\n");
	} else {
		row_text(sh, "  %*s\n  %*" PRIu64 "\n", width, "CURRENT", width, now);
		row_text(sh, "  %*s  %*s  %*s  ", width, "SOFTEXPIRES", width, "EXPIRES", tte, "TTE");
		row_middle(sh, 0, "HRTIMER");
		row_text(sh, "  ");
		row_middle(sh, 0, "FUNCTION");
		row_text(sh, "\n");
	}
	for (size_t i = 0; i < t.all.v.n && !shell_interrupted(); i++) {
		const struct timer *h = &t.all.v.v[i];

		row_begin(sh, "hrtimer");
		row_text(sh, "  ");
		row_u64(sh, "soft_expires", width, h->soft);
		row_text(sh, "  ");
		row_u64(sh, "expires", width, h->expires);
		row_text(sh, "  ");
		row_i64(sh, "tte", tte, (int64_t)(h->expires - now));
		row_text(sh, "  ");
		row_addr(sh, "hrtimer", h->va);
		row_text(sh, "  ");
		put_function(sh, h->function);
		row_end(sh);
	}
	row_text(sh, "\n");
	vector_done(&t.all.v);
	return e;
}

static struct error *put_high_res(struct shell *sh, unsigned cpu)
{
	static const char *const clocks[] = {"ktime_get", "ktime_get_real", "ktime_get_boottime", "ktime_get_clocktai"};
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	struct member bases = peek_layout(&p, "hrtimer_cpu_base", "clock_base");
	uint64_t each = peek_size(&p, "hrtimer_clock_base"), va, mono = 0;

	TRY(peek_error(&p));
	TRY(percpu_address(sh->kernel, "hrtimer_bases", cpu, &va));
	TRY(kernel_now_ns(sh, &mono));
	row_text(sh, "CPU: %u  HRTIMER_CPU_BASE: %" PRIx64 "\n", cpu, va);
	for (uint32_t i = 0; i < MIN(bases.array_len, 16u) && !shell_interrupted(); i++) {
		uint64_t base = va + bases.off + i * each;
		uint64_t off = peek_member(&p, base, "hrtimer_clock_base", "offset");

		TRY(peek_error(&p));
		row_begin(sh, "clock");
		row_only_u64(sh, "cpu", cpu);
		row_text(sh, "  CLOCK: ");
		row_u64(sh, "clock", 0, i);
		row_text(sh, "  HRTIMER_CLOCK_BASE: ");
		row_addr(sh, "address", base);
		row_text(sh, "  [");
		row_str(sh, "time", 0, clocks[i % ARRAY_SIZE(clocks)]);
		row_text(sh, "]");
		row_only_u64(sh, "now", mono + off);
		row_end(sh);
		TRY(put_clock(sh, base, mono + off));
	}
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	const char *spec = "all";
	bool high_res = false;
	uint64_t now = 0;
	struct cpus cpus;
	struct error *e = NULL;
	int id;

	while ((id = options_next(o)) > 0) {
		high_res |= id == OPT_HIGH_RES;
		if (id == OPT_CPUS)
			spec = o->value;
	}
	if (id < 0)
		return command_misused();
	if (!high_res) {
		now = peek_long(&p, peek_symbol(&p, "jiffies"));
		TRY(peek_error(&p));
		row_begin(sh, "jiffies");
		row_text(sh, "JIFFIES\n");
		row_u64(sh, "jiffies", 0, now);
		row_end(sh);
		row_text(sh, "\n");
	}
	TRY(value_cpus(sh, spec, &cpus));
	for (unsigned cpu = 0; cpu < cpus.nr && !e && !shell_interrupted(); cpu++) {
		bool online = true;

		error_free(cpu_in_mask(sh->kernel, "online", cpu, &online));
		if (cpus.in[cpu] && online)
			e = high_res ? put_high_res(sh, cpu) : put_cpu(sh, cpu, now);
	}
	cpus_done(&cpus);
	return e;
}

const struct command cmd_timer = {
	.name = "timer",
	.args = "[-r] [-C cpus]",
	.summary = "show what was to run when",
	.options = options,
	.run = run,
};
