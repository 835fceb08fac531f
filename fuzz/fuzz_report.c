/*
 * A whole report about a small dead kernel in which any words were overwritten: lists, masks,
 * symbols, types, unwind rules, the stack, the log. Eight bytes each: area, width, place, value.
 */
#include <stdlib.h>

#include "make/fake_printk.h"
#include "report/render.h"
#include "unit/kernel/dead_tasks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define BASE	 0xffff888000000000 /* all memory, beside the image */
#define LOG	 (6u << 20)	    /* where dead_init() lets fake_alloc() begin */
#define TOP	 (DEAD_STACK + 0x3f00)
#define MAX_EDITS 48

static const struct {
	uint32_t pa, len;
} areas[] = {
	{ DEAD_DATA - DEAD_TEXT + DEAD_PA, 0xb000 },  { DEAD_STACK - DEAD_TEXT + DEAD_PA, 0x4000 },
	{ DEAD_IPS - DEAD_TEXT + DEAD_PA, 0x200 },    { DEAD_RULES - DEAD_TEXT + DEAD_PA, 0x200 },
	{ DEAD_NAMES - DEAD_TEXT + DEAD_PA - 16, 0x1000 }, { DEAD_BTF - DEAD_TEXT + DEAD_PA, 0x1000 },
	{ LOG, 0x1000 },			      { DEAD_PA, 0x1000 },
};

static void put_log(struct fake *f)
{
	static const char *const lines[] = {
		"BUG: kernel NULL pointer dereference, address: 0000000000000010",
		"Oops: 0002 [#1] SMP", "CPU: 2 PID: 51 Comm: thread Tainted: G",
		"RIP: 0010:inner+0x1/0x2", "Kernel panic - not syncing: Fatal exception",
	};
	struct fake_ring ring;

	fake_ring_init(&ring, f, BASE, 4, 10, 0, false);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		uint64_t id = fake_ring_add(&ring, FAKE_FINALIZED, 1000000 * i, lines[i]);

		fake_put(f, fake_ring_info(&ring, id) + 18, 1, 0); /* the kernel's own */
	}
	fake_ring_finish(&ring, false);
}

/* CPU 2 panicked three calls deep; a return address at every fourth word of its stack. */
static void put_stack(struct dead *d)
{
	static const struct orc_rule leaf = { 8, 0, ORC_REG_SP, ORC_REG_UNDEFINED, ORC_CALL,
					      false };
	static const struct orc_rule frame = { 32, 0, ORC_REG_SP, ORC_REG_UNDEFINED, ORC_CALL,
					       false };
	static const struct orc_rule end = { 0, 0, ORC_REG_UNDEFINED, ORC_REG_UNDEFINED,
					     ORC_END_OF_STACK, false };
	uint64_t note = PERCPU + 0x2000 + NOTES, regs = note + 20 + 112;

	dead_symbol(d, 'T', "start", DEAD_TEXT + 0x800);
	dead_symbol(d, 'T', "inner", DEAD_TEXT + 0xa00);
	dead_symbol(d, 'T', "_etext", DEAD_TEXT + 0xc00);
	dead_symbol(d, 'B', "__cpu_present_mask", VARS + 0x200);
	for (unsigned i = 0; i < 20; i++)
		orc_add(&d->orc, DEAD_TEXT + 16 * i, leaf);
	orc_add(&d->orc, DEAD_TEXT + 0x800, end);
	orc_add(&d->orc, DEAD_TEXT + 0xa00, frame);
	for (unsigned i = 0; i < 4; i++)
		dead_put(d, TOP + 24 + 32 * i, 8, DEAD_TEXT + (i < 3 ? 0xa10 : 0x810));
	dead_put(d, note, 4, 5);
	dead_put(d, note + 4, 4, 336);
	dead_put(d, note + 8, 4, 1);
	fake_put_bytes(&d->f, dead_pa(note + 12), "CORE", 4);
	dead_put(d, regs + 128, 8, DEAD_TEXT + 0xa01);
	dead_put(d, regs + 136, 8, 0x10);
	dead_put(d, regs + 144, 8, 2);
	dead_put(d, regs + 152, 8, TOP);
}

static void edit(struct dead *d, const uint8_t *p)
{
	unsigned area = p[0] % ARRAY_SIZE(areas), width = 1u << (p[1] & 3);
	uint64_t value = get_u32(p + 4, false);

	if (p[1] & 4)
		value |= 0xffffffff00000000;
	fake_put(&d->f, areas[area].pa + get_u16(p + 2, false) % areas[area].len, width, value);
}

static bool count(const struct task *t UNUSED, void *arg)
{
	return ++*(uint64_t *)arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct report_how how = { .count_pages = true };
	struct report *r = NULL;
	struct strbuf out = { 0 };
	uint64_t tasks = 0;
	struct dead d;

	make_tasks(&d, false);
	put_stack(&d);
	put_log(&d.f);
	fake_segment(&d.f, BASE, 0, d.f.len);
	dead_build(&d);
	for (size_t i = 0; i < MAX_EDITS && len >= 8; i++, data += 8, len -= 8)
		edit(&d, data);
	fake_open(&d.f);
	error_free(tasks_walk(d.f.k, count, &tasks));
	if (report_make(d.f.dump, "vmcore", &how, &r) || !r->headline ||
	    render_text.render(r, &(struct render_how){ 0 }, &out) ||
	    render_json.render(r, &(struct render_how){ 0 }, &out))
		abort(); /* only memory may run out */
	strbuf_done(&out);
	report_free(r);
	dead_done(&d);
	return 0;
}
