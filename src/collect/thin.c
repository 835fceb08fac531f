/* When a target is getting full; see thin.h. */
#include "collect/thin.h"

#include <stdio.h>

#define LOOK_STEP  ((uint64_t)1 << 20) /* bytes between two looks at the room */
#define PAGES_KNOW 256		       /* as many tell what a page takes; before, none is known */

static void add_step(struct thin *t, int level, bool allowed)
{
	int before = t->nr_steps ? t->steps[t->nr_steps - 1].level : 0;

	if (level != before && t->nr_steps < THIN_STEPS_MAX)
		t->steps[t->nr_steps++] = (struct thin_step){ level, allowed };
}

void thin_init(struct thin *t, const struct collect_request *r, const struct keep *keep)
{
	static const int own[] = { 16, 8, 2, 2 | 4 };
	int level = keep->level;

	*t = (struct thin){ 0 };
	add_step(t, level, true);
	for (size_t i = 0; i < r->nr_next_levels; i++)
		add_step(t, level |= r->next_levels[i] & keep->can, true);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		add_step(t, level |= own[i] & keep->can, false);
	t->next = 1; /* the first is the level in effect */
}

struct forecast {
	uint64_t each;	   /* bytes a page, by those that were packed so far */
	uint64_t on_the_way; /* bytes of pages that were read and are not in the file yet */
};

static struct forecast look_back(const struct thin *t, const struct collect_request *r,
				 const struct collect_counts *n, uint64_t given)
{
	uint64_t pages = n->stored + n->zero + n->lost;
	uint64_t written = r->sink->bytes_written - t->began_at;
	struct forecast f = { .each = n->bytes / pages + 1 };

	f.on_the_way = (given - MIN(pages, given)) * f.each + n->bytes - MIN(written, n->bytes);
	return f;
}

const struct thin_step *thin_needed(struct thin *t, struct chosen *c, const struct collect_request *r,
				    const struct collect_counts *n, uint64_t given, uint64_t pfn,
				    int level)
{
	const struct thin_step *step = NULL;
	struct forecast f;
	uint64_t room, need;

	/* the parts of a split dump must agree on what it holds */
	if (t->next == t->nr_steps || !r->sink || r->sink->is_stream || r->split || n->bytes < t->look_at ||
	    n->stored + n->zero < PAGES_KNOW)
		return NULL;
	t->look_at = n->bytes + LOOK_STEP;
	room = sink_room(r->sink);
	f = look_back(t, r, n, given);
	room -= MIN(room, f.on_the_way);
	need = chosen_left(c, pfn, level) * f.each;
	while (t->next < t->nr_steps && need > room) {
		const struct thin_step *next = &t->steps[t->next];
		uint64_t then = chosen_left(c, pfn, next->level) * f.each;

		/* later is better, as long as all that must be written still fits */
		if (then < need && then + then / 8 + LOOK_STEP + THIN_PIECE * f.each < room)
			break;
		t->next++;
		if (then < need)
			step = next;
		need = then;
	}
	return step;
}
