/*
 * A module that kills the kernel in the way that `how=` names, for the tests of the report. The
 * default dereferences a null pointer three calls deep.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/timer.h>

static char *how = "null";
module_param(how, charp, 0);
MODULE_PARM_DESC(how, "null, jump, gp, bug, divide, list, stack, timer, timer-panic, soft-lockup or hung-task");

static int never; /* what the compiler must not know */

static noinline int oops_inner(int *p)
{
	*(volatile int *)p = 4711;
	return *p + 1;
}

static noinline int oops_outer(int *p)
{
	return oops_inner(p) + 1;
}

static int die_null(void)
{
	return oops_outer(NULL) & 1;
}

static int die_jump(void)
{
	void (*volatile nowhere)(void) = NULL;

	nowhere();
	return 0;
}

/* an address with LIST_POISON1's shape, which no page table can map */
static int die_gp(void)
{
	*(volatile int *)0xdead000000000108UL = 1;
	return 0;
}

static int die_bug(void)
{
	BUG();
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

static void in_timer(struct timer_list *unused)
{
	if (strcmp(how, "timer-panic") == 0)
		panic("asked for in a timer");
	oops_outer(NULL);
}

static DEFINE_TIMER(timer, in_timer);

static int die_timer(void)
{
	mod_timer(&timer, jiffies + 10);
	msleep(5000);
	return 0;
}

static int die_soft_lockup(void)
{
	preempt_disable();
	while (!READ_ONCE(never))
		cpu_relax();
	return 0;
}

static int sleep_for_ever(void *unused)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule();
	return 0;
}

static int die_hung_task(void)
{
	kthread_run(sleep_for_ever, NULL, "oops_sleeper");
	msleep(120000);
	return 0;
}

static const struct {
	const char *name;
	int (*die)(void);
} ways[] = {
	{ "null", die_null },	{ "jump", die_jump },	      { "gp", die_gp },
	{ "bug", die_bug },	{ "divide", die_divide },     { "list", die_list },
	{ "stack", die_stack }, { "timer", die_timer },	      { "timer-panic", die_timer },
	{ "soft-lockup", die_soft_lockup }, { "hung-task", die_hung_task },
};

static int __init oops_begin(void)
{
	pr_info("oops: about to die: %s\n", how);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (strcmp(ways[i].name, how) == 0)
			return ways[i].die();
	return -EINVAL;
}

static void __exit oops_end(void)
{
}

module_init(oops_begin);
module_exit(oops_end);
MODULE_DESCRIPTION("kills the kernel");
MODULE_LICENSE("GPL");
