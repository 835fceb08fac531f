/* Page counts in makedumpfile's words (its print_report(); scripts read them). */
#include "collect/collect.h"

void collect_report(const struct collect_result *c, struct strbuf *out)
{
	const struct collect_counts *n = &c->counts;
	uint64_t zero = c->level & 1 ? n->zero : 0;
	uint64_t excluded = zero + n->already, remaining;

	for (int i = 0; i < CLASS_MAX; i++)
		excluded += n->dropped[i];
	remaining = n->memory - excluded;

#define ROW(words, value) strbuf_printf(out, words ": 0x%016llx\n", (unsigned long long)(value))
	strbuf_puts(out, "\n");
	ROW("Original pages  ", n->memory);
	ROW("  Excluded pages   ", excluded);
	ROW("    Pages filled with zero  ", zero);
	ROW("    Non-private cache pages ", n->dropped[CLASS_CACHE]);
	ROW("    Private cache pages     ", n->dropped[CLASS_CACHE_PRIVATE]);
	ROW("    User process data pages ", n->dropped[CLASS_USER]);
	ROW("    Free pages              ", n->dropped[CLASS_FREE]);
	ROW("    Hwpoison pages          ", n->dropped[CLASS_HWPOISON]);
	ROW("    Offline pages           ", n->dropped[CLASS_OFFLINE]);
	if (n->dropped[CLASS_UNUSED_MAP])
		ROW("    Struct pages of no use  ", n->dropped[CLASS_UNUSED_MAP]);
	if (n->already)
		ROW("    Excluded in the input   ", n->already);
	ROW("  Remaining pages  ", remaining);
	if (n->lost)
		ROW("    Pages not readable      ", n->lost);
	strbuf_printf(out, "  (The number of pages is reduced to %u%%.)\n",
		      n->memory ? (unsigned)(remaining * 100 / n->memory) : 100);
	ROW("Memory Hole     ", n->total - n->memory);
	strbuf_puts(out, "--------------------------------------------------\n");
	ROW("Total pages     ", n->total);
	if (c->bytes_written)
		strbuf_printf(out, "Write bytes     : %llu\n", (unsigned long long)c->bytes_written);
#undef ROW
	strbuf_puts(out, "\n");
}
