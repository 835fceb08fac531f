/* The bounds check in front of every byte source; see source.h. */
#include "dump/source.h"

#include <string.h>
#include <sys/mman.h>

#include "base/checked.h"

struct error *source_read(struct source *s, uint64_t off, void *buf, size_t len)
{
	if (!range_fits(off, len, s->size))
		return error_new(
			ERROR_BAD_DATA,
			"%s: offset 0x%llx: %zu bytes wanted, but the file ends at 0x%llx",
			s->name, (unsigned long long)off, len, (unsigned long long)s->size);
	return len ? s->ops->read(s, off, buf, len) : NULL;
}

const void *source_map(struct source *s, uint64_t off, size_t len)
{
	if (!len || !s->ops->map || !range_fits(off, len, s->size))
		return NULL;
	return s->ops->map(s, off, len);
}

const void *source_map_forever(struct source *s, uint64_t off, size_t len)
{
	if (!len || !s->ops->map_forever || !range_fits(off, len, s->size))
		return NULL;
	return s->ops->map_forever(s, off, len);
}

const void *source_look(struct source *s, struct source_view *v, uint64_t off, size_t len,
			size_t span)
{
	if (!len || !s->ops->look || !range_fits(off, MAX(len, span), s->size))
		return NULL;
	return s->ops->look(s, v, off, len, MAX(len, span));
}

void source_view_done(struct source_view *v)
{
	if (v->p)
		munmap(v->p, v->len);
	*v = (struct source_view){ 0 };
}

uint64_t source_next_data(struct source *s, uint64_t off)
{
	if (off >= s->size)
		return s->size;
	return s->ops->next_data ? s->ops->next_data(s, off) : off;
}

struct error *(*source_decrypt)(struct source *under, struct source **ret, bool *ret_complete);

bool source_is_age(struct source *s)
{
	char head[AGE_MAGIC_LEN];
	_cleanup_error_ struct error *e = source_read(s, 0, head, sizeof(head));

	return !e && !memcmp(head, AGE_MAGIC, sizeof(head));
}

void source_close(struct source *s)
{
	if (s)
		s->ops->close(s);
}
