/*
 * Messages that had not reached the log yet: Linux 4.7 to 5.14 put what is printed in NMI context
 * (and from 4.11 on, inside printk itself) into buffers of each CPU, and copied it to the log
 * later (kernel/printk/nmi.c, printk_safe.c). A crash in between leaves them there:
 *
 *	struct printk_safe_seq_buf (4.7 to 4.10 nmi_seq_buf), per CPU nmi_print_seq, safe_print_seq
 *	atomic_t len		bytes in the buffer that were not copied
 *	buffer			lines, each with "\001" and its level in front
 */
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "kernel/printk-priv.h"
#include "kernel/symbol.h"
#include "kernel/task.h"
#include "kernel/type.h"

#define MAX_BUFFER (128u << 10) /* CONFIG_PRINTK_SAFE_LOG_BUF_SHIFT is 17 at most */
#define OF_A_CPU   0x80000000u

/* What counts is whether the symbols are there; this only saves newer kernels, which all have
 * symbols, the search for them. */
static bool may_be_here(const struct kernel *k)
{
	unsigned major = 0, minor = 0;

	if (sscanf(k->release, "%u.%u", &major, &minor) != 2)
		return false;
	return (major == 4 && minor >= 7) || (major == 5 && minor < 15);
}

struct layout {
	size_t len, text; /* offsets */
};

static bool find_offset(struct kernel *k, const char *member, size_t *ret)
{
	static const char *const types[] = { "printk_safe_seq_buf", "nmi_seq_buf" };
	struct member m;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct error *e = type_member(k, types[i], member, &m);

		if (!e) {
			*ret = m.off;
			return true;
		}
		error_free(e);
	}
	return false;
}

/* Without types (before 5.2): behind the counters and struct irq_work of that time. */
static size_t guess_text_offset(const struct kernel *k)
{
	static const char *const one_counter[] = { "4.7.", "4.8.", "4.9." };

	if (k->is_64bit)
		return 32;
	for (size_t i = 0; i < ARRAY_SIZE(one_counter); i++)
		if (text_starts(k->release, one_counter[i]))
			return 16;
	return 20;
}

/* A line, which may have its level in front. */
static struct error *hand_out(struct printk_walk *w, unsigned cpu, const char *line, size_t len)
{
	struct printk_record rec = { .has_caller = true, .caller = OF_A_CPU | cpu, .level = 4 };

	if (len && line[0] == '\001') {
		size_t head = MIN(len, (size_t)2);

		if (head == 2 && line[1] >= '0' && line[1] <= '7')
			rec.level = line[1] - '0';
		line += head;
		len -= head;
	}
	rec.text = line;
	rec.len = len;
	return len ? w->each(&rec, w->arg) : NULL;
}

static struct error *hand_out_lines(struct printk_walk *w, unsigned cpu, const char *text, size_t len)
{
	while (len) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		TRY(hand_out(w, cpu, text, n));
		n += end != NULL;
		text += n;
		len -= n;
	}
	return NULL;
}

static struct error *walk_buffer(struct printk_walk *w, const char *name, unsigned cpu,
				 const struct layout *l)
{
	_cleanup_free_ char *text = NULL;
	uint64_t va;
	uint32_t len;
	struct error *e = percpu_address(w->k, name, cpu, &va);

	if (!e)
		e = vmem_read_u32(w->k, va + l->len, &len);
	if (e) { /* no such buffer in this kernel, or not in the dump */
		w->damaged += error_kind(e) != ERROR_NOT_FOUND;
		error_free(e);
		return NULL;
	}
	if (len == 0)
		return NULL;
	if (len > MAX_BUFFER) {
		w->damaged++;
		return NULL;
	}
	text = malloc(len);
	if (!text)
		return error_nomem();
	e = vmem_read(w->k, va + l->text, text, len);
	if (e) {
		error_free(e);
		w->damaged++;
		return NULL;
	}
	w->damaged += memchr(text, 0, len) != NULL; /* not that much was written */
	return hand_out_lines(w, cpu, text, strnlen(text, len));
}

struct error *printk_walk_safe(struct printk_walk *w)
{
	static const char *const buffers[] = { "nmi_print_seq", "safe_print_seq" };
	struct layout l = { .text = guess_text_offset(w->k) };
	struct error *e;
	unsigned cpus;
	uint64_t va;

	if (!may_be_here(w->k))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(buffers); i++) {
		e = symbol_find(w->k, buffers[i], &va);
		if (!e)
			e = cpu_count(w->k, &cpus);
		if (e) { /* there are no symbols, or this kernel has none of these */
			error_free(e);
			continue;
		}
		if (!find_offset(w->k, "len", &l.len) || !find_offset(w->k, "buffer", &l.text))
			l = (struct layout){ .text = guess_text_offset(w->k) };
		for (unsigned cpu = 0; cpu < cpus; cpu++)
			TRY(walk_buffer(w, buffers[i], cpu, &l));
	}
	return NULL;
}
