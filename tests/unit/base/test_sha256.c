#include "../test.h"

static void digest_is(const char *text, const char *hex)
{
	unsigned char d[SHA256_DIGEST_LEN];
	char shown[65];
	struct sha256 s;

	sha256_init(&s);
	/* in uneven pieces */
	for (size_t i = 0, n = strlen(text); i < n; i += 7)
		sha256_add(&s, text + i, MIN(n - i, (size_t)7));
	sha256_end(&s, d);
	for (int i = 0; i < 32; i++)
		snprintf(shown + 2 * i, 3, "%02x", d[i]);
	assert_string_equal(shown, hex);
}

/* vectors of FIPS 180-4's examples */
static void known_digests(void **state)
{
	(void)state;
	digest_is("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	digest_is("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void zeros_equal_zero_bytes(void **state)
{
	static const char zeros[1000];
	unsigned char a[32], b[32];
	struct sha256 s;

	(void)state;
	sha256_init(&s);
	sha256_zeros(&s, sizeof(zeros));
	sha256_end(&s, a);
	sha256_init(&s);
	sha256_add(&s, zeros, sizeof(zeros));
	sha256_end(&s, b);
	assert_memory_equal(a, b, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_digests),
		cmocka_unit_test(zeros_equal_zero_bytes),
	};

	return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
