/* salvage-collect: the collector in the capture initramfs. PID 1 opens the target and hands over
 * a descriptor; status 4 says "saved, but incomplete". */
#include "tools/collector.h"

int main(int argc, char **argv)
{
	static const struct collector_program program = {
		.name = "salvage-collect",
		.has_fd = true,
		.exit_incomplete = 4,
	};

	return collector_main(&program, argc, argv);
}
