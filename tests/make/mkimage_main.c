/* mkimage KIND [KEY=VALUE]... >FILE: a kernel image; see mkimage.h. */
#include <stdio.h>

#include "make/mkimage.h"

int main(int argc, char **argv)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	_cleanup_words_ struct words keys = { 0 };
	_cleanup_error_ struct error *e = NULL;

	for (int i = 2; i < argc && !e; i++)
		e = words_add(&keys, argv[i]);
	if (!e)
		e = argc < 2 ? error_new(ERROR_USAGE, "which kind of image?") : mkimage(argv[1], &keys, &b);
	if (!e)
		e = file_write_fd(1, "stdout", b.s, b.len);
	if (e)
		fprintf(stderr, "mkimage: %s\n", error_message(e));
	return e ? 1 : 0;
}
