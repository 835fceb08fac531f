/* The kernel log: which generation it is, and its text. */
#include "kernel/printk.h"

#include "base/checked.h"
#include "base/text.h"
#include "kernel/printk-priv.h"

#define TEXT_LIMIT (256u << 20) /* of a whole log as text in memory */

/* Newest first: later kernels keep exporting some of the older keys. */
static const struct printk_generation *const generations[] = {
	&printk_lockless,
	&printk_records,
	&printk_bytes,
};

struct error *printk_symbol(struct kernel *k, const char *name, uint64_t *ret)
{
	if (vmcoreinfo_symbol(k->info, name, ret))
		return NULL;
	return error_new(ERROR_NOT_FOUND, "kernel log: VMCOREINFO has no SYMBOL(%s)", name);
}

struct error *printk_size(struct kernel *k, const char *type, size_t limit, size_t *ret)
{
	uint64_t size;

	if (!vmcoreinfo_size(k->info, type, &size))
		return error_new(ERROR_NOT_FOUND, "kernel log: VMCOREINFO has no SIZE(%s)",
				 type);
	if (size == 0 || size > limit)
		return error_new(ERROR_BAD_DATA,
				 "kernel log: VMCOREINFO's SIZE(%s)=%llu makes no sense", type,
				 (unsigned long long)size);
	*ret = size;
	return NULL;
}

struct error *printk_offset(struct kernel *k, const char *type, const char *member,
			    size_t width, size_t size, size_t *ret)
{
	uint64_t off;

	if (!vmcoreinfo_offset(k->info, type, member, &off))
		return error_new(ERROR_NOT_FOUND, "kernel log: VMCOREINFO has no OFFSET(%s.%s)",
				 type, member);
	if (!range_fits(off, width, size))
		return error_new(
			ERROR_BAD_DATA,
			"kernel log: VMCOREINFO's OFFSET(%s.%s)=%llu lies outside the structure (%zu bytes)",
			type, member, (unsigned long long)off, size);
	*ret = off;
	return NULL;
}

struct error *printk_walk(struct kernel *k, bool partial,
			  struct error *(*each)(const struct printk_record *r, void *arg),
			  void *arg, uint64_t *ret_damaged)
{
	struct printk_walk w = {k, partial, each, arg, 0};

	for (size_t i = 0; i < ARRAY_SIZE(generations); i++) {
		if (!generations[i]->is_here(k))
			continue;
		TRY(generations[i]->walk(&w));
		TRY(printk_walk_safe(&w));
		if (ret_damaged)
			*ret_damaged = w.damaged;
		return NULL;
	}
	return error_new(
		ERROR_NOT_FOUND,
		"VMCOREINFO has neither prb nor log_buf: the kernel log cannot be found");
}

static bool is_plain(unsigned char c)
{
	return (c >= 0x20 && c < 0x7f) || (c >= '\t' && c <= '\r');
}

static void add_text(struct strbuf *out, const char *text, size_t len, size_t indent)
{
	const unsigned char *p = (const unsigned char *)text;

	for (size_t i = 0; i < len;) {
		size_t run = i, n;

		while (run < len && is_plain(p[run]) && p[run] != '\n')
			run++;
		strbuf_add(out, p + i, run - i);
		i = run;
		if (i == len)
			break;
		n = text_printable_len(text + i, len - i);
		if (p[i] == '\n') {
			strbuf_putc(out, '\n');
			strbuf_fill(out, ' ', indent);
			i++;
		} else if (n) {
			strbuf_add(out, p + i, n);
			i += n;
		} else {
			strbuf_printf(out, "\\x%02x", p[i++]);
		}
	}
}

void printk_format_text(const struct printk_record *r, struct strbuf *out)
{
	if (!r->lost)
		add_text(out, r->text, r->len, 0);
}

void printk_format(const struct printk_record *r, struct strbuf *out)
{
	size_t start = out->len;

	if (r->has_time)
		strbuf_printf(out, "[%5llu.%06llu] ",
			      (unsigned long long)(r->ts_ns / 1000000000),
			      (unsigned long long)(r->ts_ns % 1000000000 / 1000));
	if (r->has_caller) {
		char id[16];

		snprintf(id, sizeof(id), "%c%u", r->caller >> 31 ? 'C' : 'T',
			 r->caller & 0x7fffffff);
		strbuf_printf(out, "[%8s] ", id);
	}
	if (r->lost)
		strbuf_puts(out, "<text lost>");
	else
		add_text(out, r->text, r->len, out->len - start);
	strbuf_putc(out, '\n');
}

static struct error *add_record(const struct printk_record *r, void *arg)
{
	struct strbuf *out = arg;

	if (out->len > TEXT_LIMIT)
		return error_new(ERROR_BAD_DATA, "kernel log: more than %u MiB of text",
				 TEXT_LIMIT >> 20);
	printk_format(r, out);
	return strbuf_error(out);
}

struct error *printk_text(struct kernel *k, bool partial, struct strbuf *out,
			  uint64_t *ret_damaged)
{
	return printk_walk(k, partial, add_record, out, ret_damaged);
}
