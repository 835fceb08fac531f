/* The grammar of crashkernel=; see crashkernel.h. The defaults are in crashkernel_default.c. */
#include "service/crashkernel.h"

#include <string.h>

#include "base/checked.h"
#include "host/iomem.h"

#define RANGES_LIMIT 64
#define RAM_GRAIN    (128ULL << 20) /* kernel/crash_reserve.c, parse_crashkernel_mem() */

void crashkernel_done(struct crashkernel *c)
{
	vector_done(&c->ranges);
	*c = (struct crashkernel){ 0 };
}

/* As the kernel's memparse(): decimal, 0x or octal, then at most one suffix. */
static bool read_size(const char **p, uint64_t *ret)
{
	static const char suffixes[] = "kmgtpe";
	const char *at;
	char *end;
	uint64_t v;

	if (**p < '0' || **p > '9')
		return false;
	v = strtoull(*p, &end, 0);
	at = *end ? strchr(suffixes, *end | 0x20) : NULL;
	if (at) {
		unsigned shift = 10 * (at - suffixes + 1);

		if (v > UINT64_MAX >> shift)
			return false;
		v <<= shift;
		end++;
	}
	*p = end;
	*ret = v;
	return true;
}

static struct error *refuse(const char *value, const char *what)
{
	return error_new(ERROR_USAGE, "crashkernel=%s: %s", value, what);
}

static struct error *add_range(struct crashkernel *c, const char *value, struct crashkernel_range r)
{
	if (c->ranges.n == RANGES_LIMIT)
		return refuse(value, "more than 64 ranges");
	return vector_push(&c->ranges, r) ? NULL : error_nomem();
}

static struct error *parse_ranges(const char *value, const char **p, struct crashkernel *c)
{
	do {
		struct crashkernel_range r = { .to = UINT64_MAX };

		if (c->ranges.n)
			++*p; /* the comma */
		if (!read_size(p, &r.from) || **p != '-')
			return refuse(value, "expected a range of memory, as 2G-64G or 64G-");
		++*p;
		if (**p != ':' && (!read_size(p, &r.to) || r.to <= r.from))
			return refuse(value, "the end of a range must be a size above its start");
		if (**p != ':')
			return refuse(value, "expected ':' and a size behind the range");
		++*p;
		if (!read_size(p, &r.size))
			return refuse(value, "expected a size as 256M");
		TRY(add_range(c, value, r));
	} while (**p == ',');
	return NULL;
}

static struct error *parse_one(const char *value, const char **p, struct crashkernel *c)
{
	static const struct {
		const char *text;
		enum crashkernel_where where;
	} suffixes[] = { { ",high", CRASHKERNEL_HIGH }, { ",low", CRASHKERNEL_LOW }, { ",cma", CRASHKERNEL_CMA } };
	struct crashkernel_range whole = { .to = UINT64_MAX };

	if (!read_size(p, &whole.size))
		return refuse(value, "expected a size as 256M");
	TRY(add_range(c, value, whole));
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (!strcmp(*p, suffixes[i].text)) {
			c->where = suffixes[i].where;
			*p += strlen(suffixes[i].text);
		}
	return NULL;
}

static struct error *parse(const char *value, struct crashkernel *c)
{
	const char *p = value, *digits = value + strspn(value, "0123456789abcdefxXABCDEFkKmMgGtTpP");

	if (!strcmp(value, "auto")) {
		c->automatic = true;
		return NULL;
	}
	TRY(*digits == '-' ? parse_ranges(value, &p, c) : parse_one(value, &p, c));
	if (*p == '@' && c->where == CRASHKERNEL_PLAIN) {
		p++;
		if (!read_size(&p, &c->offset))
			return refuse(value, "expected an address as 16M behind '@'");
		c->has_offset = true;
	}
	return *p ? refuse(value, "there is more behind it than the kernel reads") : NULL;
}

struct error *crashkernel_parse(const char *value, struct crashkernel *ret)
{
	struct crashkernel c = { 0 };
	struct error *e = parse(value, &c);

	if (e) {
		crashkernel_done(&c);
		return e;
	}
	*ret = c;
	return NULL;
}

uint64_t crashkernel_size(const struct crashkernel *c, uint64_t ram)
{
	for (size_t i = 0; i < c->ranges.n; i++)
		if (ram >= c->ranges.v[i].from && ram < c->ranges.v[i].to)
			return c->ranges.v[i].size;
	return 0;
}

struct error *crashkernel_ram(int root, uint64_t *ret)
{
	_cleanup_iomem_ struct iomem m = { 0 };
	_cleanup_ranges_ struct ranges ram = { 0 };
	uint64_t total;

	TRY(iomem_read(root, &m));
	TRY(iomem_named(&m, "System RAM", &ram));
	total = ranges_total(&ram);
	*ret = total > UINT64_MAX - RAM_GRAIN ? total : ROUND_UP(total, RAM_GRAIN);
	return NULL;
}
