/*
 * Encrypted dumps. The first byte tells what the rest is: a file as it is (most of it headers, since
 * what is behind a header needs its key), or a payload that is sealed here, then cut and spoilt at
 * places that the next bytes name; what reads must be what was sealed.
 */
#include <unistd.h>

#include "dump/age.h"
#include "dump_pages.h"
#include "make/make.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use_key(void)
{
	char path[] = "/tmp/fuzz-age-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0 || file_write_fd(fd, path, MAKE_AGE_IDENTITY, strlen(MAKE_AGE_IDENTITY)) ||
	    age_use_identities(path))
		abort();
	unlink(path);
	close(fd);
}

/* Every byte of the source, against what was sealed. */
static void compare(struct source *s, const char *plain, size_t len)
{
	static char got[4096];

	for (size_t at = 0; at < s->size; at += sizeof(got)) {
		size_t n = MIN((uint64_t)sizeof(got), s->size - at);
		struct error *e = source_read(s, at, got, n);

		if (at + n > len || (!e && memcmp(got, plain + at, n) != 0))
			abort();
		error_free(e);
	}
}

static void fuzz_payload(const uint8_t *data, size_t size)
{
	_cleanup_strbuf_ struct strbuf text = { 0 }, pieces = { 0 }, plain = { 0 };
	uint32_t cut = get_u32(data + 4, false), poke = get_u32(data + 8, false);
	struct image im = { 0 };
	struct source *under, *s;
	struct error *e;
	bool complete;

	strbuf_printf(&pieces, "r:1:%u+x:", get_u32(data, false) % 200000);
	for (size_t i = 12; i < size; i++)
		strbuf_printf(&pieces, "%02x", data[i]);
	strbuf_printf(&text, "age\nto mine\nplain %s\n", strbuf_str(&pieces));
	e = make_data(strbuf_str(&pieces), 0, &plain);
	if (!e)
		e = make_age(strbuf_str(&text), &im);
	if (e)
		abort();
	if (poke & 1)
		im.bytes[poke % im.len] ^= 0x80;
	e = source_open_memory("fuzz", im.bytes, cut & 1 ? cut % im.len : im.len, &under);
	if (!e) {
		e = source_open_age(under, &s, &complete);
		if (e) {
			source_close(under);
		} else {
			compare(s, strbuf_str(&plain), plain.len);
			if (complete && (cut & 1))
				abort();
			source_close(s);
		}
	}
	error_free(e);
	image_done(&im);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;

	if (!begun)
		use_key();
	begun = true;
	if (size > 13 && size < 4096 && data[0] == 'p')
		fuzz_payload(data + 1, size - 1);
	else
		fuzz_dump_pages(data, size);
	return 0;
}
