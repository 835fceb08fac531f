/*
 * Writing multiboot information (Multiboot Specification 0.6.96, "Boot information format";
 * Multiboot2 Specification 2.0, section 3.6).
 */
#include "kexec/multiboot_info.h"

#include <string.h>

#include "base/bytes.h"
#include "base/strbuf.h"
#include "kexec/segments.h"

#define LOADER "kexec salvage " SALVAGE_VERSION

/* version 1 */
#define INFO_LEN	116
#define HAVE_MEMORY	0x1u
#define HAVE_CMDLINE	0x4u
#define HAVE_MODULES	0x8u
#define HAVE_MAP	0x40u
#define HAVE_LOADER	0x200u
#define MAP_ENTRY	24

enum { /* version 2 */
	TAG_END, TAG_CMDLINE, TAG_LOADER, TAG_MODULE, TAG_MEMORY, TAG_MAP = 6, TAG_BASE = 21,
};

static void add_u32(struct strbuf *b, uint32_t v)
{
	unsigned char bytes[4];

	put_u32(bytes, v, false);
	strbuf_add(b, bytes, 4);
}

static void add_u64(struct strbuf *b, uint64_t v)
{
	add_u32(b, (uint32_t)v);
	add_u32(b, (uint32_t)(v >> 32));
}

static void align(struct strbuf *b, size_t to)
{
	strbuf_fill(b, '\0', ROUND_UP(b->len, to) - b->len);
}

/* KiB below 640 KiB and above 1 MiB, for kernels that do not read the map. */
static void sizes(const struct e820 *map, uint32_t *ret_lower, uint32_t *ret_upper)
{
	*ret_lower = *ret_upper = 0;
	for (size_t i = 0; i < map->rows.n; i++) {
		uint64_t start = map->rows.v[i].start, end = start + map->rows.v[i].len;

		if (map->rows.v[i].type != E820_RAM)
			continue;
		if (start < 0xa0000)
			*ret_lower = (uint32_t)(MIN(end, (uint64_t)0xa0000) >> 10);
		if (start <= 0x100000 && end > 0x100000)
			*ret_upper = (uint32_t)MIN((end - 0x100000) >> 10, (uint64_t)UINT32_MAX);
	}
}

static uint32_t map_type(uint32_t type)
{
	return type <= E820_UNUSABLE ? type : E820_RESERVED;
}

static void build_1(const struct multiboot_input *in, uint32_t pa, struct strbuf *b)
{
	unsigned char info[INFO_LEN] = { 0 };
	uint32_t lower, upper, module = in->modules_pa, words;

	sizes(in->e820, &lower, &upper);
	put_u32(info,
		HAVE_MEMORY | HAVE_CMDLINE | HAVE_MAP | HAVE_LOADER |
			(in->modules->n ? HAVE_MODULES : 0),
		false);
	put_u32(info + 4, lower, false);
	put_u32(info + 8, upper, false);
	strbuf_fill(b, '\0', INFO_LEN);
	put_u32(info + 16, pa + (uint32_t)b->len, false);
	strbuf_add(b, in->cmdline, strlen(in->cmdline) + 1);
	put_u32(info + 64, pa + (uint32_t)b->len, false);
	strbuf_add(b, LOADER, sizeof(LOADER));
	align(b, 8);
	put_u32(info + 44, (uint32_t)in->e820->rows.n * MAP_ENTRY, false);
	put_u32(info + 48, pa + (uint32_t)b->len, false);
	for (size_t i = 0; i < in->e820->rows.n; i++) {
		add_u32(b, MAP_ENTRY - 4);
		add_u64(b, in->e820->rows.v[i].start);
		add_u64(b, in->e820->rows.v[i].len);
		add_u32(b, map_type(in->e820->rows.v[i].type));
	}
	put_u32(info + 20, (uint32_t)in->modules->n, false);
	put_u32(info + 24, in->modules->n ? pa + (uint32_t)b->len : 0, false);
	words = pa + (uint32_t)(b->len + in->modules->n * 16);
	for (size_t i = 0; i < in->modules->n; i++) {
		const struct kexec_module *m = &in->modules->v[i];

		add_u32(b, module);
		add_u32(b, module + (uint32_t)m->len);
		add_u32(b, words);
		add_u32(b, 0);
		module += (uint32_t)ROUND_UP(m->len, (size_t)KEXEC_PAGE);
		words += (uint32_t)strlen(m->words) + 1;
	}
	for (size_t i = 0; i < in->modules->n; i++)
		strbuf_add(b, in->modules->v[i].words, strlen(in->modules->v[i].words) + 1);
	if (!b->failed)
		memcpy(b->s, info, INFO_LEN);
}

static void tag(struct strbuf *b, uint32_t type, size_t content)
{
	align(b, 8);
	add_u32(b, type);
	add_u32(b, (uint32_t)(8 + content));
}

static void tag_text(struct strbuf *b, uint32_t type, const char *text)
{
	tag(b, type, strlen(text) + 1);
	strbuf_add(b, text, strlen(text) + 1);
}

static void build_2(const struct multiboot_input *in, struct strbuf *b)
{
	uint32_t lower, upper, module = in->modules_pa;

	sizes(in->e820, &lower, &upper);
	add_u64(b, 0); /* the total, known at the end */
	tag_text(b, TAG_CMDLINE, in->cmdline);
	tag_text(b, TAG_LOADER, LOADER);
	if (in->have_base) {
		tag(b, TAG_BASE, 4);
		add_u32(b, in->base);
	}
	tag(b, TAG_MEMORY, 8);
	add_u32(b, lower);
	add_u32(b, upper);
	for (size_t i = 0; i < in->modules->n; i++) {
		const struct kexec_module *m = &in->modules->v[i];

		tag(b, TAG_MODULE, 8 + strlen(m->words) + 1);
		add_u32(b, module);
		add_u32(b, module + (uint32_t)m->len);
		strbuf_add(b, m->words, strlen(m->words) + 1);
		module += (uint32_t)ROUND_UP(m->len, (size_t)KEXEC_PAGE);
	}
	tag(b, TAG_MAP, 8 + in->e820->rows.n * MAP_ENTRY);
	add_u32(b, MAP_ENTRY);
	add_u32(b, 0);
	for (size_t i = 0; i < in->e820->rows.n; i++) {
		add_u64(b, in->e820->rows.v[i].start);
		add_u64(b, in->e820->rows.v[i].len);
		add_u32(b, map_type(in->e820->rows.v[i].type));
		add_u32(b, 0);
	}
	tag(b, TAG_END, 0);
	if (!b->failed)
		put_u32(b->s, (uint32_t)b->len, false);
}

struct error *multiboot_info_build(const struct multiboot_input *in, uint32_t pa,
				   unsigned char **ret, size_t *ret_len)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };

	if (in->version == 1)
		build_1(in, pa, &b);
	else
		build_2(in, &b);
	TRY(strbuf_error(&b));
	*ret_len = b.len;
	if (!ret)
		return NULL;
	*ret = (unsigned char *)strbuf_take(&b, ret_len);
	return *ret ? NULL : error_nomem();
}
