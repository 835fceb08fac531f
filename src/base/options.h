/*
 * Command-line options from one table, which also makes --help (and later completions and
 * the man page's synopsis). Long and short forms, getopt_long's rules (permuting).
 */
#pragma once

#include "base/error.h"

struct option_def {
	char letter;	      /* 0: no short form */
	const char *name;     /* long form without dashes; null: no long form */
	const char *argument; /* name of the argument for --help; null: takes none */
	const char *help;     /* one sentence; null: hidden (deprecated spelling) */
	int id;		      /* what options_next() returns, > 0; rows may share one */
};

struct options {
	const struct option_def *defs; /* ends with an all-zero row */
	void *getopt_state;	       /* private */
	int argc;
	char **argv;
	const char *value; /* argument of the option just returned */
	const struct option_def *row; /* of the option just returned; null: a bad one */
};

/* `argv` may be reordered. Messages of bad options go to stderr, as getopt words them. */
struct error *options_begin(struct options *o, const struct option_def *defs, int argc,
			    char **argv) MUST_CHECK;
/* The same, but options end at the first word that is none: in front of a subcommand. */
struct error *options_begin_leading(struct options *o, const struct option_def *defs, int argc,
				    char **argv) MUST_CHECK;
/* The id of the next option; 0 at the end; -1 for a bad one (already reported). */
int options_next(struct options *o);
/* After the end: index of the first word that is no option. */
int options_rest(const struct options *o);
void options_done(struct options *o);
/* The option lines of --help, aligned. */
void options_help(const struct option_def *defs, FILE *to);
