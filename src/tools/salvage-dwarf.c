/*
 * salvage-dwarf VMLINUX NAME...: prints the C types of a kernel's variables, as its DWARF declares them:
 * "NAME<tab>TYPE" a line, for those that were found. A program of its own because elfutils does not
 * belong into the collector, which also runs after a crash; makedumpfile -x asks it for --config.
 */
#include <stdio.h>
#include <string.h>

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include "base/base.h"

#define CHAIN_MAX 32 /* typedefs, pointers, arrays on top of each other */

struct wanted {
	const char *name;
	char *type;   /* null: not found yet */
	bool defined; /* not only declared there */
};

struct search {
	struct wanted *names;
	size_t n, nr_open; /* nr_open: not defined yet */
};

static bool die_type(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Attribute attr;

	return dwarf_attr_integrate(die, DW_AT_type, &attr) && dwarf_formref_die(&attr, ret);
}

/* "[4][2]" of an array's dimensions. */
static void add_dimensions(Dwarf_Die *array, struct strbuf *out)
{
	Dwarf_Die child;

	if (dwarf_child(array, &child) != 0)
		return;
	do {
		Dwarf_Word n = 0;
		Dwarf_Attribute attr;

		if (dwarf_tag(&child) != DW_TAG_subrange_type)
			continue;
		if (dwarf_attr(&child, DW_AT_count, &attr))
			dwarf_formudata(&attr, &n);
		else if (dwarf_attr(&child, DW_AT_upper_bound, &attr) && dwarf_formudata(&attr, &n) == 0)
			n++;
		strbuf_printf(out, "[%llu]", (unsigned long long)n);
	} while (dwarf_siblingof(&child, &child) == 0);
}

/* The declared type as text; false for what cannot be written so (types without a name). */
static bool describe(Dwarf_Die *type, unsigned depth, struct strbuf *out)
{
	const char *name = dwarf_diename(type);
	int tag = dwarf_tag(type);
	Dwarf_Die target;

	if (depth == CHAIN_MAX)
		return false;
	switch (tag) {
	case DW_TAG_const_type:
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
		if (die_type(type, &target))
			return describe(&target, depth + 1, out);
		strbuf_puts(out, "void");
		return true;
	case DW_TAG_pointer_type:
		/* pointers to what needs parentheses, or has no name, point somewhere */
		if (!die_type(type, &target) || dwarf_tag(&target) == DW_TAG_subroutine_type ||
		    dwarf_tag(&target) == DW_TAG_array_type || !describe(&target, depth + 1, out))
			strbuf_puts(out, "void");
		strbuf_puts(out, " *");
		return true;
	case DW_TAG_array_type:
		if (!die_type(type, &target) || !describe(&target, depth + 1, out))
			return false;
		strbuf_putc(out, ' ');
		add_dimensions(type, out);
		return true;
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		if (!name)
			return false;
		strbuf_printf(out, "%s %s", tag == DW_TAG_structure_type ? "struct" :
					    tag == DW_TAG_union_type ? "union" : "enum", name);
		return true;
	case DW_TAG_typedef:
	case DW_TAG_base_type:
		strbuf_puts(out, name ? name : "void");
		return name != NULL;
	}
	return false;
}

static void take_variable(struct search *s, Dwarf_Die *die, struct wanted *w)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	Dwarf_Attribute attr;
	Dwarf_Die type;
	bool defined = !dwarf_hasattr(die, DW_AT_declaration) || dwarf_attr(die, DW_AT_location, &attr);

	if (w->defined || (w->type && !defined) || !die_type(die, &type) || !describe(&type, 0, &text))
		return;
	free(w->type);
	w->type = strbuf_take(&text, NULL);
	w->defined = defined;
	s->nr_open -= defined;
}

static void look_through(struct search *s, Dwarf_Die *unit)
{
	Dwarf_Die die;

	if (dwarf_child(unit, &die) != 0)
		return;
	do {
		const char *name;

		if (dwarf_tag(&die) != DW_TAG_variable || !(name = dwarf_diename(&die)))
			continue;
		for (size_t i = 0; i < s->n; i++)
			if (!strcmp(name, s->names[i].name))
				take_variable(s, &die, &s->names[i]);
	} while (s->nr_open && dwarf_siblingof(&die, &die) == 0);
}

static const char *search_file(struct search *s, const char *path)
{
	static const Dwfl_Callbacks calls = { .find_elf = dwfl_build_id_find_elf,
					      .find_debuginfo = dwfl_standard_find_debuginfo,
					      .section_address = dwfl_offline_section_address };
	Dwfl *dwfl = dwfl_begin(&calls);
	Dwarf_Die *unit = NULL;
	Dwarf_Addr bias;
	bool any = false;

	if (!dwfl || !dwfl_report_offline(dwfl, "", path, -1) || dwfl_report_end(dwfl, NULL, NULL) != 0) {
		dwfl_end(dwfl);
		return dwfl_errmsg(-1);
	}
	while (s->nr_open && (unit = dwfl_nextcu(dwfl, unit, &bias))) {
		any = true;
		look_through(s, unit);
	}
	dwfl_end(dwfl);
	return any || !s->n ? NULL : "no debugging information (DWARF) in it or beside it";
}

int main(int argc, char **argv)
{
	struct search s = { 0 };
	const char *problem;

	if (argc < 3) {
		fprintf(stderr, "Usage: salvage-dwarf VMLINUX VARIABLE...\n");
		return 2;
	}
	s.n = s.nr_open = argc - 2;
	s.names = calloc(s.n, sizeof(*s.names));
	if (!s.names)
		return 1;
	for (size_t i = 0; i < s.n; i++)
		s.names[i].name = argv[i + 2];
	problem = search_file(&s, argv[1]);
	for (size_t i = 0; i < s.n; i++) {
		if (s.names[i].type)
			printf("%s\t%s\n", s.names[i].name, s.names[i].type);
		free(s.names[i].type);
	}
	free(s.names);
	if (problem)
		fprintf(stderr, "salvage-dwarf: %s: %s\n", argv[1], problem);
	return problem || fflush(stdout) != 0;
}
