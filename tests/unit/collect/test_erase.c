/* Erase rules: their text, what they name in a dead kernel, and what becomes of pages. */
#include "../test.h"

#include "../kernel/dead_kernel.h"
#include "collect/erase.h"

#define ITEMS (DEAD_DATA + 0x1000) /* of 64 bytes */
#define TEXT  (DEAD_DATA + 0x2000)
#define HEAD  (DEAD_DATA + 0x3000)
#define ARRAY (DEAD_DATA + 0x4000) /* of pointers */
#define EDGE  (DEAD_DATA + 0x5ff8) /* the last bytes of a page */
#define ODD   (DEAD_END + 0x1008)  /* in a segment whose pages are shifted */
#define ODD_PA (7ull << 20)

/*
 * struct item { char name[8]; struct item *next; struct list_head list; char *text; void *blob;
 *	unsigned long len; unsigned int bit:3; }
 */
static void add_types(struct dead *d)
{
	struct btf_build *b = &d->btf;
	uint32_t chr, lng, voidp, charp, name, list, item_ptr, uint;

	btf_add(b, "char", BTF_INT << 24, 1); /* 1 */
	btf_word(b, 1u << 24 | 8);
	chr = 1;
	lng = btf_add_int(b, "unsigned long", 8);
	uint = btf_add_int(b, "unsigned int", 4);
	voidp = btf_add(b, "", BTF_PTR << 24, 0);
	charp = btf_add(b, "", BTF_PTR << 24, chr);
	name = btf_add_array(b, chr, 8);
	item_ptr = btf_add(b, "", BTF_PTR << 24, 9);
	list = btf_add(b, "list_head", BTF_STRUCT << 24 | 2, 16); /* 8 */
	btf_elem(b, "next", 10, 0);
	btf_elem(b, "prev", 10, 64);
	btf_add(b, "item", BTF_STRUCT << 24 | 1u << 31 | 7, 64); /* 9 */
	btf_elem(b, "name", name, 0);
	btf_elem(b, "next", item_ptr, 64);
	btf_elem(b, "list", list, 128);
	btf_elem(b, "text", charp, 256);
	btf_elem(b, "blob", voidp, 320);
	btf_elem(b, "len", lng, 384);
	btf_elem(b, "bit", uint, 3u << 24 | 448);
	assert_int_equal(btf_add(b, "", BTF_PTR << 24, list), 10);
}

static uint64_t item(unsigned i)
{
	return ITEMS + 64 * i;
}

static uint64_t list_of(unsigned i)
{
	return item(i) + 16;
}

/* Four items: 0 to 2 in a ring by `next`, 1 to 3 in a list. */
static int setup(void **state)
{
	struct dead *d = malloc(sizeof(*d));

	dead_init(d, 2);
	add_types(d);
	for (unsigned i = 0; i < 4; i++) {
		fake_put_bytes(&d->f, dead_pa(item(i)), "secret0", 7);
		dead_put(d, item(i) + 8, 8, i < 3 ? item((i + 1) % 3) : 0);
		dead_put(d, item(i) + 32, 8, TEXT + 16 * i);
		dead_put(d, item(i) + 40, 8, TEXT + 0x100 + 64 * i);
		dead_put(d, item(i) + 48, 8, 10 * i);
		fake_put_bytes(&d->f, dead_pa(TEXT + 16 * i), "hello", 5);
	}
	dead_put(d, HEAD, 8, list_of(1));
	dead_put(d, HEAD + 8, 8, list_of(3));
	for (unsigned i = 1; i < 4; i++) {
		dead_put(d, list_of(i), 8, i == 3 ? HEAD : list_of(i + 1));
		dead_put(d, list_of(i) + 8, 8, i == 1 ? HEAD : list_of(i - 1));
	}
	dead_put(d, ARRAY, 8, item(0));
	dead_put(d, ARRAY + 16, 8, item(2));
	dead_symbol(d, 'D', "first_item", item(0));
	dead_symbol(d, 'D', "last_item", item(3));
	dead_symbol(d, 'D', "head", HEAD);
	dead_symbol(d, 'D', "pointers", ARRAY);
	dead_symbol(d, 'D', "edge", EDGE);
	dead_symbol(d, 'D', "nowhere", ARRAY + 8); /* a null pointer */
	dead_symbol(d, 'D', "odd", ODD);
	fake_segment(&d->f, ODD, ODD_PA, 0x4000);
	dead_open(d);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	dead_done(*state);
	free(*state);
	return 0;
}

static const char *told(void *arg, const char *module, const char *name)
{
	static const char *const types[][2] = { { "first_item", "struct item" },
						{ "last_item", "struct item" },
						{ "head", "struct list_head" },
						{ "pointers", "struct item *[4]" },
						{ "nowhere", "struct item *" } };

	assert_null(module);
	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i][0], name))
			return types[i][1];
	return NULL;
}

static struct erase *gather(struct dead *d, const char *text, struct strbuf *why)
{
	CLEANUP(erase_rules_free) struct erase_rules *rules = NULL;
	struct erase *e;

	assert_ok(erase_parse("rules", text, &rules));
	assert_ok(erase_gather(&(struct erase_request){ .kernel = d->f.k, .rules = rules, .type_of = told }, why, &e));
	return e;
}

/* What the rules record and complain of. */
static void check(struct dead *d, const char *rules, const char *lines, const char *complaint)
{
	_cleanup_strbuf_ struct strbuf why = { 0 };
	CLEANUP(erase_free) struct erase *e = gather(d, rules, &why);
	size_t len;
	const char *got = erase_lines(e, &len);

	assert_string_equal(got ? got : "", lines);
	if (!complaint)
		assert_string_equal(strbuf_str(&why), "");
	else if (!strstr(strbuf_str(&why), complaint))
		fail_msg("\"%s\" is not in \"%s\"", complaint, strbuf_str(&why));
}

static void test_commands(void **state)
{
	static const char *const cases[][3] = {
		{ "erase first_item.name", "erase first_item.name size 8\n" },
		{ "erase first_item", "erase first_item size 64\n" },
		{ "[vmlinux]\nerase first_item..name size 3", "erase first_item..name size 3\n" },
		{ "erase first_item.name size 3 # comment\n\n", "erase first_item.name size 3\n" },
		{ "erase\nfirst_item->name\tsize\n1k", "erase first_item->name size 1024\n" },
		/* pointers are followed: to text up to its end, to structs */
		{ "erase first_item.text", "erase first_item.text size 5\n" },
		{ "erase first_item.next", "erase first_item.next size 64\n" },
		{ "erase first_item.next.next.name", "erase first_item.next.next.name size 8\n" },
		{ "erase last_item.next", "" }, /* null */
		{ "erase last_item.next.name", "" },
		{ "erase nowhere.next.text", "" },
		{ "erase first_item.blob", "", "say size or nullify" },
		{ "erase last_item.blob size last_item.len", "erase last_item.blob size 30\n" },
		{ "erase first_item.blob size first_item.len", "" }, /* 0 */
		{ "erase first_item.blob nullify", "erase first_item.blob nullify\n" },
		{ "erase first_item.len nullify", "", "no pointer" },
		{ "erase first_item.blob size first_item.name", "", "is no number" },
		{ "erase first_item.bit", "", "bit field" },
		{ "erase first_item.nothing", "", "has no member nothing" },
		{ "erase nothing", "", "nothing" },
		{ "erase edge", "", "nothing tells the type of variable edge" },
		{ "erase edge@item.name", "erase edge@item.name size 8\n" },
		{ "erase pointers[2].name", "erase pointers[2].name size 8\n" },
		{ "erase pointers[4].name", "", "behind the last element" },
		{ "erase first_item.name[2]", "erase first_item.name[2] size 1\n" },
		{ "[absent]\nerase x\n[vmlinux]\nerase first_item.name", "erase first_item.name size 8\n",
		  "module absent is not loaded" },
		/* two that begin at one place are one, the longer */
		{ "erase first_item.name size 2\nerase first_item", "erase first_item.name size 64\n" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(*state, cases[i][0], cases[i][1], cases[i][2]);
}

static void test_loops(void **state)
{
	static const char *const cases[][3] = {
		{ "for i in head within item:list\nerase i.name\nerase i.blob size i.len\nendfor",
		  "erase i.name size 8\nerase i.name size 8\nerase i.name size 8\nerase i.blob size 10\n"
		  "erase i.blob size 20\nerase i.blob size 30\n" },
		{ "for i in head.next within item erase i.text endfor",
		  "erase i.text size 5\nerase i.text size 5\nerase i.text size 5\n" },
		{ "for i in head.prev within item erase i.len size 1 endfor",
		  "erase i.len size 1\nerase i.len size 1\nerase i.len size 1\n" },
		{ "for i in last_item.list within item erase i.len endfor",
		  "erase i.len size 8\nerase i.len size 8\nerase i.len size 8\n" },
		{ "for i in first_item via next erase i.blob nullify endfor",
		  "erase i.blob nullify\nerase i.blob nullify\nerase i.blob nullify\n" },
		{ "for i in first_item erase i endfor", "erase i size 64\nerase i size 64\nerase i size 64\n" },
		{ "for p in pointers erase p.name endfor", "erase p.name size 8\nerase p.name size 8\n" },
		{ "for p in pointers erase p nullify endfor", "erase p nullify\nerase p nullify\n" },
		{ "for c in first_item.name erase c endfor",
		  "erase c size 1\nerase c size 1\nerase c size 1\nerase c size 1\nerase c size 1\nerase c size 1\n"
		  "erase c size 1\nerase c size 1\n" },
		{ "for i in nowhere via next erase i endfor", "" },
		{ "for i in head erase i.name endfor", "", "say within STRUCT:MEMBER" },
		{ "for i in head within item:next erase i.name endfor", "", "is no list_head" },
		{ "for i in head within absent:list erase i.name endfor", "", "no type absent" },
		{ "for i in first_item via name erase i.len endfor", "erase i.len size 8\n", "is no pointer" },
		{ "for i in first_item.len erase i endfor", "", "is no struct" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(*state, cases[i][0], cases[i][1], cases[i][2]);
}

/* A ring that does not come back to its first node, and a list to nowhere. */
static void test_broken_lists(void **state)
{
	struct dead *d = *state;
	_cleanup_strbuf_ struct strbuf why = { 0 };
	struct erase *e;

	fake_put(&d->f, dead_pa(item(2) + 8), 8, item(1));
	memcpy((char *)d->f.file.s + d->f.file.len - d->f.len, d->f.memory, d->f.len);
	e = gather(d, "for i in first_item via next erase i.name endfor", &why);
	assert_non_null(strstr(strbuf_str(&why), "goes in circles"));
	assert_true(erase_touches(e, dead_pa(item(0)) / 4096));
	erase_free(e);
}

static void test_pages(void **state)
{
	struct dead *d = *state;
	_cleanup_strbuf_ struct strbuf why = { 0 };
	CLEANUP(erase_free) struct erase *e =
		gather(d, "erase first_item.name\nerase first_item.blob nullify\nerase edge@item\n"
			  "erase first_item.name[4] nullify\nerase first_item.list.next nullify", &why);
	uint64_t pfn = dead_pa(item(0)) / 4096, edge = dead_pa(EDGE) / 4096;
	unsigned char page[4096], want[64];

	memcpy(page, d->f.memory + pfn * 4096, sizeof(page));
	memcpy(want, page + dead_pa(item(0)) % 4096, sizeof(want));
	assert_true(erase_touches(e, pfn));
	assert_false(erase_touches(e, pfn + 1));
	assert_false(erase_touches(e, pfn - 1));
	erase_page(e, pfn, page);
	memset(want, 'X', 8);
	memset(want + 16, 0, 8);
	memset(want + 40, 0, 8);
	assert_memory_equal(page + dead_pa(item(0)) % 4096, want, sizeof(want));
	/* over the end of a page */
	for (unsigned i = 0; i < 2; i++) {
		assert_true(erase_touches(e, edge + i));
		memset(page, 0, sizeof(page));
		erase_page(e, edge + i, page);
		for (size_t at = 0; at < sizeof(page); at++)
			assert_int_equal(page[at], (i ? at < 56 : at >= 0xff8) ? 'X' : 0);
	}
	assert_false(erase_touches(e, edge + 2));
}

/* A segment that maps to another place in the page: no byte behind a page is touched. */
static void test_shifted_segment(void **state)
{
	struct dead *d = *state;
	_cleanup_strbuf_ struct strbuf why = { 0 };
	CLEANUP(erase_free) struct erase *e = gather(d, "erase odd@char[9000]", &why);
	unsigned char page[4096 + 64];
	size_t erased = 0;

	assert_string_equal(strbuf_str(&why), "");
	for (unsigned i = 0; i < 4; i++) {
		memset(page, 0, sizeof(page));
		erase_page(e, ODD_PA / 4096 + i, page);
		for (size_t at = 0; at < 4096; at++)
			erased += page[at] == 'X';
		for (size_t at = 4096; at < sizeof(page); at++)
			assert_int_equal(page[at], 0);
	}
	assert_int_equal(erased, 9000);
}

static bool only_edge(void *arg, uint64_t pfn)
{
	return pfn == *(uint64_t *)arg;
}

/* Only what the dump will hold is recorded. */
static void test_kept(void **state)
{
	struct dead *d = *state;
	uint64_t edge = dead_pa(EDGE) / 4096;
	CLEANUP(erase_rules_free) struct erase_rules *rules = NULL;
	_cleanup_strbuf_ struct strbuf why = { 0 };
	struct erase *e;
	size_t len;

	assert_ok(erase_parse("rules", "erase edge@item\nerase first_item@item.name", &rules));
	assert_ok(erase_gather(&(struct erase_request){ .kernel = d->f.k, .rules = rules, .kept = only_edge,
							.kept_arg = &edge }, &why, &e));
	assert_string_equal(erase_lines(e, &len), "erase edge@item size 8\n");
	assert_int_equal(len, 23);
	erase_free(e);
}

static void test_mistakes(void **state)
{
	static const char *const cases[][2] = {
		{ "erase", "rules:1: expected a variable to erase, found the end of the file" },
		{ "\n\nerase size 3", "rules:3: expected a variable to erase, found \"size\"" },
		{ "erase a size", "rules:1: expected a size, found the end" },
		{ "erase a size 3x", "expected a number of bytes" },
		{ "erase a size 2000M", "expected a number of bytes" },
		{ "erase a size 99999999999999999999", "expected a number of bytes" },
		{ "erase a.b[x]", "\"b[x]\" is no member" },
		{ "erase a@", "VARIABLE@TYPE" },
		{ "erase ...", "names no variable" },
		{ "erase 1a", "expected VARIABLE" },
		{ "remove a", "rules:1: expected erase or for, found \"remove\"" },
		{ "erase a b", "expected erase or for, found \"b\"" },
		{ "for", "expected the name of a loop variable" },
		{ "for a.b in c erase a.b endfor", "cannot be a loop variable" },
		{ "for a of b", "expected in, found \"of\"" },
		{ "for a in b via\nendfor", "expected a member, found \"endfor\"" },
		{ "for a in b within s: erase a endfor", "expected STRUCT:MEMBER" },
		{ "for a in b erase c endfor", "expected a or a member of it, found \"c\"" },
		{ "for a in b\nerase a\n[module]\nerase c", "expected erase or endfor, found another section" },
		{ "for a in b for c in a erase c endfor endfor", "expected erase or endfor, found \"for\"" },
		{ "[module\nerase a", "rules:1: expected [MODULE]" },
		{ "[]\nerase a", "expected [MODULE]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct erase_rules *rules;

		assert_error(erase_parse("rules", cases[i][0], &rules), ERROR_USAGE, cases[i][1]);
	}
}

static void test_variables(void **state)
{
	CLEANUP(erase_rules_free) struct erase_rules *rules = NULL;
	_cleanup_words_ struct words names = { 0 };

	(void)state;
	assert_ok(erase_parse("rules", "erase a.b size c.d\nerase a\nerase t@x\nfor i in l within s\nerase i.x size i.y\n"
				       "erase i.z size n\nendfor\n[m]\nerase mine", &rules));
	assert_ok(erase_variables(rules, &names));
	assert_int_equal(names.n, 4);
	assert_string_equal(names.v[0], "a");
	assert_string_equal(names.v[1], "c");
	assert_string_equal(names.v[2], "l");
	assert_string_equal(names.v[3], "n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_variables),
		cmocka_unit_test_setup_teardown(test_commands, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loops, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shifted_segment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken_lists, setup, teardown),
	};

	return cmocka_run_group_tests_name("erase", tests, NULL, NULL);
}
