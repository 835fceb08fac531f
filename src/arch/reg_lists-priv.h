/* Registers that many architectures call alike: r0 to r31, each of `w` bytes, one behind the
 * other from index `i` of the block on. Folder-private. */
#pragma once

#include "arch/arch.h"

#define REG(name, i, w) { name, (i) * (w), w }
#define REGS_R0_R15(i, w)                                                                       \
	REG("r0", i, w), REG("r1", i + 1, w), REG("r2", i + 2, w), REG("r3", i + 3, w),         \
		REG("r4", i + 4, w), REG("r5", i + 5, w), REG("r6", i + 6, w),                  \
		REG("r7", i + 7, w), REG("r8", i + 8, w), REG("r9", i + 9, w),                  \
		REG("r10", i + 10, w), REG("r11", i + 11, w), REG("r12", i + 12, w),            \
		REG("r13", i + 13, w), REG("r14", i + 14, w), REG("r15", i + 15, w)
#define REGS_R16_R31(i, w)                                                                      \
	REG("r16", i, w), REG("r17", i + 1, w), REG("r18", i + 2, w), REG("r19", i + 3, w),     \
		REG("r20", i + 4, w), REG("r21", i + 5, w), REG("r22", i + 6, w),               \
		REG("r23", i + 7, w), REG("r24", i + 8, w), REG("r25", i + 9, w),               \
		REG("r26", i + 10, w), REG("r27", i + 11, w), REG("r28", i + 12, w),            \
		REG("r29", i + 13, w), REG("r30", i + 14, w), REG("r31", i + 15, w)
#define REGS_R0_R31(i, w) REGS_R0_R15(i, w), REGS_R16_R31((i) + 16, w)
