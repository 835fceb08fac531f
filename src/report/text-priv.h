/* Shared by the files of the text renderer; not for others. */
#pragma once

#include "report/render.h"

struct page {
	struct strbuf *out;
	unsigned width;
	bool color;
};

void put_wrapped(const struct page *p, const char *text, unsigned col, unsigned indent);
void put_title(const struct page *p, const char *title);
/* Nothing when `b` is empty; empties it. */
void put_row_from(const struct page *p, const char *label, struct strbuf *b);

void put_causes(const struct page *p, const struct report *r);
void put_blocked(const struct page *p, const struct report *r);
void put_memory(const struct page *p, const struct report *r);
void put_io(const struct page *p, const struct report *r);
void put_signs(const struct page *p, const struct report *r);
