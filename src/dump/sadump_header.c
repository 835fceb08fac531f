/* The headers of sadump files; see sadump-priv.h. */
#include "dump/sadump-priv.h"

#include <time.h>

#include "base/base.h"

#define MEDIA_LEN      4096
#define PART_FIXED     168 /* of a part header, in front of the chain of magic numbers */
#define BLOCK_MAX      (1u << 16)
#define HEADER_LEN     120
#define MAX_PFN_LIMIT  (1ull << 36)
#define SET_BLOCKS_MAX 1024
#define VOLUME_LEN     32
#define NO_ZONE	       2047

static bool is_part(struct source *s, uint64_t off)
{
	unsigned char raw[8];
	_cleanup_error_ struct error *e = source_read(s, off, raw, sizeof(raw));

	return !e && !memcmp(raw, "sadump\0\0", sizeof(raw));
}

bool sadump_find_part(struct source *s, uint64_t *ret_off)
{
	*ret_off = 0;
	if (is_part(s, 0))
		return true;
	*ret_off = MEDIA_LEN;
	return is_part(s, MEDIA_LEN);
}

/* The header is filled up to the end of its block with numbers that follow from each other. */
static struct error *measure_block(struct source *s, uint64_t off, uint32_t *ret)
{
	_cleanup_free_ unsigned char *raw = malloc(BLOCK_MAX);
	size_t len = MIN((uint64_t)BLOCK_MAX, s->size - off), at = PART_FIXED;

	if (!raw)
		return error_nomem();
	TRY(source_read(s, off, raw, len));
	while (at + 8 <= len &&
	       get_u32(raw + at + 4, false) == (get_u32(raw + at, false) + 7) * 11)
		at += 4;
	at += 4;
	if (at < 4096 || !IS_POW2(at))
		return error_new(
			ERROR_BAD_DATA,
			"%s: sadump: the magic numbers of the header at 0x%llx end after %zu "
			"bytes, expected a whole block of 4096 to %u",
			s->name, (unsigned long long)off, at, BLOCK_MAX);
	*ret = at;
	return NULL;
}

static struct error *check_media(struct source *s, const struct sadump_part *p)
{
	unsigned char raw[52];

	TRY(source_read(s, 0, raw, sizeof(raw)));
	if (memcmp(raw, p->system, SADUMP_GUID) || memcmp(raw + 16, p->set, SADUMP_GUID))
		return error_new(
			ERROR_BAD_DATA,
			"%s: sadump: the media header is that of another system or disk set",
			s->name);
	if (raw[48] > 1)
		return error_new(
			ERROR_UNSUPPORTED,
			"%s: sadump: medium number %u of a backup; only backups on one medium "
			"are read",
			s->name, raw[48]);
	return NULL;
}

struct error *sadump_read_part(struct source *s, struct sadump_part *ret)
{
	unsigned char raw[PART_FIXED];

	*ret = (struct sadump_part){0};
	if (!sadump_find_part(s, &ret->off))
		return error_new(ERROR_BAD_DATA, "%s: no sadump header", s->name);
	TRY(source_read(s, ret->off, raw, sizeof(raw)));
	ret->media = ret->off != 0;
	ret->disk = get_u32(raw + 152, false);
	ret->used = get_u64(raw + 160, false);
	memcpy(ret->system, raw + 88, SADUMP_GUID);
	memcpy(ret->set, raw + 104, SADUMP_GUID);
	memcpy(ret->volume, raw + 120, SADUMP_GUID);
	memcpy(ret->time, raw + 136, sizeof(ret->time));
	if (ret->disk > SADUMP_NR_DISKS_MAX)
		return error_new(ERROR_BAD_DATA,
				 "%s: sadump: disk %u of a set, expected 0 to %u", s->name,
				 ret->disk, SADUMP_NR_DISKS_MAX);
	TRY(measure_block(s, ret->off, &ret->block_size));
	return ret->media ? check_media(s, ret) : NULL;
}

/* The disk set header: which volumes belong to it. Moves *off behind it. */
static struct error *read_set(struct source *s, uint32_t block, struct sadump_header *h,
			      uint64_t *off)
{
	unsigned char raw[16 + (SADUMP_NR_DISKS_MAX - 1) * VOLUME_LEN];
	uint32_t blocks;

	TRY(source_read(s, *off, raw, sizeof(raw)));
	blocks = get_u32(raw, false);
	h->nr_disks = get_u32(raw + 4, false);
	if (!blocks || blocks > SET_BLOCKS_MAX || !h->nr_disks ||
	    h->nr_disks > SADUMP_NR_DISKS_MAX)
		return error_new(
			ERROR_BAD_DATA,
			"%s: sadump: disk set header of %u blocks for %u disks, expected 1 to %u "
			"for 1 to %u",
			s->name, blocks, h->nr_disks, SET_BLOCKS_MAX, SADUMP_NR_DISKS_MAX);
	for (unsigned i = 2; i <= h->nr_disks; i++)
		memcpy(h->volumes[i], raw + 16 + (i - 2) * VOLUME_LEN, SADUMP_GUID);
	*off += (uint64_t)blocks * block;
	return NULL;
}

static struct error *check_header(struct source *s, const struct sadump_part *part,
				  const struct sadump_header *h)
{
	if (h->block_size != part->block_size)
		return error_new(ERROR_BAD_DATA,
				 "%s: sadump: blocks of %u bytes, but the part header has %u",
				 s->name, h->block_size, part->block_size);
	if (!h->max_pfn || h->max_pfn > MAX_PFN_LIMIT)
		return error_new(ERROR_BAD_DATA,
				 "%s: sadump: %llu page frames, expected 1 to %llu", s->name,
				 (unsigned long long)h->max_pfn, MAX_PFN_LIMIT);
	if (MIN(h->ram_len, h->dumpable_len) < (h->max_pfn + 7) / 8)
		return error_new(
			ERROR_BAD_DATA,
			"%s: sadump: bitmaps of %llu and %llu bytes are too small for %llu page "
			"frames",
			s->name, (unsigned long long)h->ram_len,
			(unsigned long long)h->dumpable_len, (unsigned long long)h->max_pfn);
	return NULL;
}

struct error *sadump_read_header(struct source *s, const struct sadump_part *part,
				 struct sadump_header *ret)
{
	unsigned char raw[HEADER_LEN];
	uint64_t block = part->block_size, off = part->off + block;
	uint32_t version;

	*ret = (struct sadump_header){0};
	if (part->disk && !part->media)
		TRY(read_set(s, block, ret, &off));
	TRY(source_read(s, off, raw, sizeof(raw)));
	if (memcmp(raw, "sadump\0\0", 8))
		return error_new(ERROR_BAD_DATA, "%s: sadump: no dump header at 0x%llx",
				 s->name, (unsigned long long)off);
	version = get_u32(raw + 8, false);
	ret->block_size = get_u32(raw + 40, false);
	ret->nr_cpus = get_u32(raw + 80, false);
	ret->max_pfn = version ? get_u64(raw + 88, false) : get_u32(raw + 60, false);
	ret->sub_off = off + block;
	ret->sub_len = get_u32(raw + 48, false) * block;
	ret->ram_off = ret->sub_off + ret->sub_len;
	ret->ram_len = get_u32(raw + 52, false) * block;
	ret->dumpable_off = ret->ram_off + ret->ram_len;
	ret->dumpable_len = get_u32(raw + 56, false) * block;
	ret->data_off = ret->dumpable_off + ret->dumpable_len;
	return check_header(s, part, ret);
}

uint64_t sadump_time(const unsigned char *efi)
{
	int16_t zone = get_u16(efi + 12, false);
	struct tm tm = {
		.tm_year = get_u16(efi, false) - 1900,
		.tm_mon = efi[2] - 1,
		.tm_mday = efi[3],
		.tm_hour = efi[4],
		.tm_min = efi[5],
		.tm_sec = efi[6],
	};
	time_t t;

	if (tm.tm_year < 100 || tm.tm_year > 1100 || tm.tm_mon < 0 || tm.tm_mon > 11 ||
	    tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 ||
	    tm.tm_sec > 60)
		return 0;
	t = timegm(&tm);
	/* UEFI specification, GetTime(): local time is UTC less the zone, which is in minutes
	 */
	if (zone != NO_ZONE && zone >= -1440 && zone <= 1440)
		t += zone * 60;
	return t > 0 ? t : 0;
}
