/* The front door's commands: one function each, one row in salvage.c. */
#pragma once

/* Exit codes of salvage; doc: man/salvage.1.scd. */
enum salvage_exit {
	EXIT_FINE = 0,
	EXIT_FAILED = 1,
	EXIT_WRONG_USAGE = 2,
	EXIT_NOT_ACTIVE = 3,
	EXIT_DUMP_INCOMPLETE = 4,
	EXIT_NO_SYMBOLS = 5,
	EXIT_FORBIDDEN = 6,
};

/* argv[0] is the command's name. Returns an exit code; messages are already told. */
int salvage_report(int argc, char **argv);
int salvage_verify(int argc, char **argv);
int salvage_selfcheck(int argc, char **argv);
int salvage_list(int argc, char **argv);
int salvage_show(int argc, char **argv);
int salvage_status(int argc, char **argv);
int salvage_setup(int argc, char **argv);
int salvage_notify(int argc, char **argv);
int salvage_check(int argc, char **argv);
int salvage_config(int argc, char **argv);
int salvage_remove(int argc, char **argv);
