/* Registers and VMCOREINFO out of the memory of IBM Z dumps; see s390_lowcore-priv.h. */
#include "dump/s390_lowcore-priv.h"

#include "base/base.h"
#include "dump/dump-priv.h"

#define CPUS_MAX     512
#define LC_VMCOREINFO 0xe0c /* absolute address of the note */
#define LC_OS_INFO   0xe18  /* of struct os_info */
#define OS_INFO_MAGIC 0x4f53494e464f535aull
#define OS_INFO_VMCOREINFO 32 /* its first entry: u64 address, u64 length, u32 sum */
#define TEXT_MAX     (64u << 10)

/* The save areas of a prefix area, and the register block of a note. */
static const struct save_area {
	const struct arch *arch;
	uint16_t start, len;	   /* that hold them all */
	uint16_t psw, gprs, acrs;  /* offsets in the prefix area */
	uint8_t word;
} save_areas[] = {
	{ &arch_s390x, 0x1280, 0x100, 0x1300, 0x1280, 0x1340, 8 },
	{ &arch_s390, 0x100, 0xc0, 0x100, 0x180, 0x120, 4 },
};

static bool have(struct dump *d, uint64_t pa, void *buf, size_t len)
{
	_cleanup_error_ struct error *e = dump_read_phys(d, pa, buf, len);

	return !e;
}

static void take_lowcore(struct dump *d, const struct save_area *a, unsigned cpu,
			 uint32_t prefix, struct strbuf *to)
{
	unsigned char raw[0x100], regs[18 * 8 + 16 * 4];
	size_t psw_len = 2 * a->word, gprs_len = 16 * a->word;

	/* a CPU whose area was not dumped has no registers to show */
	if (!have(d, (uint64_t)prefix + a->start, raw, a->len))
		return;
	memcpy(regs, raw + (a->psw - a->start), psw_len);
	memcpy(regs + psw_len, raw + (a->gprs - a->start), gprs_len);
	memcpy(regs + psw_len + gprs_len, raw + (a->acrs - a->start), 16 * 4);
	put_cpu_note(d, cpu, regs, psw_len + gprs_len + 16 * 4, to);
}

void s390_take_lowcores(struct dump *d, const unsigned char *prefixes, size_t n, unsigned cpus,
			struct strbuf *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(save_areas); i++)
		for (unsigned cpu = 0; save_areas[i].arch == d->arch && cpu < cpus &&
				       cpu < n && cpu < CPUS_MAX; cpu++)
			take_lowcore(d, &save_areas[i], cpu, get_u32(prefixes + 4 * cpu, true),
				     to);
}

/* The place of the text, by the note's address; false: no such note there. */
static bool find_note(struct dump *d, uint64_t *ret_pa, uint32_t *ret_len)
{
	unsigned char at[8], head[12 + 12];
	uint64_t pa;

	if (!have(d, LC_VMCOREINFO, at, sizeof(at)))
		return false;
	pa = get_u64(at, true);
	if (!pa || pa > 1ull << 60 || !have(d, pa, head, sizeof(head)))
		return false;
	if (get_u32(head, true) != sizeof("VMCOREINFO") ||
	    memcmp(head + 12, "VMCOREINFO", sizeof("VMCOREINFO")) != 0)
		return false;
	*ret_pa = pa + sizeof(head);
	*ret_len = get_u32(head + 4, true);
	return true;
}

/* The same by struct os_info. */
static bool find_os_info(struct dump *d, uint64_t *ret_pa, uint32_t *ret_len)
{
	unsigned char at[8], info[OS_INFO_VMCOREINFO + 16];
	uint64_t pa, len;

	if (!have(d, LC_OS_INFO, at, sizeof(at)))
		return false;
	pa = get_u64(at, true);
	if (!pa || pa % 4096 || pa > 1ull << 60 ||
	    !have(d, pa, info, sizeof(info)) ||
	    get_u64(info, true) != OS_INFO_MAGIC)
		return false;
	*ret_pa = get_u64(info + OS_INFO_VMCOREINFO, true);
	len = get_u64(info + OS_INFO_VMCOREINFO + 8, true);
	*ret_len = MIN(len, (uint64_t)UINT32_MAX);
	return *ret_pa < 1ull << 60;
}

struct error *s390_take_vmcoreinfo(struct dump *d, struct strbuf *to)
{
	_cleanup_free_ char *text = NULL;
	uint64_t pa;
	uint32_t len;

	if (d->arch != &arch_s390x || (!find_note(d, &pa, &len) && !find_os_info(d, &pa, &len)))
		return NULL;
	if (!len || len > TEXT_MAX)
		return NULL;
	text = malloc(len);
	if (!text)
		return error_nomem();
	if (have(d, pa, text, len))
		put_note(to, d->big, "VMCOREINFO", 0, text, len);
	return NULL;
}
