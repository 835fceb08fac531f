/*
 * CPUs of the dead kernel: masks, per-CPU copies, who panicked, registers at the crash. Every
 * global here is declared by name, its layout asked of BTF (kernel/cpu.c, mm/percpu.c,
 * kernel/panic.c, kernel/crash_core.c).
 */
#include <elf.h>

#include "base/base.h"
#include "kernel/symbol.h"
#include "kernel/task.h"
#include "kernel/type.h"
#include "kernel/vmem.h"

#define MAX_CPUS  65536
#define MAX_NOTES 8 /* in one CPU's buffer; the kernel writes one, s390x some more */

struct error *cpu_count(struct kernel *k, unsigned *ret)
{
	uint64_t at;
	uint32_t n;
	struct error *e = symbol_find(k, "nr_cpu_ids", &at);

	if (e && error_kind(e) == ERROR_NOT_FOUND && symbols_have_data(k)) {
		error_free(e);
		*ret = 1; /* a constant on kernels for one CPU */
		return NULL;
	}
	TRY(e);
	TRY(vmem_read_u32(k, at, &n));
	if (!n || n > MAX_CPUS)
		return error_new(ERROR_BAD_DATA, "nr_cpu_ids is %u: 1 to %u expected", n,
				 MAX_CPUS);
	*ret = n;
	return NULL;
}

struct error *cpu_in_mask(struct kernel *k, const char *mask, unsigned cpu, bool *ret)
{
	unsigned bits = 8 * k->long_size;
	char new[64], old[64];
	const char *const names[] = {new, old, NULL};
	uint64_t at, word;

	snprintf(new, sizeof(new), "__cpu_%s_mask", mask); /* 4.5 */
	snprintf(old, sizeof(old), "cpu_%s_bits", mask);
	if (cpu >= MAX_CPUS)
		return error_new(ERROR_NOT_FOUND, "there is no CPU %u", cpu);
	TRY(symbol_find_any(k, names, &at));
	TRY(vmem_read_long(k, at + cpu / bits * k->long_size, &word));
	*ret = word >> (cpu % bits) & 1;
	return NULL;
}

struct error *percpu_pointer(struct kernel *k, uint64_t ptr, unsigned cpu, uint64_t *ret_va)
{
	uint64_t table, off = 0;
	struct error *e;

	if (cpu >= MAX_CPUS)
		return error_new(ERROR_NOT_FOUND, "there is no CPU %u", cpu);
	e = symbol_find(k, "__per_cpu_offset", &table);
	if (e && !(error_kind(e) == ERROR_NOT_FOUND && cpu == 0 && symbols_have_data(k)))
		return e;
	if (!e)
		TRY(vmem_read_long(k, table + (uint64_t)cpu * k->long_size, &off));
	error_free(e);
	*ret_va = ptr + off;
	return NULL;
}

struct error *percpu_address(struct kernel *k, const char *name, unsigned cpu, uint64_t *ret_va)
{
	uint64_t at, start;
	uint32_t type;
	struct error *e = symbol_find(k, name, &at);

	if (e && error_kind(e) == ERROR_NOT_FOUND) {
		error_free(e);
		e = type_percpu_var(k, name, &at, &type);
		if (!e)
			e = symbol_find(k, "__per_cpu_start", &start);
		if (!e)
			at += start;
	}
	TRY(e);
	return percpu_pointer(k, at, cpu, ret_va);
}

struct error *panic_cpu(struct kernel *k, unsigned *ret)
{
	static const char *const names[] = {"panic_cpu", "crashing_cpu"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		uint64_t at;
		uint32_t cpu;
		struct error *e = symbol_find(k, names[i], &at);

		if (!e)
			e = vmem_read_u32(k, at, &cpu);
		if (e && error_kind(e) != ERROR_NOT_FOUND)
			return e;
		error_free(e);
		if (e || cpu >= MAX_CPUS) /* -1: nobody */
			continue;
		*ret = cpu;
		return NULL;
	}
	return error_new(ERROR_NOT_FOUND, "no CPU had panicked when this dump was made");
}

/* ---- registers at the crash ---- */

static void take_regs(const struct kernel *k, const unsigned char *desc, struct regs *ret)
{
	const struct arch *a = k->arch;

	*ret = (struct regs){0};
	for (size_t i = 0; a->regs[i].name && i < ARRAY_SIZE(ret->v); i++) {
		const struct arch_reg *r = &a->regs[i];

		if (!range_fits(a->prstatus_regs + r->off, r->size, a->prstatus_size))
			continue;
		ret->v[i] = get_uint(desc + a->prstatus_regs + r->off, r->size, k->big);
		ret->known |= 1ull << i;
	}
}

/* The note buffer of one CPU: headers of 12 bytes, name and contents padded to 4. */
static struct error *find_prstatus(struct kernel *k, uint64_t at, unsigned char *desc)
{
	size_t want = k->arch->prstatus_size;

	for (unsigned i = 0; i < MAX_NOTES; i++) {
		unsigned char head[12];
		uint32_t name, len, type;
		char word[4];

		TRY(vmem_read(k, at, head, sizeof(head)));
		name = get_u32(head, k->big);
		len = get_u32(head + 4, k->big);
		type = get_u32(head + 8, k->big);
		if (!name || name > 64 || len > 65536)
			break;
		TRY(vmem_read(k, at + 12, word, sizeof(word)));
		at += 12 + ROUND_UP(name, 4u);
		if (type == NT_PRSTATUS && memcmp(word, "CORE", 4) == 0 && len >= want)
			return vmem_read(k, at, desc, want);
		at += ROUND_UP(len, 4u);
	}
	return error_new(ERROR_NOT_FOUND, "the CPU left no registers");
}

static struct error *regs_from_crash_notes(struct kernel *k, unsigned cpu, unsigned char *desc)
{
	uint64_t at, ptr;

	TRY(symbol_find(k, "crash_notes", &at));
	TRY(vmem_read_long(k, at, &ptr));
	if (!ptr)
		return error_new(ERROR_NOT_FOUND, "the kernel has no crash_notes");
	TRY(percpu_pointer(k, ptr, cpu, &at));
	return find_prstatus(k, at, desc);
}

/* The dump's own notes name no CPU. A hypervisor numbers them by pid, CPU + 1; the kernel's
 * copy leaves CPUs out, so that the order helps only when there is one for each. */
static const struct dump_note *note_of_cpu(struct kernel *k, unsigned cpu)
{
	bool by_pid = !vmcoreinfo_get(k->info, "CRASHTIME");
	size_t pid_off = k->is_64bit ? 32 : 24, seen = 0;
	const struct dump_note *found = NULL;
	unsigned cpus = 0;

	for (size_t i = 0; i < k->dump->nr_notes; i++) {
		const struct dump_note *n = &k->dump->notes[i];

		if (n->type != NT_PRSTATUS || !text_equal(n->name, "CORE") ||
		    n->desc_len < k->arch->prstatus_size)
			continue;
		if (by_pid && get_u32(n->desc + pid_off, k->big) == cpu + 1)
			return n;
		if (seen++ == cpu)
			found = n;
	}
	error_free(cpu_count(k, &cpus));
	return !by_pid && seen == cpus ? found : NULL;
}

struct error *cpu_regs(struct kernel *k, unsigned cpu, struct regs *ret)
{
	unsigned char desc[1536];
	const struct dump_note *n;
	struct error *e;

	if (!k->arch || k->arch->prstatus_size > sizeof(desc))
		return error_new(ERROR_UNSUPPORTED,
				 "registers of this architecture are not known");
	e = regs_from_crash_notes(k, cpu, desc);
	if (!e) {
		take_regs(k, desc, ret);
		return NULL;
	}
	n = note_of_cpu(k, cpu);
	if (!n)
		return error_prefix(e, "CPU %u", cpu);
	error_free(e);
	take_regs(k, n->desc, ret);
	return NULL;
}
