/* Any bytes packed by any codec (the first byte says by which) must come back, and what does not
 * fit is refused without a byte written behind the end. */
#include "codec/codec.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct codec *const all[] = { &codec_zlib, &codec_zstd, &codec_lzo, &codec_snappy };
	static struct codec_state *states[ARRAY_SIZE(all)];
	size_t i, n, room, len = size - 1;
	unsigned char *out, *back;

	if (size < 2 || len > 1 << 16)
		return 0;
	i = data[0] % ARRAY_SIZE(all);
	if (!states[i] && !(states[i] = all[i]->open(true, 0)))
		abort();
	room = all[i]->bound(len);
	out = malloc(room);
	back = malloc(len);
	if (!out || !back)
		abort();
	n = all[i]->pack(states[i], data + 1, len, out, room);
	if (!n || n > room || all[i]->unpack(states[i], out, n, back, len) || memcmp(back, data + 1, len))
		abort();
	/* the sanitizer watches the end of this one */
	free(out);
	out = malloc(n);
	if (!out || all[i]->pack(states[i], data + 1, len, out, n) > n)
		abort();
	free(out);
	out = malloc(n - 1 ? n - 1 : 1);
	if (!out || all[i]->pack(states[i], data + 1, len, out, n - 1) >= n)
		abort();
	free(out);
	free(back);
	return 0;
}
