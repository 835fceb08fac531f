#include "analyze/abrt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sha1.h"
#include "base/text.h"

struct frame {
	const char *name; /* null: only an address is known */
	size_t name_len;
	uint64_t address;
	bool reliable, in_module;
};

/* "[<ffffffff8106dd1f>]" or "[c0000000fb6ab8e0]"; null when it is none. */
static const char *skip_address(const char *p, uint64_t *ret)
{
	bool angle;
	char *end;

	if (*p++ != '[')
		return NULL;
	angle = *p == '<';
	p += angle;
	*ret = strtoull(p, &end, 16);
	if (end - p < 8 || (angle && *end++ != '>') || *end++ != ']')
		return NULL;
	return end + strspn(end, " \t");
}

/* "name+0x7f/0xc0 [module]" */
static bool take_function(const char *p, struct frame *f)
{
	size_t len = strcspn(p, " \t+<)");
	unsigned off, size;
	int n = 0;

	if (!len || p[len] != '+' || sscanf(p + len, "+%x/%x%n", &off, &size, &n) < 2 || !n)
		return false;
	f->name = p;
	f->name_len = len;
	p += len + n;
	p += strspn(p, " \t");
	f->in_module = *p == '[';
	if (strstr(p, "(unreliable)"))
		f->reliable = false;
	/* nothing but a module, its build id and marks may follow */
	return !*p || *p == '[' || *p == '(' || *p == ')';
}

/* x86, s390x, ppc64: "[<address>] ? name+0x1/0x2 [module]", the address being optional; behind the name of
 * a stack: "<NMI> ..."; x86_64 up to 4.9: "RIP: 0010:[<a>]  [<a>] name+0x1/0x2". */
static bool parse(const char *line, struct frame *f)
{
	const char *p = line + strspn(line, " \t("), *after;

	*f = (struct frame){ .reliable = true };
	after = text_after(p, "RIP: ");
	if (after) {
		p = strchr(after, '[');
		if (!p || p[1] != '<')
			return false;
	} else if (*p == '<') {
		p += strcspn(p, "> \t");
		p += strspn(p, ">");
		p += strspn(p, " \t");
	}
	while ((after = skip_address(p, &f->address)))
		p = after;
	if (*p == '?') {
		f->reliable = false;
		p += 1 + strspn(p + 1, " \t");
	}
	if (f->address && text_starts(p, "0x"))
		return true;
	return take_function(p, f);
}

static bool is_plumbing(const struct frame *f, size_t len)
{
	static const char *const names[] = { "do_softirq", "do_vfs_ioctl", "dump_stack", "flush_kthread_worker", "gs_change",
					     "irq_exit", "kernel_thread_helper", "kthread", "process_one_work",
					     "system_call_fastpath", "warn_slowpath_common", "warn_slowpath_fmt",
					     "warn_slowpath_fmt_taint", "warn_slowpath_null", "worker_thread" };

	for (size_t i = 0; !f->in_module && i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == len && !memcmp(names[i], f->name, len))
			return true;
	return false;
}

bool abrt_add_line(struct abrt_trace *t, const char *line)
{
	struct frame f;
	size_t len;

	if (!parse(line, &f))
		return false;
	if (t->n >= (t->limit ? t->limit : ABRT_FRAMES) || (!f.reliable && !t->unreliable))
		return true;
	if (!f.name) {
		strbuf_printf(&t->names, "0x%llx\n", (unsigned long long)f.address);
		t->n++;
		return true;
	}
	len = f.name_len;
	for (size_t i = 0; t->normalize && i < len; i++)
		if (f.name[i] == '.')
			len = i;
	if (t->normalize && is_plumbing(&f, len))
		return true;
	strbuf_add(&t->names, f.name, len);
	strbuf_putc(&t->names, '\n');
	t->n++;
	return true;
}

void abrt_hash(const struct abrt_trace *t, char ret[41])
{
	unsigned char digest[SHA1_DIGEST_LEN];

	ret[0] = '\0';
	if (!t->n || t->names.failed)
		return;
	sha1(t->names.s, t->names.len, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

void abrt_done(struct abrt_trace *t)
{
	strbuf_done(&t->names);
	*t = (struct abrt_trace){ 0 };
}
