/* The interactive analyzer's command line, for `crash` and `salvage shell`. */
#pragma once

/* argv[0] is the name to say in messages. Returns an exit code (salvage.h); messages are told. */
int shell_main(int argc, char **argv);
