/* What a struct pt_regs looks like: arch/x86/include/asm/ptrace.h, segment.h. */
#include "shell/exceptions.h"

#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/peek.h"
#include "kernel/symbol.h"
#include "kernel/vmem.h"
#include "shell/row.h"
#include "shell/stack_text.h"

#define REGS_LEN  168 /* r15 to ss, as user_regs_struct begins */
#define AT_RIP	  128
#define AT_CS	  136
#define AT_FLAGS  144
#define AT_RSP	  152
#define AT_SS	  160
#define KERNEL_CS 0x10
#define USER_CS	  0x33
#define USER32_CS 0x23
#define USER_SS	  0x2b
#define FLAG_ONE  0x2   /* always set */
#define FLAG_IF	  0x200 /* always set in user mode */
#define USER_END  0x00ffffffffffffffull
#define STACK_MAX (1u << 16)

static bool is_text(struct shell *sh, uint64_t va)
{
	struct symbol s;
	struct error *e = symbol_at(sh->kernel, va, &s);

	error_free(e);
	return !e && strchr("tTwW", s.type);
}

/* 0: none; 1: of the kernel; 2: of a process */
static int kind_of(struct shell *sh, const unsigned char *p, uint64_t from, uint64_t to)
{
	bool big = sh->kernel->big;
	uint64_t rip = get_u64(p + AT_RIP, big), cs = get_u64(p + AT_CS, big), flags = get_u64(p + AT_FLAGS, big);
	uint64_t rsp = get_u64(p + AT_RSP, big), ss = get_u64(p + AT_SS, big);

	if (flags >> 22) /* bits that no processor has */
		return 0;
	if (cs == KERNEL_CS && (ss == 0 || ss == 0x18) && flags & FLAG_ONE && rsp >= from && rsp < to && is_text(sh, rip))
		return 1;
	if ((cs == USER_CS || cs == USER32_CS) && ss == USER_SS && flags & FLAG_IF && rip && rip < USER_END && rsp < USER_END)
		return 2;
	return 0;
}

static void put(struct shell *sh, const unsigned char *p, uint64_t at, int kind)
{
	struct regs r = {0};

	for (const struct arch_reg *reg = sh->kernel->arch->regs; reg->name; reg++)
		if (reg->off + 8u <= REGS_LEN)
			regs_set(&r, sh->kernel->arch, reg->name, get_u64(p + reg->off, sh->kernel->big));
	row_begin(sh, "saved");
	row_text(sh, "\n  %s-MODE EXCEPTION FRAME AT: ", kind == 1 ? "KERNEL" : "USER");
	row_only_str(sh, "mode", kind == 1 ? "kernel" : "user");
	row_addr(sh, "at", at);
	row_end(sh);
	if (kind == 1)
		print_exception(sh, &r, get_u64(p + AT_RIP, sh->kernel->big));
	else
		print_regs(sh, &r);
}

static struct error *look(struct shell *sh, uint64_t from, uint64_t to, bool *any)
{
	_cleanup_free_ unsigned char *stack = NULL;

	*any = false;
	if (!sh->kernel->arch || !text_equal(sh->kernel->arch->name, "x86_64"))
		return error_new(ERROR_UNSUPPORTED, "saved registers are looked for on x86_64 alone");
	if (to <= from || to - from > STACK_MAX)
		return error_new(ERROR_BAD_DATA, "a stack of %" PRIu64 " bytes", to - from);
	stack = malloc(to - from);
	if (!stack)
		return error_nomem();
	TRY(vmem_read(sh->kernel, from, stack, to - from));
	for (uint64_t at = from; at + REGS_LEN <= to && !shell_interrupted(); at += 8) {
		int kind = kind_of(sh, stack + (at - from), from, to);

		if (kind)
			put(sh, stack + (at - from), at, kind);
		*any |= kind != 0;
	}
	return NULL;
}

struct error *print_exceptions_in(struct shell *sh, uint64_t from, uint64_t to)
{
	bool any;

	TRY(look(sh, from, to, &any));
	if (!any)
		row_text(sh, "(none found)\n");
	return NULL;
}

static struct error *put_stack(struct shell *sh, unsigned cpu, const char *name, uint64_t base, uint64_t len)
{
	struct error *e;

	row_text(sh, "CPU %u %s STACK:", cpu, name);
	if (!base || !len) {
		row_text(sh, "\n(unknown)\n\n");
		return NULL;
	}
	row_text(sh, "\n");
	e = print_exceptions_in(sh, base, base + len);
	if (e && error_kind(e) == ERROR_NOMEM)
		return e;
	if (e)
		row_text(sh, "(%s)\n", error_message(e));
	error_free(e);
	row_text(sh, "\n");
	return NULL;
}

/* The word at the top of it, in a variable of its own or in pcpu_hot (6.2 to 6.14). */
static uint64_t irq_stack_base(struct shell *sh, unsigned cpu, uint64_t len)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t at, top;
	struct error *e = percpu_address(sh->kernel, "hardirq_stack_ptr", cpu, &at);

	if (e) {
		error_free(e);
		e = percpu_address(sh->kernel, "pcpu_hot", cpu, &at);
		at += peek_offset(&p, "pcpu_hot", "hardirq_stack_ptr");
	}
	error_free(e);
	top = e ? 0 : peek_long(&p, at);
	return peek_ok(&p) && top ? ROUND_UP(top, (uint64_t)16) - len : 0;
}

struct error *print_all_exceptions(struct shell *sh)
{
	static const struct {
		const char *name, *member;
	} stacks[] = {
		{"DOUBLEFAULT EXCEPTION", "DF_stack"}, {"NMI EXCEPTION", "NMI_stack"}, {"DEBUG EXCEPTION", "DB_stack"},
		{"MCE EXCEPTION", "MCE_stack"},
	};
	uint64_t len = task_stack_size(sh->kernel);
	unsigned cpus;

	TRY(cpu_count(sh->kernel, &cpus));
	for (unsigned cpu = 0; cpu < cpus && !shell_interrupted(); cpu++) {
		bool online = true;

		error_free(cpu_in_mask(sh->kernel, "online", cpu, &online));
		if (!online)
			continue;
		TRY(put_stack(sh, cpu, "IRQ", irq_stack_base(sh, cpu, len), len));
		for (size_t i = 0; i < ARRAY_SIZE(stacks); i++) {
			_cleanup_peek_ struct peek p = {.k = sh->kernel};
			struct member m = peek_layout(&p, "cea_exception_stacks", stacks[i].member);
			uint64_t at = 0, base = 0;
			struct error *e = percpu_address(sh->kernel, "cea_exception_stacks", cpu, &at);

			if (!e)
				base = peek_long(&p, at);
			error_free(e);
			if (!peek_ok(&p))
				base = 0;
			TRY(put_stack(sh, cpu, stacks[i].name, base ? base + m.off : 0, m.size));
		}
	}
	return NULL;
}
