/* Headers of the kdump-compressed format, version 6, as a machine of the dump's width and byte
 * order writes them (makedumpfile diskdump_mod.h; doc/formats/kdump-compressed.md). */
#include "dump/write_kdump-priv.h"

#include <string.h>

#include "base/bytes.h"

#define SIGNATURE_LEN 8

/* Behind utsname and the timestamp's two words. Natural alignment of an LP64 machine, and of an
 * ILP32 one with 32-bit time. */
static size_t status_off(const struct dump_facts *f)
{
	return f->is_64bit ? 424 : 412;
}

static void put_header(const struct kdump_writer *k, unsigned char *h, uint32_t status)
{
	const struct dump_facts *f = &k->w.facts;
	const char *const names[] = { f->utsname.sysname, f->utsname.nodename, f->utsname.release,
				      f->utsname.version, f->utsname.machine,
				      f->utsname.domainname };
	size_t at = status_off(f);
	bool big = f->big;

	memcpy(h, "KDUMP   ", SIGNATURE_LEN);
	put_u32(h + 8, 6, big);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		memcpy(h + 12 + i * 65, names[i], strnlen(names[i], 64));
	if (f->is_64bit)
		put_u64(h + at - 16, f->timestamp, big);
	else
		put_u32(h + at - 8, f->timestamp, big);
	put_u32(h + at, status, big);
	put_u32(h + at + 4, f->page_size, big);
	put_u32(h + at + 8, k->head_len / f->page_size, big);
	put_u32(h + at + 12, 2 * k->bitmap_len / f->page_size, big);
	put_u32(h + at + 16, MIN(k->max_pfn, (uint64_t)UINT32_MAX), big);
	put_u32(h + at + 36, f->nr_cpus, big);
}

struct error *kdump_write_header(struct kdump_writer *k, bool complete)
{
	_cleanup_free_ unsigned char *h = calloc(1, k->w.facts.page_size);

	if (!h)
		return error_nomem();
	put_header(k, h, k->codec_flag | (complete ? 0 : STATUS_INCOMPLETE));
	if (k->w.sink->is_stream)
		return sink_write(k->w.sink, 0, h, k->w.facts.page_size);
	/* the signature last: half a header is none */
	TRY(sink_write(k->w.sink, SIGNATURE_LEN, h + SIGNATURE_LEN,
		       k->w.facts.page_size - SIGNATURE_LEN));
	return sink_write(k->w.sink, 0, h, SIGNATURE_LEN);
}

struct error *kdump_write_status(struct kdump_writer *k, bool complete)
{
	unsigned char status[4];

	if (k->w.sink->is_stream)
		return kdump_write_header(k, complete);
	put_u32(status, k->codec_flag | (complete ? 0 : STATUS_INCOMPLETE), k->w.facts.big);
	return sink_write(k->w.sink, status_off(&k->w.facts), status, sizeof(status));
}

/* The three layouts of the sub header: a row per field, a column per layout. */
enum sub_field { PHYS_BASE, DUMP_LEVEL, SPLIT, START_PFN, END_PFN, OFF_INFO, SIZE_INFO, OFF_NOTE,
		 SIZE_NOTE, OFF_ERASE, SIZE_ERASE, START_PFN_64, END_PFN_64, MAX_PFN_64, SUB_LEN };
static const uint8_t sub_layouts[3][SUB_LEN + 1] = {
	/* LP64 */
	{ 0, 8, 12, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104 },
	/* 32 bit, i64 aligned to 8: ARM, PPC, MIPS */
	{ 0, 4, 8, 12, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96 },
	/* 32 bit, i64 aligned to 4: i386 */
	{ 0, 4, 8, 12, 16, 20, 28, 32, 40, 44, 52, 56, 64, 72, 80 },
};

static const uint8_t *sub_layout(const struct dump_facts *f)
{
	if (f->is_64bit)
		return sub_layouts[0];
	return f->arch == &arch_i386 ? sub_layouts[2] : sub_layouts[1];
}

static void put_long(const struct dump_facts *f, unsigned char *p, uint64_t v)
{
	if (f->is_64bit)
		put_u64(p, v, f->big);
	else
		put_u32(p, v, f->big);
}

struct error *kdump_write_sub_header(struct kdump_writer *k)
{
	const struct dump_facts *f = &k->w.facts;
	const uint8_t *at = sub_layout(f);
	unsigned char h[UINT8_MAX] = { 0 };
	uint64_t notes_off = (uint64_t)f->page_size + k->sub_header_len;
	uint64_t erase_off = notes_off + f->notes_len;
	uint64_t pad = k->head_len - k->sub_header_len - f->notes_len - f->eraseinfo_len;
	_cleanup_free_ unsigned char *zeros = calloc(1, f->page_size); /* pad is less */

	if (!zeros)
		return error_nomem();
	/* on Arm it also says from where frames count */
	put_long(f, h + at[PHYS_BASE], f->arch == &arch_arm && !k->first_pfn ? 0 : f->phys_base);
	put_u32(h + at[DUMP_LEVEL], f->dump_level > 0 ? f->dump_level : 0, f->big);
	if (f->vmcoreinfo) {
		put_u64(h + at[OFF_INFO],
			notes_off + ((const unsigned char *)f->vmcoreinfo - f->notes), f->big);
		put_long(f, h + at[SIZE_INFO], f->vmcoreinfo_len);
	}
	if (f->notes_len) {
		put_u64(h + at[OFF_NOTE], notes_off, f->big);
		put_long(f, h + at[SIZE_NOTE], f->notes_len);
	}
	if (f->eraseinfo_len) {
		put_u64(h + at[OFF_ERASE], erase_off, f->big);
		put_long(f, h + at[SIZE_ERASE], f->eraseinfo_len);
	}
	if (f->split) {
		put_u32(h + at[SPLIT], 1, f->big);
		put_long(f, h + at[START_PFN], k->start_pfn);
		put_long(f, h + at[END_PFN], k->end_pfn);
		put_u64(h + at[START_PFN_64], k->start_pfn, f->big);
		put_u64(h + at[END_PFN_64], k->end_pfn, f->big);
	}
	put_u64(h + at[MAX_PFN_64], k->max_pfn, f->big);
	TRY(sink_write(k->w.sink, f->page_size, h, k->sub_header_len));
	/* straight from where they are: device dumps (NT_VMCOREDD) are many MiB */
	TRY(sink_write(k->w.sink, notes_off, f->notes, f->notes_len));
	if (f->eraseinfo_len)
		TRY(sink_write(k->w.sink, erase_off, f->eraseinfo, f->eraseinfo_len));
	return sink_write(k->w.sink, erase_off + f->eraseinfo_len, zeros, pad);
}

size_t kdump_sub_header_len(const struct dump_facts *f)
{
	return sub_layout(f)[SUB_LEN];
}

struct error *kdump_write_level(struct kdump_writer *k)
{
	const struct dump_facts *f = &k->w.facts;
	unsigned char level[4];

	put_u32(level, f->dump_level > 0 ? f->dump_level : 0, f->big);
	return sink_write(k->w.sink, f->page_size + sub_layout(f)[DUMP_LEVEL], level, sizeof(level));
}
