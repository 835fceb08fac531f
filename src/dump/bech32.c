/*
 * Bech32 (Bitcoin's BIP 173): a prefix, "1", then five bits a character, the last six of which are
 * a checksum: any error of up to four characters is seen.
 */
#include "dump/bech32-priv.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

#define CHECKSUM_LEN 6

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static uint32_t checksum_step(uint32_t sum, unsigned value)
{
	static const uint32_t generator[5] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3 };
	uint32_t top = sum >> 25;

	sum = (sum & 0x1ffffff) << 5 ^ value;
	for (int i = 0; i < 5; i++)
		if (top >> i & 1)
			sum ^= generator[i];
	return sum;
}

/* The five bits that `c` stands for, -1: none. */
static int value_of(char c, bool upper)
{
	const char *at;

	if (upper ? islower((unsigned char)c) : isupper((unsigned char)c))
		return -1;
	at = memchr(alphabet, tolower((unsigned char)c), sizeof(alphabet) - 1);
	return at ? at - alphabet : -1;
}

bool bech32_decode(const char *text, const char *prefix, unsigned char *ret, size_t len)
{
	const char *data = text_after(text, prefix);
	bool upper = isupper((unsigned char)prefix[0]);
	size_t nr_values = (len * 8 + 4) / 5, done = 0;
	unsigned bits = 0, nr_bits = 0;
	uint32_t sum = 1;

	if (!data || *data++ != '1' || strlen(data) != nr_values + CHECKSUM_LEN)
		return false;
	for (const char *p = prefix; *p; p++)
		sum = checksum_step(sum, tolower((unsigned char)*p) >> 5);
	sum = checksum_step(sum, 0);
	for (const char *p = prefix; *p; p++)
		sum = checksum_step(sum, tolower((unsigned char)*p) & 31);
	for (size_t i = 0; data[i]; i++) {
		int value = value_of(data[i], upper);

		if (value < 0)
			return false;
		sum = checksum_step(sum, value);
		if (i >= nr_values)
			continue;
		bits = (bits << 5 | value) & 0xfff;
		nr_bits += 5;
		if (nr_bits >= 8) {
			nr_bits -= 8;
			ret[done++] = bits >> nr_bits;
		}
	}
	return sum == 1 && (bits & ((1u << nr_bits) - 1)) == 0;
}
