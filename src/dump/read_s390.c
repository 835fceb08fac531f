/*
 * IBM Z stand-alone dumps: what the dump programs of s390-tools write to a disk, copied into a
 * file by zgetdump or dd (doc/formats/s390.md). The header has no word on the kernel, but the
 * memory has: registers in the CPUs' prefix areas, VMCOREINFO behind a pointer in low memory.
 */
#include "dump/s390-priv.h"

#include "base/base.h"
#include "dump/dump-priv.h"
#include "dump/s390_lowcore-priv.h"

#define MAGIC	       0xa8190173618f23fdull
#define MAGIC_EXTENDED 0xa8190173618f23feull
#define HEADER_LEN     4096
#define PREFIXES_OFF   0x800
#define PREFIXES_NR    512
#define TOD_1970       0x7d91048bca000000ull /* TOD clock: bit 51 is a microsecond, from 1900 */

struct s390 {
	bool extended;
	uint64_t mem_size;
	struct s390_chain chain; /* extended only */
};

static int s390_bid(struct source *s)
{
	unsigned char raw[8];
	_cleanup_error_ struct error *e = source_read(s, 0, raw, sizeof(raw));
	uint64_t magic = e ? 0 : get_u64(raw, true);

	return magic == MAGIC || magic == MAGIC_EXTENDED ? 60 : 0;
}

static struct error *refuse_volumes(struct dump *d, const unsigned char *raw)
{
	uint64_t sign = get_u64(raw + 0x200, true);

	if (!raw[0x5c] && sign != MAGIC && sign != MAGIC_EXTENDED)
		return NULL;
	return error_new(ERROR_UNSUPPORTED,
			 "%s: volume %u of a multi-volume IBM Z dump: put the volumes together "
			 "with zgetdump on the machine that has the disks, then read what it writes",
			 d->source->name, get_u32(raw + 0x4c, true));
}

static struct error *take_header(struct dump *d, const unsigned char *raw)
{
	struct s390 *z = d->state;
	uint32_t arch = get_u32(raw + 0x48, true), len = get_u32(raw + 0xc, true);
	uint64_t tod = get_u64(raw + 0x38, true);

	z->extended = get_u64(raw, true) == MAGIC_EXTENDED;
	TRY(refuse_volumes(d, raw));
	if (arch != 1 && arch != 2)
		return error_new(ERROR_UNSUPPORTED,
				 "%s: IBM Z dump of architecture %u, expected 1 (31 bit) or 2 "
				 "(64 bit)",
				 d->source->name, arch);
	d->format = z->extended ? "s390 stand-alone, extended" : "s390 stand-alone";
	d->arch = arch == 2 ? &arch_s390x : &arch_s390;
	d->is_64bit = d->arch->is_64bit;
	d->big = true;
	d->page_size = S390_PAGE;
	z->mem_size = ROUND_DOWN(get_u64(raw + 0x18, true), (uint64_t)S390_PAGE);
	if (len != HEADER_LEN || get_u32(raw + 0x14, true) != S390_PAGE || !z->mem_size ||
	    z->mem_size > 1ull << d->arch->max_phys_bits)
		return error_new(ERROR_BAD_DATA,
				 "%s: IBM Z dump header of %u bytes, pages of %u, memory of %llu "
				 "bytes: expected 4096, 4096 and no more than the machine can have",
				 d->source->name, len, get_u32(raw + 0x14, true),
				 (unsigned long long)get_u64(raw + 0x18, true));
	d->timestamp = tod > TOD_1970 ? ((tod - TOD_1970) >> 12) / 1000000 : 0;
	d->crashed_then = true;
	d->max_pfn = z->mem_size / S390_PAGE;
	return ranges_add(&d->memory, 0, d->max_pfn);
}

static struct error *take_notes(struct dump *d, const unsigned char *raw)
{
	_cleanup_strbuf_ struct strbuf notes = { 0 };

	s390_take_lowcores(d, raw + PREFIXES_OFF, PREFIXES_NR, get_u16(raw + 0x5d, true),
			   &notes);
	TRY(s390_take_vmcoreinfo(d, &notes));
	return take_made_notes(d, &notes);
}

static struct error *s390_open(struct dump *d)
{
	struct s390 *z = calloc(1, sizeof(*z));
	unsigned char raw[HEADER_LEN];
	uint64_t end;

	if (!z)
		return error_nomem();
	d->state = z;
	TRY(source_read(d->source, 0, raw, sizeof(raw)));
	TRY(take_header(d, raw));
	end = HEADER_LEN + z->mem_size;
	if (z->extended) {
		TRY(s390_chain_read(d->source, HEADER_LEN, z->mem_size,
				    get_u32(raw + 0x62, true), &z->chain));
		end = z->chain.end_off;
	}
	if ((z->extended && !z->chain.ended) ||
	    !s390_has_trailer(d->source, end, get_u64(raw + 0x38, true)))
		d->complete = false;
	return take_notes(d, raw);
}

static enum page_answer s390_state_of(struct dump *d, uint64_t pfn)
{
	const struct s390 *z = d->state;

	if (z->extended)
		return s390_chain_state(d->source, &z->chain, pfn * S390_PAGE);
	return range_fits(HEADER_LEN + pfn * S390_PAGE, S390_PAGE, d->source->size) ? PAGE_OK
										    : PAGE_LOST;
}

static enum page_answer s390_page(struct dump *d, uint64_t pfn, void *buf,
				  struct error **ret_why)
{
	struct s390 *z = d->state;
	enum page_answer answer = s390_state_of(d, pfn);
	unsigned char page[S390_PAGE];
	struct error *e;

	if (answer == PAGE_ZERO)
		memset(buf, 0, S390_PAGE);
	if (answer == PAGE_ZERO)
		return answer;
	if (answer == PAGE_LOST)
		e = error_new(ERROR_LOST,
			      "page 0x%llx: its bytes are damaged or past the end of the file (the "
			      "dump is cut off)",
			      (unsigned long long)pfn);
	else if (z->extended)
		e = s390_chain_page(d->source, &z->chain, pfn * S390_PAGE, page);
	else
		e = source_read(d->source, HEADER_LEN + pfn * S390_PAGE, page, S390_PAGE);
	if (!e) {
		memcpy(buf, page, S390_PAGE);
		return PAGE_OK;
	}
	if (ret_why)
		*ret_why = e;
	else
		error_free(e);
	return PAGE_LOST;
}

static bool s390_locate(struct dump *d, uint64_t pfn, uint64_t end, uint64_t *ret_off,
			uint64_t *ret_n)
{
	const struct s390 *z = d->state;
	uint64_t there = (d->source->size - HEADER_LEN) / S390_PAGE;

	if (z->extended || pfn >= MIN(end, there))
		return false;
	*ret_off = HEADER_LEN + pfn * S390_PAGE;
	*ret_n = MIN(end, there) - pfn;
	return true;
}

static const void *s390_map(struct dump *d, uint64_t pa, size_t len, bool forever)
{
	const struct s390 *z = d->state;

	if (z->extended || !range_fits(pa, len, z->mem_size))
		return NULL;
	return forever ? source_map_forever(d->source, HEADER_LEN + pa, len)
		       : source_map(d->source, HEADER_LEN + pa, len);
}

static void s390_close(struct dump *d)
{
	struct s390 *z = d->state;

	if (!z)
		return;
	s390_chain_done(&z->chain);
	free(z);
}

const struct dump_format read_s390 = {
	.name = "s390 stand-alone",
	.bid = s390_bid,
	.open = s390_open,
	.page = s390_page,
	.state_of = s390_state_of,
	.locate = s390_locate,
	.map = s390_map,
	.close = s390_close,
};
