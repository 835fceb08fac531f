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
#define PAGES_STEP 1024 /* between two looks at the clock */

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

/* Candidates in one page. Notes are aligned to 4 bytes; since Linux 4.13 to a page. */
static struct error *search_page(struct dump *d, uint64_t pfn, const unsigned char *page,
				 info_holds_fn *holds, bool *ret_found)
{
	const unsigned char *at = page, *end = page + d->page_size;

	while ((at = memmem(at, end - at, NAME, NAME_LEN))) {
		uint64_t pa = pfn * d->page_size + (at - page) - NOTE_HEAD;
		_cleanup_free_ char *text = NULL;
		size_t len;

		if (at - page >= NOTE_HEAD && pa % 4 == 0)
			text = read_text(d, pa, at - NOTE_HEAD, &len);
		if (text && holds(d, text, len)) {
			log_debug("VMCOREINFO found at physical address 0x%llx",
				  (unsigned long long)pa);
			*ret_found = true;
			return dump_add_vmcoreinfo(d, text, len);
		}
		at += NAME_LEN;
	}
	return NULL;
}

struct error *find_info(struct dump *d, info_holds_fn *holds)
{
	uint64_t deadline = clock_now_ms() + LIMIT_MS, n = 0;
	_cleanup_free_ unsigned char *page = malloc(d->page_size);
	bool found = false;

	if (!page)
		return error_nomem();
	for (size_t i = 0; i < d->memory.n; i++)
		for (uint64_t pfn = d->memory.v[i].start; pfn < d->memory.v[i].end; pfn++) {
			if (n++ % PAGES_STEP == 0 && clock_now_ms() >= deadline)
				return error_new(
					ERROR_TIMEOUT,
					"no VMCOREINFO was found in the memory below 0x%llx, which "
					"took %u seconds to look through",
					(unsigned long long)(pfn * d->page_size),
					LIMIT_MS / 1000);
			if (dump_read_page(d, pfn, page, NULL) != PAGE_OK)
				continue;
			TRY(search_page(d, pfn, page, holds, &found));
			if (found)
				return NULL;
		}
	return error_new(ERROR_NOT_FOUND, "no VMCOREINFO was found in the memory of the dump");
}
