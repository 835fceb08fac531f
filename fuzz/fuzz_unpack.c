/* Any bytes as a packed file, with a limit that keeps a round short. */
#include <stdlib.h>

#include "unpack/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len;
	char *out;

	error_free(unpack_bytes("fuzz", data, size, 4u << 20, &out, &len));
	free(out);
	return 0;
}
