/* rd: memory as numbers, text or symbols. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "kernel/symbol.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/userspace.h"
#include "shell/value.h"

#define COUNT_MAX   (1u << 24)
#define ASCII_WIDTH 60

enum {
	OPT_ASCII = 1, OPT_SIGNED, OPT_UNSIGNED, OPT_SYMBOLS, OPT_NO_ASCII, OPT_PHYSICAL, OPT_USER,
	OPT_NETWORK, OPT_REVERSE, OPT_OFFSET, OPT_END, OPT_FILE, OPT_DIGIT,
};

static const struct option_def options[] = {
	{'a', NULL, NULL, "as text, up to the first byte that is none", OPT_ASCII},
	{'d', NULL, NULL, "as signed decimal numbers", OPT_SIGNED},
	{'D', NULL, NULL, "as unsigned decimal numbers", OPT_UNSIGNED},
	{'s', NULL, NULL, "as symbols, where there are any", OPT_SYMBOLS},
	{'S', NULL, NULL, "the same", OPT_SYMBOLS},
	{'x', NULL, NULL, "without the text at the right", OPT_NO_ASCII},
	{'p', NULL, NULL, "the address is a physical one", OPT_PHYSICAL},
	{'u', NULL, NULL, "the address is a user one, of the current task", OPT_USER},
	{'N', NULL, NULL, "bytes in network order", OPT_NETWORK},
	{'R', NULL, NULL, "from the end to the start", OPT_REVERSE},
	{'o', NULL, "OFFSET", "add OFFSET to the address", OPT_OFFSET},
	{'e', NULL, "ADDRESS", "up to ADDRESS", OPT_END},
	{'r', NULL, "FILE", "write the bytes to FILE", OPT_FILE},
	/* -8 -16 -32 -64: told in the text */
	{'8', NULL, NULL, NULL, OPT_DIGIT}, {'1', NULL, NULL, NULL, OPT_DIGIT},
	{'6', NULL, NULL, NULL, OPT_DIGIT}, {'3', NULL, NULL, NULL, OPT_DIGIT},
	{'2', NULL, NULL, NULL, OPT_DIGIT}, {'4', NULL, NULL, NULL, OPT_DIGIT},
	{0},
};

struct request {
	struct shell *sh;
	bool ascii, decimal, is_signed, symbols, no_ascii, physical, user, network, reverse;
	unsigned width; /* bytes of a number */
	uint64_t va, count;
	const char *file;
	bool has_end;
	uint64_t end, off;
};

static struct error *read_bytes(struct request *r, uint64_t va, void *buf, size_t len)
{
	if (r->physical)
		return dump_read_phys(r->sh->dump, va, buf, len);
	if (r->user)
		return user_read(r->sh, &r->sh->task, va, buf, len);
	return vmem_read(r->sh->kernel, va, buf, len);
}

/* One unit; memory that was left out may be asked to read as zeros. */
static struct error *read_unit(struct request *r, uint64_t va, void *buf, size_t len)
{
	struct error *e = read_bytes(r, va, buf, len);

	if (e && r->sh->set.zero_excluded && error_drop_if(&e, ERROR_EXCLUDED))
		memset(buf, 0, len);
	return e;
}

/* ---- text ---- */

static struct error *print_ascii(struct request *r)
{
	uint64_t max = r->count ? r->count : COUNT_MAX;

	for (uint64_t i = 0; i < max && !shell_interrupted(); i++) {
		unsigned char c;

		TRY(read_unit(r, r->va + i, &c, 1));
		if (!(c >= ' ' && c < 0x7f) && c != '\n' && c != '\t') {
			if (!r->count)
				break;
			c = '.';
		}
		if (i % ASCII_WIDTH == 0)
			fprintf(r->sh->out, "%s%" PRIx64 ":  ", i ? "\n" : "", r->va + i);
		fputc(c == '\n' || c == '\t' ? ' ' : c, r->sh->out);
	}
	fputc('\n', r->sh->out);
	return NULL;
}

/* ---- numbers ---- */

static unsigned number_width(const struct request *r)
{
	static const unsigned decimal[] = {[1] = 3, [2] = 5, [4] = 11, [8] = 15};

	return r->decimal ? decimal[r->width] : 2 * r->width;
}

static void put_symbol(struct request *r, uint64_t v)
{
	char name[600];

	value_symbol_text(r->sh, v, r->sh->set.radix, name, sizeof(name));
	if (name[0])
		fprintf(r->sh->out, "%-16s ", name);
	else
		fprintf(r->sh->out, "%016" PRIx64 " ", v);
}

static void put_number(struct request *r, uint64_t v)
{
	int64_t s = (int64_t)(v << (64 - 8 * r->width)) >> (64 - 8 * r->width);

	if (r->symbols && r->width == r->sh->kernel->long_size)
		put_symbol(r, v);
	else if (r->decimal && r->is_signed)
		fprintf(r->sh->out, "%*" PRId64 " ", (int)number_width(r), s);
	else if (r->decimal)
		fprintf(r->sh->out, "%*" PRIu64 " ", (int)number_width(r), v);
	else
		fprintf(r->sh->out, "%0*" PRIx64 " ", (int)number_width(r), v);
}

static void put_text(struct request *r, const unsigned char *bytes, size_t n)
{
	fputs("  ", r->sh->out);
	for (size_t i = 0; i < n; i++)
		fputc(bytes[i] >= ' ' && bytes[i] < 0x7f ? bytes[i] : '.', r->sh->out);
}

static struct error *print_line(struct request *r, uint64_t va, uint64_t n)
{
	unsigned char bytes[16];
	unsigned per_line = 16 / r->width;
	bool big = r->network ? true : r->sh->kernel->big;
	struct error *e = NULL;
	uint64_t got = 0;

	for (; got < n && !e; got += !e)
		e = read_unit(r, va + got * r->width, bytes + got * r->width, r->width);
	if (got) {
		fprintf(r->sh->out, "%" PRIx64 ":  ", va);
		for (uint64_t i = 0; i < got; i++)
			put_number(r, get_uint(bytes + i * r->width, r->width, big));
		if (!r->no_ascii && !r->symbols && !r->decimal) {
			fprintf(r->sh->out, "%*s", (int)((per_line - got) * (number_width(r) + 1)), "");
			put_text(r, bytes, got * r->width);
		}
		fputc('\n', r->sh->out);
	}
	return e;
}

static struct error *print_numbers(struct request *r)
{
	uint64_t per_line = 16 / r->width, lines = (r->count + per_line - 1) / per_line;

	for (uint64_t i = 0; i < lines && !shell_interrupted(); i++) {
		uint64_t line = r->reverse ? lines - 1 - i : i;
		uint64_t first = line * per_line;

		TRY(print_line(r, r->va + first * r->width, MIN(per_line, r->count - first)));
	}
	return NULL;
}

static struct error *write_file(struct request *r)
{
	_cleanup_close_ int fd = open(r->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	unsigned char buf[4096];
	uint64_t left = r->count * r->width, at = r->va;

	if (fd < 0)
		return error_sys(errno, "%s: cannot open for writing", r->file);
	while (left && !shell_interrupted()) {
		size_t n = MIN(left, (uint64_t)(sizeof(buf) - at % sizeof(buf)));

		TRY(read_unit(r, at, buf, n));
		TRY(file_write_fd(fd, r->file, buf, n));
		at += n;
		left -= n;
	}
	fprintf(r->sh->out, "%" PRIu64 " bytes copied from 0x%" PRIx64 " to %s\n", at - r->va, r->va, r->file);
	return NULL;
}

/* ---- command line ---- */

static struct error *take_options(struct request *r, struct options *o)
{
	unsigned bits = 0;
	int64_t off;
	int id;

	while ((id = options_next(o)) > 0) {
		switch (id) {
		case OPT_ASCII:
			r->ascii = true;
			break;
		case OPT_SIGNED:
		case OPT_UNSIGNED:
			r->decimal = true;
			r->is_signed = id == OPT_SIGNED;
			break;
		case OPT_SYMBOLS:
			r->symbols = true;
			break;
		case OPT_NO_ASCII:
			r->no_ascii = true;
			break;
		case OPT_PHYSICAL:
			r->physical = true;
			break;
		case OPT_USER:
			r->user = true;
			break;
		case OPT_NETWORK:
			r->network = true;
			break;
		case OPT_REVERSE:
			r->reverse = true;
			break;
		case OPT_OFFSET:
			TRY(value_count(o->value, &off));
			r->off = (uint64_t)off;
			break;
		case OPT_END:
			TRY(value_address(r->sh, o->value, &r->end));
			r->has_end = true;
			break;
		case OPT_FILE:
			r->file = o->value;
			break;
		case OPT_DIGIT:
			bits = bits * 10 + (unsigned)(o->row->letter - '0');
			break;
		}
	}
	if (id < 0)
		return command_misused();
	r->width = bits ? bits / 8 : r->sh->kernel->long_size;
	if (bits && bits != 8 && bits != 16 && bits != 32 && bits != 64)
		return error_new(ERROR_USAGE, "-%u: numbers have 8, 16, 32 or 64 bits", bits);
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct request r = {.sh = sh};
	int64_t count = 1;
	char **words;
	int n;

	TRY(take_options(&r, o));
	words = command_words(o, &n);
	if (n < 1 || n > 2)
		return command_misused();
	TRY(value_address(sh, words[0], &r.va));
	r.va += r.off;
	if (n == 2)
		TRY(value_count(words[1], &count));
	if (r.has_end) {
		if (r.end <= r.va)
			return error_new(ERROR_USAGE, "%" PRIx64 ": not behind the address %" PRIx64, r.end, r.va);
		count = (int64_t)((r.end - r.va + r.width - 1) / r.width);
	}
	if (count <= 0 || count > COUNT_MAX)
		return error_new(ERROR_USAGE, "a count of %" PRId64 " is out of range (1 to %u)", count, COUNT_MAX);
	r.count = (uint64_t)count;
	if (r.ascii) {
		r.count = n == 2 || r.has_end ? (uint64_t)count : 0;
		return print_ascii(&r);
	}
	return r.file ? write_file(&r) : print_numbers(&r);
}

const struct command cmd_rd = {
	.name = "rd",
	.args = "[-adDsSxpuNR][-8|-16|-32|-64][-o offset][-e address][-r file] address|symbol [count]",
	.summary = "read memory",
	.text = "  -8, -16, -32, -64          width of the numbers (default: that of a long)\n\n"
		"  rd init_task 8\n"
		"  rd -a linux_banner\n"
		"  rd -s ffffd46c40013a10 32\n",
	.options = options,
	.run = run,
};
