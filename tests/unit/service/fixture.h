/* The recorded machine as a fixture: every test of a program gets a fresh one in `t`. To be
 * included last, since headers use that name for their parameters. */
#pragma once

#include "machine.h"

static struct tree t;

static int setup(void **state)
{
	(void)state;
	machine_init(&t);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_done(&t);
	return 0;
}
