/*
 * Broken slab objects: what the allocator's own checks say (mm/slub.c: slab_bug(), print_track(),
 * set_freepointer()), and reference counts that ran over (lib/refcount.c).
 */
#include <inttypes.h>
#include <string.h>

#include "analyze/detect.h"
#include "base/text.h"

#define CLOSE_US (30 * 1000000) /* a message this near to the end has to do with it */

static const char *const allocator[] = {
	"add_taint",	  "slab_",	   "object_err",    "check_slab",    "check_object",	"check_bytes",
	"kfree",	  "__slab",	   "___slab",	    "kmem_cache_",   "__kmem_cache",	"__kmalloc",
	"kmalloc",	  "free_debug",	   "alloc_debug",   "free_to_pa",    "__unfreeze",	"deactivate_slab",
	"on_freelist",	  "set_freepointer", "kvfree",	    "__free_slab",   "free_consistency", "alloc_consistency",
	"init_object",	  "get_partial",   "get_any",	    "do_slab_free",  "__kfree",		"krealloc",
	"panic",	  "vpanic",	   "put_cpu_partial", "memcmp",	     "__check_",	NULL,
};

/* The first frame that is not the allocator's own, from the frame to blame outwards; null. */
static const struct report_frame *user_of_allocator(const struct gather *g)
{
	const struct report_stack *s = &g->r->panic.stack;
	bool met = false;

	for (size_t i = 0; i < s->frames.n; i++) {
		const struct report_frame *f = &s->frames.v[i];
		bool own = false;

		if (!f->symbol || !f->exact)
			continue;
		for (size_t n = 0; allocator[n]; n++)
			own |= !f->module && text_starts(f->symbol, allocator[n]);
		if (met && !own)
			return f;
		met |= own && !strstr(f->symbol, "panic");
	}
	return NULL;
}

bool sign_is_near(const struct gather *g, enum sign s)
{
	const struct sign_seen *v = &g->log.signs.v[s];

	return v->count && g->log.last_us - v->last_us < CLOSE_US;
}

static void blame_user(struct gather *g, struct report_cause *c)
{
	const struct report_frame *f = user_of_allocator(g);
	_cleanup_strbuf_ struct strbuf b = { 0 };

	cause_blames_task(c, &g->r->panic.task);
	if (!f)
		return;
	cause_blames_frame(g, c, f);
	report_frame_text(f, true, &b);
	evidence(g, c, "the allocator was called from %s, which need not be who did it", strbuf_str(&b));
}

static void tell_owners(struct gather *g, struct report_cause *c)
{
	const struct sign_seen *v = &g->log.signs.v[SIGN_SLAB_OWNER];

	if (v->count)
		evidence(g, c, "the log: %s", v->first);
	if (v->count > 1)
		evidence(g, c, "the log: %s", v->last);
}

static struct error *run_slab(struct gather *g)
{
	static const struct {
		const char *words, *slug, *text;
	} kinds[] = {
		{ "Object already free", "double-free", "A slab object was freed that was free already" },
		{ "Poison overwritten", "use-after-free", "A slab object was written to after it was freed" },
		{ "edzone overwritten", "slab-corruption", "Something wrote past the end of a slab object" },
		{ "Padding overwritten", "slab-corruption", "Something wrote past the end of a slab" },
		{ "Freepointer corrupt", "slab-corruption", "A free slab object was overwritten" },
		{ "Freechain corrupt", "slab-corruption", "A free slab object was overwritten" },
		{ "", "slab-corruption", "The slab allocator found a broken object" },
	};
	const struct sign_seen *v = &g->log.signs.v[SIGN_SLAB];
	struct report_cause *c;
	size_t i = 0;
	bool near;

	if (!v->count)
		return NULL;
	while (!strstr(v->last, kinds[i].words))
		i++;
	/* when nothing else explains the end, and it came at once */
	near = sign_is_near(g, SIGN_SLAB);
	c = cause_add(g, kinds[i].slug, near ? 97 : 50, "%s: %s", kinds[i].text, v->last);
	if (c)
		c->beside = !near || g->r->panic.kind == CRASH_SYSRQ;
	evidence(g, c, "the log: %s", v->first);
	tell_owners(g, c);
	blame_user(g, c);
	evidence_setting(g, c, "panic_on_taint");
	return NULL;
}
const struct detector detect_slab = { "slab objects", run_slab };

static struct error *run_double_free(struct gather *g)
{
	static const char *const frees[] = { "kfree", "kmem_cache_free", "__slab_free", "__kmem_cache_free", "kvfree", "slab_free",
					 "kmem_cache_free_bulk", NULL };
	const char *text = g->r->panic.reason.text;
	struct report_cause *c;

	if (g->r->panic.kind != CRASH_BUG || !text || !(strstr(text, "mm/slub.c") || strstr(text, "mm/slab")) ||
	    frame_among(&g->r->panic.stack, frees) < 0)
		return NULL;
	c = cause_add(g, "double-free", 93, "An object was freed twice in a row: the allocator met it as its own "
					    "successor in the free list");
	evidence(g, c, "the log: %s", text);
	blame_user(g, c);
	evidence_setting(g, c, "panic_on_oops");
	return NULL;
}
const struct detector detect_double_free = { "double frees", run_double_free };

static struct error *run_refcount(struct gather *g)
{
	const struct sign_seen *v = &g->log.signs.v[SIGN_REFCOUNT];
	struct report_cause *c;
	bool warned = g->r->panic.kind == CRASH_WARNING && sign_is_near(g, SIGN_REFCOUNT);

	if (!v->count)
		return NULL;
	c = cause_add(g, "refcount", warned ? 95 : 55, "A reference count went wrong: %s", v->last);
	evidence(g, c, "the log: %s", v->first);
	if (c)
		c->beside = !warned && !is_memory_fault(g->r->panic.kind);
	if (warned) {
		cause_blames_task(c, &g->r->panic.task);
		cause_blames_frame(g, c, blamed_frame(g));
	}
	return NULL;
}
const struct detector detect_refcount = { "reference counts", run_refcount };

bool is_memory_fault(enum crash_kind kind)
{
	return kind == CRASH_NULL_DEREF || kind == CRASH_PAGE_FAULT || kind == CRASH_GENERAL_PROTECTION ||
	       kind == CRASH_LIST_CORRUPTION;
}
