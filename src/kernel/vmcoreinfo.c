/*
 * VMCOREINFO as a sorted table of keys and values. The text is at most a page or two in real
 * kernels; the limits below keep a damaged note from costing more than its own size.
 */
#include "kernel/vmcoreinfo.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/vector.h"

#define MAX_TEXT  (4u << 20)
#define MAX_LINES 65536
#define MAX_KEY	  256

struct entry {
	const char *key, *value; /* inside `text` */
	size_t line;
};

struct vmcoreinfo {
	char *text;
	VECTOR(struct entry) entries;
};

/* By key; of equal keys the first line comes first, and wins. */
static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	if (order)
		return order;
	return x->line < y->line ? -1 : x->line > y->line;
}

struct error *vmcoreinfo_parse(const char *text, size_t len, struct vmcoreinfo **ret)
{
	CLEANUP(vmcoreinfo_free) struct vmcoreinfo *v = calloc(1, sizeof(*v));
	char *rest, *line;
	size_t nr = 0;

	if (!v)
		return error_nomem();
	len = strnlen(text, MIN(len, (size_t)MAX_TEXT));
	v->text = strndup(text, len);
	if (!v->text)
		return error_nomem();
	rest = v->text;
	while ((line = text_next_line(&rest)) && nr < MAX_LINES) {
		char *equals = strchr(line, '=');

		nr++;
		if (!equals || equals == line)
			continue;
		*equals = '\0';
		if (!vector_push(&v->entries, (struct entry){line, equals + 1, nr}))
			return error_nomem();
	}
	if (v->entries.n)
		qsort(v->entries.v, v->entries.n, sizeof(*v->entries.v), compare_entries);
	*ret = take_ptr(v);
	return NULL;
}

void vmcoreinfo_free(struct vmcoreinfo *v)
{
	if (!v)
		return;
	vector_done(&v->entries);
	free(v->text);
	free(v);
}

unsigned kernel_release_number(const char *release)
{
	unsigned a = 0, b = 0, c = 0;

	if (!release || sscanf(release, "%u.%u.%u", &a, &b, &c) < 2 || a > 99 || b > 99)
		return 0;
	return a * 10000 + (a == 2 ? b * 100 + MIN(c, 99u) : b);
}

const char *vmcoreinfo_get(const struct vmcoreinfo *v, const char *key)
{
	size_t lo = 0, hi = v->entries.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(v->entries.v[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == v->entries.n || strcmp(v->entries.v[lo].key, key) != 0)
		return NULL;
	return v->entries.v[lo].value;
}

/* The value of KIND(name) or KIND(name.member). */
static const char *get_of(const struct vmcoreinfo *v, const char *kind, const char *name,
			  const char *member)
{
	char key[MAX_KEY];
	int len = snprintf(key, sizeof(key), "%s(%s%s%s)", kind, name, member ? "." : "",
			   member ? member : "");

	if (len < 0 || (size_t)len >= sizeof(key))
		return NULL;
	return vmcoreinfo_get(v, key);
}

bool vmcoreinfo_symbol(const struct vmcoreinfo *v, const char *name, uint64_t *ret)
{
	const char *value = get_of(v, "SYMBOL", name, NULL);

	return value && text_hex(value, ret);
}

bool vmcoreinfo_offset(const struct vmcoreinfo *v, const char *type, const char *member,
		       uint64_t *ret)
{
	const char *value = get_of(v, "OFFSET", type, member);

	return value && text_u64(value, ret);
}

bool vmcoreinfo_size(const struct vmcoreinfo *v, const char *type, uint64_t *ret)
{
	const char *value = get_of(v, "SIZE", type, NULL);

	return value && text_u64(value, ret);
}

bool vmcoreinfo_length(const struct vmcoreinfo *v, const char *name, uint64_t *ret)
{
	const char *value = get_of(v, "LENGTH", name, NULL);

	return value && text_u64(value, ret);
}

bool vmcoreinfo_number(const struct vmcoreinfo *v, const char *name, int64_t *ret)
{
	const char *value = get_of(v, "NUMBER", name, NULL);

	return value && text_i64(value, ret);
}

bool vmcoreinfo_number_hex(const struct vmcoreinfo *v, const char *name, uint64_t *ret)
{
	const char *value = get_of(v, "NUMBER", name, NULL);

	return value && text_hex(value, ret);
}

bool vmcoreinfo_hex(const struct vmcoreinfo *v, const char *key, uint64_t *ret)
{
	const char *value = vmcoreinfo_get(v, key);

	return value && text_hex(value, ret);
}
