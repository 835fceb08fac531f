/*
 * Shared by the files of the HTML renderer; not for others. Everything that comes out of a dump goes through
 * html_text(); the page allows itself nothing (see render_html.c), so that what slips through is dead text.
 */
#pragma once

#include "report/render.h"

extern const char html_style[], html_script[];

/* Text of the dead machine: escaped for elements and for quoted attributes alike. */
void html_text(struct strbuf *out, const char *text);
/* printf into html_text(). */
void html_printf(struct strbuf *out, const char *fmt, ...) PRINTF(2, 3);

/* Pictures, as inline SVG; nothing where there is nothing to show. */
void html_cpus(struct strbuf *out, const struct report *r);
void html_icicle(struct strbuf *out, const struct report *r);
void html_memory(struct strbuf *out, const struct report *r);
