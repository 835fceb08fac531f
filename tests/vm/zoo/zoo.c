/*
 * A module with one function per fault of tests/vm/faults.md; `how=` names it. Each is the
 * shortest honest way into its fault: locks are really taken in the wrong order, memory is
 * really freed twice. What runs on after insmod are kernel threads named zoo_*.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

static char *how = "null";
module_param(how, charp, 0);
MODULE_PARM_DESC(how, "the fault, a row of tests/vm/faults.md");

static int never; /* what the compiler must not know */

struct zoo_animal {
	struct list_head list;
	char name[40];
	struct zoo_animal *friend;
	u64 weight;
};

static noinline u64 weigh(struct zoo_animal *a)
{
	return READ_ONCE(a->weight);
}

static int die_null(void)
{
	return weigh(READ_ONCE(never) ? (void *)1 : NULL) & 1;
}

static int die_jump(void)
{
	void (*volatile nowhere)(void) = NULL;

	nowhere();
	return 0;
}

static int die_bug(void)
{
	BUG_ON(!READ_ONCE(never));
	return 0;
}

static int die_warn(void)
{
	WARN(!READ_ONCE(never), "zoo: the cage is open\n");
	return 0;
}

static int die_divide(void)
{
	volatile int many = 4711, zero = 0;

	return many / zero;
}

static int die_list(void)
{
	static struct list_head head, item;

	INIT_LIST_HEAD(&head);
	list_add(&item, &head);
	list_del(&item);
	list_del(&item);
	return 0;
}

static int die_double_free(void)
{
	struct zoo_animal *a = kmalloc(sizeof(*a), GFP_KERNEL);
	void *volatile again = a;

	kfree(a);
	kfree(again);
	return 0;
}

/* The freed object's pointer is followed: what it holds is the allocator's poison. */
static int die_use_after_free(void)
{
	struct zoo_animal *volatile a = kzalloc(sizeof(*a), GFP_KERNEL);

	kfree(a);
	return weigh(READ_ONCE(a->friend)) & 1;
}

static int die_write_after_free(void)
{
	struct zoo_animal *volatile a = kzalloc(sizeof(*a), GFP_KERNEL);

	kfree(a);
	a->weight = 4711;
	/* the next one who gets it, or the check of all objects, finds it */
	for (int i = 0; i < 64; i++)
		(void)kmalloc(sizeof(*a), GFP_KERNEL);
	return 0;
}

static int die_overflow(void)
{
	char *volatile room = kmalloc(96, GFP_KERNEL);

	memset(room + 90, 'z', 12);
	kfree(room);
	return 0;
}

static noinline int deeper(int n)
{
	volatile char room[512];

	memset((void *)room, n, sizeof(room));
	return READ_ONCE(never) ? 0 : deeper(n + 1) + room[n % sizeof(room)];
}

static int die_stack(void)
{
	return deeper(1);
}

static int die_stack_end(void)
{
	*end_of_stack(current) = 0x4711;
	msleep(100);
	return 0;
}

static noinline void spin_for_ever(void)
{
	while (!READ_ONCE(never))
		cpu_relax();
}

static int spin_preempt_off(void *unused)
{
	preempt_disable();
	spin_for_ever();
	return 0;
}

static int spin_irqs_off(void *unused)
{
	local_irq_disable();
	spin_for_ever();
	return 0;
}

static void run(int (*f)(void *), const char *name, int cpu)
{
	struct task_struct *t = kthread_create(f, NULL, name);

	if (IS_ERR(t))
		return;
	if (cpu >= 0)
		kthread_bind(t, cpu);
	wake_up_process(t);
}

static int die_soft_lockup(void)
{
	run(spin_preempt_off, "zoo_spinner", 1);
	return 0;
}

static int die_hard_lockup(void)
{
	run(spin_irqs_off, "zoo_deaf", 1);
	return 0;
}

/* Both ask for a lock that is never given back. */
static DEFINE_SPINLOCK(spin);

static int take_and_keep(void *unused)
{
	spin_lock(&spin);
	ssleep(1000);
	spin_unlock(&spin);
	return 0;
}

static int want_spin(void *unused)
{
	msleep(300);
	spin_lock(&spin);
	spin_unlock(&spin);
	return 0;
}

static int die_spinlock(void)
{
	run(take_and_keep, "zoo_keeper", 0);
	run(want_spin, "zoo_waiter", 1);
	return 0;
}

static DEFINE_MUTEX(mutex_a);
static DEFINE_MUTEX(mutex_b);

static int first_a(void *unused)
{
	mutex_lock(&mutex_a);
	msleep(500);
	mutex_lock(&mutex_b);
	return 0;
}

static int first_b(void *unused)
{
	mutex_lock(&mutex_b);
	msleep(500);
	mutex_lock(&mutex_a);
	return 0;
}

static int die_abba(void)
{
	run(first_a, "zoo_a", -1);
	run(first_b, "zoo_b", -1);
	return 0;
}

static int hold_mutex(void *unused)
{
	mutex_lock(&mutex_a);
	for (;;)
		ssleep(1000);
	return 0;
}

static int want_mutex(void *unused)
{
	msleep(500);
	mutex_lock(&mutex_a);
	return 0;
}

static int die_mutex(void)
{
	run(hold_mutex, "zoo_holder", -1);
	run(want_mutex, "zoo_wanter", -1);
	return 0;
}

static DECLARE_RWSEM(cage);

static int write_and_sleep(void *unused)
{
	down_write(&cage);
	for (;;)
		schedule_timeout_idle(HZ);
	return 0;
}

static int want_read(void *unused)
{
	msleep(500);
	down_read(&cage);
	return 0;
}

static int want_write(void *unused)
{
	msleep(700);
	down_write(&cage);
	return 0;
}

static int die_rwsem(void)
{
	run(write_and_sleep, "zoo_writer", -1);
	run(want_read, "zoo_reader", -1);
	run(want_write, "zoo_second", -1);
	return 0;
}

static int wait_for_nobody(void *unused)
{
	DECLARE_COMPLETION_ONSTACK(done);

	wait_for_completion(&done);
	return 0;
}

static int die_completion(void)
{
	run(wait_for_nobody, "zoo_patient", -1);
	return 0;
}

static int leak(void *unused)
{
	for (;;) {
		char *p = kmalloc(2048, GFP_KERNEL);

		if (p)
			*p = 1;
		cond_resched();
	}
	return 0;
}

static int die_leak(void)
{
	run(leak, "zoo_leak", -1);
	return 0;
}

static int die_vmalloc_leak(void)
{
	while (!READ_ONCE(never))
		if (!vmalloc(1 << 20) && !kmalloc(1024, GFP_KERNEL))
			msleep(10);
	return 0;
}

static int die_atomic(void)
{
	spin_lock(&spin);
	msleep(10);
	spin_unlock(&spin);
	return 0;
}

static void nothing(void *unused)
{
}

static int call_other(void *unused)
{
	msleep(500);
	smp_call_function_single(1, nothing, NULL, 1);
	return 0;
}

static int die_ipi(void)
{
	run(spin_irqs_off, "zoo_deaf", 1);
	run(call_other, "zoo_caller", 0);
	return 0;
}

static void work_for_ever(struct work_struct *unused)
{
	while (!READ_ONCE(never))
		cond_resched();
}

static void other_work(struct work_struct *unused)
{
}

static DECLARE_WORK(endless, work_for_ever);
static DECLARE_WORK(waiting, other_work);

static int die_workqueue(void)
{
	schedule_work_on(1, &endless);
	msleep(100);
	schedule_work_on(1, &waiting);
	return 0;
}

static const struct {
	const char *name;
	int (*die)(void);
} ways[] = {
	{ "null", die_null },
	{ "jump", die_jump },
	{ "bug", die_bug },
	{ "warn", die_warn },
	{ "divide", die_divide },
	{ "list", die_list },
	{ "double-free", die_double_free },
	{ "use-after-free", die_use_after_free },
	{ "write-after-free", die_write_after_free },
	{ "overflow", die_overflow },
	{ "stack", die_stack },
	{ "stack-end", die_stack_end },
	{ "soft-lockup", die_soft_lockup },
	{ "hard-lockup", die_hard_lockup },
	{ "spinlock", die_spinlock },
	{ "abba", die_abba },
	{ "mutex", die_mutex },
	{ "rwsem", die_rwsem },
	{ "completion", die_completion },
	{ "leak", die_leak },
	{ "vmalloc-leak", die_vmalloc_leak },
	{ "atomic", die_atomic },
	{ "ipi", die_ipi },
	{ "workqueue", die_workqueue },
};

static int __init zoo_begin(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (strcmp(ways[i].name, how) == 0)
			return ways[i].die();
	return -EINVAL;
}

static void __exit zoo_end(void)
{
}

module_init(zoo_begin);
module_exit(zoo_end);
MODULE_DESCRIPTION("faults for the tests of the report");
MODULE_LICENSE("GPL");
