/* VMCOREINFO out of the kernel's memory; see find_info.h. */
#include "kernel/find_info.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define NAME	   "VMCOREINFO"
#define NAME_LEN   11 /* with its NUL */
#define NOTE_HEAD  12
#define DESC_OFF   (NOTE_HEAD + 12)
#define INFO_MAX   (64u << 10)
#define FIRST_LINE "OSRELEASE=" /* since Linux 2.6.24 */
#define LIMIT_MS   30000
#define CHUNK	   (1u << 20) /* a multiple of every page size */

/* The text of the note at `pa`, whose name is right. Null: it is none. */
static char *read_text(struct dump *d, uint64_t pa, const unsigned char *head, size_t *ret_len)
{
	uint32_t len = get_u32(head + 4, d->big);
	char *text;
	struct error *e;

	if (get_u32(head, d->big) != NAME_LEN || get_u32(head + 8, d->big) != 0 ||
	    len <= strlen(FIRST_LINE) || len > INFO_MAX)
		return NULL;
	text = malloc(len + 1);
	if (!text)
		return NULL;
	e = dump_read_phys(d, pa + DESC_OFF, text, len);
	text[len] = '\0';
	if (!e && text_starts(text, FIRST_LINE)) {
		*ret_len = strlen(text);
		return text;
	}
	error_free(e); /* a note that goes on in a page that is not there */
	free(text);
	return NULL;
}

/* What is looked through, and how far. */
struct search {
	struct dump *d;
	info_holds_fn *holds;
	unsigned char *page;
	uint64_t deadline;
	bool found;
};

/* The name is at `name_pa` of memory; `head` is what stands in front of it. */
static struct error *judge(struct search *s, uint64_t name_pa, const unsigned char *head)
{
	_cleanup_free_ char *text = NULL;
	uint64_t pa = name_pa - NOTE_HEAD;
	size_t len;

	if (pa % 4 == 0)
		text = read_text(s->d, pa, head, &len);
	if (!text || !s->holds(s->d, text, len))
		return NULL;
	log_debug("VMCOREINFO found at physical address 0x%llx", (unsigned long long)pa);
	s->found = true;
	return dump_add_vmcoreinfo(s->d, text, len);
}

/* The next name in `bytes` from *off on, whose note begins in them; moves *off behind it. */
static const unsigned char *next_name(const unsigned char *bytes, size_t len, size_t *off)
{
	const unsigned char *at;

	while ((at = memmem(bytes + *off, len - *off, NAME, NAME_LEN))) {
		*off = at - bytes + NAME_LEN;
		if (at - bytes >= NOTE_HEAD)
			return at;
	}
	return NULL;
}

/* Notes are aligned to 4 bytes; since Linux 4.13 to a page. One that crosses the end of a chunk
 * of memory is missed before that. */
static struct error *search_page(struct search *s, uint64_t pa)
{
	const unsigned char *at;
	size_t off = 0;

	if (dump_read_page(s->d, pa / s->d->page_size, s->page, NULL) != PAGE_OK)
		return NULL;
	while (!s->found && (at = next_name(s->page, s->d->page_size, &off)))
		TRY(judge(s, pa + (at - s->page), at - NOTE_HEAD));
	return NULL;
}

static struct error *search_chunk(struct search *s, uint64_t pa, size_t len)
{
	const unsigned char *p = dump_map_phys(s->d, pa, len), *at;
	size_t off = 0;

	if (!p) {
		for (size_t done = 0; done < len && !s->found; done += s->d->page_size)
			TRY(search_page(s, pa + done));
		return NULL;
	}
	while (p && !s->found && (at = next_name(p, len, &off))) {
		unsigned char head[NOTE_HEAD];

		memcpy(head, at - NOTE_HEAD, sizeof(head));
		TRY(judge(s, pa + (at - p), head));
		p = dump_map_phys(s->d, pa, len); /* looking may have moved the mapping */
	}
	return NULL;
}

struct error *find_info(struct dump *d, info_holds_fn *holds)
{
	_cleanup_free_ unsigned char *page = malloc(d->page_size);
	struct search s = {d, holds, page, clock_now_ms() + LIMIT_MS, false};

	if (!page)
		return error_nomem();
	for (size_t i = 0; i < d->memory.n; i++) {
		uint64_t pa = d->memory.v[i].start * d->page_size;
		uint64_t end = d->memory.v[i].end * d->page_size;

		for (; pa < end && !s.found; pa += CHUNK) {
			if (clock_now_ms() >= s.deadline)
				return error_new(
					ERROR_TIMEOUT,
					"no VMCOREINFO was found in the memory below 0x%llx, which "
					"took %u seconds to look through",
					(unsigned long long)pa, LIMIT_MS / 1000);
			TRY(search_chunk(&s, pa, MIN((uint64_t)CHUNK, end - pa)));
		}
	}
	if (s.found)
		return NULL;
	return error_new(ERROR_NOT_FOUND, "no VMCOREINFO was found in the memory of the dump");
}
