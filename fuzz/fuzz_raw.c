/* Any text as a layout of raw memory; whatever files it names hold the same few pages. */
#include "dump_pages.h"

#include "dump/raw.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char memory[3 * 4096 + 7];
	_cleanup_raw_layout_ struct raw_layout l = { 0 };
	_cleanup_free_ struct source **sources = NULL;
	_cleanup_free_ char *text = strndup((const char *)data, size);
	struct dump *d = NULL;
	struct error *e;

	if (!text)
		return 0;
	e = raw_parse_layout(text, "folder", &l);
	free(l.vmcoreinfo); /* the only file that would be opened */
	l.vmcoreinfo = NULL;
	sources = calloc(l.pieces.n + 1, sizeof(*sources));
	if (!sources)
		abort();
	if (!e) {
		for (size_t i = 0; i < l.pieces.n; i++)
			error_free(source_open_memory(l.pieces.v[i].file, memory, sizeof(memory),
						      &sources[i]));
		e = dump_open_raw_sources(&l, sources, &d);
	}
	if (!e)
		fuzz_dump_pages_of(d);
	error_free(e);
	return 0;
}
