/*
 * The byte log before Linux 3.5 (kernel/printk.c): log_buf is a ring of log_buf_len bytes, a
 * power of two; log_end counts every byte ever logged, logged_chars those since the last
 * clear. Lines carry their own "<level>" and, if configured, their time.
 */
#include <string.h>

#include "base/text.h"
#include "kernel/printk-priv.h"

#define CHUNK	 4096
#define MAX_LINE 65536

struct bytes {
	struct kernel *k;
	uint64_t buf_va, buf_len;
	char *line;
	size_t len;
	uint64_t seq;
};

static struct error *hand_out(struct bytes *b, struct printk_walk *w)
{
	struct printk_record rec = {.seq = b->seq++, .text = b->line, .len = b->len};

	/* "<6>" before the text; facilities above level 7 came with the record log */
	if (b->len >= 3 && b->line[0] == '<' && b->line[1] >= '0' && b->line[1] <= '7' &&
	    b->line[2] == '>')
		rec.level = b->line[1] - '0';
	b->len = 0;
	return w->each(&rec, w->arg);
}

static struct error *add_bytes(struct bytes *b, struct printk_walk *w, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != '\n')
			b->line[b->len++] = p[i];
		if (p[i] == '\n' || b->len == MAX_LINE)
			TRY(hand_out(b, w));
	}
	return NULL;
}

/* Bytes [at, end) of the ring, counted as log_end counts. */
static struct error *walk_bytes(struct bytes *b, struct printk_walk *w, uint64_t at,
				uint64_t end)
{
	char chunk[CHUNK];

	while (at < end) {
		uint64_t off = at & (b->buf_len - 1);
		uint64_t n = MIN(MIN(end - at, b->buf_len - off), CHUNK - off % CHUNK);
		struct error *e = vmem_read(b->k, b->buf_va + off, chunk, n);

		at += n;
		if (e) {
			error_free(e);
			w->damaged++;
			continue;
		}
		TRY(add_bytes(b, w, chunk, n));
	}
	return b->len ? hand_out(b, w) : NULL;
}

static struct error *read_u32_of(struct kernel *k, const char *symbol, uint32_t *ret)
{
	uint64_t va;

	TRY(printk_symbol(k, symbol, &va));
	return vmem_read_u32(k, va, ret);
}

/* Counters were unsigned long up to 2.6.24; the low half counts. */
static struct error *read_counter(struct kernel *k, const char *symbol, uint32_t *ret)
{
	uint64_t va;

	TRY(printk_symbol(k, symbol, &va));
	if (k->big && k->is_64bit && text_starts(k->release, "2.6.24"))
		va += 4;
	return vmem_read_u32(k, va, ret);
}

static struct error *bytes_walk(struct printk_walk *w)
{
	struct bytes b = {.k = w->k};
	uint32_t len, end, since_clear;
	uint64_t va, start;
	struct error *e;

	TRY(printk_symbol(w->k, "log_buf", &va));
	TRY(vmem_read_long(w->k, va, &b.buf_va));
	TRY(read_u32_of(w->k, "log_buf_len", &len));
	TRY(read_counter(w->k, "log_end", &end));
	if (len > PRINTK_MAX_LEN || !IS_POW2(len))
		return error_new(ERROR_BAD_DATA, "kernel log: log_buf_len %u makes no sense",
				 len);
	b.buf_len = len;
	start = end > len ? end - len : 0;
	if (w->partial && vmcoreinfo_get(w->k->info, "SYMBOL(logged_chars)")) {
		TRY(read_counter(w->k, "logged_chars", &since_clear));
		start = MAX(start, end > since_clear ? (uint64_t)(end - since_clear) : 0);
	}
	b.line = malloc(MAX_LINE);
	if (!b.line)
		return error_nomem();
	e = walk_bytes(&b, w, start, end);
	free(b.line);
	return e;
}

static bool bytes_are_here(struct kernel *k)
{
	return vmcoreinfo_get(k->info, "SYMBOL(log_end)") != NULL;
}

const struct printk_generation printk_bytes = {
	.name = "bytes",
	.is_here = bytes_are_here,
	.walk = bytes_walk,
};
