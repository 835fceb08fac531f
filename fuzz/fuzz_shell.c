/*
 * The shell over a small dead kernel in which any words were overwritten: first a byte with the number of
 * edits (eight bytes each: area, width, place, value), then lines of commands. What would leave the
 * program (pipes, files, other programs) is not run.
 */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "shell/shell.h"
#include "unit/shell/dead_slab.h"
#include "unit/shell/dead_trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MAX_EDITS 31
#define MAX_LINES 16

static const struct {
	uint32_t pa, len;
} areas[] = {
	{ DEAD_DATA - DEAD_TEXT + DEAD_PA, 0xb000 }, { DEAD_STACK - DEAD_TEXT + DEAD_PA, 0x4000 },
	{ DEAD_NAMES - DEAD_TEXT + DEAD_PA - 16, 0x1000 }, { DEAD_BTF - DEAD_TEXT + DEAD_PA, 0x2000 },
	{ SLAB_MEM - DEAD_TEXT + DEAD_PA, 0x1000 }, { CACHE - DEAD_TEXT + DEAD_PA, 0x1000 },
	{ PAGES + 0x8000 - DEAD_TEXT + DEAD_PA, 0x8000 }, { ARRAYS - DEAD_TEXT + DEAD_PA, 0x4000 },
};

static void edit(struct dead *d, const uint8_t *p)
{
	unsigned area = p[0] % ARRAY_SIZE(areas), width = 1u << (p[1] & 3);
	uint64_t value = get_u32(p + 4, false);

	if (p[1] & 4)
		value |= 0xffffffff00000000;
	fake_put(&d->f, areas[area].pa + get_u16(p + 2, false) % areas[area].len, width, value);
}

/* "rd -r FILE" and gcore write files; diff opens what it is told. */
static bool stays_inside(const char *line)
{
	return !strpbrk(line, "|>!") && !(strstr(line, "rd") && strstr(line, "-")) && !strstr(line, "gcore") &&
	       !strstr(line, "diff");
}

static void run_lines(struct shell *sh, const uint8_t *data, size_t len)
{
	char line[256];

	for (unsigned n = 0; n < MAX_LINES && len; n++) {
		const uint8_t *end = memchr(data, '\n', len);
		size_t whole = end ? (size_t)(end - data) : len, cut = MIN(whole, sizeof(line) - 1);

		memcpy(line, data, cut);
		line[cut] = '\0';
		if (stays_inside(line) && shell_run_line(sh, line))
			abort(); /* only memory may run out */
		data += MIN(whole + 1, len);
		len -= MIN(whole + 1, len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	FILE *nowhere = fopen("/dev/null", "w");
	struct shell *sh = NULL;
	struct dead d;

	make_tasks(&d, true);
	add_slab(&d);
	add_trace(&d);
	dead_build(&d);
	if (len) {
		size_t n = *data++ % (MAX_EDITS + 1);

		for (len--; n && len >= 8; n--, data += 8, len -= 8)
			edit(&d, data);
	}
	fake_open(&d.f);
	if (!nowhere || shell_open(d.f.dump, d.f.k, "vmcore", nowhere, nowhere, &sh))
		abort();
	run_lines(sh, data, len);
	shell_close(sh);
	fclose(nowhere);
	dead_done(&d);
	return 0;
}
