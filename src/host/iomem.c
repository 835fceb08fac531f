/* /proc/iomem as a tree in rows; see iomem.h. */
#include "host/iomem.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

#define IOMEM_LIMIT (64u << 20) /* a row takes some 40 bytes: over a million rows */

/* "start-end : name" after the blanks; false when the line is not of that form. */
static bool parse_row(char *line, struct iomem_entry *e)
{
	char *dash = strchr(line, '-'), *colon = strstr(line, " : ");
	uint64_t last;

	if (!dash || !colon || dash > colon)
		return false;
	*dash = *colon = '\0';
	if (!text_hex(line, &e->start) || !text_hex(dash + 1, &last) || last < e->start)
		return false;
	e->end = last == UINT64_MAX ? last : last + 1;
	e->name = colon + 3;
	return true;
}

/* The nearest row above that is less deep. */
static size_t parent_of(const struct iomem *m, unsigned depth)
{
	size_t i = m->rows.n ? m->rows.n - 1 : SIZE_MAX;

	while (i != SIZE_MAX && m->rows.v[i].depth >= depth)
		i = m->rows.v[i].parent;
	return i;
}

static struct error *parse_rows(const char *name, struct iomem *m)
{
	char *rest = m->text, *line;
	size_t nr = 0;

	while ((line = text_next_line(&rest))) {
		size_t blanks = strspn(line, " ");
		struct iomem_entry e = { .depth = (unsigned)(blanks / 2) };

		nr++;
		if (!line[blanks])
			continue;
		if (!parse_row(line + blanks, &e))
			return error_new(ERROR_BAD_DATA,
					 "%s: line %zu is not of the form \"start-end : name\"",
					 name, nr);
		e.parent = parent_of(m, e.depth);
		if (!vector_push(&m->rows, e))
			return error_nomem();
	}
	return NULL;
}

struct error *iomem_parse(const char *name, const char *text, struct iomem *ret)
{
	struct iomem m = { .text = strdup(text) };
	struct error *e;

	if (!m.text)
		return error_nomem();
	e = parse_rows(name, &m);
	if (e) {
		iomem_done(&m);
		return e;
	}
	*ret = m;
	return NULL;
}

/* For readers without CAP_SYS_ADMIN the kernel shows every address as 0. */
static bool is_hidden(const struct iomem *m)
{
	for (size_t i = 0; i < m->rows.n; i++)
		if (m->rows.v[i].end > 1)
			return false;
	return m->rows.n > 0;
}

struct error *iomem_read(int root, struct iomem *ret)
{
	_cleanup_free_ char *text = NULL;
	struct iomem m;

	TRY(file_read(root, "proc/iomem", IOMEM_LIMIT, &text, NULL));
	TRY(iomem_parse("/proc/iomem", text, &m));
	if (is_hidden(&m)) {
		iomem_done(&m);
		return error_new(ERROR_NOT_PERMITTED,
				 "/proc/iomem: the kernel hides the addresses from this user");
	}
	*ret = m;
	return NULL;
}

void iomem_done(struct iomem *m)
{
	vector_done(&m->rows);
	free(m->text);
	m->text = NULL;
}

struct error *iomem_named(const struct iomem *m, const char *name, struct ranges *ret)
{
	for (size_t i = 0; i < m->rows.n; i++)
		if (!strcmp(m->rows.v[i].name, name))
			TRY(ranges_add(ret, m->rows.v[i].start, m->rows.v[i].end));
	return NULL;
}

struct error *iomem_ram(const struct iomem *m, struct ranges *ret)
{
	for (size_t i = 0; i < m->rows.n; i++)
		if (strstr(m->rows.v[i].name, "System RAM"))
			TRY(ranges_add(ret, m->rows.v[i].start, m->rows.v[i].end));
	return NULL;
}

struct error *iomem_crash_regions(const struct iomem *m, struct ranges *ret)
{
	return iomem_named(m, "Crash kernel", ret);
}
