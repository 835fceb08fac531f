/* LKCD's run-length encoding; see rle.h. */
#include "codec/rle.h"

#include <string.h>

#include "base/checked.h"

struct error *rle_unpack(const unsigned char *in, size_t in_len, unsigned char *out, size_t len)
{
	size_t done = 0;

	for (size_t i = 0; i < in_len;) {
		unsigned char byte = in[i++];
		size_t n = 1;

		if (!byte) {
			if (i == in_len)
				return error_new(ERROR_BAD_DATA,
						 "RLE: ends inside a run at byte %zu", i);
			if (in[i++]) {
				if (i == in_len)
					return error_new(ERROR_BAD_DATA,
							 "RLE: ends inside a run at byte %zu",
							 i);
				n = in[i - 1] + (size_t)1;
				byte = in[i++];
			}
		}
		if (!range_fits(done, n, len))
			return error_new(ERROR_BAD_DATA, "RLE: unpacks to more than %zu bytes",
					 len);
		memset(out + done, byte, n);
		done += n;
	}
	if (done < len)
		return error_new(ERROR_BAD_DATA, "RLE: unpacks to %zu bytes, expected %zu", done,
				 len);
	return NULL;
}
