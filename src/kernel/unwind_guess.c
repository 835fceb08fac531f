/*
 * What is left where no rules lead on: words on the stack that point behind a call in kernel
 * code. Some are leftovers of calls that returned long ago; every such frame is marked.
 */
#include <elf.h>

#include "base/base.h"
#include "kernel/module.h"
#include "kernel/symbol.h"
#include "kernel/unwinder.h"
#include "kernel/vmem.h"

#define MAX_STACK (256u << 10)

static bool is_code(struct kernel *k, uint64_t pc)
{
	struct symbol s;
	struct error *e = symbol_at(k, pc, &s);

	error_free(e);
	return !e && s.va != pc && s.type && strchr("tTwW", s.type);
}

/* Whether the bytes before `pc` end with a call: e8 and four bytes, or ff /2 of 2 to 7. */
static bool follows_call_x86(struct kernel *k, uint64_t pc)
{
	static const unsigned char lengths[] = {2, 3, 4, 6, 7};
	unsigned char b[7];
	struct error *e = vmem_read(k, pc - sizeof(b), b, sizeof(b));

	error_free(e);
	if (e)
		return true; /* cannot tell */
	if (b[2] == 0xe8)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		const unsigned char *p = b + sizeof(b) - lengths[i];

		if (p[0] == 0xff && (p[1] >> 3 & 7) == 2)
			return true;
	}
	return false;
}

void guess_walk(struct kernel *k, uint64_t lo, uint64_t hi,
		bool (*each)(uint64_t pc, uint64_t sp, void *arg), void *arg)
{
	unsigned each_len = k->long_size;
	bool x86 = k->arch &&
		   (k->arch->elf_machine == EM_X86_64 || k->arch->elf_machine == EM_386);

	if (hi <= lo || hi - lo > MAX_STACK)
		return;
	for (uint64_t sp = ROUND_UP(lo, each_len); sp + each_len <= hi; sp += each_len) {
		uint64_t pc;
		struct error *e = vmem_read_long(k, sp, &pc);

		error_free(e);
		if (e || !pc || !is_code(k, pc) || (x86 && !follows_call_x86(k, pc)))
			continue;
		if (!each(pc, sp, arg))
			return;
	}
}
