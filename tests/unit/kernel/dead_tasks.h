/* Tasks, CPUs and an empty list of modules in a small dead kernel, with the types that tell of
 * them. make_tasks(), put more, then dead_open(). */
#pragma once

#include "dead_kernel.h"

#define TASKS	  DEAD_DATA	       /* 256 bytes each */
#define SIGNALS	  (DEAD_DATA + 0x1000) /* 64 bytes each */
#define MODULES	  (DEAD_DATA + 0x2000)
#define VARS	  (DEAD_DATA + 0x3000)
#define PERCPU	  (DEAD_DATA + 0x4000) /* 4 KiB a CPU; per-CPU symbols are small numbers */
#define NOTES	  0x800		       /* in there */
#define SYMTAB	  (DEAD_DATA + 0x8000)
#define STRTAB	  (DEAD_DATA + 0x9000)
#define MOD_TEXT  (DEAD_END + 0x100000)
#define RUNQUEUES 0x100

/* BTF ids by order of building */
enum { T_INT = 1, T_LONG, T_CHAR, T_COMM, T_LIST, T_NAME, T_LAYOUT, T_MEM, T_MEMS };

static inline void add_types(struct dead *d, bool mem_array)
{
	struct btf_build *b = &d->btf;

	btf_add_int(b, "int", 4);
	btf_add_int(b, "long", 8);
	btf_add_int(b, "char", 1);
	btf_add_array(b, T_CHAR, 16);
	dead_struct(d, "list_head", 16, 2);
	btf_elem(b, "next", T_LONG, 0);
	btf_elem(b, "prev", T_LONG, 64);
	btf_add_array(b, T_CHAR, 56);
	dead_struct(d, "module_layout", 16, 3);
	btf_elem(b, "base", T_LONG, 0);
	btf_elem(b, "size", T_INT, 64);
	btf_elem(b, "text_size", T_INT, 96);
	dead_struct(d, "module_memory", 16, 2);
	btf_elem(b, "base", T_LONG, 0);
	btf_elem(b, "size", T_INT, 64);
	btf_add_array(b, T_MEM, 7);
	dead_struct(d, "task_struct", 256, 12);
	btf_elem(b, "__state", T_INT, 0);
	btf_elem(b, "stack", T_LONG, 8 * 8);
	btf_elem(b, "on_cpu", T_INT, 16 * 8);
	btf_elem(b, "cpu", T_INT, 20 * 8);
	btf_elem(b, "pid", T_INT, 24 * 8);
	btf_elem(b, "tgid", T_INT, 28 * 8);
	btf_elem(b, "comm", T_COMM, 32 * 8);
	btf_elem(b, "tasks", T_LIST, 48 * 8);
	btf_elem(b, "thread_node", T_LIST, 64 * 8);
	btf_elem(b, "signal", T_LONG, 80 * 8);
	btf_elem(b, "mm", T_LONG, 88 * 8);
	btf_elem(b, "flags", T_INT, 96 * 8);
	dead_struct(d, "signal_struct", 32, 1);
	btf_elem(b, "thread_head", T_LIST, 8 * 8);
	dead_struct(d, "rq", 64, 2);
	btf_elem(b, "curr", T_LONG, 0);
	btf_elem(b, "idle", T_LONG, 64);
	dead_struct(d, "mod_kallsyms", 32, 4);
	btf_elem(b, "symtab", T_LONG, 0);
	btf_elem(b, "num_symtab", T_INT, 64);
	btf_elem(b, "strtab", T_LONG, 128);
	btf_elem(b, "typetab", T_LONG, 192);
	dead_struct(d, "module", 0x200, mem_array ? 6 : 7);
	btf_elem(b, "state", T_INT, 0);
	btf_elem(b, "list", T_LIST, 8 * 8);
	btf_elem(b, "name", T_NAME, 24 * 8);
	btf_elem(b, "taints", T_LONG, 80 * 8);
	btf_elem(b, "kallsyms", T_LONG, 88 * 8);
	if (mem_array) {
		btf_elem(b, "mem", T_MEMS, 0x80 * 8);
	} else {
		btf_elem(b, "core_layout", T_LAYOUT, 0x80 * 8);
		btf_elem(b, "init_layout", T_LAYOUT, 0x90 * 8);
	}
}

static inline void put_list(struct dead *d, uint64_t node, uint64_t next, uint64_t prev)
{
	dead_put(d, node, 8, next);
	dead_put(d, node + 8, 8, prev);
}

/* Task i; its ring entries point to themselves until they are put elsewhere. */
static inline uint64_t put_task(struct dead *d, unsigned i, int pid, int tgid, const char *comm)
{
	uint64_t t = TASKS + 256 * i;

	dead_put(d, t, 4, 0x402);
	dead_put(d, t + 8, 8, DEAD_STACK);
	dead_put(d, t + 20, 4, i % 2);
	dead_put(d, t + 24, 4, pid);
	dead_put(d, t + 28, 4, tgid);
	fake_put_bytes(&d->f, dead_pa(t + 32), comm, strlen(comm));
	put_list(d, t + 48, t + 48, t + 48);
	dead_put(d, t + 80, 8, SIGNALS + 64 * i);
	put_list(d, t + 64, SIGNALS + 64 * i + 8, SIGNALS + 64 * i + 8);
	put_list(d, SIGNALS + 64 * i + 8, t + 64, t + 64);
	return t;
}

/* swapper/0 (0), init (1), server (2) with a thread (3), swapper/1 (4); two CPUs of three. */
static inline void make_tasks(struct dead *d, bool mem_array)
{
	uint64_t t[5];

	dead_init(d, 3);
	add_types(d, mem_array);
	t[0] = put_task(d, 0, 0, 0, "swapper/0");
	t[1] = put_task(d, 1, 1, 1, "init");
	t[2] = put_task(d, 2, 50, 50, "server-with-name");
	t[3] = put_task(d, 3, 51, 50, "thread");
	t[4] = put_task(d, 4, 0, 0, "swapper/1");
	put_list(d, t[0] + 48, t[1] + 48, t[2] + 48);
	put_list(d, t[1] + 48, t[2] + 48, t[0] + 48);
	put_list(d, t[2] + 48, t[0] + 48, t[1] + 48);
	dead_put(d, SIGNALS + 128 + 8, 8, t[2] + 64);
	dead_put(d, t[2] + 64, 8, t[3] + 64);
	dead_put(d, t[3] + 64, 8, SIGNALS + 128 + 8);

	dead_symbol(d, 'D', "init_task", t[0]);
	dead_symbol(d, 'D', "modules", MODULES);
	dead_symbol(d, 'D', "nr_cpu_ids", VARS);
	dead_symbol(d, 'D', "__per_cpu_offset", VARS + 0x100);
	dead_symbol(d, 'D', "__cpu_possible_mask", VARS + 0x200);
	dead_symbol(d, 'D', "__cpu_online_mask", VARS + 0x300);
	dead_symbol(d, 'D', "panic_cpu", VARS + 0x400);
	dead_symbol(d, 'D', "crash_notes", VARS + 0x500);
	dead_symbol(d, 'A', "runqueues", RUNQUEUES);
	dead_put(d, VARS, 4, 3);
	dead_put(d, VARS + 0x200, 8, 5); /* 0 and 2 */
	dead_put(d, VARS + 0x300, 8, 4);
	dead_put(d, VARS + 0x400, 4, 2);
	dead_put(d, VARS + 0x500, 8, NOTES);
	for (unsigned cpu = 0; cpu < 3; cpu++)
		dead_put(d, VARS + 0x100 + 8 * cpu, 8, PERCPU + 0x1000 * cpu);
	dead_put(d, PERCPU + RUNQUEUES, 8, t[0]);
	dead_put(d, PERCPU + RUNQUEUES + 8, 8, t[0]);
	dead_put(d, PERCPU + 0x2000 + RUNQUEUES, 8, t[3]);
	dead_put(d, PERCPU + 0x2000 + RUNQUEUES + 8, 8, t[4]);
	put_list(d, MODULES, MODULES, MODULES);
}
