/* What a dump's headers say about the machine. */
#include "collect/facts.h"

#include <elf.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "kernel/vmem.h"

#define UTSNAME_FIELD 65 /* struct new_utsname: six of them, include/uapi/linux/utsname.h */

/* init_uts_ns.name of the dead kernel; false when it cannot be read. */
static bool read_utsname(struct kernel *k, struct dump_utsname *u)
{
	char *const fields[] = { u->sysname, u->nodename, u->release,
				 u->version, u->machine,  u->domainname };
	char raw[6 * UTSNAME_FIELD];
	uint64_t va, off;
	struct error *e;

	if (!vmcoreinfo_symbol(k->info, "init_uts_ns", &va) ||
	    !vmcoreinfo_offset(k->info, "uts_namespace", "name", &off))
		return false;
	e = vmem_read(k, va + off, raw, sizeof(raw));
	if (e || strnlen(raw, UTSNAME_FIELD) == UTSNAME_FIELD || strcmp(raw, "Linux") != 0) {
		error_free(e); /* the fall-back below says the same but for the host's name */
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		memcpy(fields[i], raw + i * UTSNAME_FIELD, UTSNAME_FIELD);
		fields[i][UTSNAME_FIELD - 1] = '\0';
	}
	return true;
}

static void fill_utsname(struct dump *d, struct kernel *k, struct dump_utsname *u)
{
	*u = d->utsname;
	if (u->machine[0] && u->release[0])
		return;
	if (k && read_utsname(k, u))
		return;
	strcpy(u->sysname, "Linux");
	if (k)
		snprintf(u->release, sizeof(u->release), "%s", k->release);
	if (!u->machine[0])
		snprintf(u->machine, sizeof(u->machine), "%s", d->arch->name);
}

/* CPUs that left registers; readers insist on one at least. */
static unsigned count_cpus(const struct dump *d)
{
	unsigned n = 0;

	for (size_t i = 0; i < d->nr_notes; i++)
		n += d->notes[i].type == NT_PRSTATUS && text_equal(d->notes[i].name, "CORE");
	return MAX(n, 1u);
}

/* The text inside the raw notes: its offset goes into the sub header. */
static void find_vmcoreinfo(const struct dump *d, struct dump_facts *f)
{
	const struct dump_note *n = dump_find_note(d, "VMCOREINFO", 0);

	if (!n || n->desc < d->raw_notes || n->desc + n->desc_len > d->raw_notes + d->raw_notes_len)
		return;
	f->vmcoreinfo = (const char *)n->desc;
	f->vmcoreinfo_len = n->desc_len;
}

struct error *facts_gather(struct dump *d, struct kernel *k, int level, uint64_t now,
			   struct dump_facts *f, struct dump_segment **ret_segments)
{
	size_t n = dump_nr_segments(d);
	struct dump_segment *s = NULL;
	uint64_t crash_time;
	const char *text;
	int64_t base;

	if (!d->arch)
		return error_new(ERROR_UNSUPPORTED, "the dump is of an architecture that is not known");
	*f = (struct dump_facts){
		.arch = d->arch,
		.big = d->big,
		.is_64bit = d->is_64bit,
		.page_size = d->page_size,
		.max_pfn = d->max_pfn,
		.dump_level = level | MAX(d->dump_level, 0),
		.phys_base = d->phys_base,
		.nr_cpus = count_cpus(d),
		.timestamp = d->timestamp ? d->timestamp : now ? now : (uint64_t)time(NULL),
		.notes = d->raw_notes,
		.notes_len = d->raw_notes_len,
		.memory = &d->memory,
		.nr_segments = n,
		.eraseinfo = d->eraseinfo,
		.eraseinfo_len = d->eraseinfo_len,
		.source_incomplete = !d->complete,
	};
	if (k && vmcoreinfo_number(k->info, "phys_base", &base))
		f->phys_base = base;
	/* there it is the start of RAM and nothing else */
	if (d->arch == &arch_arm && !f->phys_base && d->memory.n)
		f->phys_base = d->memory.v[0].start * d->page_size;
	text = k ? vmcoreinfo_get(k->info, "CRASHTIME") : NULL;
	if (text && text_u64(text, &crash_time))
		f->timestamp = crash_time;
	fill_utsname(d, k, &f->utsname);
	find_vmcoreinfo(d, f);
	if (n) {
		s = calloc(n, sizeof(*s));
		if (!s)
			return error_nomem();
		for (size_t i = 0; i < n; i++)
			s[i] = dump_segment_at(d, i);
	}
	f->segments = s;
	*ret_segments = s;
	return NULL;
}
