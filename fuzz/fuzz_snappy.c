/* Any bytes as a snappy block; and any bytes packed must come back. */
#include "codec/codec.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char out[1 << 17], back[1 << 17];
	struct codec_state *s = codec_snappy.open(true, 0);
	size_t n = 0;

	if (s && size && size <= 1 << 16) {
		/* the length that the block itself tells, when it is a short one */
		for (size_t i = 0; i < 3 && i < size; i++) {
			n |= (size_t)(data[i] & 0x7f) << (7 * i);
			if (!(data[i] & 0x80))
				break;
		}
		if (n <= sizeof(out))
			error_free(codec_snappy.unpack(s, data, size, out, n));
		n = codec_snappy.pack(s, data, size, out, sizeof(out));
		if (!n || n > codec_snappy.bound(size) ||
		    codec_snappy.unpack(s, out, n, back, size) || memcmp(back, data, size))
			abort();
	}
	if (s)
		codec_snappy.close(s);
	return 0;
}
