/* Option tables; see options.h. */
#include "base/options.h"

#include <getopt.h>
#include <string.h>

#include "base/strbuf.h"

#define LONG_ONLY 0x10000 /* val of long options: LONG_ONLY + row */

struct state {
	struct option *longs;
	char *shorts;
};

static struct error *begin(struct options *o, const struct option_def *defs, bool leading, int argc,
			   char **argv)
{
	_cleanup_strbuf_ struct strbuf shorts = { 0 };
	struct state *s;
	size_t rows = 0, n = 0;

	if (leading)
		strbuf_putc(&shorts, '+'); /* getopt's sign for it */
	while (defs[rows].id)
		rows++;
	s = calloc(1, sizeof(*s));
	if (!s)
		return error_nomem();
	s->longs = calloc(rows + 1, sizeof(*s->longs));
	for (size_t i = 0; i < rows; i++) {
		if (defs[i].letter) {
			strbuf_putc(&shorts, defs[i].letter);
			if (defs[i].argument)
				strbuf_putc(&shorts, ':');
		}
		if (defs[i].name && s->longs)
			s->longs[n++] = (struct option){
				.name = defs[i].name,
				.has_arg = defs[i].argument ? required_argument : no_argument,
				.val = LONG_ONLY + (int)i,
			};
	}
	s->shorts = strbuf_take(&shorts, NULL);
	if (!s->longs || !s->shorts) {
		free(s->longs);
		free(s->shorts);
		free(s);
		return error_nomem();
	}
	optind = 0;
	*o = (struct options){ .defs = defs, .getopt_state = s, .argc = argc, .argv = argv };
	return NULL;
}

struct error *options_begin(struct options *o, const struct option_def *defs, int argc,
			    char **argv)
{
	return begin(o, defs, false, argc, argv);
}

struct error *options_begin_leading(struct options *o, const struct option_def *defs, int argc,
				    char **argv)
{
	return begin(o, defs, true, argc, argv);
}

int options_next(struct options *o)
{
	struct state *s = o->getopt_state;
	int c = getopt_long(o->argc, o->argv, s->shorts, s->longs, NULL);

	o->value = optarg;
	o->row = NULL;
	if (c == -1)
		return 0;
	if (c >= LONG_ONLY)
		o->row = &o->defs[c - LONG_ONLY];
	for (const struct option_def *d = o->defs; d->id && !o->row; d++)
		if (c != '?' && d->letter == c)
			o->row = d;
	return o->row ? o->row->id : -1;
}

int options_rest(const struct options *o)
{
	(void)o;
	return optind;
}

void options_done(struct options *o)
{
	struct state *s = o->getopt_state;

	if (!s)
		return;
	free(s->longs);
	free(s->shorts);
	free(s);
	o->getopt_state = NULL;
}

void options_help(const struct option_def *defs, FILE *to)
{
	const int column = 30;

	for (const struct option_def *d = defs; d->id; d++) {
		_cleanup_strbuf_ struct strbuf left = { 0 };

		if (!d->help)
			continue;
		strbuf_puts(&left, "  ");
		if (d->letter)
			strbuf_printf(&left, "-%c", d->letter);
		if (d->name)
			strbuf_printf(&left, "%s--%s", d->letter ? ", " : "    ", d->name);
		if (d->argument)
			strbuf_printf(&left, "%s%s", d->name ? "=" : " ", d->argument);
		fprintf(to, "%s", strbuf_str(&left));
		if ((int)left.len + 2 > column)
			fprintf(to, "\n%*s%s\n", column, "", d->help);
		else
			fprintf(to, "%*s%s\n", column - (int)left.len, "", d->help);
	}
}
