/* Purgatory's digest: known answers (made with Python's hashlib), by every unit that this CPU
 * has, in pieces of any length. */
#include "../test.h"

#include "purgatory/lanes.h"

static const struct {
	size_t len;
	const char *hex;
} known[] = {
	{ 0, "da4974409dcfd785cec6321826272da5cf679e2d48a28bab45e77d489752a47b" },
	{ 1, "41103555141274b68ac01d6b2365653b4679f2c1d7de7da5aa0f3faeeb331de8" },
	{ 63, "73cd95141387dbfd7502e0834b6d2335fe5c150f0e01ce156c4092bf1bb9ed88" },
	{ 64, "c13f67dd401a660a5c6285e05f98c3cee4f8956710dd337e6106511b7fdab37d" },
	{ 511, "2ec24d3398b7a13c0454bcf62258579ed5f751922307d93fd3f6c34945ee4b6a" },
	{ 512, "6f0f6113226aef3cddf543ffffb374dcc12d4d0848b3de2a004f5cfaff6c92f9" },
	{ 513, "8573ac08b83f1a4ad40b24abe76a0208fffe9302ce374a2c4dbd400bfd61d6f1" },
	{ 1000, "5b6af23ec250ba36a6fa3f75462d6f351927ddc9cb395f6fffd0474e45c1005f" },
	{ 16384, "89e75308b4ed52ea4a8c0caf98e3594d1582a054c3e6ddf3630cd52be420a83d" },
	{ 20000, "4187323475851e7dcff68f194d2ebdfff864bb8470cdf29487f3256da3b13d43" },
	{ 70001, "6709873bcbcfbdbf738a26295cc6c5c25e014214c8a07d02ca2c07b65e7d48ce" },
};

static unsigned char data[70001];

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7 + (i >> 8) * 13);
	return 0;
}

static void assert_digest(enum lanes_unit unit, size_t len, size_t piece, const char *hex)
{
	unsigned char digest[32];
	char text[65];
	struct lanes l;

	lanes_init(&l, unit);
	for (size_t at = 0; at < len; at += piece)
		lanes_add(&l, data + at, MIN(piece, len - at));
	lanes_end(&l, digest);
	for (int i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	if (strcmp(text, hex))
		fail_msg("%s, %zu bytes by %zu: %s", lanes_unit_name(unit), len, piece, text);
}

static void every_unit_finds_the_known_digests(void **state)
{
	static const size_t pieces[] = { SIZE_MAX / 2, 1, 64, 100, 511, 513, 4096 };
	unsigned units = 0;

	(void)state;
	for (int unit = 0; unit < LANES_UNITS; unit++) {
		if (!lanes_can((enum lanes_unit)unit)) {
			print_message("# this CPU has no %s\n", lanes_unit_name((enum lanes_unit)unit));
			continue;
		}
		units++;
		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			for (size_t j = 0; j < ARRAY_SIZE(pieces); j++)
				assert_digest((enum lanes_unit)unit, known[i].len, pieces[j],
					      known[i].hex);
	}
	assert_true(units >= 1);
	assert_true(lanes_can(lanes_best()));
}

/* A byte that moves to another lane must not go unnoticed. */
static void order_counts(void **state)
{
	unsigned char two[128] = { 0 }, digest[2][32];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct lanes l;

		memset(two, 0, sizeof(two));
		two[64 * i] = 1;
		lanes_init(&l, lanes_best());
		lanes_add(&l, two, sizeof(two));
		lanes_end(&l, digest[i]);
	}
	assert_memory_not_equal(digest[0], digest[1], 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_unit_finds_the_known_digests),
		cmocka_unit_test(order_counts),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
