/* A byte source over bytes that are in memory already. */
#include <stdlib.h>
#include <string.h>

#include "dump/source.h"

struct memory {
	struct source source;
	const unsigned char *bytes;
};

static struct error *memory_read(struct source *s, uint64_t off, void *buf, size_t len)
{
	memcpy(buf, ((struct memory *)s)->bytes + off, len);
	return NULL;
}

static const void *memory_map(struct source *s, uint64_t off, size_t len)
{
	return ((struct memory *)s)->bytes + off;
}

static const void *memory_look(struct source *s, struct source_view *v, uint64_t off, size_t len,
			       size_t span)
{
	return memory_map(s, off, len);
}

static void memory_close(struct source *s)
{
	free(s->name);
	free(s);
}

static const struct source_ops memory_ops = {
	.name = "memory",
	.read = memory_read,
	.map = memory_map,
	.map_forever = memory_map,
	.look = memory_look,
	.close = memory_close,
	.concurrent = true,
};

struct error *source_open_memory(const char *name, const void *bytes, size_t len,
				 struct source **ret)
{
	struct memory *m = calloc(1, sizeof(*m));

	if (!m)
		return error_nomem();
	*m = (struct memory){ { &memory_ops, len, strdup(name) }, bytes };
	if (!m->source.name) {
		free(m);
		return error_nomem();
	}
	*ret = &m->source;
	return NULL;
}
