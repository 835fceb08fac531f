/* Byte sinks, what all share; see sink.h. */
#include "dump/sink.h"

struct error *sink_write(struct sink *s, uint64_t off, const void *bytes, size_t len)
{
	uint64_t end;

	if (len == 0)
		return NULL;
	if (__builtin_add_overflow(off, (uint64_t)len, &end) || end > INT64_MAX)
		return error_new(ERROR_OTHER, "%s: offset 0x%llx is beyond what files can hold",
				 s->name, (unsigned long long)off);
	TRY(s->ops->write(s, off, bytes, len));
	s->bytes_written += len;
	return NULL;
}

struct error *sink_write_vital(struct sink *s, uint64_t off, const void *bytes, size_t len)
{
	struct error *e;

	s->vital = true;
	e = sink_write(s, off, bytes, len);
	s->vital = false;
	return e;
}

struct error *sink_reserve(struct sink *s, uint64_t off, uint64_t len, bool *ret_done)
{
	*ret_done = len == 0;
	return len && s->ops->reserve ? s->ops->reserve(s, off, len, ret_done) : NULL;
}

uint64_t sink_room(struct sink *s)
{
	return s->ops->room ? s->ops->room(s) : UINT64_MAX;
}

struct error *sink_flush(struct sink *s)
{
	return s->ops->flush ? s->ops->flush(s) : NULL;
}

struct error *sink_finish(struct sink *s, uint64_t size)
{
	return s->ops->finish(s, size);
}

void sink_close(struct sink *s)
{
	if (s)
		s->ops->close(s);
}
