/* makedumpfile: the drop-in name of the collector. Options, output and exit codes: makedumpfile(8). */
#include "tools/collector.h"

int main(int argc, char **argv)
{
	/* A dump that misses pages because the disk is full is a failure there; a page that could
	 * not be read is not. */
	static const struct collector_program program = {
		.name = "makedumpfile",
		.exit_incomplete = 0,
	};

	return collector_main(&program, argc, argv);
}
