/* Page classes by the rules of kernels 3.2 to 7.1, of every width and byte order. */
#include "../test.h"

#include "kernel/pageclass.h"
#include "make/fake_pages.h"

#define MIB 1048576ull
#define NR  1024

struct machine {
	struct fake f;
	struct fake_pages p;
	struct pageclass *c;
};

/* Machines that differ in what struct page and its numbers look like. */
static const struct kind {
	uint16_t machine;
	bool is_64bit, big;
	uint32_t page_size;
} kinds[] = {
	{FAKE_X86_64, true, false, 4096},   {FAKE_I386, false, false, 4096},
	{40, false, false, 4096},	    {40, false, true, 4096},
	{FAKE_AARCH64, true, false, 4096},  {FAKE_AARCH64, true, false, 16384},
	{FAKE_AARCH64, true, false, 65536}, {FAKE_AARCH64, true, true, 65536},
	{FAKE_PPC64, true, true, 65536},    {FAKE_PPC64, true, false, 65536},
	{FAKE_PPC64, true, false, 4096},    {243, true, false, 4096},
	{22, true, true, 4096},
};

static void start_on(struct machine *m, enum fake_release release, struct kind k)
{
	uint64_t base = k.is_64bit ? 0xffff888000000000 : 0xc0000000;

	m->c = NULL;
	fake_init(&m->f, k.machine, k.is_64bit, k.big, 8 * MIB);
	m->f.page_size = k.page_size;
	fake_segment(&m->f, base, 0, 8 * MIB);
	m->f.next = MIB;
	fake_pages_init(&m->p, &m->f, base, NR, release,
			release == FAKE_3_2 ? FAKE_SPARSE : FAKE_EXTREME);
}

static void start(struct machine *m, enum fake_release release)
{
	start_on(m, release, kinds[0]);
}

static void ready(struct machine *m)
{
	fake_open(&m->f);
	assert_ok(pageclass_open(m->f.k, &m->c));
}

static void done(struct machine *m)
{
	pageclass_close(m->c);
	fake_done(&m->f);
}

/* Asks at `pfn` alone: class, and how far the answer goes at least. */
static void check(struct machine *m, uint64_t pfn, enum page_class want, uint64_t want_n)
{
	uint64_t n;
	enum page_class got = pageclass_at(m->c, pfn, pfn + want_n, &n);

	if (got != want || n != want_n)
		fail_msg("release %d frame %llu: %s for %llu frames, expected %s for %llu",
			 m->p.release, (unsigned long long)pfn, pageclass_name(got),
			 (unsigned long long)n, pageclass_name(want),
			 (unsigned long long)want_n);
}

#define LRU(m) (1ull << (m).p.lru)

static void base_pages(struct machine *m)
{
	fake_page_flags(&m->p, 1, LRU(*m));
	fake_page_flags(&m->p, 2, LRU(*m) | 1ull << m->p.private);
	fake_page_flags(&m->p, 3, 1ull << m->p.swapcache | 1ull << m->p.swapbacked);
	fake_page_flags(&m->p, 4, 1ull << m->p.swapcache); /* another use of that bit */
	fake_page_flags(&m->p, 5, LRU(*m));
	fake_page_mapping(&m->p, 5, 0x1001);
	fake_page_mapping(&m->p, 6, 0x1001); /* not on the LRU yet */
	fake_page_mapping(&m->p, 7, 0x1002); /* movable, no user page */
	fake_page_flags(&m->p, 8, LRU(*m) | 1ull << m->p.hwpoison);
	/* slab with its own word where the mapping was (6.2) */
	fake_page_mapping(&m->p, 9, 0x1001);
	if (m->p.release < FAKE_6_12)
		fake_page_flags(&m->p, 9, 1ull << m->p.slab);
	else
		fake_page_type(&m->p, 9, "PAGE_SLAB_MAPCOUNT_VALUE");
	ready(m);
	check(m, 0, CLASS_KERNEL, 1);
	check(m, 1, CLASS_CACHE, 1);
	check(m, 2, CLASS_CACHE_PRIVATE, 1);
	check(m, 3, CLASS_CACHE, 1);
	check(m, 4, CLASS_KERNEL, 1);
	check(m, 5, CLASS_USER, 2);
	check(m, 7, CLASS_KERNEL, 1);
	check(m, 8, CLASS_HWPOISON, 1);
	check(m, 9, CLASS_KERNEL, 512 - 9); /* up to the end of the section */
	check(m, NR, CLASS_UNKNOWN, 100);
	assert_int_equal(pageclass_can(m->c, NULL), 2 | 4 | 8 | 16);
	done(m);
}

static void base_pages_of_every_release(void **state)
{
	for (enum fake_release r = FAKE_3_2; r <= FAKE_7_1; r++) {
		struct machine m;

		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
			start_on(&m, r, kinds[i]);
			base_pages(&m);
		}
	}
}

static void free_blocks(struct machine *m)
{
	fake_page_free(&m->p, 64, 4);
	fake_page_free(&m->p, 80, 0);
	fake_page_free(&m->p, 512, 9);
	fake_page_free(&m->p, 102, 4);	/* not where such a block can be */
	fake_page_free(&m->p, 256, 11); /* larger than there are */
	fake_page_free(&m->p, 300, 64);
	ready(m);
	check(m, 64, CLASS_FREE, 17);
	check(m, 81, CLASS_KERNEL, 512 - 81);
	check(m, 512, CLASS_FREE, 512);
	/* coming from nowhere into the middle of a block */
	check(m, 600, CLASS_FREE, 1024 - 600);
	check(m, 70, CLASS_FREE, 2);
	check(m, 72, CLASS_FREE, 8);
	check(m, 102, CLASS_KERNEL, 5);
	done(m);
}

static void free_blocks_of_every_release(void **state)
{
	for (enum fake_release r = FAKE_3_2; r <= FAKE_7_1; r++) {
		struct machine m;

		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
			start_on(&m, r, kinds[i]);
			free_blocks(&m);
		}
	}
}

static void large_folios(struct machine *m)
{
	fake_page_compound(&m->p, 16, 4, false); /* a large cache folio */
	fake_page_flags(&m->p, 16, LRU(*m) | 1ull << m->p.head);
	fake_page_compound(&m->p, 32, 5, false); /* anonymous */
	fake_page_mapping(&m->p, 32, 0x1001);
	fake_page_compound(&m->p, 64, 3, false); /* kernel */
	fake_page_compound(&m->p, 512, 9, true);
	/* a head whose order cannot be, where the release has marks on the tails */
	fake_page_compound(&m->p, 130, 1, false);
	fake_page_flags(&m->p, 130, LRU(*m) | 1ull << m->p.head);
	ready(m);
	check(m, 16, CLASS_CACHE, 16);
	check(m, 32, CLASS_USER, 32);
	check(m, 64, CLASS_KERNEL, 8);
	check(m, 512, CLASS_USER, 512);
	check(m, 130, CLASS_CACHE, 2);
	if (m->p.release == FAKE_3_2) {
		done(m);
		return; /* a tail met alone has no mark there */
	}
	check(m, 20, CLASS_CACHE, 12);
	check(m, 63, CLASS_USER, 1);
	check(m, 1000, CLASS_USER, 24);
	check(m, 71, CLASS_KERNEL, 1);
	done(m);
}

static void large_folios_of_every_release(void **state)
{
	for (enum fake_release r = FAKE_3_2; r <= FAKE_7_1; r++) {
		struct machine m;

		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
			start_on(&m, r, kinds[i]);
			large_folios(&m);
		}
	}
}

/* First tails carry counters where heads have `mapping`: they must not look anonymous. */
static void tails_do_not_speak_for_themselves(void **state)
{
	for (enum fake_release r = FAKE_4_14; r <= FAKE_7_1; r++) {
		struct machine m;

		start(&m, r);
		fake_page_compound(&m.p, 16, 2, false);
		fake_page_mapping(&m.p, 17, 0xffffffff);
		ready(&m);
		check(&m, 17, CLASS_KERNEL, 3);
		check(&m, 16, CLASS_KERNEL, 4);
		done(&m);
	}
}

static void poison_inside_a_large_folio(void **state)
{
	struct machine m;

	start(&m, FAKE_6_12);
	fake_page_compound(&m.p, 32, 5, false);
	fake_page_mapping(&m.p, 32, 0x1001);
	fake_page_flags(&m.p, 40, 1ull << m.p.hwpoison);
	/* a slab: kept as a whole otherwise */
	fake_page_compound(&m.p, 64, 3, false);
	fake_page_type(&m.p, 64, "PAGE_SLAB_MAPCOUNT_VALUE");
	fake_page_flags(&m.p, 67, 1ull << m.p.hwpoison);
	ready(&m);
	check(&m, 32, CLASS_USER, 8);
	check(&m, 40, CLASS_HWPOISON, 1);
	check(&m, 41, CLASS_USER, 23);
	check(&m, 64, CLASS_KERNEL, 3);
	check(&m, 67, CLASS_HWPOISON, 1);
	check(&m, 68, CLASS_KERNEL, 10);
	done(&m);
}

/* After many frames without any the kernel's own count is asked, and believed. */
static void counted_poison(void **state)
{
	for (uint64_t count = 0; count < 2; count++) {
		struct machine m;
		const uint64_t counter = 64; /* the first page is nobody's */

		start(&m, FAKE_6_12);
		fake_page_compound(&m.p, 512, 9, false);
		fake_page_mapping(&m.p, 512, 0x1001);
		fake_put(&m.f, counter, 8, count);
		fake_info(&m.f, "SYMBOL(num_poisoned_pages)=%llx", (unsigned long long)(m.p.base + counter));
		fake_page_flags(&m.p, 600, 1ull << m.p.hwpoison);
		fake_page_free(&m.p, 0, 3);
		ready(&m);
		for (unsigned i = 0; i < (1 << 20) / 512; i++) {
			check(&m, 512, CLASS_USER, 88);
			check(&m, 0, CLASS_FREE, 8); /* another block: the one before is forgotten */
		}
		check(&m, 512, CLASS_USER, count ? 88 : 512);
		done(&m);
	}
}

/* Asked in any pieces, the answers are those of each frame alone. */
static void pieces(void **state)
{
	struct machine m;
	uint32_t x = 3;

	for (enum fake_release release = FAKE_3_2; release <= FAKE_7_1; release += 2) {
		start(&m, release);
		fake_page_flags(&m.p, 8, 1ull << m.p.lru | 1ull << m.p.hwpoison);
		fake_page_free(&m.p, 16, 4);
		fake_page_free(&m.p, 32, 0);
		fake_page_free(&m.p, 34, 1);
		if (release != FAKE_3_2)
			fake_page_compound(&m.p, 64, 6, false);
		fake_page_mapping(&m.p, 64, 0x1001);
		for (uint64_t pfn = 128; pfn < 1024; pfn++) {
			x = x * 1664525 + 1013904223;
			fake_page_flags(&m.p, pfn, x >> 30 ? 1ull << m.p.lru : 0);
			fake_page_mapping(&m.p, pfn, x >> 28 & 1);
		}
		ready(&m);
		for (uint64_t step = 1; step < 1100; step = step * 9 + 1) {
			uint64_t n;

			for (uint64_t pfn = 0; pfn < 1024; pfn += n) {
				uint64_t end = MIN(pfn - pfn % step + step, (uint64_t)1024), one;
				enum page_class class = pageclass_at(m.c, pfn, end, &n);

				assert_in_range(n, 1, end - pfn);
				for (uint64_t k = 0; k < n; k++) {
					struct pageclass *c;

					assert_ok(pageclass_open(m.f.k, &c));
					assert_int_equal(pageclass_at(c, pfn + k, pfn + k + 1, &one), class);
					pageclass_close(c);
				}
			}
		}
		done(&m);
	}
}

static void never_read(void **state)
{
	struct machine m;

	start(&m, FAKE_7_1);
	fake_page_type(&m.p, 3, "PAGE_OFFLINE_MAPCOUNT_VALUE");
	fake_page_compound(&m.p, 512, 9, true);
	fake_page_flags(&m.p, 512, 1ull << m.p.head | 1ull << m.p.hwpoison);
	ready(&m);
	check(&m, 3, CLASS_OFFLINE, 1);
	/* which frame of a hugetlb page is bad is not in its struct pages */
	check(&m, 512, CLASS_HWPOISON, 512);
	done(&m);

	start(&m, FAKE_7_1);
	fake_page_type(&m.p, 0, "PAGE_UNACCEPTED_MAPCOUNT_VALUE");
	ready(&m);
	check(&m, 0, CLASS_OFFLINE, 1024);
	done(&m);
}

/* Page tables, network pools and others use the mapping's place as they like. */
static void typed_pages_are_the_kernels(void **state)
{
	struct machine m;
	uint64_t at;

	start(&m, FAKE_6_12);
	at = m.p.array + 5 * m.p.page_len + 6 * 8;
	fake_put(&m.f, at, 4, 0xf2000000); /* a page table */
	fake_page_mapping(&m.p, 5, 0x1001);
	ready(&m);
	check(&m, 5, CLASS_KERNEL, 1);
	done(&m);
}

static void what_is_not_known_is_kept(void **state)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct pageclass *c;
	struct fake f;
	uint64_t n;

	fake_init(&f, FAKE_X86_64, true, false, 8 * MIB);
	fake_segment(&f, 0xffff888000000000, 0, 8 * MIB);
	fake_info(&f, "OSRELEASE=5.0.0");
	fake_info(&f, "SIZE(page)=64");
	fake_info(&f, "OFFSET(page.flags)=0");
	fake_info(&f, "SYMBOL(mem_map)=ffff888000100000");
	fake_put(&f, MIB, 8, 0xffff888000200000);
	fake_open(&f);
	assert_ok(pageclass_open(f.k, &c));
	assert_int_equal(pageclass_can(c, &why), 0);
	assert_non_null(strstr(strbuf_str(&why), "PG_lru"));
	assert_non_null(strstr(strbuf_str(&why), "PAGE_BUDDY_MAPCOUNT_VALUE"));
	assert_int_equal(pageclass_at(c, 0, 2048, &n), CLASS_KERNEL);
	pageclass_close(c);
	fake_done(&f);
}

static void levels(void **state)
{
	static const struct {
		int level;
		const char *dropped; /* a letter per class, in the enum's order */
	} rows[] = {
		{0, "-----xx-"}, {1, "-----xx-"},  {2, "--x--xx-"},  {4, "--xx-xx-"},
		{8, "----xxx-"}, {16, "-x---xx-"}, {31, "-xxxxxx-"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int class = 0; class < CLASS_MAX; class ++)
			assert_int_equal(pageclass_dropped(class, rows[i].level),
					 rows[i].dropped[class] == 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base_pages_of_every_release),
		cmocka_unit_test(free_blocks_of_every_release),
		cmocka_unit_test(large_folios_of_every_release),
		cmocka_unit_test(tails_do_not_speak_for_themselves),
		cmocka_unit_test(poison_inside_a_large_folio),
		cmocka_unit_test(counted_poison),
		cmocka_unit_test(pieces),
		cmocka_unit_test(never_read),
		cmocka_unit_test(typed_pages_are_the_kernels),
		cmocka_unit_test(what_is_not_known_is_kept),
		cmocka_unit_test(levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
