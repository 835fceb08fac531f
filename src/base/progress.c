/* The progress line; see progress.h. */
#include "base/progress.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define TTY_MS	1000
#define LINE_MS 5000

void progress_init(struct progress *p, FILE *to)
{
	*p = (struct progress){ .to = to, .tty = to && isatty(fileno(to)) };
}

/* Where makedumpfile changes units (print_info.c): not at 60 and 24, but where the smaller unit gets
 * three digits, or two days. */
void progress_format_eta(char *buf, size_t room, uint64_t seconds)
{
	unsigned long s = seconds, minutes = s / 60, hours = minutes / 60, days = hours / 24;

	if (s < 100)
		snprintf(buf, room, "%lus", s);
	else if (minutes < 100)
		snprintf(buf, room, "%lum%lus", minutes, s % 60);
	else if (hours < 48)
		snprintf(buf, room, "%luh%lum", hours, minutes % 60);
	else if (days < 100)
		snprintf(buf, room, "%lud%luh", days, hours % 24);
	else
		snprintf(buf, room, ">100day");
}

/* Nothing before the first per mille. */
static void add_eta(char *buf, size_t room, uint64_t spent_ms, uint64_t done, uint64_t total)
{
	double left;

	buf[0] = '\0';
	if (done == 0 || done * 1000.0 < total || room < 6)
		return;
	left = (double)spent_ms / 1000 * (total - done) / done;
	memcpy(buf, "eta: ", 6);
	progress_format_eta(buf + 5, room - 5, left < 1e10 ? left : 10000000000);
}

void progress_update(struct progress *p, const char *name, uint64_t done, uint64_t total)
{
	progress_update_at(p, name, done, total, clock_now_ms());
}

void progress_update_at(struct progress *p, const char *name, uint64_t done, uint64_t total,
			uint64_t now)
{
	double percent;
	char eta[32];

	if (!p->to)
		return;
	if (!p->name || !text_equal(p->name, name)) {
		p->name = name;
		p->started_ms = now;
		p->shown_ms = p->tty ? 0 : now; /* a terminal shows the beginning too */
		p->at_end = false;
	}
	done = MIN(done, total);
	if (done < total ? now - p->shown_ms < (p->tty ? TTY_MS : LINE_MS) : p->at_end)
		return;
	percent = total ? done * 100.0 / total : 100.0;
	p->shown_ms = now;
	p->at_end = done == total;
	add_eta(eta, sizeof(eta), now - p->started_ms, done, total);
	fprintf(p->to, "%s%-50s: [%5.1f %%] %c  %16s%s", p->tty ? "\r" : "", name, percent,
		"/|\\-"[p->spin++ % 4], eta, p->tty ? "" : "\n");
	fflush(p->to);
	p->open = p->tty;
}

void progress_end(struct progress *p)
{
	if (p->open)
		fputc('\n', p->to);
	p->open = false;
}
