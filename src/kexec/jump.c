/*
 * Kexec jump: an image that can come back (CONFIG_KEXEC_JUMP, KEXEC_PRESERVE_CONTEXT). When the running kernel
 * leaves it swaps the segments' pages with what lies where they go, and swaps again when it is entered
 * again. So whatever the next kernel may write to must be a segment: its own parts, the rest of the
 * memory that it is told of, and the first 640 KiB, which every Linux uses.
 */
#include <string.h>

#include "kexec/build.h"
#include "kexec/result.h"

#define LOW_END_OF_RAM 0xa0000u

static bool is_linux(const struct build *b)
{
	const struct image *im = &b->p->image;

	return !im->mb.version && (!im->elf.nr_loads || b->p->rq.args == KEXEC_ARGS_LINUX ||
				   (b->p->rq.args == KEXEC_ARGS_AUTO && im->elf.is_linux));
}

/* The rows of RAM, cut to what the next kernel may have. */
static struct error *limit_map(struct build *b, uint64_t min, uint64_t max)
{
	_cleanup_e820_ struct e820 whole = b->p->e820;

	b->p->e820 = (struct e820){ 0 };
	for (size_t i = 0; i < whole.rows.n; i++) {
		struct e820_entry row = whole.rows.v[i];
		uint64_t end = row.start + row.len;

		if (row.type == E820_RAM && row.start >= LOW_END_OF_RAM) {
			row.start = MAX(row.start, min);
			end = MIN(end, ROUND_DOWN(max, (uint64_t)KEXEC_PAGE));
		}
		if (row.start >= end)
			continue;
		row.len = end - row.start;
		if (!vector_push(&b->p->e820.rows, row))
			return error_nomem();
	}
	return NULL;
}

struct error *jump_begin(struct build *b, struct kexec_result *r)
{
	const struct kexec_request *rq = &b->p->rq;

	if (!is_linux(b))
		return NULL;
	if (!rq->mem_max)
		return refuse(r, KEXEC_BAD_REQUEST, "give --mem-min and --mem-max around 64 MiB or more that are free",
			      "a Linux kernel that is to come back must be told the memory that it may use");
	return refuse_error(r, KEXEC_NO_MEMORY, "", limit_map(b, rq->mem_min, rq->mem_max));
}

static struct error *keep(struct build *b, uint64_t start, uint64_t end)
{
	struct kexec_part *part;

	start = ROUND_UP(start, (uint64_t)KEXEC_PAGE);
	end = ROUND_DOWN(end, (uint64_t)KEXEC_PAGE);
	if (start >= end)
		return NULL;
	if (b->p->parts.n == KEXEC_SEGMENTS)
		return error_new(ERROR_NO_SPACE, "the memory between --mem-min and --mem-max is in too many pieces");
	part = &b->p->parts.v[b->p->parts.n++];
	*part = (struct kexec_part){ .name = "kept memory", .pa = start, .mem_len = end - start };
	return NULL;
}

struct error *jump_end(struct build *b, struct kexec_result *r)
{
	const char *next = "choose --mem-min and --mem-max elsewhere, see /proc/iomem";

	if (!is_linux(b))
		return NULL;
	for (size_t i = 0; i < b->ram.n && b->ram.v[i].start < LOW_END_OF_RAM; i++)
		TRY(refuse_error(r, KEXEC_NO_ROOM, next,
				 keep(b, b->ram.v[i].start, MIN(b->ram.v[i].end, (uint64_t)LOW_END_OF_RAM))));
	for (size_t i = 0; i < b->free.n; i++)
		if (b->free.v[i].start >= LOW_END_OF_RAM)
			TRY(refuse_error(r, KEXEC_NO_ROOM, next, keep(b, b->free.v[i].start, b->free.v[i].end)));
	return NULL;
}

uint64_t way_back_text(struct build *b)
{
	const struct kexec_part *part = parts_find(&b->p->parts, "boot parameters");
	const char *at;

	if (!b->p->rq.preserve_context || !part)
		return 0;
	at = memmem(part->bytes, part->len, WAY_BACK_WORD, strlen(WAY_BACK_WORD));
	return at ? part->pa + (uint64_t)(at - (const char *)part->bytes) + strlen(WAY_BACK_KEY) : 0;
}
