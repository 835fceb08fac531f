/*
 * The array of struct page. Two models are left in the world: one array for all frames
 * (FLATMEM, SYMBOL(mem_map)), and one per section of memory (SPARSEMEM, SYMBOL(mem_section)),
 * whose rows stand in a plain array or, "extreme", in blocks of a page behind an array of
 * pointers. With VMEMMAP the sections' arrays happen to adjoin; the sections still say which
 * frames have a struct page at all. Until 5.13 there was one array per node as well
 * (DISCONTIGMEM: node_data or pgdat_list); one array for all is read as one node.
 * (include/linux/mmzone.h, mm/sparse.c)
 *
 * A section's section_mem_map is the address that its array would have if it began at frame 0,
 * with flags in the low bits. How many flags there are has grown (2 to 6); all bits below the
 * alignment that both parts have are masked instead.
 */
#include "kernel/memmap.h"

#include <string.h>

#include "base/checked.h"
#include "base/log.h"
#include "base/vector.h"
#include "kernel/vmem.h"

#define BUFFER_LEN	   (32u << 10)
#define MAX_STRUCT_PAGE	   1024
#define MAX_STRUCT_SECTION 1024
#define MAX_PROBES	   256
#define MAX_NODES	   4096 /* MAX_NUMNODES is at most 1024 */

#define SECTION_PRESENT	    (1u << 0)
#define SECTION_HAS_MEM_MAP (1u << 1)

/* How section rows are found. */
enum model {
	MODEL_NODES,		/* FLATMEM is one node */
	MODEL_SPARSE,		/* mem_section[] */
	MODEL_EXTREME,		/* pointers to blocks of rows at SYMBOL(mem_section) */
	MODEL_EXTREME_INDIRECT, /* SYMBOL(mem_section) is the variable that points there: 4.15.0
				 */
};

/* The struct pages of [start, end) are one array at `array_va`. */
struct node {
	uint64_t start, end, array_va;
};

struct memmap {
	struct kernel *k;
	enum model model;
	uint32_t page_len; /* sizeof(struct page) */
	uint32_t page_shift;

	VECTOR(struct node) nodes; /* MODEL_NODES, in order of memory */

	/* the others */
	uint64_t sections_va, nr_roots, rows_per_root;
	uint32_t section_shift; /* frames per section, log2 */
	uint32_t row_len, row_map_off;

	/* the section met last */
	bool has_last, last_lost;	 /* lost: its row cannot be read */
	uint64_t last_section, last_map; /* last_map 0: none */
	uint64_t last_hole_end;		 /* first frame after the hole */

	/* struct pages [buffer_pfn, buffer_pfn + buffer_n), copied */
	unsigned char *buffer;
	uint64_t buffer_pfn, buffer_n;
};

/* SECTION_SIZE_BITS where VMCOREINFO does not tell (before 5.8): asm/sparsemem.h. */
static const struct {
	const char *arch;
	const char *config; /* only with this line of VMCOREINFO; null: any */
	uint8_t bits[3];    /* tried in this order; 0: none */
} section_bits[] = {
	{"x86_64", NULL, {27}},	 {"i386", "CONFIG_X86_PAE", {29, 30}}, /* 30 to 2.6.25 */
	{"i386", NULL, {26}},	 {"aarch64", NULL, {30}},	       /* others since 5.12 */
	{"ppc64", NULL, {24}},	 {"s390x", NULL, {28, 25}},
	{"riscv64", NULL, {27}}, {"arm", NULL, {28}},
};

static uint64_t flag_mask(const struct memmap *m)
{
	return (1ull << MIN(m->page_shift, m->section_shift)) - 1;
}

/* Address of the row of `section`, 0 when there is none; *ret_hole: sections without row from
 * `section` on. */
static struct error *row_address(struct memmap *m, uint64_t section, uint64_t *ret_va,
				 uint64_t *ret_hole)
{
	uint64_t root = section / m->rows_per_root, row = section % m->rows_per_root;
	uint64_t va = m->sections_va;

	*ret_va = 0;
	if (root >= m->nr_roots) {
		*ret_hole = UINT64_MAX;
		return NULL;
	}
	if (m->model != MODEL_SPARSE) {
		TRY(vmem_read_long(m->k, va + root * m->k->long_size, &va));
		if (!va) {
			*ret_hole = m->rows_per_root - row;
			return NULL;
		}
	}
	if (m->model == MODEL_SPARSE)
		row = section;
	*ret_va = va + row * m->row_len;
	return NULL;
}

/* The map that a section's row has; 0: none, and *ret_hole sections have none. */
static struct error *read_section(struct memmap *m, uint64_t section, uint64_t *ret_map,
				  uint64_t *ret_hole)
{
	uint64_t va, value;

	*ret_map = 0;
	*ret_hole = 1;
	TRY(row_address(m, section, &va, ret_hole));
	if (!va)
		return NULL;
	TRY(vmem_read_long(m->k, va + m->row_map_off, &value));
	if (value & SECTION_PRESENT && value & SECTION_HAS_MEM_MAP)
		*ret_map = value & ~flag_mask(m);
	return NULL;
}

/* Makes `section` the last one met. */
static struct error *find_section(struct memmap *m, uint64_t section)
{
	uint64_t hole, end;
	struct error *e;

	if (m->has_last && m->last_section == section)
		return NULL;
	m->has_last = false;
	e = read_section(m, section, &m->last_map, &hole);
	if (e && error_kind(e) == ERROR_NOMEM)
		return e;
	m->last_lost = e != NULL;
	error_free(e);
	m->last_hole_end = UINT64_MAX;
	if (!add_overflows(section, hole, &end) && end < UINT64_MAX >> m->section_shift)
		m->last_hole_end = end << m->section_shift;
	m->last_section = section;
	m->has_last = true;
	return NULL;
}

static void locate_in_nodes(const struct memmap *m, uint64_t pfn, uint64_t *ret_va,
			    uint64_t *ret_n)
{
	*ret_va = 0;
	*ret_n = UINT64_MAX - pfn;
	for (size_t i = 0; i < m->nodes.n; i++) {
		const struct node *n = &m->nodes.v[i];

		if (pfn < n->start) {
			*ret_n = n->start - pfn;
			return;
		}
		if (pfn >= n->end)
			continue;
		*ret_va = n->array_va + (pfn - n->start) * m->page_len;
		*ret_n = n->end - pfn;
		return;
	}
}

/* Where the struct page of `pfn` is and how many follow in its array. Without one: 0, and how
 * many frames have none. On an error *ret_n frames share it. */
static struct error *locate(struct memmap *m, uint64_t pfn, uint64_t *ret_va, uint64_t *ret_n)
{
	*ret_va = 0;
	*ret_n = 1;
	if (m->model == MODEL_NODES) {
		locate_in_nodes(m, pfn, ret_va, ret_n);
		return NULL;
	}
	TRY(find_section(m, pfn >> m->section_shift));
	*ret_n = m->last_hole_end - pfn;
	if (m->last_lost)
		return error_new(ERROR_LOST, "the section of page frame 0x%llx cannot be read",
				 (unsigned long long)pfn);
	if (m->last_map) {
		*ret_va = m->last_map + pfn * m->page_len;
		if (!m->k->is_64bit)
			*ret_va &= UINT32_MAX;
		*ret_n = (1ull << m->section_shift) - (pfn & ((1ull << m->section_shift) - 1));
	}
	return NULL;
}

static struct error *no_struct_page(uint64_t pfn)
{
	return error_new(ERROR_NOT_FOUND, "page frame 0x%llx has no struct page",
			 (unsigned long long)pfn);
}

struct error *memmap_address(struct memmap *m, uint64_t pfn, uint64_t *ret_va)
{
	uint64_t va, n;

	TRY(locate(m, pfn, &va, &n));
	if (!va)
		return no_struct_page(pfn);
	*ret_va = va;
	return NULL;
}

/* Copies as many of `n` struct pages at `va` as the buffer takes; of a run that is not whole
 * in the dump at least those in the first page. */
static struct error *copy_pages(struct memmap *m, uint64_t va, uint64_t n, uint64_t *ret_n)
{
	uint64_t in_page = (m->k->page_size - va % m->k->page_size) / m->page_len;
	struct error *e;

	m->buffer_n = 0;
	n = MIN(n, (uint64_t)BUFFER_LEN / m->page_len);
	in_page = MIN(MAX(in_page, (uint64_t)1), n);
	e = vmem_read(m->k, va, m->buffer, n * m->page_len);
	if (e && in_page < n) {
		error_free(e);
		n = in_page;
		e = vmem_read(m->k, va, m->buffer, n * m->page_len);
	}
	if (e)
		return e;
	*ret_n = n;
	return NULL;
}

struct error *memmap_get(struct memmap *m, uint64_t pfn, uint64_t n, const void **ret,
			 uint64_t *ret_n)
{
	uint64_t va, there, pa, run;
	const void *mapped;
	struct error *e;

	if (pfn - m->buffer_pfn < m->buffer_n) {
		*ret = m->buffer + (pfn - m->buffer_pfn) * m->page_len;
		*ret_n = MIN(n, m->buffer_n - (pfn - m->buffer_pfn));
		return NULL;
	}
	e = locate(m, pfn, &va, &there);
	*ret_n = there;
	if (e)
		return e;
	if (!va)
		return no_struct_page(pfn);
	/* without an answer: those of the same page of struct pages share its fate */
	*ret_n = (m->k->page_size - va % m->k->page_size + m->page_len - 1) / m->page_len;
	*ret_n = MIN(*ret_n, there);
	n = MIN(n, there);
	/* parts of a section may never have been plugged in: no struct pages there */
	TRY(vmem_translate(m->k, va, &pa, &run));
	if (run >= m->page_len) {
		run = MIN(n, run / m->page_len);
		mapped = dump_map_phys(m->k->dump, pa, run * m->page_len);
		if (mapped) {
			*ret = mapped;
			*ret_n = run;
			return NULL;
		}
	}
	TRY(copy_pages(m, va, MIN(there, (uint64_t)BUFFER_LEN), &m->buffer_n));
	m->buffer_pfn = pfn;
	*ret = m->buffer;
	*ret_n = MIN(n, m->buffer_n);
	return NULL;
}

uint32_t memmap_page_struct_size(const struct memmap *m)
{
	return m->page_len;
}

/* The frame that an array of all memory begins with (ARCH_PFN_OFFSET). */
static uint64_t first_pfn(struct kernel *k)
{
	uint64_t base;
	int64_t number;

	if (vmcoreinfo_number_hex(k->info, "PHYS_OFFSET", &base))
		return base / k->page_size;
	if (vmcoreinfo_number(k->info, "phys_ram_base", &number) && number > 0)
		return number / k->page_size;
	/* arm begins where its memory does, i386 and all others at 0 */
	if (k->arch && k->arch->elf_machine == 40 && k->dump->memory.n)
		return k->dump->memory.v[0].start;
	return 0;
}

static struct error *add_node(struct memmap *m, struct node n)
{
	m->model = MODEL_NODES;
	return vector_push(&m->nodes, n) ? NULL : error_nomem();
}

static struct error *open_flat(struct memmap *m, uint64_t symbol_va)
{
	struct node n = {first_pfn(m->k), m->k->dump->max_pfn, 0};

	TRY(vmem_read_long(m->k, symbol_va, &n.array_va));
	return add_node(m, n);
}

/* Offsets in struct pglist_data. */
struct pgdat {
	uint64_t start, spanned, map, next;
	bool has_next;
};

/* One node that exists; a node that cannot be read only costs its own frames, which are kept.
 */
static struct error *read_node(struct memmap *m, const struct pgdat *p, uint64_t va)
{
	struct node n;
	uint64_t spanned = 0;
	struct error *e = vmem_read_long(m->k, va + p->start, &n.start);

	if (!e)
		e = vmem_read_long(m->k, va + p->spanned, &spanned);
	if (!e)
		e = vmem_read_long(m->k, va + p->map, &n.array_va);
	if (e && error_kind(e) == ERROR_NOMEM)
		return e;
	if (e)
		log_debug("node at 0x%llx: %s", (unsigned long long)va, error_message(e));
	else if (spanned && n.array_va && !add_overflows(n.start, spanned, &n.end))
		return add_node(m, n);
	error_free(e);
	return NULL;
}

static int compare_nodes(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static bool find_pgdat(struct kernel *k, struct pgdat *p)
{
	p->has_next = vmcoreinfo_offset(k->info, "pglist_data", "pgdat_next", &p->next);
	return vmcoreinfo_offset(k->info, "pglist_data", "node_start_pfn", &p->start) &&
	       vmcoreinfo_offset(k->info, "pglist_data", "node_spanned_pages", &p->spanned) &&
	       vmcoreinfo_offset(k->info, "pglist_data", "node_mem_map", &p->map);
}

/* `symbol_va` is an array of `length` pointers, or without a length the head of a list. */
static struct error *open_nodes(struct memmap *m, uint64_t symbol_va, uint64_t length)
{
	struct pgdat p;
	uint64_t va;

	if (!find_pgdat(m->k, &p))
		return error_new(
			ERROR_NOT_FOUND,
			"VMCOREINFO has nodes, but no pglist_data.node_mem_map, node_start_pfn and node_spanned_pages: struct pages cannot be found");
	for (uint64_t i = 0; i < MIN(length, (uint64_t)MAX_NODES); i++) {
		TRY(vmem_read_long(m->k, symbol_va + i * m->k->long_size, &va));
		if (va)
			TRY(read_node(m, &p, va));
	}
	if (!length && p.has_next) {
		TRY(vmem_read_long(m->k, symbol_va, &va));
		for (unsigned i = 0; va && i < MAX_NODES; i++) {
			struct error *e;

			TRY(read_node(m, &p, va));
			e = vmem_read_long(m->k, va + p.next, &va);
			if (e) { /* the nodes behind it are not known: kept */
				log_debug("list of nodes: %s", error_message(e));
				error_free(e);
				break;
			}
		}
	}
	if (!m->nodes.n)
		return error_new(ERROR_NOT_FOUND, "no node has struct pages where 0x%llx says",
				 (unsigned long long)symbol_va);
	qsort(m->nodes.v, m->nodes.n, sizeof(*m->nodes.v), compare_nodes);
	return NULL;
}

/* DISCONTIGMEM, or the one node of a flat kernel that does not export mem_map. */
static struct error *open_any_node(struct memmap *m)
{
	static const char *const names[] = {"node_data", "pgdat_list"};
	struct vmcoreinfo *info = m->k->info;
	struct pgdat p;
	uint64_t va, length;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!vmcoreinfo_symbol(info, names[i], &va))
			continue;
		length = 0;
		(void)vmcoreinfo_length(info, names[i], &length);
		return open_nodes(m, va, length);
	}
	if (vmcoreinfo_symbol(info, "contig_page_data", &va) && find_pgdat(m->k, &p))
		TRY(read_node(m, &p, va));
	if (m->nodes.n)
		return NULL;
	return error_new(
		ERROR_NOT_FOUND,
		"VMCOREINFO has none of mem_section, mem_map and node_data: struct pages cannot be found");
}

static bool has_struct_page(struct memmap *m, uint64_t pfn)
{
	uint64_t va, pa;
	struct error *e = memmap_address(m, pfn, &va);

	if (!e)
		e = vmem_translate(m->k, va, &pa, NULL);
	if (!e)
		return va % 4 == 0; /* struct page is aligned at least so */
	error_free(e);
	return false;
}

/* Whether this way of reading the sections leads to struct pages: of the memory that the dump
 * says to exist, some frame must have one that translates. */
static bool model_works(struct memmap *m)
{
	const struct ranges *memory = &m->k->dump->memory;
	unsigned tries = 0;

	m->has_last = false;
	for (size_t i = 0; i < memory->n && tries < MAX_PROBES; i++) {
		uint64_t len = memory->v[i].end - memory->v[i].start;

		for (unsigned part = 0; part < 8; part++, tries++)
			if (has_struct_page(m, memory->v[i].start + len / 8 * part))
				return true;
	}
	return false;
}

static void set_model(struct memmap *m, enum model model)
{
	uint64_t per_root = m->k->page_size / m->row_len;

	m->model = model;
	m->rows_per_root = model == MODEL_SPARSE ? 1 : MAX(per_root, (uint64_t)1);
}

static bool try_models(struct memmap *m, uint64_t symbol_va)
{
	static const enum model models[] = {MODEL_EXTREME, MODEL_EXTREME_INDIRECT,
					    MODEL_SPARSE};

	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		set_model(m, models[i]);
		m->sections_va = symbol_va;
		if (models[i] == MODEL_EXTREME_INDIRECT) {
			struct error *e = vmem_read_long(m->k, symbol_va, &m->sections_va);

			if (e) {
				error_free(e);
				continue;
			}
		}
		if (model_works(m)) {
			m->has_last = false;
			return true;
		}
	}
	return false;
}

/* SECTION_SIZE_BITS that may be right, most likely first. */
static size_t section_bits_of(struct kernel *k, uint32_t bits[3])
{
	int64_t number;
	size_t n = 0;

	if (vmcoreinfo_number(k->info, "SECTION_SIZE_BITS", &number) && number > 0 &&
	    number < 64) {
		bits[0] = number;
		return 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(section_bits) && !n && k->arch; i++) {
		if (strcmp(section_bits[i].arch, k->arch->name) != 0)
			continue;
		if (section_bits[i].config && !vmcoreinfo_get(k->info, section_bits[i].config))
			continue;
		while (n < 3 && section_bits[i].bits[n]) {
			bits[n] = section_bits[i].bits[n];
			n++;
		}
	}
	return n;
}

static struct error *open_sparse(struct memmap *m, uint64_t symbol_va)
{
	uint64_t roots, row_len, map_off = 0;
	uint32_t bits[3];
	size_t n = section_bits_of(m->k, bits);

	if (!vmcoreinfo_length(m->k->info, "mem_section", &roots) ||
	    !vmcoreinfo_size(m->k->info, "mem_section", &row_len))
		return error_new(
			ERROR_NOT_FOUND,
			"VMCOREINFO has mem_section without its LENGTH and SIZE: struct pages cannot be found");
	(void)vmcoreinfo_offset(m->k->info, "mem_section", "section_mem_map", &map_off);
	if (roots == 0 || roots > 1u << 30 || row_len > MAX_STRUCT_SECTION ||
	    !range_fits(map_off, m->k->long_size, row_len))
		return error_new(
			ERROR_BAD_DATA,
			"VMCOREINFO: mem_section of %llu rows of %llu bytes makes no sense",
			(unsigned long long)roots, (unsigned long long)row_len);
	m->nr_roots = roots;
	m->row_len = row_len;
	m->row_map_off = map_off;
	for (size_t i = 0; i < n; i++) {
		if (bits[i] <= m->page_shift)
			continue;
		m->section_shift = bits[i] - m->page_shift;
		if (try_models(m, symbol_va))
			return NULL;
	}
	return error_new(
		ERROR_NOT_FOUND,
		"no section of memory has struct pages where mem_section (0x%llx) says",
		(unsigned long long)symbol_va);
}

struct error *memmap_open(struct kernel *k, struct memmap **ret)
{
	CLEANUP(memmap_close) struct memmap *m = calloc(1, sizeof(*m));
	uint64_t len, va;

	if (!m)
		return error_nomem();
	m->k = k;
	m->page_shift = __builtin_ctz(k->page_size);
	if (!vmcoreinfo_size(k->info, "page", &len))
		return error_new(ERROR_NOT_FOUND,
				 "VMCOREINFO has no SIZE(page): struct pages cannot be found");
	if (len < 16 || len > MAX_STRUCT_PAGE)
		return error_new(ERROR_BAD_DATA, "VMCOREINFO: SIZE(page)=%llu makes no sense",
				 (unsigned long long)len);
	m->page_len = len;
	m->buffer = malloc(BUFFER_LEN);
	if (!m->buffer)
		return error_nomem();
	if (vmcoreinfo_symbol(k->info, "mem_section", &va))
		TRY(open_sparse(m, va));
	else if (vmcoreinfo_symbol(k->info, "mem_map", &va))
		TRY(open_flat(m, va));
	else
		TRY(open_any_node(m));
	*ret = take_ptr(m);
	return NULL;
}

void memmap_close(struct memmap *m)
{
	if (!m)
		return;
	vector_done(&m->nodes);
	free(m->buffer);
	free(m);
}
