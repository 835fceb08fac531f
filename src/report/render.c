/* The list of renderers. */
#include "report/render.h"

#include <time.h>

#include "base/text.h"

const struct renderer *const renderers[] = { &render_text, &render_json, &render_html, NULL };

const struct renderer *renderer_by_name(const char *name)
{
	for (size_t i = 0; renderers[i]; i++)
		if (text_equal(renderers[i]->name, name))
			return renderers[i];
	return NULL;
}

void time_text(uint64_t unix_seconds, char buf[32])
{
	/* beyond the year 9999 the format has no words */
	time_t t = (time_t)MIN(unix_seconds, UINT64_C(253402300799));
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}
