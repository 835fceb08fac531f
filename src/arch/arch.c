/* The list of architectures and the ways to find one; see arch.h. */
#include "arch/arch.h"

#include <string.h>

const struct arch *const arches[] = { &arch_x86_64, &arch_aarch64, &arch_ppc64, &arch_i386,
				      NULL };

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
	{ "powerpc64le", &arch_ppc64 },
};

const struct arch *arch_by_elf_machine(uint16_t machine)
{
	for (const struct arch *const *a = arches; *a; a++)
		if ((*a)->elf_machine == machine)
			return *a;
	return NULL;
}

const struct arch *arch_by_machine_name(const char *machine)
{
	for (const struct arch *const *a = arches; *a; a++)
		if (!strcmp((*a)->name, machine))
			return *a;
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if (!strcmp(aliases[i].alias, machine))
			return aliases[i].arch;
	return NULL;
}

const struct arch_reg *arch_find_reg(const struct arch *a, const char *name)
{
	for (const struct arch_reg *r = a->regs; r->name; r++)
		if (!strcmp(r->name, name))
			return r;
	return NULL;
}
