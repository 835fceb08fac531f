/* Filling in the page of enter.S. */
#include "kexec/enter.h"

#include <stdlib.h>
#include <string.h>

extern const unsigned char enter32_blob[], enter32_end[], enter64_blob[], enter64_end[];

struct error *enter_setup(const struct enter_args *args, bool is_32bit, struct kexec_part *part)
{
	const unsigned char *blob = is_32bit ? enter32_blob : enter64_blob;
	size_t len = (size_t)((is_32bit ? enter32_end : enter64_end) - blob);
	unsigned char *copy = malloc(len);

	if (!copy)
		return error_nomem();
	memcpy(copy, blob, len);
	memcpy(copy + ENTER_ARGS_OFF, args, sizeof(*args));
	part->bytes = part->owned = copy;
	part->len = len;
	part->in_digest = true;
	return NULL;
}
