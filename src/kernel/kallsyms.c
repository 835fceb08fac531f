#include "kernel/kallsyms.h"

#include "base/base.h"

#define BLOCK	   256 /* symbols between two remembered places, as in kallsyms_markers */
#define NAME_ROOM  512 /* KSYM_NAME_LEN since 6.1, type letter and NUL included */
#define SLOT_NONE  0xffffffffu
#define MAX_PROBES 256ull /* a symbol, on average: real tables need about two */
#define TAG_SHIFT  24	  /* a slot: 24 bits symbol number, 8 bits of the hash */

struct kallsyms {
	struct kallsyms_tables t;
	enum kallsyms_encoding encoding;
	bool long_names;
	bool sorted;
	uint32_t nr_data; /* symbols of data kinds */
	uint16_t token_at[256], token_len[256];
	uint32_t *blocks; /* offset in names of every 256th symbol */
	uint32_t nr_blocks;
	uint32_t *slots;
	uint32_t slot_mask;
};

/* ---- tokens and names ---- */

/* 256 strings back to back, and their offsets: each checks the other. */
static struct error *load_tokens(struct kallsyms *ks)
{
	size_t off = 0;

	for (unsigned i = 0; i < 256; i++) {
		size_t len = strnlen((const char *)ks->t.token_table + off,
				     ks->t.token_table_len - off);

		if (off + len >= ks->t.token_table_len || off > UINT16_MAX || len >= NAME_ROOM)
			return error_new(ERROR_BAD_DATA,
					 "kallsyms: token %u runs out of the token table", i);
		if (get_u16(ks->t.token_index + 2 * i, ks->t.big) != off)
			return error_new(
				ERROR_BAD_DATA,
				"kallsyms: token %u is at offset %zu, the index says %u", i,
				off, get_u16(ks->t.token_index + 2 * i, ks->t.big));
		ks->token_at[i] = off;
		ks->token_len[i] = len;
		off += len + 1;
	}
	return NULL;
}

/* Length of the entry at `off` in tokens; *ret_at gets where these begin. False: cut off. */
static bool entry_length(const struct kallsyms *ks, bool long_names, size_t off, size_t *ret_at,
			 size_t *ret_len)
{
	size_t len;

	if (off >= ks->t.names_len)
		return false;
	len = ks->t.names[off++];
	if (long_names && (len & 0x80)) {
		if (off >= ks->t.names_len)
			return false;
		len = (len & 0x7f) | (size_t)ks->t.names[off++] << 7;
	}
	*ret_at = off;
	*ret_len = len;
	return len > 0 && range_fits(off, len, ks->t.names_len);
}

/* Walks all lengths and remembers the blocks; *ret_end gets where the names end. */
static bool walk_names(struct kallsyms *ks, bool long_names, size_t *ret_end)
{
	size_t off = 0, at, len;

	for (uint32_t i = 0; i < ks->t.num; i++) {
		if (i % BLOCK == 0)
			ks->blocks[i / BLOCK] = off;
		if (!entry_length(ks, long_names, off, &at, &len))
			return false;
		off = at + len;
	}
	*ret_end = off;
	return true;
}

/* Whether the kernel's own markers (u32; long before 4.20) follow the names at `end`. */
static bool markers_agree(const struct kallsyms *ks, size_t end)
{
	for (unsigned align = 4; align <= 8; align *= 2) {
		for (unsigned width = 4; width <= 8; width *= 2) {
			size_t at = ROUND_UP(end, align);
			uint32_t i = 0;

			if (!range_fits(at, (uint64_t)ks->nr_blocks * width, ks->t.names_len))
				continue;
			while (i < ks->nr_blocks &&
			       get_uint(ks->t.names + at + (size_t)i * width, width,
					ks->t.big) == ks->blocks[i])
				i++;
			if (i == ks->nr_blocks)
				return true;
		}
	}
	return false;
}

/*
 * Names of more than 127 tokens came with 6.1, but vendors carry them back: believe the
 * markers. Where these cannot be seen, the walk that stays inside the table wins; both do
 * when there is no long name, and then they mean the same.
 */
static struct error *choose_lengths(struct kallsyms *ks)
{
	static const bool ways[] = {true, false};
	size_t end;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		ks->long_names = ways[i];
		if (walk_names(ks, ways[i], &end) && markers_agree(ks, end))
			return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		ks->long_names = ways[i];
		if (walk_names(ks, ways[i], &end))
			return NULL;
	}
	return error_new(ERROR_BAD_DATA, "kallsyms: %u names do not fit into %zu bytes",
			 ks->t.num, ks->t.names_len);
}

/* Decodes the tokens at [at, at + len) into buf; returns the length without NUL. */
static size_t expand(const struct kallsyms *ks, size_t at, size_t len, char *buf, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned token = ks->t.names[at + i];
		size_t add = MIN((size_t)ks->token_len[token], room - 1 - n);

		memcpy(buf + n, ks->t.token_table + ks->token_at[token], add);
		n += add;
	}
	buf[n] = '\0';
	return n;
}

static bool place_of(const struct kallsyms *ks, uint32_t i, size_t *ret_at, size_t *ret_len)
{
	size_t off, at, len;

	if (i >= ks->t.num)
		return false;
	off = ks->blocks[i / BLOCK];
	for (uint32_t left = i % BLOCK;; left--) {
		if (!entry_length(ks, ks->long_names, off, &at, &len))
			return false;
		if (!left)
			break;
		off = at + len;
	}
	*ret_at = at;
	*ret_len = len;
	return true;
}

void kallsyms_name(const struct kallsyms *ks, uint32_t i, char *buf, size_t room,
		   char *ret_type)
{
	char whole[NAME_ROOM + 1];
	size_t at, len, n;

	buf[0] = '\0';
	*ret_type = '?';
	if (!place_of(ks, i, &at, &len))
		return;
	n = expand(ks, at, len, whole, sizeof(whole));
	if (!n)
		return;
	*ret_type = whole[0];
	n = MIN(n - 1, room - 1);
	memcpy(buf, whole + 1, n);
	buf[n] = '\0';
}

/* ---- index by name ---- */

static uint32_t hash_name(const char *s, size_t len)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	return h ^ h >> 15;
}

static bool is_data_letter(char c)
{
	return strchr("dDbBrRsSgG", c) != NULL;
}

static struct error *index_names(struct kallsyms *ks)
{
	char name[NAME_ROOM + 1];
	size_t off = 0, at, len, room = 64;
	uint64_t probes = 0;

	while (room < (size_t)ks->t.num + ks->t.num / 4)
		room *= 2;
	ks->slots = malloc(room * sizeof(*ks->slots));
	if (!ks->slots)
		return error_nomem();
	memset(ks->slots, 0xff, room * sizeof(*ks->slots));
	ks->slot_mask = room - 1;

	for (uint32_t i = 0; i < ks->t.num; i++) {
		uint32_t h, slot;
		size_t n;

		if (!entry_length(ks, ks->long_names, off, &at, &len))
			return error_new(ERROR_BAD_DATA, "kallsyms: name %u is cut off", i);
		off = at + len;
		n = expand(ks, at, len, name, sizeof(name));
		if (n < 1 || !((name[0] | 0x20) >= 'a' && (name[0] | 0x20) <= 'z'))
			return error_new(ERROR_BAD_DATA, "kallsyms: name %u has no type letter",
					 i);
		if (is_data_letter(name[0]))
			ks->nr_data++;
		h = hash_name(name + 1, n - 1);
		slot = h & ks->slot_mask;
		while (ks->slots[slot] != SLOT_NONE) {
			slot = (slot + 1) & ks->slot_mask;
			probes++;
		}
		if (probes > MAX_PROBES * ks->t.num)
			return error_new(ERROR_BAD_DATA,
					 "kallsyms: the same names over and over");
		ks->slots[slot] = i | h >> TAG_SHIFT << TAG_SHIFT;
	}
	return NULL;
}

/* Calls come with *slot at the start of the chain or one past the last answer. */
static bool next_named(const struct kallsyms *ks, const char *name, uint32_t h, uint32_t *slot,
		       uint32_t *ret_i)
{
	char buf[NAME_ROOM + 1], type;

	for (uint32_t tries = 0; tries <= ks->slot_mask; tries++) {
		uint32_t v = ks->slots[*slot & ks->slot_mask];

		if (v == SLOT_NONE)
			return false;
		++*slot;
		if (v >> TAG_SHIFT != h >> TAG_SHIFT)
			continue;
		kallsyms_name(ks, v & (KALLSYMS_MAX_SYMBOLS - 1), buf, sizeof(buf), &type);
		if (strcmp(buf, name) == 0) {
			*ret_i = v & (KALLSYMS_MAX_SYMBOLS - 1);
			return true;
		}
	}
	return false;
}

bool kallsyms_find(const struct kallsyms *ks, const char *name, uint32_t *ret_i)
{
	uint32_t h = hash_name(name, strlen(name)), slot = h & ks->slot_mask;

	/* symbols went in by number, so the first match of the chain is the lowest */
	return next_named(ks, name, h, &slot, ret_i);
}

/* ---- addresses ---- */

static uint64_t decode(const struct kallsyms *ks, enum kallsyms_encoding how, uint32_t i)
{
	const unsigned char *p = ks->t.entries + (size_t)i * (ks->t.absolute ? 8 : 4);
	int32_t rel;

	if (how == KALLSYMS_ABSOLUTE)
		return get_u64(p, ks->t.big);
	rel = (int32_t)get_u32(p, ks->t.big);
	switch (how) {
	case KALLSYMS_PERCPU:
		return rel >= 0 ? (uint64_t)rel : ks->t.base - 1 - (uint64_t)(int64_t)rel;
	case KALLSYMS_BASE:
		return ks->t.base + (uint32_t)rel;
	default:
		return ks->t.entries_va + 4ull * i + (uint64_t)(int64_t)rel;
	}
}

uint64_t kallsyms_address(const struct kallsyms *ks, uint32_t i)
{
	return i < ks->t.num ? decode(ks, ks->encoding, i) : 0;
}

static struct error *choose_encoding(struct kallsyms *ks, uint64_t stext)
{
	static const char name[] = "_stext";
	uint32_t h = hash_name(name, sizeof(name) - 1), slot = h & ks->slot_mask, i;
	bool found = false;

	while (next_named(ks, name, h, &slot, &i)) {
		found = true;
		for (int how = KALLSYMS_ABSOLUTE; how <= KALLSYMS_PLACE; how++) {
			if ((how == KALLSYMS_ABSOLUTE) != ks->t.absolute)
				continue;
			if ((how == KALLSYMS_PERCPU || how == KALLSYMS_BASE) && !ks->t.has_base)
				continue;
			if (decode(ks, how, i) != stext)
				continue;
			ks->encoding = how;
			return NULL;
		}
	}
	if (!found)
		return error_new(ERROR_BAD_DATA,
				 "kallsyms: there is no _stext to check against");
	return error_new(ERROR_BAD_DATA,
			 "kallsyms: no known encoding gives _stext the address 0x%llx",
			 (unsigned long long)stext);
}

static bool is_sorted(const struct kallsyms *ks)
{
	for (uint32_t i = 1; i < ks->t.num; i++)
		if (kallsyms_address(ks, i) < kallsyms_address(ks, i - 1))
			return false;
	return true;
}

/* For tables that break their promise of order: looks at each. */
static bool at_unsorted(const struct kallsyms *ks, uint64_t va, uint32_t *ret_i,
			uint64_t *ret_end)
{
	uint64_t best = 0, end = 0;
	bool found = false;

	for (uint32_t i = 0; i < ks->t.num; i++) {
		uint64_t a = kallsyms_address(ks, i);

		if (a <= va && (!found || a > best)) {
			best = a;
			*ret_i = i;
			found = true;
		}
		if (a > va && (!end || a < end))
			end = a;
	}
	*ret_end = end;
	return found;
}

bool kallsyms_at(const struct kallsyms *ks, uint64_t va, uint32_t *ret_i, uint64_t *ret_end)
{
	uint32_t lo = 0, hi = ks->t.num; /* the first above `va` lies in [lo, hi] */
	uint64_t at;

	if (!ks->sorted)
		return at_unsorted(ks, va, ret_i, ret_end);
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (kallsyms_address(ks, mid) <= va)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return false;
	*ret_end = lo < ks->t.num ? kallsyms_address(ks, lo) : 0;
	at = kallsyms_address(ks, lo - 1);
	/* the first of its address, by halving again: a hostile table may hold one address only
	 */
	hi = lo - 1;
	lo = 0;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (kallsyms_address(ks, mid) < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	*ret_i = lo;
	return true;
}

/* ---- life ---- */

static struct error *check_sizes(const struct kallsyms_tables *t)
{
	size_t width = t->absolute ? 8 : 4;

	if (!t->num || t->num >= KALLSYMS_MAX_SYMBOLS)
		return error_new(ERROR_BAD_DATA, "kallsyms: %u symbols: 1 to %u expected",
				 t->num, KALLSYMS_MAX_SYMBOLS - 1);
	if (t->entries_len / width < t->num)
		return error_new(ERROR_BAD_DATA,
				 "kallsyms: %zu bytes of addresses for %u symbols",
				 t->entries_len, t->num);
	/* a name is a length and one token at least */
	if (t->names_len / 2 < t->num || t->names_len > UINT32_MAX)
		return error_new(ERROR_BAD_DATA, "kallsyms: %zu bytes of names for %u symbols",
				 t->names_len, t->num);
	return NULL;
}

static struct error *load(struct kallsyms *ks, uint64_t stext)
{
	TRY(check_sizes(&ks->t));
	TRY(load_tokens(ks));
	ks->nr_blocks = (ks->t.num + BLOCK - 1) / BLOCK;
	ks->blocks = calloc(ks->nr_blocks, sizeof(*ks->blocks));
	if (!ks->blocks)
		return error_nomem();
	TRY(choose_lengths(ks));
	TRY(index_names(ks));
	TRY(choose_encoding(ks, stext));
	ks->sorted = is_sorted(ks);
	return NULL;
}

struct error *kallsyms_open(const struct kallsyms_tables *t, uint64_t stext,
			    struct kallsyms **ret)
{
	CLEANUP(kallsyms_free) struct kallsyms *ks = calloc(1, sizeof(*ks));

	if (!ks)
		return error_nomem();
	ks->t = *t;
	TRY(load(ks, stext));
	*ret = take_ptr(ks);
	return NULL;
}

void kallsyms_free(struct kallsyms *ks)
{
	if (!ks)
		return;
	free(ks->blocks);
	free(ks->slots);
	free(ks);
}

uint32_t kallsyms_count(const struct kallsyms *ks)
{
	return ks->t.num;
}

enum kallsyms_encoding kallsyms_encoding(const struct kallsyms *ks)
{
	return ks->encoding;
}

bool kallsyms_long_names(const struct kallsyms *ks)
{
	return ks->long_names;
}

bool kallsyms_have_data(const struct kallsyms *ks)
{
	/* a few symbols of data kinds are there even without KALLSYMS_ALL */
	return ks->nr_data > ks->t.num / 64;
}
