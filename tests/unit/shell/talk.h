/* A shell over the small dead kernel of dead_tasks.h, with a few more types, and what it says. */
#pragma once

#include "../test.h"
#include "dead_tasks.h"
#include "shell/shell.h"

#define SHAPE (DEAD_DATA + 0xa000)
#define TEXT  (DEAD_DATA + 0xb000)

struct talk {
	struct dead d;
	struct shell *sh;
	FILE *out;
	char *text;
	size_t len;
};

/*
 * enum color { RED, BLUE = 4 };
 * struct shape { enum color color; unsigned a : 3, b : 5; union { long u; char c[8]; };
 *                struct list_head *next; char *name; long v[3]; unsigned char small; _Bool yes;
 *                int (*fn)(long); struct list_head pair[2]; };
 */
static inline void add_shape(struct dead *d)
{
	struct btf_build *b = &d->btf;
	uint32_t color, u32, un, list_ptr, char_ptr, longs, small, yes, proto, fn, pair, list, eight;

	color = btf_add(b, "color", BTF_ENUM << 24 | 2, 4);
	btf_constant(b, "RED", 0);
	btf_constant(b, "BLUE", 4);
	u32 = btf_add(b, "unsigned int", BTF_INT << 24, 4);
	btf_word(b, 32);
	eight = btf_add_array(b, T_CHAR, 8);
	un = btf_add(b, "", BTF_UNION << 24 | 2, 8);
	btf_elem(b, "u", T_LONG, 0);
	btf_elem(b, "c", eight, 0);
	list = T_LIST;
	list_ptr = btf_add(b, "", BTF_PTR << 24, list);
	char_ptr = btf_add(b, "", BTF_PTR << 24, T_CHAR);
	longs = btf_add_array(b, T_LONG, 3);
	small = btf_add(b, "unsigned char", BTF_INT << 24, 1);
	btf_word(b, 8);
	yes = btf_add(b, "_Bool", BTF_INT << 24, 1);
	btf_word(b, 4u << 24 | 8);
	proto = btf_add(b, "", BTF_FUNC_PROTO << 24 | 1, T_INT);
	btf_constant(b, "x", T_LONG);
	fn = btf_add(b, "", BTF_PTR << 24, proto);
	pair = btf_add_array(b, list, 2);
	btf_add(b, "shape", BTF_STRUCT << 24 | 1u << 31 | 11, 104);
	btf_elem(b, "color", color, 0);
	btf_elem(b, "a", u32, 3u << 24 | 32);
	btf_elem(b, "b", u32, 5u << 24 | 35);
	btf_elem(b, "", un, 64);
	btf_elem(b, "next", list_ptr, 128);
	btf_elem(b, "name", char_ptr, 192);
	btf_elem(b, "v", longs, 256);
	btf_elem(b, "small", small, 448);
	btf_elem(b, "yes", yes, 456);
	btf_elem(b, "fn", fn, 512);
	btf_elem(b, "pair", pair, 576);
}

static inline void put_shape(struct dead *d)
{
	dead_put(d, SHAPE, 4, 4);
	dead_put(d, SHAPE + 4, 4, 5 | 17 << 3);
	dead_put(d, SHAPE + 8, 8, 0x6261);
	dead_put(d, SHAPE + 16, 8, TASKS);
	dead_put(d, SHAPE + 24, 8, TEXT);
	dead_put(d, SHAPE + 32, 8, 1);
	dead_put(d, SHAPE + 40, 8, (uint64_t)-2);
	dead_put(d, SHAPE + 48, 8, 3);
	dead_put(d, SHAPE + 56, 1, 'A');
	dead_put(d, SHAPE + 57, 1, 1);
	dead_put(d, SHAPE + 64, 8, DEAD_TEXT + 0x100);
	dead_put(d, SHAPE + 72, 8, 7);
	dead_put(d, SHAPE + 80, 8, 8);
	fake_put_bytes(&d->f, dead_pa(TEXT), "say \"hi\"\n", 10);
	dead_symbol(d, 'D', "my_shape", SHAPE);
	dead_symbol(d, 'D', "my_text", TEXT);
	dead_symbol(d, 'D', "jiffies", TEXT + 0x100);
	dead_symbol(d, 'T', "act", DEAD_TEXT + 0x100);
	dead_symbol(d, 'T', "act_end", DEAD_TEXT + 0x200);
	dead_put(d, TEXT + 0x100, 8, 4294895159);
}

static inline int talk_begin(void **state)
{
	struct talk *t = calloc(1, sizeof(*t));

	make_tasks(&t->d, true);
	add_shape(&t->d);
	btf_add(&t->d.btf, "unsigned long", BTF_INT << 24, 8);
	btf_word(&t->d.btf, 64);
	put_shape(&t->d);
	dead_open(&t->d);
	t->out = open_memstream(&t->text, &t->len);
	assert_non_null(t->out);
	assert_ok(shell_open(t->d.f.dump, t->d.f.k, "dump", t->out, t->out, &t->sh));
	*state = t;
	return 0;
}

static inline int talk_end(void **state)
{
	struct talk *t = *state;

	shell_close(t->sh);
	fclose(t->out);
	free(t->text);
	dead_done(&t->d);
	free(t);
	return 0;
}

/* Runs a line and gives what it wrote since the last one. */
static inline const char *said(struct talk *t, const char *line)
{
	fflush(t->out);
	rewind(t->out);
	assert_ok(shell_run_line(t->sh, line));
	fflush(t->out);
	/* open_memstream's length is where the stream stands */
	t->text[ftell(t->out)] = '\0';
	return t->text;
}
