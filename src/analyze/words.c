/*
 * Words for bits and addresses. Taint bits: include/linux/panic.h and kernel/panic.c
 * (Linux 7.0); the letters are those of the kernel's "Tainted:" text.
 */
#include "analyze/report.h"

#include <inttypes.h>
#include <stdio.h>

static const struct taint_words taints[] = {
	{ 'P', "module_proprietary", "proprietary module" },
	{ 'F', "forced_module", "module loaded by force" },
	{ 'S', "cpu_out_of_spec", "CPU out of specification" },
	{ 'R', "forced_removal", "module removed by force" },
	{ 'M', "mce", "machine check happened" },
	{ 'B', "page_release", "bad page seen" },
	{ 'U', "userspace", "set by user space" },
	{ 'D', "died_recently", "oops happened" },
	{ 'A', "acpi_overridden", "ACPI table overridden" },
	{ 'W', "warning", "warning happened" },
	{ 'C', "staging_driver", "staging driver" },
	{ 'I', "firmware_workaround", "firmware bug worked around" },
	{ 'O', "module_out_of_tree", "out-of-tree module" },
	{ 'E', "unsigned_module", "unsigned module" },
	{ 'L', "soft_lockup", "soft lockup happened" },
	{ 'K', "live_patch", "live-patched" },
	{ 'X', "auxiliary", "distribution's own mark" },
	{ 'T', "randstruct", "randomised structures" },
	{ 'N', "test", "in-kernel test was run" },
	{ 'J', "fwctl", "firmware changed by fwctl" },
};

const struct taint_words *taint_bit(unsigned bit)
{
	return bit < ARRAY_SIZE(taints) ? &taints[bit] : NULL;
}

void taint_letters(uint64_t bits, char *buf, size_t room)
{
	size_t n = 0;

	for (unsigned i = 0; i < 64 && n + 1 < room; i++)
		if (bits >> i & 1)
			buf[n++] = i < ARRAY_SIZE(taints) ? taints[i].letter : '?';
	buf[n] = '\0';
}

/* Values that the kernel writes into dead or unset memory: include/linux/poison.h,
 * mm/slab.h, lib/list_debug.c. `slack` allows for a member's offset. */
static const struct poison {
	uint64_t value;
	uint32_t slack;
	const char *words;
} poisons[] = {
	{ 0xdead000000000100, 0x20, "a list entry that was already deleted (list poison 1)" },
	{ 0xdead000000000122, 0x20, "a list entry that was already deleted (list poison 2)" },
	{ 0xdead000000000400, 0x100, "a timer entry that was already deleted" },
	{ 0x6b6b6b6b6b6b6b6b, 0x1000, "freed slab memory (poison 6b)" },
	{ 0x5a5a5a5a5a5a5a5a, 0x1000, "slab memory that was never set (poison 5a)" },
	{ 0xcccccccccccccccc, 0x1000, "freed init memory (poison cc)" },
	{ 0xa5a5a5a5a5a5a5a5, 0x1000, "the end mark of a slab object (poison a5)" },
};

const char *poison_words(uint64_t value, char *buf, size_t room)
{
	for (size_t i = 0; i < ARRAY_SIZE(poisons); i++) {
		if (value < poisons[i].value || value - poisons[i].value >= poisons[i].slack)
			continue;
		snprintf(buf, room, "%s", poisons[i].words);
		return buf;
	}
	return NULL;
}

const char *address_words(uint64_t va, bool is_64bit, char *buf, size_t room)
{
	uint64_t top = is_64bit ? UINT64_MAX : UINT32_MAX;

	if (va == 0)
		return "NULL";
	if (va < 4096) {
		snprintf(buf, room, "NULL + 0x%" PRIx64 ", a member behind a null pointer", va);
		return buf;
	}
	if (va > top - 4095 && va <= top) {
		snprintf(buf, room, "error value -%" PRIu64 " used as a pointer", top - va + 1);
		return buf;
	}
	if (is_64bit && poison_words(va, buf, room))
		return buf;
	if (is_64bit && va < UINT64_C(1) << 47)
		return "in the user's half of the address space";
	if (is_64bit && va < UINT64_C(0xc000000000000000))
		return "no possible address (non-canonical)";
	return NULL;
}
