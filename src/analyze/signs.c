/* Texts are those of the kernel's own printk calls: mm/slub.c, kernel/sched/core.c,
 * lib/refcount.c, kernel/rcu/tree_stall.h, kernel/workqueue.c, kernel/smp.c, mm/oom_kill.c,
 * mm/page_alloc.c, drivers/edac, drivers/acpi/apei, drivers/pci/pcie/aer.c, block/blk-core.c,
 * drivers/nvme, drivers/scsi, fs/{ext4,xfs,btrfs}, net/sched/sch_generic.c; 4.14 to 7.2. */
#include "analyze/signs.h"

#include <string.h>

#include "base/text.h"

const struct sign_words sign_words[SIGNS] = {
	[SIGN_SLAB] = { "slab-corruption", "the slab allocator found a broken object", true },
	[SIGN_SLAB_OWNER] = { "slab-owner", "who allocated or freed the object", false },
	[SIGN_ATOMIC] = { "atomic-sleep", "something slept where it must not", true },
	[SIGN_REFCOUNT] = { "refcount", "a reference count went wrong", true },
	[SIGN_STALL_CPU] = { "stalled-cpu", "CPUs that RCU waits for", false },
	[SIGN_WORKQUEUE] = { "workqueue", "work waited for long", true },
	[SIGN_CSD] = { "cross-call", "a CPU did not answer another", true },
	[SIGN_OOM_KILL] = { "oom-kill", "processes were killed for memory", true },
	[SIGN_NO_MEMORY] = { "no-memory", "allocations failed", true },
	[SIGN_OOM_DUMP] = { "memory-dump", "the kernel listed its memory", false },
	[SIGN_MACHINE_CHECK] = { "machine-check", "the processor reported hardware errors", true },
	[SIGN_HARDWARE] = { "hardware", "memory, bus or platform reported hardware errors", true },
	[SIGN_IO_ERROR] = { "io-error", "disks answered with errors", true },
	[SIGN_IO_TIMEOUT] = { "io-timeout", "disks did not answer in time", true },
	[SIGN_FILESYSTEM] = { "filesystem", "a file system found itself broken", true },
	[SIGN_NETWORK] = { "network", "a network device stopped sending", true },
	[SIGN_CLOCK] = { "clock", "a clock was found unstable", true },
	[SIGN_BAD_PAGE] = { "bad-page", "a page was in a state that cannot be", true },
	[SIGN_THERMAL] = { "thermal", "the processor was too hot", true },
	[SIGN_HUNG] = { "hung-task", "tasks were blocked for long", true },
	[SIGN_WARNING] = { "warning", "the kernel warned of itself", true },
	[SIGN_NMI] = { "nmi", "non-maskable interrupts came", true },
};

static const struct {
	const char *words;
	bool at_start;
	enum sign sign;
} lines[] = {
	{ "): Object already free", false, SIGN_SLAB },
	{ "Poison overwritten", false, SIGN_SLAB },
	{ "edzone overwritten", false, SIGN_SLAB },
	{ "Padding overwritten", false, SIGN_SLAB },
	{ "Freepointer corrupt", false, SIGN_SLAB },
	{ "Freechain corrupt", false, SIGN_SLAB },
	{ "Invalid object pointer", false, SIGN_SLAB },
	{ "Objects remaining in ", false, SIGN_SLAB },
	{ "Wrong slab cache. ", false, SIGN_SLAB },
	{ "Allocated in ", true, SIGN_SLAB_OWNER },
	{ "Freed in ", true, SIGN_SLAB_OWNER },
	{ "BUG: scheduling while atomic: ", true, SIGN_ATOMIC },
	{ "BUG: sleeping function called from invalid context", true, SIGN_ATOMIC },
	{ "refcount_t: ", true, SIGN_REFCOUNT },
	{ "BUG: workqueue lockup - pool", true, SIGN_WORKQUEUE },
	{ "workqueue: ", true, SIGN_WORKQUEUE },
	{ "CSD lock", false, SIGN_CSD },
	{ "Out of memory: Killed process", true, SIGN_OOM_KILL },
	{ "Memory cgroup out of memory: Killed process", true, SIGN_OOM_KILL },
	{ ": page allocation failure: order:", false, SIGN_NO_MEMORY },
	{ "SLUB: Unable to allocate memory", true, SIGN_NO_MEMORY },
	{ "Mem-Info:", true, SIGN_OOM_DUMP },
	{ "mce: [Hardware Error]", true, SIGN_MACHINE_CHECK },
	{ "MCE: Killing ", true, SIGN_MACHINE_CHECK },
	{ "Memory failure: ", true, SIGN_MACHINE_CHECK },
	{ "[Hardware Error]: ", false, SIGN_HARDWARE },
	{ " CE memory ", false, SIGN_HARDWARE }, /* EDAC */
	{ " UE memory ", false, SIGN_HARDWARE },
	{ "PCIe Bus Error: severity=", false, SIGN_HARDWARE },
	{ "AER: Uncorrect", false, SIGN_HARDWARE },
	{ "I/O error, dev ", false, SIGN_IO_ERROR },
	{ "Buffer I/O error on dev", false, SIGN_IO_ERROR },
	{ "critical medium error, dev ", false, SIGN_IO_ERROR },
	{ "lost async page write", false, SIGN_IO_ERROR },
	{ "I/O timeout, ", false, SIGN_IO_TIMEOUT }, /* nvme, before 6.7 */
	{ " timeout, reset controller", false, SIGN_IO_TIMEOUT },
	{ " timeout, aborting", false, SIGN_IO_TIMEOUT },
	{ "controller is down; will reset", false, SIGN_IO_TIMEOUT },
	{ "rejecting I/O to offline device", false, SIGN_IO_TIMEOUT },
	{ "failed command: ", false, SIGN_IO_TIMEOUT },
	{ "EXT4-fs error (", true, SIGN_FILESYSTEM },
	{ "Remounting filesystem read-only", false, SIGN_FILESYSTEM },
	{ "Corruption of in-memory data", false, SIGN_FILESYSTEM },
	{ "Metadata corruption detected at", false, SIGN_FILESYSTEM },
	{ "Filesystem has been shut down", false, SIGN_FILESYSTEM },
	{ "BTRFS critical", true, SIGN_FILESYSTEM },
	{ "BTRFS error", true, SIGN_FILESYSTEM },
	{ "NETDEV WATCHDOG: ", true, SIGN_NETWORK },
	{ "clocksource: timekeeping watchdog", true, SIGN_CLOCK },
	{ "Marking clocksource", false, SIGN_CLOCK },
	{ "BUG: Bad page state in process", true, SIGN_BAD_PAGE },
	{ "BUG: Bad page map in process", true, SIGN_BAD_PAGE },
	{ "BUG: Bad rss-counter state", true, SIGN_BAD_PAGE },
	{ "temperature above threshold", false, SIGN_THERMAL },
	{ "critical temperature reached", false, SIGN_THERMAL },
	{ " blocked for more than ", false, SIGN_HUNG },
	{ "WARNING: ", true, SIGN_WARNING },
	{ "Uhhuh. NMI received", true, SIGN_NMI },
	{ "NMI: PCI system error (SERR)", true, SIGN_NMI },
	{ "NMI: IOCK error", true, SIGN_NMI },
};

/* "1-....: (5250 ticks this GP) idle=...": behind "rcu:" and a tab */
static bool is_stalled_cpu(const char *line)
{
	const char *at = text_after(line, "rcu:");
	size_t n;

	at = at ? at : line;
	at += strspn(at, " \t");
	n = strspn(at, "0123456789");
	return n && at[n] == '-' && strstr(at, " this GP) idle=");
}

static struct error *see(struct sign_seen *v, const char *line, uint64_t us)
{
	char *copy = strdup(line);

	if (!copy)
		return error_nomem();
	if (!v->count++) {
		v->first = strdup(line);
		v->first_us = us;
		if (!v->first) {
			free(copy);
			return error_nomem();
		}
	}
	free(v->last);
	v->last = copy;
	v->last_us = us;
	return NULL;
}

struct error *signs_add(struct signs *s, const char *line, uint64_t us)
{
	if (is_stalled_cpu(line))
		return see(&s->v[SIGN_STALL_CPU], line, us);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (lines[i].at_start ? text_starts(line, lines[i].words) :
					strstr(line, lines[i].words) != NULL)
			return see(&s->v[lines[i].sign], line, us);
	return NULL;
}

void signs_done(struct signs *s)
{
	for (size_t i = 0; i < SIGNS; i++) {
		free(s->v[i].first);
		free(s->v[i].last);
	}
	*s = (struct signs){ 0 };
}
