/* Instructions as text, by capstone, which is loaded when first used (doc/decisions/0008). */
#pragma once

#include "base/strbuf.h"
#include "kernel/kernel.h"

struct disasm;

#define INSN_MAX 16 /* bytes of the longest one */

struct insn {
	uint64_t va;
	unsigned len;
	char mnemonic[48];
	char operands[192]; /* x86: as GNU tools write them */
};

/* ERROR_NOT_FOUND: the library is not there (the text names the package); ERROR_UNSUPPORTED: it
 * does not know this machine. */
struct error *disasm_open(const struct kernel *k, struct disasm **ret) MUST_CHECK;
void disasm_close(struct disasm *d);
DEFINE_CLEANUP(struct disasm *, disasm_close)
#define _cleanup_disasm_ CLEANUP(disasm_close)

/* The instruction that starts these bytes; false: they are none. */
bool disasm_one(struct disasm *d, const unsigned char *bytes, size_t len, uint64_t va, struct insn *ret);
/* x86: turns capstone's AT&T text into what GNU as and gdb write (suffixes only where no register
 * tells the size, hexadecimal numbers, scales). */
void disasm_gnu_text(struct insn *i);
