/* Any text as erase rules, carried out on a dead kernel whose types are few: what comes out touches only
 * frames that it names. */
#include "../tests/unit/kernel/dead_kernel.h"
#include "collect/erase.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* struct list_head { struct list_head *next, *prev; } and struct item { char name[8]; item *next; list } */
static void begin(struct dead *d)
{
	struct btf_build *b = &d->btf;

	dead_init(d, 2);
	btf_add_int(b, "char", 1);	     /* 1 */
	btf_add_array(b, 1, 8);		     /* 2 */
	btf_add(b, "", BTF_PTR << 24, 4);    /* 3 */
	btf_add(b, "list_head", BTF_STRUCT << 24 | 2, 16);
	btf_elem(b, "next", 3, 0);
	btf_elem(b, "prev", 3, 64);
	btf_add(b, "", BTF_PTR << 24, 6);    /* 5 */
	btf_add(b, "item", BTF_STRUCT << 24 | 3, 32);
	btf_elem(b, "name", 2, 0);
	btf_elem(b, "next", 5, 64);
	btf_elem(b, "list", 4, 128);
	dead_put(d, DEAD_DATA + 8, 8, DEAD_DATA + 32);
	dead_put(d, DEAD_DATA + 16, 8, DEAD_DATA + 48);
	dead_put(d, DEAD_DATA + 40, 8, DEAD_DATA + 32); /* a circle */
	dead_put(d, DEAD_DATA + 48, 8, DEAD_DATA + 16);
	dead_symbol(d, 'D', "item", DEAD_DATA);
	dead_open(d);
}

static const char *type_of(void *arg, const char *module, const char *name)
{
	(void)arg;
	(void)module;
	return !strcmp(name, "item") ? "struct item" : NULL;
}

static void carry_out(struct dead *d, const struct erase_rules *rules)
{
	struct erase_request r = { .kernel = d->f.k, .rules = rules, .type_of = type_of };
	struct strbuf why = { 0 };
	static unsigned char page[4096];
	struct erase *e = NULL;
	struct error *err = erase_gather(&r, &why, &e);

	for (uint64_t pfn = 0; !err && pfn < d->f.len / 4096; pfn++) {
		memset(page, 1, sizeof(page));
		erase_page(e, pfn, page);
		for (size_t i = 0; i < sizeof(page); i++)
			if (page[i] != 1 && !erase_touches(e, pfn))
				abort();
	}
	error_free(err);
	erase_free(e);
	strbuf_done(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dead d;
	static bool begun;
	struct erase_rules *rules = NULL;
	char *text = size < 4096 ? strndup((const char *)data, size) : NULL;
	struct error *e;

	if (!text)
		return 0;
	if (!begun)
		begin(&d);
	begun = true;
	e = erase_parse("rules", text, &rules);
	if (!e)
		carry_out(&d, rules);
	error_free(e);
	erase_rules_free(rules);
	free(text);
	return 0;
}
