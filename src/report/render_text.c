/*
 * The report for people: the headline, what the machine was, the stack, the other CPUs, the
 * modules, the end of the log, and at the foot what is not there and why. Fits 100 columns.
 * Text from the dead machine may hold anything: what moves a terminal must not reach one.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "report/text-priv.h"

#define LABEL_WIDTH 14

static void paint(const struct page *p, const char *code)
{
	if (p->color)
		strbuf_printf(p->out, "\033[%sm", code);
}

/* `text` in lines of the page's width, broken at blanks where possible; the cursor stands in
 * column `col`, further lines start at `indent`. Ends with a newline. */
void put_wrapped(const struct page *p, const char *text, unsigned col, unsigned indent)
{
	size_t len = strlen(text);

	for (;;) {
		size_t room = p->width > col ? p->width - col : 20, cut;

		if (len <= room) {
			strbuf_add_clean(p->out, text, len);
			strbuf_putc(p->out, '\n');
			return;
		}
		for (cut = room; cut > 0 && text[cut] != ' '; cut--)
			;
		if (cut == 0) {
			/* not inside a UTF-8 sequence */
			for (cut = room; cut > 1 && ((unsigned char)text[cut] & 0xc0) == 0x80; cut--)
				;
		}
		strbuf_add_clean(p->out, text, cut);
		strbuf_putc(p->out, '\n');
		text += cut;
		len -= cut;
		while (*text == ' ') {
			text++;
			len--;
		}
		if (!len)
			return;
		strbuf_fill(p->out, ' ', indent);
		col = indent;
	}
}

void put_title(const struct page *p, const char *title)
{
	strbuf_putc(p->out, '\n');
	paint(p, "1");
	strbuf_add_clean(p->out, title, strlen(title));
	paint(p, "0");
	strbuf_putc(p->out, '\n');
}

static void put_row(const struct page *p, const char *label, const char *value)
{
	paint(p, "1");
	strbuf_puts(p->out, label);
	paint(p, "0");
	strbuf_fill(p->out, ' ', LABEL_WIDTH - strlen(label));
	put_wrapped(p, value, LABEL_WIDTH, LABEL_WIDTH);
}

void put_row_from(const struct page *p, const char *label, struct strbuf *b)
{
	if (b->len)
		put_row(p, label, strbuf_str(b));
	strbuf_done(b);
}

static void put_fact(const struct page *p, const char *label, const struct fact_text *f)
{
	if (f->text)
		put_row(p, label, f->text);
}

static void say_bytes(struct strbuf *b, uint64_t bytes)
{
	if (bytes >= UINT64_C(10) << 30)
		strbuf_printf(b, "%.1f GiB", (double)bytes / (1 << 30));
	else
		strbuf_printf(b, "%.1f MiB", (double)bytes / (1 << 20));
}

static void put_time(const struct page *p, const struct report *r)
{
	struct strbuf b = { 0 };
	char when[32];

	if (r->crash_time.from != FROM_NOWHERE) {
		time_text(r->crash_time.value, when);
		when[10] = ' ';
		when[19] = '\0';
		strbuf_printf(&b, "%s UTC", when);
	}
	if (r->uptime_ms.from != FROM_NOWHERE) {
		strbuf_puts(&b, b.len ? ", " : "");
		duration_text(r->uptime_ms.value, &b);
		strbuf_puts(&b, " after boot");
	}
	put_row_from(p, "Crashed", &b);
}

static void put_taint(const struct page *p, const struct report *r)
{
	struct strbuf b = { 0 };
	char letters[65];
	const char *sep = ": ";

	if (r->taint.from == FROM_NOWHERE)
		return;
	taint_letters(r->taint.value, letters, sizeof(letters));
	strbuf_puts(&b, *letters ? letters : "no");
	for (unsigned i = 0; i < 64; i++) {
		if (!(r->taint.value >> i & 1))
			continue;
		if (taint_bit(i))
			strbuf_printf(&b, "%s%s", sep, taint_bit(i)->words);
		else
			strbuf_printf(&b, "%sbit %u", sep, i);
		sep = ", ";
	}
	put_row_from(p, "Tainted", &b);
}

static void put_dump(const struct page *p, const struct report *r)
{
	struct strbuf b = { 0 };

	if (r->dump.file.text)
		strbuf_puts(&b, r->dump.file.text);
	if (r->dump.format)
		strbuf_printf(&b, "%s%s%s, %s", b.len ? ": " : "", r->dump.format,
			      r->dump.flattened ? " (flattened)" : "",
			      r->dump.complete ? "complete" : "INCOMPLETE: it was cut off");
	if (r->dump.bytes.from != FROM_NOWHERE) {
		strbuf_puts(&b, ", ");
		say_bytes(&b, r->dump.bytes.value);
	}
	if (r->dump.level >= 0)
		strbuf_printf(&b, ", dump level %d", r->dump.level);
	if (r->dump.pages.from != FROM_NOWHERE)
		strbuf_printf(&b, ", %" PRIu64 " page frames", r->dump.pages.value);
	if (r->dump.excluded.from != FROM_NOWHERE && !r->dump.excluded.value && !r->dump.lost.value) {
		strbuf_puts(&b, ", all there");
		put_row_from(p, "Dump", &b);
		return;
	}
	if (r->dump.excluded.from != FROM_NOWHERE)
		strbuf_printf(&b, ", of which %" PRIu64 " left out on purpose", r->dump.excluded.value);
	if (r->dump.lost.from != FROM_NOWHERE)
		strbuf_printf(&b, "%s%" PRIu64 " lost",
			      r->dump.excluded.from != FROM_NOWHERE ? " and " : ", of which ",
			      r->dump.lost.value);
	put_row_from(p, "Dump", &b);
}

static void put_machine(const struct page *p, const struct report *r)
{
	struct strbuf b = { 0 };
	char buf[128];

	put_fact(p, "Reason", &r->panic.reason);
	put_fact(p, "Panic text", &r->panic.final);
	if (r->panic.fault_address.from != FROM_NOWHERE) {
		const char *words = address_words(r->panic.fault_address.value,
						  r->dump.word_size != 4, buf, sizeof(buf));

		strbuf_printf(&b, "0x%" PRIx64, r->panic.fault_address.value);
		if (words)
			strbuf_printf(&b, ": %s", words);
		put_row_from(p, "Address", &b);
	}
	put_time(p, r);
	put_fact(p, "Host", &r->host);
	if (r->release.text) {
		strbuf_puts(&b, r->release.text);
		if (r->dump.arch)
			strbuf_printf(&b, " %s", r->dump.arch);
		if (r->version.text)
			strbuf_printf(&b, " %s", r->version.text);
		put_row_from(p, "Kernel", &b);
	}
	put_fact(p, "Build id", &r->build_id);
	put_fact(p, "Command line", &r->command_line);
	put_fact(p, "Machine", &r->hardware);
	if (r->cpus_online.from != FROM_NOWHERE) {
		strbuf_printf(&b, "%" PRIu64 " online", r->cpus_online.value);
		if (r->cpus_present.from != FROM_NOWHERE)
			strbuf_printf(&b, ", %" PRIu64 " present", r->cpus_present.value);
		if (r->cpus_possible.from != FROM_NOWHERE)
			strbuf_printf(&b, ", %" PRIu64 " possible", r->cpus_possible.value);
		put_row_from(p, "CPUs", &b);
	}
	if (r->memory.from != FROM_NOWHERE) {
		say_bytes(&b, r->memory.value);
		put_row_from(p, "Memory", &b);
	}
	put_taint(p, r);
	put_dump(p, r);
	if (r->signature.id[0])
		put_row(p, "Signature", r->signature.id);
	if (r->signature.abrt[0])
		put_row(p, "ABRT's hash", r->signature.abrt);
}

/* Registers of interest first, in this order; the rest follows as it comes. */
static const char *const reg_order[] = {
	"rip", "rsp", "rflags", "eflags", "cs",	 "rax", "rbx", "rcx", "rdx", "rsi", "rdi",
	"rbp", "r8",  "r9",	"r10",	  "r11", "r12", "r13", "r14", "r15",
};

static int reg_rank(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(reg_order); i++)
		if (text_equal(name, reg_order[i]))
			return (int)i;
	return (int)ARRAY_SIZE(reg_order);
}

static void put_regs(const struct page *p, const struct report_regs *regs, unsigned digits)
{
	unsigned n = 0, per_line = digits > 8 ? 3 : 5;

	for (int rank = 0; rank <= (int)ARRAY_SIZE(reg_order); rank++) {
		for (unsigned i = 0; i < regs->n; i++) {
			if (reg_rank(regs->v[i].name) != rank)
				continue;
			strbuf_printf(p->out, "%s%-8.11s %0*" PRIx64,
				      n % per_line ? "  " : "     ", regs->v[i].name, (int)digits,
				      regs->v[i].value);
			if (++n % per_line == 0)
				strbuf_putc(p->out, '\n');
		}
	}
	if (n % per_line)
		strbuf_putc(p->out, '\n');
}

/* A recursion is one function many times: frames behind `i` at the same place are counted.
 * Returns how many. */
static size_t put_repeats(const struct page *p, const struct report_stack *s, size_t i)
{
	size_t n = 0;

	while (i + n + 1 < s->frames.n && s->frames.v[i + n + 1].pc == s->frames.v[i].pc &&
	       s->frames.v[i + n + 1].exact == s->frames.v[i].exact &&
	       !s->frames.v[i + n + 1].interrupted)
		n++;
	if (n < 3)
		return 0;
	strbuf_printf(p->out, "     (the same %zu times more)\n", n);
	return n;
}

static void put_frames(const struct page *p, const struct report *r, const struct report_stack *s,
		       int blame)
{
	struct strbuf b = { 0 };

	for (size_t i = 0; i < s->frames.n; i++) {
		const struct report_frame *f = &s->frames.v[i];

		if (i && f->interrupted) {
			paint(p, "33");
			strbuf_puts(p->out, "     ---- exception or interrupt: the code below was "
					    "interrupted ----");
			paint(p, "0");
			strbuf_putc(p->out, '\n');
		}
		strbuf_printf(p->out, "%4zu ", i);
		if ((int)i == blame)
			paint(p, "1;31");
		report_frame_text(f, true, &b);
		strbuf_puts(p->out, f->exact ? "" : "? ");
		strbuf_add_clean(p->out, strbuf_str(&b), b.len);
		if ((int)i == blame)
			paint(p, "0");
		strbuf_putc(p->out, '\n');
		strbuf_done(&b);
		i += put_repeats(p, s, i);
	}
	if (!s->complete && s->why) {
		strbuf_printf(&b, "     (the stack ends here: %s)", s->why);
		put_wrapped(p, strbuf_str(&b), 0, 6);
		strbuf_done(&b);
	}
}

static void put_panic_stack(const struct page *p, const struct report *r)
{
	const struct report_stack *s = &r->panic.stack;
	unsigned digits = r->dump.word_size == 4 ? 8 : 16;
	struct strbuf b = { 0 };

	if (!s->frames.n)
		return;
	strbuf_puts(&b, "Stack of the panicking task");
	if (r->panic.task.from != FROM_NOWHERE)
		strbuf_printf(&b, ": %s (pid %" PRId64 ")", r->panic.task.comm, r->panic.task.pid);
	if (r->panic.cpu.from != FROM_NOWHERE)
		strbuf_printf(&b, " on CPU %" PRIu64, r->panic.cpu.value);
	put_title(p, strbuf_str(&b));
	strbuf_done(&b);
	put_frames(p, r, s, report_blamed_stack(r) == s ? r->panic.where : -1);
	/* code that an interrupt came upon has nothing to do with a panic in its handler */
	if (r->panic.boundary >= 0 && crash_kinds[r->panic.kind].at_exception &&
	    s->frames.v[r->panic.boundary].regs) {
		strbuf_printf(&b, "Registers at frame %d", r->panic.boundary);
		put_title(p, strbuf_str(&b));
		strbuf_done(&b);
		put_regs(p, s->frames.v[r->panic.boundary].regs, digits);
	}
}

static void put_victim(const struct page *p, const struct report *r)
{
	struct strbuf b = { 0 };

	if (!r->panic.victim_stack.frames.n)
		return;
	strbuf_printf(&b, "Stack of the blocked task: %s (pid %" PRId64 ")", r->panic.victim.comm,
		      r->panic.victim.pid);
	put_title(p, strbuf_str(&b));
	strbuf_done(&b);
	put_frames(p, r, &r->panic.victim_stack, r->panic.where);
}

static void say_cpus(const struct report *r, size_t group, struct strbuf *b, size_t *ret_n)
{
	size_t n = 0;

	for (size_t i = 0; i < r->cpus.n; i++) {
		size_t last = i;

		if (r->cpus.v[i].same_as != group)
			continue;
		while (last + 1 < r->cpus.n && r->cpus.v[last + 1].same_as == group &&
		       r->cpus.v[last + 1].cpu == r->cpus.v[last].cpu + 1)
			last++;
		strbuf_printf(b, "%s%u", n ? ", " : "", r->cpus.v[i].cpu);
		if (last > i)
			strbuf_printf(b, "%s%u", last > i + 1 ? "-" : ", ", r->cpus.v[last].cpu);
		n += last - i + 1;
		i = last;
	}
	*ret_n = n;
}

static void put_cpus(const struct page *p, const struct report *r)
{
	if (!r->cpus.n)
		return;
	put_title(p, "CPUs");
	for (size_t i = 0; i < r->cpus.n; i++) {
		const struct report_cpu *c = &r->cpus.v[i];
		struct strbuf b = { 0 }, cpus = { 0 };
		size_t n;

		if (c->same_as != i)
			continue;
		say_cpus(r, i, &cpus, &n);
		strbuf_printf(&b, "  %s %s: ", n > 1 ? "CPUs" : "CPU", strbuf_str(&cpus));
		strbuf_done(&cpus);
		if (!c->online)
			strbuf_puts(&b, "offline");
		else if (c->task.from == FROM_NOWHERE)
			strbuf_puts(&b, "unknown task");
		else if (c->task.pid == 0)
			strbuf_puts(&b, "idle");
		else
			strbuf_printf(&b, "%s (pid %" PRId64 ")", c->task.comm, c->task.pid);
		if (c->panicked)
			strbuf_puts(&b, ", panicked: its stack is above");
		else if (c->online && !c->has_regs)
			strbuf_puts(&b, ", left no registers");
		if (c->why)
			strbuf_printf(&b, " (%s)", c->why);
		put_wrapped(p, strbuf_str(&b), 0, 6);
		strbuf_done(&b);
		if (!c->panicked)
			put_frames(p, r, &c->stack, -1);
	}
}

static void put_modules(const struct page *p, const struct report *r)
{
	struct strbuf b = { 0 };

	if (!r->has_modules)
		return;
	strbuf_printf(&b, "Modules (%zu)", r->modules.n);
	put_title(p, strbuf_str(&b));
	strbuf_done(&b);
	for (size_t i = 0; i < r->modules.n; i++) {
		const struct report_module *m = &r->modules.v[i];
		char letters[65];

		taint_letters(m->taints, letters, sizeof(letters));
		strbuf_printf(&b, "%s%s", b.len ? " " : "", m->name);
		if (*letters || m->state)
			strbuf_printf(&b, "(%s%s)", letters,
				      m->state == 1 ? "+" : m->state == 2 ? "-" : "");
	}
	strbuf_fill(p->out, ' ', 2);
	put_wrapped(p, b.len ? strbuf_str(&b) : "none loaded", 2, 2);
	strbuf_done(&b);
}

static void put_log(const struct page *p, const struct report *r)
{
	struct strbuf b = { 0 };

	if (!r->log_tail.n)
		return;
	strbuf_printf(&b, "End of the log (%zu of %" PRIu64 " lines)", r->log_tail.n, r->log_lines);
	put_title(p, strbuf_str(&b));
	strbuf_done(&b);
	for (size_t i = 0; i < r->log_tail.n; i++)
		put_wrapped(p, r->log_tail.v[i], 0, 4);
}

/* Things that are missing for the same reason share a line. */
static void put_missing(const struct page *p, const struct report *r)
{
	struct strbuf b = { 0 };

	if (!r->missing.n)
		return;
	put_title(p, "Not available");
	for (size_t i = 0; i < r->missing.n; i++) {
		const char *why = r->missing.v[i].why;
		bool told = false;

		for (size_t k = 0; k < i && !told; k++)
			told = text_equal(r->missing.v[k].why, why);
		if (told)
			continue;
		strbuf_printf(&b, "  %s", r->missing.v[i].what);
		for (size_t k = i + 1; k < r->missing.n; k++)
			if (text_equal(r->missing.v[k].why, why))
				strbuf_printf(&b, ", %s", r->missing.v[k].what);
		strbuf_printf(&b, ": %s", why);
		put_wrapped(p, strbuf_str(&b), 0, 4);
		strbuf_done(&b);
	}
}

static struct error *render(const struct report *r, const struct render_how *how,
			    struct strbuf *out)
{
	struct page p = { .out = out, .width = how->width ? how->width : 100, .color = how->color };

	paint(&p, "1;31");
	put_wrapped(&p, r->headline ? r->headline : "Crash of unknown kind", 0, 0);
	paint(&p, "0");
	strbuf_putc(out, '\n');
	put_machine(&p, r);
	put_causes(&p, r);
	put_victim(&p, r);
	put_panic_stack(&p, r);
	if (r->panic.code.text) {
		put_title(&p, "Instruction bytes");
		strbuf_fill(out, ' ', 5);
		put_wrapped(&p, r->panic.code.text, 5, 5);
	}
	put_cpus(&p, r);
	put_blocked(&p, r);
	put_io(&p, r);
	put_memory(&p, r);
	put_signs(&p, r);
	put_modules(&p, r);
	put_log(&p, r);
	put_missing(&p, r);
	strbuf_printf(out, "\nReport by salvage %s, crash id %s\n", SALVAGE_VERSION,
		      r->crash_id[0] ? r->crash_id : "unknown");
	return strbuf_error(out);
}

const struct renderer render_text = { "text", render };
