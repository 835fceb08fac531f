/* Encrypted dumps: keys as text, headers, chunks, cut and damaged files; both ways. */
#include "made.h"

#include <unistd.h>

#include "dump/age.h"
#include "dump/bech32-priv.h"

#define CHUNK	  65536
#define RECIPIENT "age10d8fpxa70llyf3r95gsqxltq3m34397nrmuh9urlwjyjev8h8ufsj7lk9j" /* of MAKE_AGE_IDENTITY */

static void key_file(const char *text, char path[static 32])
{
	int fd;

	strcpy(path, "/tmp/test-age-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_ok(file_write_fd(fd, path, text, strlen(text)));
	close(fd);
}

static void use_key(const char *text)
{
	char path[32];

	key_file(text, path);
	assert_ok(age_use_identities(path));
	unlink(path);
}

static int start(void **state)
{
	age_forget_identities();
	use_key("# mine\n" MAKE_AGE_IDENTITY "\n");
	return 0;
}

static struct source *made_source(const char *text, struct image *im)
{
	struct source *s;

	assert_ok(make_age(text, im));
	assert_ok(source_open_memory("made", im->bytes, im->len, &s));
	return s;
}

/* The plain bytes, read whole, by odd pieces and backwards. */
static void assert_plain(struct source *s, const unsigned char *want, size_t len)
{
	unsigned char *got = malloc(len + 1);

	assert_int_equal(s->size, len);
	assert_ok(source_read(s, 0, got, len));
	assert_memory_equal(got, want, len);
	for (size_t at = len; at; at -= MIN(at, (size_t)40009)) {
		size_t n = MIN(at, (size_t)70001);

		assert_ok(source_read(s, at - n, got, n));
		assert_memory_equal(got, want + at - n, n);
	}
	free(got);
}

static void test_bech32(void **state)
{
	static const char good[] = "AGE-SECRET-KEY-1ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYGSUZRZYL";
	unsigned char key[32], want[32];
	char text[sizeof(good)];

	memset(want, 0x11, sizeof(want));
	assert_true(bech32_decode(good, "AGE-SECRET-KEY-", key, sizeof(key)));
	assert_memory_equal(key, want, sizeof(key));
	assert_false(bech32_decode(good, "AGE-SECRET-KEY-", key, sizeof(key) - 1));
	assert_false(bech32_decode(good, "age", key, sizeof(key)));
	/* any other character in any place, a place less, and one more */
	for (size_t i = 0; i < strlen(good); i++) {
		strcpy(text, good);
		text[i] = text[i] == 'Q' ? 'P' : 'Q';
		if (strcmp(text, good))
			assert_false(bech32_decode(text, "AGE-SECRET-KEY-", key, sizeof(key)));
		strcpy(text, good);
		text[i] = text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : '\x80';
		assert_false(bech32_decode(text, "AGE-SECRET-KEY-", key, sizeof(key)));
		strcpy(text, good);
		text[i] = '\0';
		assert_false(bech32_decode(text, "AGE-SECRET-KEY-", key, sizeof(key)));
	}
}

static void test_keys(void **state)
{
	static const struct {
		const char *text;
		enum error_kind kind;
		const char *words;
	} bad[] = {
		{ "", ERROR_USAGE, "no key in it" },
		{ "# only words\n\n", ERROR_USAGE, "no key in it" },
		{ "\n" RECIPIENT "\n", ERROR_USAGE, "line 2: expected a secret key" },
		{ "age-encryption.org/v1\n-> scrypt\n", ERROR_UNSUPPORTED, "itself encrypted" },
	};
	struct age_recipients r = { 0 };
	char path[32];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		key_file(bad[i].text, path);
		assert_error(age_use_identities(path), bad[i].kind, bad[i].words);
		unlink(path);
	}
	assert_error(age_use_identities("/nonexistent/key"), ERROR_NOT_FOUND, "/nonexistent/key");
	assert_ok(age_add_recipient(&r, RECIPIENT));
	assert_error(age_add_recipient(&r, MAKE_AGE_IDENTITY), ERROR_USAGE, "that is a secret key");
	assert_error(age_add_recipient(&r, "ssh-ed25519 AAAA"), ERROR_USAGE, "is no age recipient");
	key_file("# those who may read\n " RECIPIENT " \n\n" RECIPIENT "\r\n", path);
	assert_ok(age_read_recipients(&r, path));
	assert_int_equal(r.list.n, 3);
	unlink(path);
	age_recipients_done(&r);
}

static void test_headers(void **state)
{
	static const struct {
		const char *text;
		enum error_kind kind; /* ERROR_OTHER: it opens */
		const char *words;
	} cases[] = {
		{ "age\nto mine\nplain t:abc\n", ERROR_OTHER, NULL },
		{ "age\nto other\nto mine\nto other\nplain t:abc\n", ERROR_OTHER, NULL },
		/* other kinds of recipients, one with a body of several lines and one that ends with an
		 * empty one */
		{ "age\nline t:->\\sssh-ed25519\\sabcd\\sefgh\nline b:0x41:64\nline b:0x42:20\nto mine\n"
		  "plain t:abc\n", ERROR_OTHER, NULL },
		{ "age\nline t:->\\sgrease\nline b:0x41:64\nline z:0\nto mine\nplain t:abc\n", ERROR_OTHER, NULL },
		{ "age\nto other\nplain t:abc\n", ERROR_NOT_PERMITTED, "for none of the 1 keys" },
		{ "age\nplain t:abc\n", ERROR_NOT_PERMITTED, "for none of" },
		{ "age\nto mine\nmac bad\nplain t:abc\n", ERROR_BAD_DATA, "it was altered" },
		{ "age\nline t:->\\sX25519\\sAAAA\nline t:AAAA\nto mine\n", ERROR_BAD_DATA, "no key" },
		{ "age\nline t:->\\sgrease\nline b:0x41:65\nto mine\n", ERROR_BAD_DATA, "too long" },
		{ "age\nto mine\nline t:hello\n", ERROR_BAD_DATA, "does not end as it must" },
		{ "age\nto mine\ncut 60\n", ERROR_UNSUPPORTED, "cut inside the header" },
		{ "age\nline b:0x41:70000\nto mine\n", ERROR_BAD_DATA, "longer than 64 KiB" },
		{ "age\nto mine\ncut 180\n", ERROR_UNSUPPORTED, "cut inside the header" },
		{ "age\nto mine\npoke 0 61676521\n", ERROR_BAD_DATA, "not an encrypted file" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct image im = { 0 };
		struct source *under = made_source(cases[i].text, &im), *s = NULL;
		bool complete = false;

		if (cases[i].words) {
			assert_error(source_open_age(under, &s, &complete), cases[i].kind, cases[i].words);
			source_close(under);
		} else {
			assert_true(source_is_age(under));
			assert_ok(source_open_age(under, &s, &complete));
			assert_true(complete);
			assert_plain(s, (const unsigned char *)"abc", 3);
			source_close(s);
		}
		image_done(&im);
	}
}

static void test_too_many_stanzas(void **state)
{
	struct strbuf text = { 0 };
	struct image im = { 0 };
	struct source *under, *s;
	bool complete;

	strbuf_puts(&text, "age\n");
	for (int i = 0; i < 1025; i++)
		strbuf_puts(&text, "line t:->\\sx\nline z:0\n");
	strbuf_puts(&text, "to mine\n");
	under = made_source(strbuf_str(&text), &im);
	assert_error(source_open_age(under, &s, &complete), ERROR_BAD_DATA, "too many recipients");
	source_close(under);
	image_done(&im);
	strbuf_done(&text);
}

static const size_t sizes[] = { 0, 1, 4096, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 40 * CHUNK + 77 };

/* Built by others, read by us: whole; then cut at places around each chunk's end. */
static void test_chunks_and_cuts(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_free_ char *text = NULL;
		_cleanup_strbuf_ struct strbuf want = { 0 };
		char noise[32];
		struct image im = { 0 };
		struct source *under, *s;
		size_t header;
		bool complete;

		snprintf(noise, sizeof(noise), "r:7:%zu", sizes[i]);
		assert_ok(make_data(noise, 0, &want));
		assert_true(asprintf(&text, "age\nto mine\nplain %s\n", noise) > 0);
		under = made_source(text, &im);
		assert_ok(source_open_age(under, &s, &complete));
		assert_true(complete);
		assert_plain(s, (const unsigned char *)strbuf_str(&want), want.len);
		source_close(s);
		header = im.len - sizes[i] - 16 * MAX((sizes[i] + CHUNK - 1) / CHUNK, (size_t)1);
		for (size_t len = header; len < im.len; len += MIN(im.len - len, (size_t)CHUNK + 16 - 5)) {
			assert_ok(source_open_memory("cut", im.bytes, len, &under));
			assert_ok(source_open_age(under, &s, &complete));
			assert_false(complete);
			assert_plain(s, (const unsigned char *)strbuf_str(&want),
				     (len - header) / (CHUNK + 16) * CHUNK);
			source_close(s);
		}
		image_done(&im);
	}
}

static void test_no_last(void **state)
{
	static const struct {
		const char *text, *words; /* words: it does not open */
		uint64_t size;
	} cases[] = {
		{ "age\nto mine\nplain r:1:70000\nno-last\n", NULL, CHUNK },
		{ "age\nto mine\nplain r:1:131072\nno-last\n", NULL, 2 * CHUNK },
		{ "age\nto mine\nplain r:1:131072\nempty-last\n", "empty chunk", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct image im = { 0 };
		struct source *under = made_source(cases[i].text, &im), *s;
		bool complete;

		if (cases[i].words) {
			assert_error(source_open_age(under, &s, &complete), ERROR_BAD_DATA, cases[i].words);
			source_close(under);
		} else {
			assert_ok(source_open_age(under, &s, &complete));
			assert_false(complete);
			assert_int_equal(s->size, cases[i].size);
			source_close(s);
		}
		image_done(&im);
	}
}

/* One damaged chunk costs its bytes only; one that says to be the last in the middle is damage. */
static void test_damage(void **state)
{
	static const char *const texts[] = {
		"age\nto mine\nplain r:1:200000\npoke 140000 00000000000000\n",
		"age\nto mine\nplain r:1:200000\nlast 2\n",
	};
	unsigned char buf[16];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct image im = { 0 };
		struct source *under = made_source(texts[i], &im), *s;
		bool complete;

		assert_ok(source_open_age(under, &s, &complete));
		assert_true(complete);
		assert_ok(source_read(s, 2 * CHUNK - 16, buf, 16));
		assert_error(source_read(s, 2 * CHUNK, buf, 1), ERROR_BAD_DATA, "damaged or was altered");
		assert_error(source_read(s, 2 * CHUNK - 8, buf, 16), ERROR_BAD_DATA, "damaged");
		assert_ok(source_read(s, 3 * CHUNK, buf, 16));
		source_close(s);
		image_done(&im);
	}
}

/* ---- the sink ---- */

static int write_sealed(const unsigned char *bytes, size_t len, size_t piece, bool finish, char path[static 32])
{
	struct age_recipients r = { 0 };
	struct sink *sink;
	int fd;

	strcpy(path, "/tmp/test-age-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_ok(age_add_recipient(&r, RECIPIENT));
	assert_ok(sink_open_age(fd, path, &r, &sink));
	age_recipients_done(&r);
	for (size_t at = 0; at < len; at += MIN(piece, len - at))
		assert_ok(sink_write(sink, at, bytes + at, MIN(piece, len - at)));
	if (finish)
		assert_ok(sink_finish(sink, len));
	sink_close(sink);
	return fd;
}

static void test_sink(void **state)
{
	_cleanup_strbuf_ struct strbuf want = { 0 };

	assert_ok(make_data("r:9:2700000", 0, &want));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		static const size_t pieces[] = { 16, 4097, CHUNK, 1 << 20 };
		const unsigned char *bytes = (const unsigned char *)want.s;
		unsigned char *got = malloc(sizes[i] + 1);
		struct age_stream *stream;
		struct source *under, *s;
		bool complete, cut;
		char path[32];
		size_t len;
		/* an output that was given up is whole as far as it goes, except when nothing came */
		int fd = write_sealed(bytes, sizes[i], pieces[i % 4], i % 2 || !sizes[i], path);

		assert_ok(source_open_file(path, &under));
		assert_ok(source_open_age(under, &s, &complete));
		assert_true(complete);
		assert_plain(s, bytes, sizes[i]);
		source_close(s);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_ok(age_stream_open(fd, path, NULL, 0, &stream));
		assert_ok(age_stream_read(stream, got, sizes[i] + 1, &len, &cut));
		assert_int_equal(len, sizes[i]);
		assert_false(cut);
		assert_memory_equal(got, bytes, len);
		age_stream_close(stream);
		free(got);
		unlink(path);
		close(fd);
	}
}

/* Two files of the same bytes have nothing in common: key, nonce and share are new each time. */
static void test_sink_is_random(void **state)
{
	unsigned char a[512], b[512];
	char path[32];
	size_t len, same = 0;
	int fd;

	fd = write_sealed((const unsigned char *)"0123456789abcdef", 16, 16, true, path);
	assert_ok(file_pread_fd(fd, path, a, sizeof(a), 0, &len));
	close(fd);
	unlink(path);
	fd = write_sealed((const unsigned char *)"0123456789abcdef", 16, 16, true, path);
	assert_ok(file_pread_fd(fd, path, b, sizeof(b), 0, &len));
	close(fd);
	unlink(path);
	for (size_t i = len - 48; i < len; i++)
		same += a[i] == b[i];
	assert_true(same < 8);
	assert_memory_not_equal(a + 33, b + 33, 43); /* the share */
}

static void test_sink_order(void **state)
{
	struct age_recipients r = { 0 };
	struct sink *sink, *full;
	char zeros[1 << 20] = { 0 };
	int fd = open("/dev/null", O_WRONLY), no_room = open("/dev/full", O_WRONLY);

	assert_ok(age_add_recipient(&r, RECIPIENT));
	assert_ok(sink_open_age(fd, "null", &r, &sink));
	assert_ok(sink_write(sink, 0, "abc", 3));
	assert_error(sink_write(sink, 5, "abc", 3), ERROR_OTHER, "in their order");
	sink_close(sink);
	assert_ok(sink_open_age(no_room, "full", &r, &full));
	assert_error(sink_write(full, 0, zeros, sizeof(zeros)), ERROR_NO_SPACE, "full");
	assert_error(sink_finish(full, 0), ERROR_OTHER, "broke off before");
	sink_close(full);
	age_recipients_done(&r);
	close(fd);
	close(no_room);
}

/* ---- dumps ---- */

#define DUMP_INSIDE                                                                              \
	"include flat\nflat\ninclude kdump\nkdump lp64 little\npage 2 data=v:1:4096\n"             \
	"page 5 data=r:2:4096\nend\nend\n"

static void test_dump(void **state)
{
	struct image im = { 0 };
	struct source *under = made_source("age\nto mine\n" DUMP_INSIDE, &im);
	unsigned char page[4096];
	struct dump *d;

	assert_ok(dump_open_source(under, &d));
	assert_true(d->encrypted && d->flattened && d->complete);
	assert_string_equal(d->format, "kdump-compressed");
	assert_int_equal(dump_read_page(d, 5, page, NULL), PAGE_OK);
	dump_close(d);

	/* cut inside the last chunk of few: nothing opens, and that is said; without a key too */
	age_forget_identities();
	assert_ok(source_open_memory("made", im.bytes, im.len, &under));
	assert_error(dump_open_source(under, &d), ERROR_NOT_PERMITTED, "for none of the 0 keys");
	source_decrypt = NULL;
	assert_ok(source_open_memory("made", im.bytes, im.len, &under));
	assert_error(dump_open_source(under, &d), ERROR_NOT_PERMITTED, "--identity FILE names");
	image_done(&im);
	assert_ok(source_open_memory("armour", "-----BEGIN AGE ENCRYPTED FILE-----\n", 35, &under));
	assert_error(dump_open_source(under, &d), ERROR_UNSUPPORTED, "age's form as text");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bech32),
		cmocka_unit_test_setup(test_keys, start),
		cmocka_unit_test_setup(test_headers, start),
		cmocka_unit_test_setup(test_too_many_stanzas, start),
		cmocka_unit_test_setup(test_chunks_and_cuts, start),
		cmocka_unit_test_setup(test_no_last, start),
		cmocka_unit_test_setup(test_damage, start),
		cmocka_unit_test_setup(test_sink, start),
		cmocka_unit_test_setup(test_sink_is_random, start),
		cmocka_unit_test_setup(test_sink_order, start),
		cmocka_unit_test_setup(test_dump, start),
	};

	return cmocka_run_group_tests_name("age", tests, NULL, NULL);
}
