/* crash: the drop-in name of the interactive analyzer. */
#include "base/log.h"
#include "tools/shell_main.h"

int main(int argc, char **argv)
{
	log_setup("crash", LOG_LEVEL_INFO);
	argv[0] = (char[]){"crash"};
	return shell_main(argc, argv);
}
