/* why, locks: what the report says of the cause, and who waits for whom. */
#include <inttypes.h>
#include <string.h>

#include "analyze/report.h"
#include "base/base.h"
#include "shell/command.h"
#include "shell/row.h"

enum { OPT_BRIEF = 1 };

static const struct option_def why_options[] = {
	{'b', NULL, NULL, "without the evidence", OPT_BRIEF},
	{0},
};

static const struct option_def locks_options[] = {{0}};

#define CHAIN_MAX 64

/* A report with the sections that are asked for, and those that they need. */
static struct error *make_report(struct shell *sh, bool causes, struct report **ret)
{
	struct report_how how = {.tail = 1};

	how.skip[SECTION_PAGES] = "not asked for";
	if (!causes) {
		how.skip[SECTION_MODULES] = how.skip[SECTION_MEMORY] = how.skip[SECTION_IO] = "not asked for";
		how.skip[SECTION_WORK] = how.skip[SECTION_CAUSES] = how.skip[SECTION_CPUS] = "not asked for";
	}
	return report_make(sh->dump, sh->dump_name, &how, ret);
}

/* ---- why ---- */

static void put_evidence(struct shell *sh, const struct report_evidence *e)
{
	row_begin(sh, "evidence");
	row_text(sh, "     - ");
	row_str(sh, "text", 0, e->text);
	if (e->has_address) {
		row_text(sh, e->has_value ? " [" : " [at ");
		row_addr(sh, "address", e->address);
		row_text(sh, e->has_value ? "" : "]");
	}
	if (e->has_value) {
		row_text(sh, e->has_address ? ": " : " [");
		row_hex(sh, "value", 0, e->value);
		row_text(sh, "]");
	}
	row_end(sh);
}

static void put_cause(struct shell *sh, const struct report_cause *c, bool brief)
{
	row_begin(sh, "cause");
	row_text(sh, "  ");
	row_str(sh, "cause", 0, c->slug);
	if (c->beside) {
		row_text(sh, " (seen beside it): ");
	} else {
		row_text(sh, " (%s, ", confidence_words(c->confidence));
		row_u64(sh, "percent", 0, c->confidence);
		row_text(sh, " %%): ");
	}
	row_str(sh, "text", 0, c->text);
	if (c->place) {
		row_text(sh, "\n     in ");
		row_str(sh, "place", 0, c->place);
	}
	if (c->task.from != FROM_NOWHERE) {
		row_only_str(sh, "task", c->task.comm);
		row_only_u64(sh, "pid", (uint64_t)c->task.pid);
	}
	row_end(sh);
	for (size_t i = 0; i < c->evidence.n && !brief; i++)
		put_evidence(sh, &c->evidence.v[i]);
}

static struct error *run_why(struct shell *sh, struct options *o)
{
	_cleanup_report_ struct report *r = NULL;
	bool brief = false;
	int id;

	while ((id = options_next(o)) > 0)
		brief = true;
	if (id < 0)
		return command_misused();
	TRY(make_report(sh, true, &r));
	if (r->headline) {
		row_begin(sh, "headline");
		row_str(sh, "headline", 0, r->headline);
		row_end(sh);
	}
	if (!r->causes.n)
		row_text(sh, "no detector found its kind of trouble; \"log\" and \"bt -a\" have the rest\n");
	for (size_t i = 0; i < r->causes.n; i++)
		put_cause(sh, &r->causes.v[i], brief);
	return NULL;
}

/* ---- locks ---- */

static void put_lock(struct shell *sh, const struct report_lock *l)
{
	char address[32];

	if (l->kind == LOCK_NONE)
		return;
	snprintf(address, sizeof(address), "%0*" PRIx64, (int)(2 * sh->kernel->long_size), l->va);
	row_text(sh, "      for %s ", lock_kind_words(l->kind));
	row_only_str(sh, "kind", lock_kind_words(l->kind));
	row_addr(sh, "lock", l->va);
	if (l->name[0]) {
		row_text(sh, " ");
		row_str(sh, "name", 0, l->name);
	}
	if (l->owner.from != FROM_NOWHERE) {
		row_text(sh, l->by_readers ? ", last read by " : ", owned by ");
		row_str(sh, "owner", 0, l->owner.comm);
		row_text(sh, " (");
		row_i64(sh, "owner_pid", 0, l->owner.pid);
		row_text(sh, ")");
	}
	row_text(sh, "\n");
}

static void put_blocked(struct shell *sh, const struct report_blocked *b)
{
	row_begin(sh, "blocked");
	row_text(sh, "PID: ");
	row_i64(sh, "pid", -8, b->task.pid);
	row_text(sh, " TASK: ");
	row_addr(sh, "task", b->va);
	row_text(sh, "  COMMAND: \"");
	row_str(sh, "command", 0, b->task.comm);
	row_text(sh, "\"");
	if (b->has_waited) {
		row_text(sh, "  WAITED: %.3f s", (double)b->waited_ms / 1000);
		row_only_u64(sh, "waited_ms", b->waited_ms);
	}
	row_text(sh, "\n");
	if (b->where >= 0) {
		_cleanup_strbuf_ struct strbuf place = {0};

		report_frame_text(&b->stack.frames.v[b->where], false, &place);
		row_text(sh, "      in ");
		row_str(sh, "place", 0, strbuf_str(&place));
		row_text(sh, "\n");
	}
	put_lock(sh, &b->lock);
	row_end(sh);
}

/* From `i` along the owners back to it: told once, from its lowest member. */
static void put_cycle(struct shell *sh, const struct report *r, size_t i)
{
	size_t at = i, n = 0;

	do {
		at = r->blocked.v[at].blocker;
		if (at >= r->blocked.n || at < i || ++n > CHAIN_MAX)
			return;
	} while (at != i);
	row_begin(sh, "deadlock");
	row_text(sh, "DEADLOCK: ");
	row_only_u64(sh, "tasks", n);
	for (size_t left = n + 1; left; left--, at = r->blocked.v[at].blocker)
		row_text(sh, "%s (%" PRId64 ")%s", r->blocked.v[at].task.comm, r->blocked.v[at].task.pid,
			 left > 1 ? " waits for " : "");
	row_only_u64(sh, "pid", (uint64_t)r->blocked.v[i].task.pid);
	row_end(sh);
}

static struct error *run_locks(struct shell *sh, struct options *o)
{
	_cleanup_report_ struct report *r = NULL;
	bool any = false;

	if (options_next(o) != 0)
		return command_misused();
	TRY(make_report(sh, false, &r));
	for (size_t i = 0; i < r->blocked.n && !shell_interrupted(); i++) {
		if (r->blocked.v[i].idle)
			continue;
		any = true;
		put_blocked(sh, &r->blocked.v[i]);
	}
	for (size_t i = 0; i < r->blocked.n; i++)
		put_cycle(sh, r, i);
	if (!any)
		row_text(sh, "no task waits in a way that no signal ends\n");
	return NULL;
}

const struct command cmd_why = {
	.name = "why",
	.args = "[-b]",
	.summary = "say why the machine died, with the evidence",
	.options = why_options,
	.run = run_why,
};

const struct command cmd_locks = {
	.name = "locks",
	.args = "",
	.summary = "list tasks that wait uninterruptibly, their locks and who owns those; deadlocks",
	.options = locks_options,
	.run = run_locks,
};
