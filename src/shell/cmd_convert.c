/* btop, ptob, ptov, pte, ascii: conversions of numbers. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/slab.h"
#include "kernel/symbol.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/kmem.h"
#include "shell/row.h"
#include "shell/value.h"

/* Every word is a number; runs `each` for it. */
static struct error *for_words(struct shell *sh, struct options *o,
			       struct error *(*each)(struct shell *sh, const char *word, uint64_t v))
{
	char **words;
	int n;

	words = command_words(o, &n);
	if (!n)
		return command_misused();
	for (int i = 0; i < n; i++) {
		uint64_t v;

		TRY(value_address(sh, words[i], &v));
		TRY(each(sh, words[i], v));
	}
	return NULL;
}

static void put_pair(struct shell *sh, const char *from, uint64_t v, const char *to, uint64_t r)
{
	row_begin(sh, "conversion");
	row_hex(sh, from, 0, v);
	row_text(sh, ": ");
	row_hex(sh, to, 0, r);
	row_end(sh);
}

static struct error *btop(struct shell *sh, const char *word, uint64_t v)
{
	(void)word;
	put_pair(sh, "bytes", v, "page", v / sh->kernel->page_size);
	return NULL;
}

static struct error *ptob(struct shell *sh, const char *word, uint64_t v)
{
	uint64_t bytes;

	if (__builtin_mul_overflow(v, (uint64_t)sh->kernel->page_size, &bytes))
		return error_new(ERROR_USAGE, "%s: more pages than there can be", word);
	put_pair(sh, "page", v, "bytes", bytes);
	return NULL;
}

static struct error *run_btop(struct shell *sh, struct options *o)
{
	return for_words(sh, o, btop);
}

static struct error *run_ptob(struct shell *sh, struct options *o)
{
	return for_words(sh, o, ptob);
}

/* "2c000:all": an offset in per-CPU data, on some CPUs. */
static struct error *ptov_percpu(struct shell *sh, const char *word, const char *colon)
{
	_cleanup_free_ char *offset = strndup(word, (size_t)(colon - word));
	struct cpus cpus;
	uint64_t off, table;
	struct error *e = NULL;

	if (!offset)
		return error_nomem();
	TRY(value_address(sh, offset, &off));
	TRY(symbol_find(sh->kernel, "__per_cpu_offset", &table));
	TRY(value_cpus(sh, colon + 1, &cpus));
	row_text(sh, "PER-CPU OFFSET: %" PRIx64 "\n  CPU    VIRTUAL\n", off);
	for (unsigned cpu = 0; cpu < cpus.nr && !e; cpu++) {
		uint64_t base;

		if (!cpus.in[cpu])
			continue;
		e = vmem_read_long(sh->kernel, table + cpu * sh->kernel->long_size, &base);
		if (e)
			break;
		row_begin(sh, "percpu");
		row_text(sh, "  [");
		row_u64(sh, "cpu", 0, cpu);
		row_text(sh, "]  ");
		row_addr(sh, "virtual", base + off);
		row_end(sh);
	}
	cpus_done(&cpus);
	return e;
}

static struct error *run_ptov(struct shell *sh, struct options *o)
{
	struct slabs *s;
	char **words;
	int n;

	words = command_words(o, &n);
	if (!n)
		return command_misused();
	for (int i = 0; i < n; i++) {
		const char *colon = strchr(words[i], ':');
		uint64_t pa, va;

		if (colon) {
			TRY(ptov_percpu(sh, words[i], colon));
			continue;
		}
		TRY(value_address(sh, words[i], &pa));
		TRY(shell_slabs(sh, &s));
		TRY(slabs_linear(s, pa, &va));
		row_text(sh, "%-*s  PHYSICAL\n", (int)(2 * sh->kernel->long_size), "VIRTUAL");
		row_begin(sh, "address");
		row_addr(sh, "virtual", va);
		row_text(sh, "  ");
		row_hex(sh, "physical", 0, pa);
		row_end(sh);
	}
	return NULL;
}

/* ---- pte ---- */

/* arch/x86/include/asm/pgtable_types.h */
static const struct {
	unsigned bit;
	const char *name;
} x86_flags[] = {
	{0, "PRESENT"}, {1, "RW"}, {2, "USER"}, {3, "PWT"}, {4, "PCD"}, {5, "ACCESSED"}, {6, "DIRTY"}, {7, "PSE"},
	{8, "GLOBAL"}, {63, "NX"},
};

#define X86_FRAME 0x000ffffffffff000ull

void put_pte(struct shell *sh, uint64_t v)
{
	int width = (int)(2 * sh->kernel->long_size);
	char names[160] = "";
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(x86_flags); i++)
		if (v >> x86_flags[i].bit & 1)
			n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", n ? "|" : "",
					      x86_flags[i].bit == 8 && !(v & 1) ? "PROTNONE" : x86_flags[i].name);
	if (v && !(v & 0x101)) { /* bit 8 without bit 0: there, but not to be touched. Else type 5 bits from the top, offset inverted: swap entries since 4.18 */
		row_text(sh, "%*sPTE%*s  SWAP TYPE  OFFSET\n", (width - 3) / 2, "", width - 3 - (width - 3) / 2, "");
		row_begin(sh, "swap");
		row_hex(sh, "pte", -width, v);
		row_text(sh, "  ");
		row_u64(sh, "type", 9, v >> 59);
		row_text(sh, "  ");
		row_u64(sh, "offset", 0, (~v << 5) >> 14);
		row_end(sh);
		return;
	}
	row_text(sh, "%*sPTE%*s  PHYSICAL  FLAGS\n", (width - 3) / 2, "", width - 3 - (width - 3) / 2, "");
	row_begin(sh, "pte");
	row_hex(sh, "pte", width, v);
	row_text(sh, "  ");
	row_hex(sh, "physical", 8, v & X86_FRAME);
	row_text(sh, "  (");
	row_str(sh, "flags", 0, v ? names : "no mapping");
	row_text(sh, ")");
	row_end(sh);
}

static struct error *pte(struct shell *sh, const char *word, uint64_t v)
{
	(void)word;
	if (!sh->kernel->arch || !text_equal(sh->kernel->arch->name, "x86_64"))
		return error_new(ERROR_UNSUPPORTED, "the bits of page table entries are told for x86_64 alone");
	put_pte(sh, v);
	return NULL;
}

static struct error *run_pte(struct shell *sh, struct options *o)
{
	return for_words(sh, o, pte);
}

/* ---- ascii ---- */

static const char *const control_names[] = {
	"NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI",
	"DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
};

static void put_table(struct shell *sh)
{
	row_text(sh, "\n      0    1   2   3   4   5   6   7\n    +-------------------------------\n");
	for (unsigned low = 0; low < 16; low++) {
		row_text(sh, "  %X |", low);
		for (unsigned high = 0; high < 8; high++) {
			unsigned c = high << 4 | low;

			if (c < 32)
				row_text(sh, " %3s", control_names[c]);
			else if (c == 32 || c == 127)
				row_text(sh, c == 32 ? "  SP" : " DEL");
			else
				row_text(sh, high > 2 ? "   %c" : "  %c ", (int)c);
		}
		row_text(sh, "\n");
	}
	row_text(sh, "\n");
}

static struct error *run_ascii(struct shell *sh, struct options *o)
{
	char **words;
	int n;

	words = command_words(o, &n);
	if (!n)
		put_table(sh);
	for (int i = 0; i < n; i++) {
		char text[64];
		uint64_t v;
		size_t len = 0;

		if (!text_hex(words[i], &v))
			return error_new(ERROR_USAGE, "%s: expected a hexadecimal number", words[i]);
		/* as it lies in memory */
		for (unsigned b = 0; b < sh->kernel->long_size; b++) {
			unsigned shift = 8 * (sh->kernel->big ? sh->kernel->long_size - 1 - b : b);
			unsigned char c = (unsigned char)(v >> shift);

			if (c >= ' ' && c < 127)
				len += (size_t)snprintf(text + len, sizeof(text) - len, "%c", c);
			else if (c < 32)
				len += (size_t)snprintf(text + len, sizeof(text) - len, "<%s>", control_names[c]);
			else
				len += (size_t)snprintf(text + len, sizeof(text) - len, "<%02x>", c);
		}
		row_begin(sh, "text");
		row_addr(sh, "value", v);
		row_text(sh, ": ");
		row_str(sh, "text", 0, text);
		row_end(sh);
	}
	return NULL;
}

const struct command cmd_ascii = {
	.name = "ascii",
	.args = "[value] ...",
	.summary = "numbers as text, or the table of characters",
	.run = run_ascii,
};

const struct command cmd_btop = {
	.name = "btop",
	.args = "address ...",
	.summary = "bytes to page numbers",
	.run = run_btop,
};

const struct command cmd_pte = {
	.name = "pte",
	.args = "value ...",
	.summary = "what a page table entry says",
	.run = run_pte,
};

const struct command cmd_ptob = {
	.name = "ptob",
	.args = "page ...",
	.summary = "page numbers to bytes",
	.run = run_ptob,
};

const struct command cmd_ptov = {
	.name = "ptov",
	.args = "address | offset:cpus ...",
	.summary = "physical addresses, or offsets in per-CPU data, to virtual ones",
	.run = run_ptov,
};
