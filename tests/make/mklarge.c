/*
 * mklarge GIB KIND FILE: the sparse ELF vmcore of a large x86_64 machine (the layout of Linux 6.1),
 * for benches: what time and memory do when the machine grows. Zeros are holes, and 16 TiB take
 * some MiB on the disk. KIND says what its page frames are:
 *
 *	fragmented	every frame another class than the one before: free alone, user, cache
 *	free		free blocks of order 10
 *	huge		transparent huge pages of order 9
 *	mixed		a section (128 MiB) of everything, four frames of it the kernel's own
 *
 * Up to 64 GiB each section of memory has struct pages of its own. Above, page tables map the same
 * 512 sections' worth of struct pages again and again.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"

#define GIB		(1ull << 30)
#define FILE_OFF	65536ull /* memory begins here in the file */
#define LINEAR		0xffff888000000000ull
#define KERNEL_MAP	0xffffffff80000000ull
#define VMEMMAP		0xffffea0000000000ull
#define SECTION_FRAMES	32768u
#define ROW_LEN		32u
#define ROWS_PER_ROOT	(4096u / ROW_LEN)
#define NR_ROOTS	4096u
#define STRUCT_PAGE	64u
#define CHUNK		(SECTION_FRAMES * STRUCT_PAGE) /* 2 MiB: struct pages of a section */
#define CHUNKS_MAX	512u
#define UTS		0x1800000ull /* physical addresses, in the first GiB */
#define PGD		0x1000000ull
#define TABLES		0x2000000ull
#define PRESENT		0x63ull /* present, writable, accessed, dirty */
#define LARGE		0x80ull

/* struct page of 6.1 */
#define PG_HEAD	       0x10000ull
#define PG_LRU	       (1ull << 4)
#define PG_SWAPBACKED  (1ull << 19)
#define OFF_LINK       8
#define OFF_DTOR       16
#define OFF_ORDER      17
#define OFF_MAPPING    24
#define OFF_PRIVATE    40
#define OFF_MAPCOUNT   48
#define BUDDY	       ((uint32_t)-129)

static int fd;
static uint64_t next_table = TABLES;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void write_at(uint64_t pa, const void *p, size_t len)
{
	if (pwrite(fd, p, len, FILE_OFF + pa) != (ssize_t)len)
		die("write");
}

static void put(uint64_t pa, uint64_t value)
{
	unsigned char b[8];

	put_u64(b, value, false);
	write_at(pa, b, sizeof(b));
}

static uint64_t get(uint64_t pa)
{
	unsigned char b[8] = { 0 };

	if (pread(fd, b, sizeof(b), FILE_OFF + pa) < 0)
		die("read");
	return get_u64(b, false);
}

static uint64_t table_below(uint64_t entry_pa)
{
	uint64_t entry = get(entry_pa);

	if (!entry) {
		entry = next_table | PRESENT;
		next_table += 4096;
		put(entry_pa, entry);
	}
	return entry & 0x000ffffffffff000ull;
}

/* One large page: of 1 GiB (shift 30) or 2 MiB (shift 21). */
static void map(uint64_t va, uint64_t pa, unsigned shift)
{
	uint64_t table = PGD;

	for (unsigned s = 39; s > shift; s -= 9)
		table = table_below(table + (va >> s & 511) * 8);
	put(table + (va >> shift & 511) * 8, pa | PRESENT | LARGE);
}

/* ---- struct pages ---- */

static void set_page(unsigned char *chunk, unsigned i, uint64_t flags, uint64_t mapping, uint32_t count)
{
	unsigned char *p = chunk + i * STRUCT_PAGE;

	put_u64(p, flags, false);
	put_u64(p + OFF_MAPPING, mapping, false);
	put_u32(p + OFF_MAPCOUNT, count, false);
}

static void set_free(unsigned char *chunk, unsigned i, unsigned order)
{
	set_page(chunk, i, 0, 0, BUDDY);
	put_u64(chunk + i * STRUCT_PAGE + OFF_PRIVATE, order, false);
}

/* `section`'s, for the link of tails. */
static void set_huge(unsigned char *chunk, uint64_t section, unsigned i)
{
	uint64_t head = VMEMMAP + (section * SECTION_FRAMES + i) * STRUCT_PAGE;

	set_page(chunk, i, PG_HEAD | PG_LRU | PG_SWAPBACKED, LINEAR + 1, -1);
	for (unsigned k = 1; k < 512; k++) {
		set_page(chunk, i + k, 0, 0, -1);
		put_u64(chunk + (i + k) * STRUCT_PAGE + OFF_LINK, head + 1, false);
	}
	chunk[(i + 1) * STRUCT_PAGE + OFF_ORDER] = 9;
	chunk[(i + 1) * STRUCT_PAGE + OFF_DTOR] = 1;
}

static void set_alone(unsigned char *chunk, unsigned i, unsigned what)
{
	switch (what) {
	case 0:
		set_free(chunk, i, 0);
		break;
	case 1:
		set_page(chunk, i, PG_LRU | PG_SWAPBACKED, LINEAR + 1, 0);
		break;
	case 2:
		set_page(chunk, i, PG_LRU, LINEAR + 8, -1);
		break;
	default:
		set_page(chunk, i, 0, 0, -1);
	}
}

static uint32_t dice(void)
{
	static uint32_t x = 1;

	x = x * 1664525 + 1013904223;
	return x >> 16;
}

static void fill_chunk(unsigned char *chunk, uint64_t section, const char *kind)
{
	unsigned last = 0;

	for (unsigned i = 0; i < SECTION_FRAMES; i++)
		put_u32(chunk + i * STRUCT_PAGE + OFF_MAPCOUNT, -1, false);
	for (unsigned i = 0; i < SECTION_FRAMES;) {
		bool mixed = strcmp(kind, "mixed") == 0;
		unsigned quarter = i / (SECTION_FRAMES / 4);

		if (strcmp(kind, "free") == 0 || (mixed && quarter == 0)) {
			set_free(chunk, i, 10);
			i += 1024;
		} else if (strcmp(kind, "huge") == 0 || (mixed && quarter == 1)) {
			set_huge(chunk, section, i);
			i += 512;
		} else {
			last = (last + 1 + (dice() & 1)) % 3;
			set_alone(chunk, i, mixed && i % 4096 == 0 ? 3 : last);
			i++;
		}
	}
}

/* ---- headers ---- */

static const char info[] =
	"OSRELEASE=6.1.0-0-amd64\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=ffffffff81800000\n"
	"OFFSET(uts_namespace.name)=0\nSYMBOL(node_online_map)=ffffffff81801000\n"
	"SYMBOL(swapper_pg_dir)=ffffffff81000000\nSYMBOL(_stext)=ffffffff81000000\n"
	"SYMBOL(vmap_area_list)=ffffffff81802000\nLENGTH(mem_section)=4096\nSIZE(mem_section)=32\n"
	"OFFSET(mem_section.section_mem_map)=0\nNUMBER(SECTION_SIZE_BITS)=27\n"
	"NUMBER(MAX_PHYSMEM_BITS)=46\nSIZE(page)=64\nSIZE(pglist_data)=174208\nSIZE(zone)=1536\n"
	"SIZE(free_area)=88\nSIZE(list_head)=16\nSIZE(nodemask_t)=128\nOFFSET(page.flags)=0\n"
	"OFFSET(page._refcount)=52\nOFFSET(page.mapping)=24\nOFFSET(page.lru)=8\n"
	"OFFSET(page._mapcount)=48\nOFFSET(page.private)=40\nOFFSET(page.compound_dtor)=16\n"
	"OFFSET(page.compound_order)=17\nOFFSET(page.compound_head)=8\n"
	"OFFSET(pglist_data.node_zones)=0\nOFFSET(pglist_data.nr_zones)=171552\n"
	"OFFSET(pglist_data.node_start_pfn)=171560\nOFFSET(pglist_data.node_spanned_pages)=171576\n"
	"OFFSET(pglist_data.node_id)=171584\nOFFSET(zone.free_area)=256\nOFFSET(zone.vm_stat)=1344\n"
	"OFFSET(zone.spanned_pages)=144\nOFFSET(free_area.free_list)=0\nOFFSET(list_head.next)=0\n"
	"OFFSET(list_head.prev)=8\nOFFSET(vmap_area.va_start)=0\nOFFSET(vmap_area.list)=40\n"
	"LENGTH(zone.free_area)=11\nLENGTH(free_area.free_list)=5\nNUMBER(NR_FREE_PAGES)=0\n"
	"NUMBER(PG_lru)=4\nNUMBER(PG_private)=13\nNUMBER(PG_swapcache)=10\nNUMBER(PG_swapbacked)=19\n"
	"NUMBER(PG_slab)=9\nNUMBER(PG_hwpoison)=23\nNUMBER(PG_head_mask)=65536\n"
	"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\nNUMBER(HUGETLB_PAGE_DTOR)=2\n"
	"NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\nNUMBER(phys_base)=0\n"
	"SYMBOL(init_top_pgt)=ffffffff81000000\nNUMBER(pgtable_l5_enabled)=0\nKERNELOFFSET=0\n"
	"NUMBER(KERNEL_IMAGE_SIZE)=1073741824\nNUMBER(sme_mask)=0\n"
	"SYMBOL(num_poisoned_pages)=ffffffff81803000\n"; /* kallsyms has it in a real one */

static void put_phdr(unsigned char *p, uint32_t type, uint64_t off, uint64_t va, uint64_t pa, uint64_t len)
{
	put_u32(p, type, false);
	put_u32(p + 4, 7, false);
	put_u64(p + 8, off, false);
	put_u64(p + 16, va, false);
	put_u64(p + 24, pa, false);
	put_u64(p + 32, len, false);
	put_u64(p + 40, len, false);
	put_u64(p + 48, 0, false);
}

static void write_headers(uint64_t len, uint64_t section_roots)
{
	static unsigned char h[FILE_OFF];
	unsigned char *note = h + 4096;
	size_t text = sizeof(info) - 1;
	char more[64];

	memcpy(h, "\177ELF\2\1\1", 7);
	put_u16(h + 16, 4, false); /* ET_CORE */
	put_u16(h + 18, 62, false);
	put_u32(h + 20, 1, false);
	put_u64(h + 32, 64, false);
	put_u16(h + 52, 64, false);
	put_u16(h + 54, 56, false);
	put_u16(h + 56, 3, false);
	text += snprintf(more, sizeof(more), "SYMBOL(mem_section)=%llx\n",
			 (unsigned long long)(LINEAR + section_roots));
	put_u32(note, sizeof("VMCOREINFO"), false);
	put_u32(note + 4, text, false);
	memcpy(note + 12, "VMCOREINFO", 10);
	memcpy(note + 24, info, sizeof(info) - 1);
	memcpy(note + 24 + sizeof(info) - 1, more, strlen(more));
	text = ROUND_UP(text, (size_t)4) + 24;
	put_phdr(h + 64, 4, 4096, 0, 0, text);
	put_phdr(h + 120, 1, FILE_OFF + PGD, KERNEL_MAP + PGD, PGD, 16 << 20); /* the image */
	put_phdr(h + 176, 1, FILE_OFF, LINEAR, 0, len);
	if (pwrite(fd, h, sizeof(h), 0) != sizeof(h))
		die("write");
}

int main(int argc, char **argv)
{
	static const char *const uts[] = { "Linux", "big", "6.1.0-0-amd64", "#1 SMP", "x86_64", "(none)" };
	uint64_t gib = argc == 4 ? strtoull(argv[1], NULL, 0) : 0, len = gib * GIB;
	uint64_t sections = len / (SECTION_FRAMES * 4096ull), chunks = MIN(sections, (uint64_t)CHUNKS_MAX);
	uint64_t array, roots, rows;
	unsigned char *chunk = calloc(1, CHUNK);

	if (gib < 1 || gib > 64 << 10) {
		fprintf(stderr, "usage: mklarge GIB fragmented|free|huge|mixed FILE\n");
		return 2;
	}
	fd = open(argv[3], O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || !chunk || ftruncate(fd, FILE_OFF + len))
		die(argv[3]);
	for (size_t i = 0; i < ARRAY_SIZE(uts); i++)
		write_at(UTS + i * 65, uts[i], strlen(uts[i]));
	/* everything else in the second half of the first GiB, or where there is more memory, behind
	 * it: the array needs 2 MiB a section */
	array = gib == 1 ? GIB / 2 : GIB;
	for (uint64_t i = 0; i < chunks; i++) {
		if (i == 0 || strcmp(argv[2], "free") != 0) {
			memset(chunk, 0, CHUNK);
			fill_chunk(chunk, i, argv[2]);
		}
		write_at(array + i * CHUNK, chunk, CHUNK);
	}
	roots = 0x4000000;
	rows = roots + NR_ROOTS * 8;
	for (uint64_t s = 0; s < sections; s++) {
		if (s % ROWS_PER_ROOT == 0)
			put(roots + s / ROWS_PER_ROOT * 8, LINEAR + rows + s * ROW_LEN);
		put(rows + s * ROW_LEN, VMEMMAP | 7); /* present, has a map, online */
		map(VMEMMAP + s * CHUNK, array + s % chunks * CHUNK, 21);
	}
	for (uint64_t at = 0; at < len; at += GIB)
		map(LINEAR + at, at, 30);
	map(KERNEL_MAP, 0, 30);
	write_headers(len, roots);
	return close(fd) ? 1 : 0;
}
