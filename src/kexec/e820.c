/* Memory maps for the next kernel; see e820.h. */
#include "kexec/e820.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define LOW_END 0x100000u

static struct error *add(struct e820 *e, uint64_t start, uint64_t end, uint32_t type)
{
	struct e820_entry row = { start, end - start, type };

	if (start >= end)
		return NULL;
	return vector_push(&e->rows, row) ? NULL : error_nomem();
}

static struct error *add_ranges(struct e820 *e, const struct ranges *r, uint32_t type)
{
	for (size_t i = 0; i < r->n; i++)
		TRY(add(e, r->v[i].start, r->v[i].end, type));
	return NULL;
}

static struct error *add_low_ram(struct e820 *e, const struct iomem *m)
{
	_cleanup_ranges_ struct ranges ram = { 0 };

	TRY(iomem_named(m, "System RAM", &ram));
	TRY(ranges_cut(&ram, LOW_END, UINT64_MAX));
	return add_ranges(e, &ram, E820_RAM);
}

/* Everything that firmware marked, at any depth: reserved ranges stand inside RAM too. */
static struct error *add_named(struct e820 *e, const struct iomem *m)
{
	static const char *const names[] = { "ACPI Tables", "ACPI Non-volatile Storage",
					     "Reserved", "reserved", "Persistent Memory",
					     "Persistent Memory (legacy)", "Soft Reserved" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_ranges_ struct ranges r = { 0 };

		TRY(iomem_named(m, names[i], &r));
		TRY(add_ranges(e, &r, e820_type_by_name(names[i])));
	}
	return NULL;
}

static int by_start(const void *a, const void *b)
{
	const struct e820_entry *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static void sort(struct e820 *e)
{
	if (e->rows.n)
		qsort(e->rows.v, e->rows.n, sizeof(*e->rows.v), by_start);
}

struct error *e820_for_panic(const struct iomem *m, const struct ranges *regions,
			     const struct ranges *hidden, const struct ranges *cma,
			     struct e820 *ret)
{
	_cleanup_ranges_ struct ranges ram = { 0 };
	_cleanup_e820_ struct e820 e = { 0 };

	TRY(add_low_ram(&e, m));
	TRY(add_named(&e, m));
	TRY(ranges_copy(regions, &ram));
	for (size_t i = 0; i < hidden->n; i++)
		TRY(ranges_cut(&ram, hidden->v[i].start, hidden->v[i].end));
	TRY(add_ranges(&e, &ram, E820_RAM));
	TRY(add_ranges(&e, cma, E820_RAM));
	sort(&e);
	*ret = e;
	e = (struct e820){ 0 };
	return NULL;
}

struct error *e820_for_reboot(const struct memmap *m, struct e820 *ret)
{
	_cleanup_e820_ struct e820 e = { 0 };

	for (size_t i = 0; i < m->rows.n; i++)
		TRY(add(&e, m->rows.v[i].start, m->rows.v[i].end,
			e820_type_by_name(m->rows.v[i].type)));
	*ret = e;
	e = (struct e820){ 0 };
	return NULL;
}

struct error *e820_from_iomem(const struct iomem *m, struct e820 *ret)
{
	_cleanup_ranges_ struct ranges ram = { 0 };
	_cleanup_e820_ struct e820 e = { 0 };

	TRY(iomem_named(m, "System RAM", &ram));
	TRY(add_ranges(&e, &ram, E820_RAM));
	TRY(add_named(&e, m));
	sort(&e);
	*ret = e;
	e = (struct e820){ 0 };
	return NULL;
}

void e820_write(const struct e820 *e, size_t from, size_t to, unsigned char *at)
{
	for (size_t i = from; i < to; i++, at += E820_ENTRY_LEN) {
		put_u64(at, e->rows.v[i].start, false);
		put_u64(at + 8, e->rows.v[i].len, false);
		put_u32(at + 16, e->rows.v[i].type, false);
	}
}

void e820_done(struct e820 *e)
{
	vector_done(&e->rows);
}
