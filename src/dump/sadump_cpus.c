/*
 * CPU registers of sadump files. On entering the firmware each CPU leaves its state in its SMM
 * save area (Intel SDM volume 3, chapter 34, table "SMRAM State Save Map"; makedumpfile
 * sadump_mod.h has the offsets as they are here, from the start of a 1024-byte area). The
 * sub header is the length of all areas together, an APIC id and a logical destination for
 * each CPU, then the areas.
 */
#include "dump/sadump-priv.h"

#include "base/base.h"
#include "dump/dump-priv.h"

#define AREA_LEN	1024
#define APIC_LEN	16
#define NR_CPUS_MAX	65536
#define EFER_LMA	(1u << 10)
#define QEMU_LEN	432 /* struct QEMUCPUState, QEMU target/i386/arch_dump.c */
#define QEMU_SEGMENTS	152
#define QEMU_CR0	392
#define QEMU_SEGMENT	24

enum { SMM_CR4 = 576, SMM_EFER = 992, SMM_CR3 = 1008, SMM_CR0 = 1016 };

/* Where each register is: 8 bytes (two halves), or 4 for selectors. */
static const struct {
	const char *name, *name32;
	uint16_t off;
	uint8_t len;
} places[] = {
	{ "r15", NULL, 796, 8 },	{ "r14", NULL, 804, 8 },	{ "r13", NULL, 812, 8 },
	{ "r12", NULL, 820, 8 },	{ "r11", NULL, 828, 8 },	{ "r10", NULL, 836, 8 },
	{ "r9", NULL, 844, 8 },		{ "r8", NULL, 852, 8 },		{ "rax", "eax", 860, 8 },
	{ "orig_rax", "orig_eax", 860, 8 }, { "rcx", "ecx", 868, 8 },	{ "rdx", "edx", 876, 8 },
	{ "rbx", "ebx", 884, 8 },	{ "rsp", "esp", 892, 8 },	{ "rbp", "ebp", 900, 8 },
	{ "rsi", "esi", 908, 8 },	{ "rdi", "edi", 916, 8 },	{ "es", "es", 936, 4 },
	{ "cs", "cs", 940, 4 },		{ "ss", "ss", 944, 4 },		{ "ds", "ds", 948, 4 },
	{ "fs", "fs", 952, 4 },		{ "gs", "gs", 956, 4 },		{ "rip", "eip", 984, 8 },
	{ "eflags", "eflags", 1000, 8 },
};

/* QEMU's order of 18 registers and 10 segments. */
static const uint16_t qemu_registers[] = { 860, 884, 868, 876, 908, 916, 892, 900, 852,
					   844, 836, 828, 820, 812, 804, 796, 984, 1000 };
static const struct {
	uint16_t selector, limit, low, high; /* 0: not in the area */
} qemu_segments[] = {
	{ 940 }, { 948 }, { 936 }, { 952 }, { 956 }, { 944 },
	{ 960, 672, 668, 468 }, /* ldt */
	{ 964 },
	{ 0, 656, 652, 464 }, /* gdt */
	{ 0, 664, 660, 472 }, /* idt */
};

static uint64_t value_of(const unsigned char *area, unsigned off, unsigned len)
{
	return len == 8 ? get_u64(area + off, false) : get_u32(area + off, false) & 0xffff;
}

static void put_registers(const struct dump *d, unsigned cpu, const unsigned char *area,
			  struct strbuf *to)
{
	const struct arch *a = d->arch;
	unsigned char raw[256] = { 0 };
	size_t end = 0;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const char *name = a->is_64bit ? places[i].name : places[i].name32;
		const struct arch_reg *r = name ? arch_find_reg(a, name) : NULL;
		uint64_t value = value_of(area, places[i].off, places[i].len);

		if (!r || r->off + r->size > (int)sizeof(raw))
			continue;
		if (r->size == 8)
			put_u64(raw + r->off, value, false);
		else
			put_u32(raw + r->off, value, false);
		end = MAX(end, (size_t)r->off + r->size);
	}
	put_cpu_note(d, cpu, raw, end, to);
}

static void put_state(const unsigned char *area, struct strbuf *to)
{
	unsigned char desc[QEMU_LEN] = { 0 };

	put_u32(desc, 1, false);
	put_u32(desc + 4, QEMU_LEN, false);
	for (size_t i = 0; i < ARRAY_SIZE(qemu_registers); i++)
		memcpy(desc + 8 + 8 * i, area + qemu_registers[i], 8);
	for (size_t i = 0; i < ARRAY_SIZE(qemu_segments); i++) {
		unsigned char *p = desc + QEMU_SEGMENTS + i * QEMU_SEGMENT;

		if (qemu_segments[i].selector)
			put_u32(p, value_of(area, qemu_segments[i].selector, 4), false);
		if (!qemu_segments[i].limit)
			continue;
		memcpy(p + 4, area + qemu_segments[i].limit, 4);
		memcpy(p + 16, area + qemu_segments[i].low, 4);
		memcpy(p + 20, area + qemu_segments[i].high, 4);
	}
	memcpy(desc + QEMU_CR0, area + SMM_CR0, 8);
	memcpy(desc + QEMU_CR0 + 24, area + SMM_CR3, 8);
	memcpy(desc + QEMU_CR0 + 32, area + SMM_CR4, 4);
	put_note(to, false, "QEMU", 0, desc, sizeof(desc));
}

/* How many whole areas there are, and where; each is *ret_len bytes. */
static struct error *find_areas(struct source *s, const struct sadump_header *h, uint64_t *ret_off,
				uint32_t *ret_len, uint32_t *ret_nr)
{
	uint64_t end = MIN(h->sub_off + h->sub_len, s->size), off = h->sub_off + 4;
	unsigned char raw[4];

	*ret_nr = 0;
	if (!h->nr_cpus || h->nr_cpus > NR_CPUS_MAX || h->sub_len < 4 || end < off)
		return NULL;
	TRY(source_read(s, h->sub_off, raw, sizeof(raw)));
	*ret_len = get_u32(raw, false) / h->nr_cpus;
	off += (uint64_t)h->nr_cpus * APIC_LEN;
	if (*ret_len < AREA_LEN || off >= end)
		return NULL;
	*ret_off = off;
	*ret_nr = MIN((uint64_t)h->nr_cpus, (end - off) / *ret_len);
	return NULL;
}

struct error *sadump_take_cpus(struct dump *d, const struct sadump_header *h)
{
	_cleanup_free_ unsigned char *areas = NULL;
	_cleanup_strbuf_ struct strbuf notes = { 0 };
	uint32_t len = 0, nr = 0;
	uint64_t off = 0;
	bool wide = false;

	TRY(find_areas(d->source, h, &off, &len, &nr));
	areas = malloc((size_t)nr * AREA_LEN + 1);
	if (!areas)
		return error_nomem();
	for (uint32_t i = 0; i < nr; i++) {
		TRY(source_read(d->source, off + (uint64_t)i * len, areas + i * AREA_LEN,
				AREA_LEN));
		wide |= get_u32(areas + i * AREA_LEN + SMM_EFER, false) & EFER_LMA;
	}
	d->arch = wide || !nr ? &arch_x86_64 : &arch_i386;
	d->is_64bit = d->arch->is_64bit;
	for (uint32_t i = 0; i < nr; i++)
		put_registers(d, i, areas + i * AREA_LEN, &notes);
	for (uint32_t i = 0; i < nr; i++)
		put_state(areas + i * AREA_LEN, &notes);
	return take_made_notes(d, &notes);
}
