/* eval: one number in four bases. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "shell/command.h"
#include "shell/expr.h"

enum { OPT_BITS = 1, OPT_LONGLONG };

static const struct option_def options[] = {
	{'b', NULL, NULL, "list the bits that are set", OPT_BITS},
	{'l', NULL, NULL, "take the number as 64 bits wide (it always is)", OPT_LONGLONG},
	{0},
};

static struct error *join(struct options *o, char **ret)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	int n;
	char **words = command_words(o, &n);

	if (!n)
		return command_misused();
	for (int i = 0; i < n; i++)
		strbuf_printf(&b, "%s%s", i ? " " : "", words[i]);
	*ret = strbuf_take(&b, NULL);
	return *ret ? NULL : error_nomem();
}

/* "1m", "16k", "2g" */
static bool with_suffix(const char *text, uint64_t *ret)
{
	static const char letters[] = "kmg";
	size_t len = strlen(text);
	const char *letter = len > 1 ? strchr(letters, text[len - 1] | 0x20) : NULL;
	char number[32];

	if (!letter || len >= sizeof(number))
		return false;
	memcpy(number, text, len - 1);
	number[len - 1] = '\0';
	return text_u64(number, ret) && !mul_overflows(*ret, 1ull << 10 * (letter - letters + 1), ret);
}

static void put_size(struct shell *sh, uint64_t v)
{
	static const char units[] = "GMK";

	for (int i = 0; i < 3; i++) {
		unsigned shift = 30 - 10 * i;

		if (v < 1ull << shift || v & ((1ull << shift) - 1))
			continue;
		fprintf(sh->out, "(%" PRIu64 "%cB)", v >> shift, units[i]);
		return;
	}
}

static struct error *run(struct shell *sh, struct options *o)
{
	_cleanup_free_ char *text = NULL;
	struct expr_value v;
	bool bits = false;
	uint64_t n;
	int id;

	while ((id = options_next(o)) > 0)
		bits |= id == OPT_BITS;
	if (id < 0)
		return command_misused();
	TRY(join(o, &text));
	if (!with_suffix(text, &n)) {
		TRY(expr_eval(sh, text, &v));
		/* a symbol alone stands for its address */
		if (v.in_memory && !v.bits.bit_size)
			n = v.va;
		else
			TRY(expr_number(sh, &v, &n));
	}
	fprintf(sh->out, "hexadecimal: %" PRIx64 "  ", n);
	put_size(sh, n);
	fprintf(sh->out, "\n    decimal: %" PRIu64 "  ", n);
	if ((int64_t)n < 0)
		fprintf(sh->out, "(%" PRId64 ")", (int64_t)n);
	fprintf(sh->out, "\n      octal: %" PRIo64 "\n     binary: ", n);
	for (int i = 63; i >= 0; i--)
		fputc('0' + (int)(n >> i & 1), sh->out);
	fputc('\n', sh->out);
	if (bits) {
		fputs("   bits set: ", sh->out);
		for (int i = 63; i >= 0; i--)
			if (n >> i & 1)
				fprintf(sh->out, "%d ", i);
		fputc('\n', sh->out);
	}
	return NULL;
}

const struct command cmd_eval = {
	.name = "eval",
	.args = "[-b][-l] (expression) | value",
	.summary = "calculate, and show the result in hexadecimal, decimal, octal and binary",
	.text = "The value is a C expression: numbers (hexadecimal with 0x, or when a letter is in\n"
		"them), symbols (their address), members, casts, + - * / % & | ^ << >>. A number may end\n"
		"in k, m or g.\n\n"
		"  eval 1 << 20\n"
		"  eval (init_task.flags & 0x200000)\n",
	.options = options,
	.run = run,
};
