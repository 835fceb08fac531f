/* The progress line; see progress.h. */
#include "base/progress.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

void progress_init(struct progress *p, FILE *to)
{
	*p = (struct progress){ .to = to, .tty = to && isatty(fileno(to)) };
}

/* "eta: 12s", "3m5s", "2h7m", "1d3h", ">100day"; nothing before the first per mille. */
static void format_eta(char *buf, size_t room, uint64_t spent_ms, uint64_t done, uint64_t total)
{
	double left;
	unsigned long s;

	buf[0] = '\0';
	if (done == 0 || done * 1000.0 < total)
		return;
	left = (double)spent_ms / 1000 * (total - done) / done;
	if (left > 100 * 86400.0) {
		snprintf(buf, room, "eta: >100day");
		return;
	}
	s = left;
	if (s < 60)
		snprintf(buf, room, "eta: %lus", s);
	else if (s < 3600)
		snprintf(buf, room, "eta: %lum%lus", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, room, "eta: %luh%lum", s / 3600, s / 60 % 60);
	else
		snprintf(buf, room, "eta: %lud%luh", s / 86400, s / 3600 % 24);
}

void progress_update(struct progress *p, const char *name, uint64_t done, uint64_t total)
{
	uint64_t now;
	unsigned tenth;
	double percent;
	char eta[32];

	if (!p->to)
		return;
	now = clock_now_ms();
	if (!p->name || !text_equal(p->name, name)) {
		p->name = name;
		p->started_ms = now;
		p->shown_ms = 0;
		p->shown_tenth = 0;
	}
	done = MIN(done, total);
	percent = total ? done * 100.0 / total : 100.0;
	tenth = percent / 10;
	if (p->tty ? now - p->shown_ms < 1000 && done < total : tenth == p->shown_tenth)
		return;
	p->shown_ms = now;
	p->shown_tenth = tenth;
	format_eta(eta, sizeof(eta), now - p->started_ms, done, total);
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
