/* Any bytes as two folded parts of a split set; the first two say how long the first one is. */
#include "dump_pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *files[2] = { NULL };
	struct source *sources[2] = { NULL };
	struct dump *d = NULL;
	size_t first, len[2];
	struct error *e = NULL;

	if (size < 2)
		return 0;
	first = MIN((size_t)get_u16(data, false), size - 2);
	files[0] = fuzz_unfold(data + 2, first, &len[0]);
	files[1] = fuzz_unfold(data + 2 + first, size - 2 - first, &len[1]);
	if (!files[0] || !files[1])
		abort();
	for (size_t i = 0; i < 2 && !e; i++)
		e = source_open_memory(i ? "second" : "first", files[i], len[i], &sources[i]);
	if (!e)
		e = dump_open_sources(sources, 2, &d);
	if (!e)
		fuzz_dump_pages_of(d);
	error_free(e);
	free(files[0]);
	free(files[1]);
	return 0;
}
