/* The keys are those of kernel/vmcore_info.c (Linux 2.6.24 to 7.2) that Salvage or makedumpfile
 * ask for; a kernel has those of its time. */
#include "kernel/infotext.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "kernel/symbol.h"
#include "kernel/type.h"

#define MAX_TEXT (1u << 20)

static const char *const symbol_names[] = {
	"init_uts_ns", "node_online_map", "swapper_pg_dir", "init_top_pgt", "init_level4_pgt", "_stext",
	"vmap_area_list", "vmlist", "mem_map", "contig_page_data", "mem_section", "node_data",
	"pgdat_list", "vmemmap", "vmemmap_list", "mmu_psize_defs", "mmu_vmemmap_psize", "cpu_pgd",
	"cur_cpu_spec", "phys_base", "log_buf", "log_buf_len", "log_end", "logged_chars",
	"log_first_idx", "log_next_idx", "clear_idx", "prb", "clear_seq", "kallsyms_names",
	"kallsyms_num_syms", "kallsyms_token_table", "kallsyms_token_index", "kallsyms_offsets",
	"kallsyms_addresses", "kallsyms_relative_base", "free_huge_page", "nmi_print_seq",
	"safe_print_seq", "__per_cpu_offset", "nr_cpu_ids",
};

static const char *const sized_types[] = {
	"page", "mem_section", "pglist_data", "zone", "free_area", "list_head", "nodemask_t",
	"printk_ringbuffer", "prb_desc", "prb_data_blk_lpos", "prb_desc_ring", "prb_data_ring",
	"printk_info", "latched_seq", "printk_log", "log", "vmemmap_backing", "mmu_psize_def",
};

static const struct {
	const char *type, *member;
} offsets[] = {
	{ "uts_namespace", "name" },
	{ "page", "flags" }, { "page", "_refcount" }, { "page", "_count" }, { "page", "mapping" },
	{ "page", "lru" }, { "page", "_mapcount" }, { "page", "private" },
	{ "page", "compound_dtor" }, { "page", "compound_order" }, { "page", "compound_head" },
	{ "page", "compound_info" },
	{ "folio", "_folio_dtor" }, { "folio", "_folio_order" },
	{ "pglist_data", "node_zones" }, { "pglist_data", "nr_zones" },
	{ "pglist_data", "node_mem_map" }, { "pglist_data", "node_start_pfn" },
	{ "pglist_data", "node_spanned_pages" }, { "pglist_data", "node_id" },
	{ "zone", "free_area" }, { "zone", "vm_stat" }, { "zone", "spanned_pages" },
	{ "zone", "free_pages" }, { "free_area", "free_list" },
	{ "list_head", "next" }, { "list_head", "prev" }, { "mem_section", "section_mem_map" },
	{ "vmap_area", "va_start" }, { "vmap_area", "list" }, { "vm_struct", "addr" },
	{ "printk_ringbuffer", "desc_ring" }, { "printk_ringbuffer", "text_data_ring" },
	{ "printk_ringbuffer", "fail" },
	{ "prb_desc_ring", "count_bits" }, { "prb_desc_ring", "descs" }, { "prb_desc_ring", "infos" },
	{ "prb_desc_ring", "head_id" }, { "prb_desc_ring", "tail_id" },
	{ "prb_desc", "state_var" }, { "prb_desc", "text_blk_lpos" },
	{ "prb_data_blk_lpos", "begin" }, { "prb_data_blk_lpos", "next" },
	{ "prb_data_ring", "size_bits" }, { "prb_data_ring", "data" },
	{ "prb_data_ring", "head_lpos" }, { "prb_data_ring", "tail_lpos" },
	{ "printk_info", "seq" }, { "printk_info", "ts_nsec" }, { "printk_info", "text_len" },
	{ "printk_info", "caller_id" }, { "printk_info", "dev_info" },
	{ "atomic_long_t", "counter" }, { "latched_seq", "val" },
	{ "printk_log", "ts_nsec" }, { "printk_log", "len" }, { "printk_log", "text_len" },
	{ "printk_log", "dict_len" }, { "printk_log", "caller_id" },
	{ "log", "ts_nsec" }, { "log", "len" }, { "log", "text_len" }, { "log", "dict_len" },
	{ "printk_safe_seq_buf", "len" }, { "printk_safe_seq_buf", "buffer" },
	{ "vmemmap_backing", "phys" }, { "vmemmap_backing", "virt_addr" },
	{ "vmemmap_backing", "list" }, { "mmu_psize_def", "shift" }, { "cpu_spec", "mmu_features" },
};

/* LENGTH(type.member): elements of an array */
static const struct {
	const char *type, *member;
} lengths[] = { { "zone", "free_area" }, { "free_area", "free_list" } };

/* NUMBER(name) = the enum constant, shifted; some are not spelled as their key. */
static const struct {
	const char *key, *constant;
	unsigned shift; /* of the constant */
	bool mask;	/* a bit at that place */
} numbers[] = {
	{ "NR_FREE_PAGES", "NR_FREE_PAGES" }, { "N_ONLINE", "N_ONLINE" },
	{ "PG_lru", "PG_lru" }, { "PG_private", "PG_private" }, { "PG_swapcache", "PG_swapcache" },
	{ "PG_swapbacked", "PG_swapbacked" }, { "PG_slab", "PG_slab" },
	{ "PG_hwpoison", "PG_hwpoison" }, { "PG_hugetlb", "PG_hugetlb" },
	{ "PG_head_mask", "PG_head", .mask = true },
	{ "HUGETLB_PAGE_DTOR", "HUGETLB_PAGE_DTOR" },
	/* 6.12 on: enum pagetype, in the top byte */
	{ "PAGE_BUDDY_MAPCOUNT_VALUE", "PGTY_buddy", 24 },
	{ "PAGE_OFFLINE_MAPCOUNT_VALUE", "PGTY_offline", 24 },
	{ "PAGE_HUGETLB_MAPCOUNT_VALUE", "PGTY_hugetlb", 24 },
	{ "PAGE_SLAB_MAPCOUNT_VALUE", "PGTY_slab", 24 },
	{ "PAGE_UNACCEPTED_MAPCOUNT_VALUE", "PGTY_unaccepted", 24 },
};

/* True of one boot, or of one crash. */
static const char *const boot_keys[] = {
	"CRASHTIME", "KERNELOFFSET", "NUMBER(phys_base)", "NUMBER(sme_mask)", "NUMBER(PHYS_OFFSET)",
	"NUMBER(kimage_voffset)", "NUMBER(phys_ram_base)", "NUMBER(va_kernel_pa_offset)",
	"NUMBER(VMALLOC_START)", "NUMBER(VMEMMAP_START)",
	"SYMBOL(mem_section)", /* where it is a pointer the kernel tells what it points at */
};

/* Who the kernel is: never taken from another text. */
static const char *const name_keys[] = { "OSRELEASE", "BUILD-ID", "CRASHTIME", "KERNELOFFSET" };

/* Offsets into each CPU's area, which stay where they are whatever KASLR did. */
static const char *const percpu_keys[] = { "SYMBOL(nmi_print_seq)", "SYMBOL(safe_print_seq)" };

static bool is_one_of(const char *const *list, size_t n, const char *line, size_t key_len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(list[i]) == key_len && !memcmp(list[i], line, key_len))
			return true;
	return false;
}

/* ---- from symbols and types ---- */

struct text {
	const struct infotext_source *s;
	const struct vmcoreinfo *own;
	struct strbuf *out;
};

/* A line, unless it is said already. */
static void add(struct text *t, const char *key, const char *fmt, ...) PRINTF(3, 4);
static void add(struct text *t, const char *key, const char *fmt, ...)
{
	va_list ap;

	if (t->own && vmcoreinfo_get(t->own, key) &&
	    !is_one_of(boot_keys, ARRAY_SIZE(boot_keys), key, strlen(key)))
		return;
	strbuf_printf(t->out, "%s=", key);
	va_start(ap, fmt);
	strbuf_vprintf(t->out, fmt, ap);
	va_end(ap);
	strbuf_putc(t->out, '\n');
}

static void add_symbols(struct text *t)
{
	char key[128];

	for (size_t i = 0; i < ARRAY_SIZE(symbol_names); i++) {
		uint64_t va, len;

		if (!t->s->symbol(t->s->arg, symbol_names[i], &va, &len))
			continue;
		snprintf(key, sizeof(key), "SYMBOL(%s)", symbol_names[i]);
		add(t, key, "%llx", (unsigned long long)va);
		/* the array itself; where it is a pointer only VMCOREINFO knows its length */
		if (text_equal(symbol_names[i], "mem_section") && len > t->s->k->long_size)
			add(t, "LENGTH(mem_section)", "%llu",
			    (unsigned long long)(len / t->s->k->long_size));
	}
}

static void add_types(struct text *t)
{
	struct kernel *k = t->s->k;
	char key[128];

	for (size_t i = 0; i < ARRAY_SIZE(sized_types); i++) {
		uint64_t size;
		struct error *e = type_size(k, sized_types[i], &size);

		snprintf(key, sizeof(key), "SIZE(%s)", sized_types[i]);
		if (!e)
			add(t, key, "%llu", (unsigned long long)size);
		error_free(e);
	}
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		struct member m;
		struct error *e = type_member(k, offsets[i].type, offsets[i].member, &m);

		snprintf(key, sizeof(key), "OFFSET(%s.%s)", offsets[i].type, offsets[i].member);
		if (!e)
			add(t, key, "%u", m.off);
		error_free(e);
	}
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct member m;
		struct error *e = type_member(k, lengths[i].type, lengths[i].member, &m);

		snprintf(key, sizeof(key), "LENGTH(%s.%s)", lengths[i].type, lengths[i].member);
		if (!e && m.array_len)
			add(t, key, "%u", m.array_len);
		error_free(e);
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		int64_t v;
		struct error *e = type_enum_value(k, numbers[i].constant, &v);

		snprintf(key, sizeof(key), "NUMBER(%s)", numbers[i].key);
		if (!e && numbers[i].mask)
			v = v >= 0 && v < 63 ? 1ll << v : 0;
		else if (!e)
			v = (int32_t)((uint64_t)v << numbers[i].shift);
		if (!e)
			add(t, key, "%lld", (long long)v);
		error_free(e);
	}
}

struct error *infotext_write(const struct infotext_source *s, const struct vmcoreinfo *own,
			     struct strbuf *out)
{
	struct text t = { s, own, out };

	add_symbols(&t);
	add_types(&t);
	return strbuf_error(out);
}

/* ---- from a dump ---- */

struct shifted {
	struct kernel *k;
	uint64_t offset; /* KASLR's */
};

/* mem_section itself: VMCOREINFO, which symbol_find() asks first, tells what it points at. */
struct wanted {
	const char *name;
	uint64_t va;
};

static bool is_wanted(const struct symbol *s, void *arg)
{
	struct wanted *w = arg;

	if (strcmp(s->name, w->name) != 0)
		return true;
	w->va = s->va;
	return false;
}

static struct error *find_itself(struct kernel *k, const char *name, uint64_t *ret_va)
{
	struct wanted w = { .name = name };

	TRY(symbols_walk(k, is_wanted, &w));
	*ret_va = w.va;
	return w.va ? NULL : error_new(ERROR_NOT_FOUND, "the kernel has no symbol %s", name);
}

static bool kernel_symbol(void *arg, const char *name, uint64_t *ret_va, uint64_t *ret_len)
{
	const struct shifted *s = arg;
	struct error *e = text_equal(name, "mem_section") ? find_itself(s->k, name, ret_va)
							  : symbol_find(s->k, name, ret_va);

	error_free(e); /* then there is none */
	*ret_va -= e ? 0 : s->offset;
	*ret_len = 0;
	return !e;
}

/* Every line but those of one boot; symbols moved by -`offset`. */
static void copy_lines(const char *text, uint64_t offset, struct strbuf *out)
{
	while (text && *text) {
		size_t len = strcspn(text, "\n"), key = strcspn(text, "=\n");
		uint64_t va;

		if (key < len && !is_one_of(boot_keys, ARRAY_SIZE(boot_keys), text, key)) {
			_cleanup_free_ char *value = strndup(text + key + 1, len - key - 1);

			if (text_starts(text, "SYMBOL(") && value && text_hex(value, &va))
				strbuf_printf(out, "%.*s=%llx\n", (int)key, text,
					      (unsigned long long)(va - offset));
			else
				strbuf_printf(out, "%.*s\n", (int)len, text);
		}
		text += len;
		text += *text == '\n';
	}
}

struct error *infotext_of_kernel(struct kernel *k, struct strbuf *out)
{
	struct shifted sh = { .k = k };
	struct infotext_source s = { .k = k, .symbol = kernel_symbol, .arg = &sh };

	(void)vmcoreinfo_hex(k->info, "KERNELOFFSET", &sh.offset); /* without KASLR there is none */
	copy_lines(k->dump->vmcoreinfo, sh.offset, out);
	if (!vmcoreinfo_get(k->info, "OSRELEASE") && k->release[0])
		strbuf_printf(out, "OSRELEASE=%s\n", k->release);
	if (!vmcoreinfo_get(k->info, "PAGESIZE"))
		strbuf_printf(out, "PAGESIZE=%u\n", k->page_size);
	return infotext_write(&s, k->info, out);
}

/* ---- two texts as one ---- */

static struct error *parse(const char *text, size_t len, struct vmcoreinfo **ret, uint64_t *ret_offset)
{
	*ret_offset = 0;
	TRY(vmcoreinfo_parse(text ? text : "", text ? len : 0, ret));
	(void)vmcoreinfo_hex(*ret, "KERNELOFFSET", ret_offset);
	return NULL;
}

/* `line` is cut in two at its first "=". */
static void merge_line(const struct vmcoreinfo *own, char *line, uint64_t shift, struct strbuf *out)
{
	char *value = strchr(line, '=');
	size_t key_len = value ? (size_t)(value - line) : 0;
	uint64_t va;

	if (!value)
		return;
	*value++ = '\0';
	if (vmcoreinfo_get(own, line) || is_one_of(name_keys, ARRAY_SIZE(name_keys), line, key_len))
		return;
	if (text_starts(line, "SYMBOL(") && text_hex(value, &va) &&
	    !is_one_of(percpu_keys, ARRAY_SIZE(percpu_keys), line, key_len))
		strbuf_printf(out, "%s=%llx\n", line, (unsigned long long)(va + shift));
	else
		strbuf_printf(out, "%s=%s\n", line, value);
}

struct error *infotext_merge(const char *own, size_t own_len, const char *extra, size_t extra_len,
			     struct strbuf *out)
{
	CLEANUP(vmcoreinfo_free) struct vmcoreinfo *mine = NULL, *theirs = NULL;
	_cleanup_free_ char *copy = NULL;
	uint64_t my_offset, their_offset;
	char *rest, *line;

	if (extra_len > MAX_TEXT)
		return error_new(ERROR_BAD_DATA, "%zu bytes are too many for a vmcoreinfo file", extra_len);
	TRY(parse(own, own_len, &mine, &my_offset));
	TRY(parse(extra, extra_len, &theirs, &their_offset));
	strbuf_add(out, own ? own : "", own ? own_len : 0);
	if (out->len && out->s[out->len - 1] != '\n')
		strbuf_putc(out, '\n');
	copy = rest = strndup(extra, extra_len);
	if (!copy)
		return error_nomem();
	while ((line = text_next_line(&rest)))
		merge_line(mine, line, my_offset - their_offset, out);
	return strbuf_error(out);
}
