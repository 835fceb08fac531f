/* Dump writers, what all share; see writer.h. */
#include "dump/writer.h"

struct error *writer_page(struct dump_writer *w, uint64_t pfn, const void *bytes, size_t len,
			  const struct codec *codec, bool is_zero)
{
	if (pfn >= w->facts.max_pfn)
		return error_new(ERROR_BAD_DATA, "page 0x%llx: beyond the last page frame 0x%llx",
				 (unsigned long long)pfn, (unsigned long long)w->facts.max_pfn);
	if (bytes && (codec ? len == 0 || len > w->facts.page_size : len != w->facts.page_size))
		return error_new(ERROR_BAD_DATA, "page 0x%llx: %zu stored bytes for a page of %u",
				 (unsigned long long)pfn, len, w->facts.page_size);
	return w->ops->page(w, pfn, bytes, len, codec, is_zero);
}

struct error *writer_rewind(struct dump_writer *w)
{
	if (!w->ops->rewind)
		return error_new(ERROR_UNSUPPORTED, "%s takes pages in order only", w->ops->name);
	return w->ops->rewind(w);
}

struct error *writer_thin(struct dump_writer *w, uint64_t pfn, int level)
{
	if (w->sink->is_stream)
		return error_new(ERROR_UNSUPPORTED, "%s: what was announced in a stream must come",
				 w->sink->name);
	w->facts.dump_level = level;
	return w->ops->thin ? w->ops->thin(w, pfn) : NULL;
}

struct error *writer_end(struct dump_writer *w, bool complete)
{
	return w->ops->end(w, complete);
}

void writer_close(struct dump_writer *w)
{
	if (w)
		w->ops->close(w);
}
