/* Any flattened stream. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collect/collect.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	int in = memfd_create("in", 0), to = memfd_create("to", 0);
	bool complete;

	if (in >= 0 && to >= 0 && write(in, bytes, len) == (ssize_t)len && lseek(in, 0, SEEK_SET) == 0)
		error_free(collect_rearrange(in, "in", to, "to", &complete));
	close(in);
	close(to);
	return 0;
}
