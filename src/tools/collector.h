/* What makedumpfile and salvage-collect share: the command line and its modes. */
#pragma once

#include <stdbool.h>

struct collector_program {
	const char *name;
	bool has_fd;	     /* --fd N: the output is an open descriptor */
	int exit_incomplete; /* exit status of a dump that was saved but misses pages */
};

int collector_main(const struct collector_program *p, int argc, char **argv);
