/* The program around each builder: text on stdin, the file on stdout. */
#include <stdio.h>

#include "make/make.h"

int main(void)
{
	_cleanup_free_ char *text = NULL;
	struct image im = { .cut = SIZE_MAX };
	struct error *e = file_read_fd(0, "stdin", 64 << 20, &text, NULL);

	if (!e)
		e = BUILDER(text, &im);
	if (!e)
		e = file_write_fd(1, "stdout", im.bytes, im.len);
	if (e)
		fprintf(stderr, "%s\n", error_message(e));
	image_done(&im);
	if (!e)
		return 0;
	error_free(e);
	return 1;
}
