/* log: the kernel's log. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "kernel/printk.h"
#include "kernel/symbol.h"
#include "kernel/vmem.h"
#include "shell/command.h"

enum { OPT_WALL = 1, OPT_NO_TIME, OPT_LEVEL, OPT_CALLER };

static const struct option_def options[] = {
	{'T', NULL, NULL, "wall-clock times", OPT_WALL},
	{'t', NULL, NULL, "without times", OPT_NO_TIME},
	{'m', NULL, NULL, "with the level: <3>", OPT_LEVEL},
	{'c', NULL, NULL, "with who spoke: a task (T) or a CPU (C), where the kernel recorded it", OPT_CALLER},
	{0},
};

struct printing {
	struct shell *sh;
	bool wall, no_time, level, caller;
	uint64_t last_ns;
	int64_t boot_s; /* seconds since 1970 */
};

static struct error *note_time(const struct printk_record *r, void *arg)
{
	struct printing *p = arg;

	if (r->has_time)
		p->last_ns = r->ts_ns;
	return NULL;
}

static void put_prefix(struct printing *p, const struct printk_record *r)
{
	FILE *out = p->sh->out;

	if (r->has_time && p->wall) {
		time_t t = (time_t)(p->boot_s + (int64_t)(r->ts_ns / 1000000000));
		struct tm tm;
		char text[64];

		localtime_r(&t, &tm);
		strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Z %Y", &tm);
		fprintf(out, "[%s] ", text);
	} else if (r->has_time && !p->no_time) {
		fprintf(out, "[%5" PRIu64 ".%06" PRIu64 "] ", r->ts_ns / 1000000000,
			r->ts_ns / 1000 % 1000000);
	}
	if (p->caller && r->has_caller)
		fprintf(out, "[%5s%c%u] ", "", r->caller >> 31 ? 'C' : 'T', r->caller & 0x7fffffff);
	if (p->level)
		fprintf(out, "<%u>", r->level);
}

static struct error *put_record(const struct printk_record *r, void *arg)
{
	struct printing *p = arg;
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *at = r->text, *end = r->text + r->len;

	put_prefix(p, r);
	while (at < end) {
		const char *newline = memchr(at, '\n', end - at);
		size_t n = (newline ? newline : end) - at;

		strbuf_add_clean(&text, at, n);
		at += n + (newline != NULL);
		if (newline && at < end)
			strbuf_printf(&text, "\n%*s", p->no_time ? 0 : 15, "");
	}
	TRY(strbuf_error(&text));
	fprintf(p->sh->out, "%s\n", strbuf_str(&text));
	return shell_interrupted() ? error_new(ERROR_OTHER, "interrupted") : NULL;
}

/* The log's clock began when the machine did; the dump says when it crashed. */
static struct error *find_boot_time(struct printing *p)
{
	const char *text = vmcoreinfo_get(p->sh->kernel->info, "CRASHTIME");
	int64_t crash;

	if (!text || !text_i64(text, &crash))
		return error_new(ERROR_NOT_FOUND, "-T: the dump does not say when the kernel crashed");
	TRY(printk_walk(p->sh->kernel, false, note_time, p, NULL));
	p->boot_s = crash - (int64_t)(p->last_ns / 1000000000);
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct printing p = {.sh = sh};
	int id;

	while ((id = options_next(o)) > 0) {
		p.wall |= id == OPT_WALL;
		p.no_time |= id == OPT_NO_TIME;
		p.level |= id == OPT_LEVEL;
		p.caller |= id == OPT_CALLER;
	}
	if (id < 0)
		return command_misused();
	if (p.wall)
		TRY(find_boot_time(&p));
	return printk_walk(sh->kernel, false, put_record, &p, NULL);
}

const struct command cmd_log = {
	.name = "log",
	.aliases = "dmesg",
	.args = "[-T] [-t] [-m] [-c]",
	.summary = "show the kernel's log",
	.options = options,
	.run = run,
};
