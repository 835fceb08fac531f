/* The list of architectures and the ways to find one; see arch.h. */
#include "arch/arch.h"

#include <string.h>

const struct arch *const arches[] = {
	&arch_x86_64,	   &arch_aarch64, &arch_ppc64, &arch_i386,    &arch_arm,
	&arch_ppc,	   &arch_s390x,	  &arch_s390,  &arch_riscv64, &arch_riscv32,
	&arch_loongarch64, &arch_mips64,  &arch_mips,  &arch_ia64,    &arch_alpha,
	&arch_sparc64,	   NULL,
};

/* Other words that uname -m, Debian and dump writers use for the same machine. */
static const struct {
	const char *alias;
	const struct arch *arch;
} aliases[] = {
	{ "amd64", &arch_x86_64 },	 { "i486", &arch_i386 },
	{ "i586", &arch_i386 },		 { "i686", &arch_i386 },
	{ "x86", &arch_i386 },		 { "arm64", &arch_aarch64 },
	{ "aarch64_be", &arch_aarch64 }, { "ppc64le", &arch_ppc64 },
	{ "ppc64el", &arch_ppc64 },	 { "powerpc64", &arch_ppc64 },
	{ "powerpc64le", &arch_ppc64 },	 { "powerpc", &arch_ppc },
	{ "mips64el", &arch_mips64 },	 { "mipsel", &arch_mips },
	{ "loongarch", &arch_loongarch64 },
};

const struct arch *arch_by_elf(uint16_t machine, bool wide)
{
	const struct arch *found = NULL;

	for (const struct arch *const *a = arches; *a; a++) {
		if ((*a)->elf_machine != machine)
			continue;
		if ((*a)->is_64bit == wide)
			return *a;
		found = *a;
	}
	return found;
}

const struct arch *arch_by_machine_name(const char *machine)
{
	for (const struct arch *const *a = arches; *a; a++)
		if (!strcmp((*a)->name, machine))
			return *a;
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if (!strcmp(aliases[i].alias, machine))
			return aliases[i].arch;
	/* armv4tl, armv5tejl, armv6l, armv7l, armv7b, armv8l */
	return !strncmp(machine, "armv", 4) ? &arch_arm : NULL;
}

const struct arch_reg *arch_find_reg(const struct arch *a, const char *name)
{
	for (const struct arch_reg *r = a->regs; r->name; r++)
		if (!strcmp(r->name, name))
			return r;
	return NULL;
}
