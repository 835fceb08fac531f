#include "kernel/declared.h"

#include "base/base.h"
#include "kernel/symbol.h"

/* Several rows for one name: the first whose type this kernel has and that fits. */
const struct declared declared[] = {
	/* tasks, scheduler, time: kernel/sched, kernel/time, init/init_task.c */
	{"init_task", "struct task_struct"},
	{"init_mm", "struct mm_struct"},
	{"init_pid_ns", "struct pid_namespace"},
	{"init_nsproxy", "struct nsproxy"},
	{"init_cred", "struct cred"},
	{"init_fs", "struct fs_struct"},
	{"init_files", "struct files_struct"},
	{"init_signals", "struct signal_struct"},
	{"init_user_ns", "struct user_namespace"},
	{"init_uts_ns", "struct uts_namespace"},
	{"init_ipc_ns", "struct ipc_namespace"},
	{"root_task_group", "struct task_group"},
	{"task_groups", "struct list_head"},
	{"nr_threads", "int"},
	{"total_forks", "unsigned long"},
	{"pid_max", "int"},
	{"jiffies", "unsigned long"},
	{"jiffies_64", "u64"},
	{"avenrun", "unsigned long [3]"},
	{"calc_load_tasks", "atomic_long_t"},
	{"tk_core", "struct tk_data"},
	{"timekeeper_data", "struct tk_data []"},
	{"sysctl_hung_task_timeout_secs", "unsigned long"},
	{"sysctl_hung_task_panic", "unsigned int"},
	{"watchdog_thresh", "int"},
	{"softlockup_panic", "unsigned int"},
	/* CPUs */
	{"nr_cpu_ids", "unsigned int"},
	{"__cpu_possible_mask", "struct cpumask"},
	{"__cpu_online_mask", "struct cpumask"},
	{"__cpu_present_mask", "struct cpumask"},
	{"__cpu_active_mask", "struct cpumask"},
	{"__per_cpu_offset", "unsigned long []"},
	{"panic_cpu", "atomic_t"},
	{"crashing_cpu", "int"},
	{"crash_notes", "void *"},
	{"boot_cpu_data", "struct cpuinfo_x86"},
	/* identity, panic */
	{"linux_banner", "char []"},
	{"linux_proc_banner", "char []"},
	{"saved_command_line", "char *"},
	{"boot_command_line", "char []"},
	{"dump_stack_arch_desc_str", "char [128]"},
	{"tainted_mask", "unsigned long"},
	{"panic_on_oops", "int"},
	{"panic_on_warn", "int"},
	{"panic_timeout", "int"},
	{"oops_in_progress", "int"},
	{"system_state", "enum system_states"},
	{"crash_kexec_post_notifiers", "_Bool"},
	{"kexec_crash_image", "struct kimage *"},
	{"kexec_image", "struct kimage *"},
	{"crashk_res", "struct resource"},
	{"crashk_low_res", "struct resource"},
	/* modules */
	{"modules", "struct list_head"},
	{"btf_modules", "struct list_head"},
	{"mod_tree", "struct mod_tree_root"},
	{"ftrace_mod_maps", "struct list_head"},
	{"bpf_kallsyms", "struct list_head"},
	{"module_kset", "struct kset *"},
	/* memory: mm */
	{"page_offset_base", "unsigned long"},
	{"vmemmap_base", "unsigned long"},
	{"vmalloc_base", "unsigned long"},
	{"max_pfn", "unsigned long"},
	{"max_low_pfn", "unsigned long"},
	{"node_data", "struct pglist_data *[]"},
	{"mem_section", "struct mem_section **"},
	{"mem_map", "struct page *"},
	{"vmap_area_list", "struct list_head"},
	{"vmap_nodes", "struct vmap_node *"},
	{"nr_vmap_nodes", "int"},
	{"slab_caches", "struct list_head"},
	{"kmem_cache", "struct kmem_cache *"},
	{"hstates", "struct hstate []"},
	{"hugetlb_max_hstate", "int"},
	{"nr_swapfiles", "unsigned int"},
	{"swap_info", "struct swap_info_struct *[]"},
	{"nr_swap_pages", "atomic_long_t"},
	{"total_swap_pages", "long"},
	{"vm_zone_stat", "atomic_long_t []"},
	{"vm_node_stat", "atomic_long_t []"},
	{"vm_numa_event", "atomic_long_t []"},
	{"_totalram_pages", "atomic_long_t"},
	{"totalram_pages", "unsigned long"},
	{"vm_committed_as", "struct percpu_counter"},
	{"sysctl_overcommit_memory", "int"},
	{"sysctl_overcommit_ratio", "int"},
	{"sysctl_panic_on_oom", "int"},
	{"oom_lock", "struct mutex"},
	{"shrinker_list", "struct list_head"},
	{"mmlist", "struct list_head"},
	/* locks, RCU, work */
	{"rcu_state", "struct rcu_state"},
	{"workqueues", "struct list_head"},
	{"wq_pool_mutex", "struct mutex"},
	{"worker_pool_idr", "struct idr"},
	{"softirq_vec", "struct softirq_action []"},
	{"tasklist_lock", "rwlock_t"},
	/* interrupts */
	{"nr_irqs", "unsigned int"},
	{"irq_desc_tree", "struct radix_tree_root"},
	{"irq_desc_tree", "struct xarray"}, /* 4.20 */
	{"sparse_irqs", "struct maple_tree"},
	{"ioport_resource", "struct resource"},
	{"iomem_resource", "struct resource"},
	/* files, block */
	{"super_blocks", "struct list_head"},
	{"file_systems", "struct file_system_type *"},
	{"mount_hashtable", "struct hlist_head *"},
	{"block_class", "struct class"},
	{"blockdev_superblock", "struct super_block *"},
	{"chrdevs", "struct char_device_struct *[255]"},
	{"major_names", "struct blk_major_name *[255]"},
	{"inode_hashtable", "struct hlist_head *"},
	{"dentry_hashtable", "struct hlist_bl_head *"},
	{"elv_list", "struct list_head"},
	/* devices */
	{"devices_kset", "struct kset *"},
	{"pci_root_buses", "struct list_head"},
	/* network */
	{"net_namespace_list", "struct list_head"},
	{"init_net", "struct net"},
	{"arp_tbl", "struct neigh_table"},
	{"nd_tbl", "struct neigh_table"},
	{"tcp_hashinfo", "struct inet_hashinfo"},
	/* printk, tracing */
	{"prb", "struct printk_ringbuffer *"},
	{"log_buf", "char *"},
	{"log_buf_len", "u32"},
	{"console_loglevel", "int"},
	{"console_list", "struct hlist_head"},
	{"console_sem", "struct semaphore"},
	{"ftrace_trace_arrays", "struct list_head"},
	{"global_trace", "struct trace_array"},
	{NULL, NULL},
};

/* A symbol's space, up to the next one; 0: not known. */
static uint64_t space_of(struct kernel *k, uint64_t va)
{
	struct symbol s;
	struct error *e = symbol_at(k, va, &s);

	error_free(e);
	return e || s.va != va ? 0 : s.len;
}

/* "unsigned long []": as many as the symbol has room for. Text ends where its NUL is. */
static void fill_length(struct kernel *k, uint64_t va, struct ctype *t)
{
	struct ctype of;
	struct btf_type b;
	uint64_t size, n;

	if (!t->n || t->how[t->n - 1] != 0 || !ctype_target(k, *t, &of, NULL) ||
	    !ctype_size(k, of, &size) || !size || (ctype_base(k, of, &b) && b.kind == BTF_INT && size == 1))
		return;
	n = space_of(k, va) / size;
	if (n < INT32_MAX)
		t->how[t->n - 1] = n;
}

static bool fits(struct kernel *k, uint64_t va, struct ctype t)
{
	uint64_t size, space = space_of(k, va);

	return !space || !ctype_size(k, t, &size) || size <= space;
}

struct error *declared_type(struct kernel *k, const char *name, struct ctype *ret,
			    bool *ret_percpu)
{
	struct error *why = NULL;
	uint32_t id;
	uint64_t off, va;

	*ret_percpu = false;
	TRY(types_load(k));
	why = type_percpu_var(k, name, &off, &id);
	if (!why) {
		*ret = ctype_of(id);
		*ret_percpu = true;
		return NULL;
	}
	error_free(why);
	why = NULL;
	for (const struct declared *d = declared; d->name; d++) {
		if (strcmp(d->name, name) != 0)
			continue;
		error_free(why);
		TRY(symbol_find(k, name, &va));
		why = ctype_parse(k, d->type, ret);
		if (why)
			continue;
		fill_length(k, va, ret);
		if (fits(k, va, *ret))
			return NULL;
		why = error_new(ERROR_NOT_FOUND,
				"%s: \"%s\" does not fit before the next symbol", name,
				d->type);
	}
	return why ? why
		   : error_new(ERROR_NOT_FOUND, "nothing tells the type of variable %s", name);
}
