/*
 * VMCOREINFO out of memory. Hypervisors that dump a machine from outside have no such note
 * unless the guest handed it over; but the kernel keeps one ready for its own crash: a whole
 * ELF note in the byte order of the machine, at the start of a page of its own (4.13 and
 * later; kernel/vmcore_info.c, crash_save_vmcoreinfo_init). Found there, it is put behind the
 * dump's notes, so that readers and writers need not know where it came from.
 */
#include "dump/dump-priv.h"

#include "base/base.h"

#define PAGE_LEN 4096 /* no page is smaller */
#define CHUNK	 (1u << 20)
#define HEAD_LEN 24 /* name and descriptor lengths, type, "VMCOREINFO" padded */
#define DESC_MAX (256u << 10)

#define LOOKED_AT (HEAD_LEN + sizeof(first_line) - 1)

static const char name[12] = "VMCOREINFO";
static const char first_line[] = "OSRELEASE=";

static bool is_head(const unsigned char *p, bool big, uint64_t left, size_t *ret_len)
{
	uint32_t desc_len = get_u32(p + 4, big);

	if (memcmp(p + 12, name, sizeof(name)) != 0 ||
	    memcmp(p + HEAD_LEN, first_line, sizeof(first_line) - 1) != 0 ||
	    get_u32(p, big) != sizeof("VMCOREINFO") || get_u32(p + 8, big) != 0)
		return false;
	*ret_len = HEAD_LEN + (size_t)desc_len;
	return desc_len > sizeof(first_line) && desc_len <= DESC_MAX && *ret_len <= left;
}

/* Puts the note at `off` of the file behind those there are. */
static struct error *take_note(struct dump *d, uint64_t off, size_t len)
{
	size_t old_len = ROUND_UP(d->raw_notes_len, 4);
	_cleanup_free_ unsigned char *all = calloc(1, old_len + ROUND_UP(len, 4));

	if (!all)
		return error_nomem();
	if (d->raw_notes_len)
		memcpy(all, d->raw_notes, d->raw_notes_len);
	TRY(source_read(d->source, off, all + old_len, len));
	log_debug("%s: VMCOREINFO found in memory, at offset 0x%llx of the file",
		  d->source->name, (unsigned long long)off);
	return dump_take_notes(d, take_ptr(all), old_len + ROUND_UP(len, 4));
}

static struct error *search_chunk(struct dump *d, uint64_t off, const unsigned char *p,
				  size_t len, uint64_t left)
{
	for (size_t at = 0; at + LOOKED_AT <= len && !d->vmcoreinfo; at += PAGE_LEN) {
		size_t note_len;

		if (is_head(p + at, d->big, left - at, &note_len))
			TRY(take_note(d, off + at, note_len));
	}
	return NULL;
}

struct error *find_info_in_memory(struct dump *d, uint64_t pa, uint64_t off, uint64_t len)
{
	_cleanup_free_ unsigned char *buf = NULL;
	uint64_t skip = -pa & (PAGE_LEN - 1);

	for (uint64_t at = skip; at < len && !d->vmcoreinfo; at += CHUNK) {
		size_t part = MIN((uint64_t)CHUNK, len - at);
		const unsigned char *p = source_map(d->source, off + at, part);

		if (!p) {
			struct error *e;

			if (!buf && !(buf = malloc(CHUNK)))
				return error_nomem();
			e = source_read(d->source, off + at, buf, part);
			if (e) { /* a bad spot of the file is told by whoever needs it */
				error_free(e);
				continue;
			}
			p = buf;
		}
		TRY(search_chunk(d, off + at, p, part, len - at));
	}
	return NULL;
}
