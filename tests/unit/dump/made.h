/* Opening what the builders make. */
#pragma once

#include "../test.h"

#include "dump/dump.h"
#include "make/make.h"

/* The image stays with the caller: the dump borrows it. */
static inline struct dump *open_made(make_fn *make, const char *text, struct image *im)
{
	struct source *s;
	struct dump *d = NULL;

	assert_ok(make(text, im));
	assert_ok(source_open_memory("made", im->bytes, im->len, &s));
	assert_ok(dump_open_source(s, &d));
	return d;
}

static inline struct error *try_made(make_fn *make, const char *text)
{
	struct image im = { 0 };
	struct source *s;
	struct dump *d = NULL;
	struct error *e;

	assert_ok(make(text, &im));
	assert_ok(source_open_memory("made", im.bytes, im.len, &s));
	e = dump_open_source(s, &d);
	dump_close(d);
	image_done(&im);
	return e;
}

/* The page holds DATA (make.h) and zeros behind. */
static inline void assert_page(struct dump *d, uint64_t pfn, enum page_answer want,
			       const char *data)
{
	struct strbuf expected = { 0 };
	unsigned char *buf = malloc(d->page_size);
	struct error *why = NULL;
	enum page_answer answer, state;

	memset(buf, 0xee, d->page_size);
	answer = dump_read_page(d, pfn, buf, &why);
	state = dump_page_state(d, pfn);
	if (answer != want)
		fail_msg("page 0x%llx: answer %d, expected %d%s%s", (unsigned long long)pfn,
			 answer, want, why ? ": " : "", why ? error_message(why) : "");
	/* the state may not know yet that stored bytes are zeros or damaged */
	if (answer == PAGE_EXCLUDED || answer == PAGE_HOLE)
		assert_int_equal(state, answer);
	if (answer != PAGE_LOST)
		assert_null(why);
	if (answer == PAGE_OK || answer == PAGE_ZERO) {
		assert_ok(make_data(data, 0, &expected));
		strbuf_fill(&expected, 0, d->page_size - expected.len);
		assert_memory_equal(buf, strbuf_str(&expected), d->page_size);
	} else {
		for (size_t i = 0; i < d->page_size; i++)
			assert_int_equal(buf[i], 0xee);
	}
	error_free(why);
	strbuf_done(&expected);
	free(buf);
}
