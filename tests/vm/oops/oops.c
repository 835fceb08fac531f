/* A module that dereferences a null pointer three calls deep, for the tests of the report. */
#include <linux/module.h>

static noinline int oops_inner(int *p)
{
	*(volatile int *)p = 4711;
	return *p + 1;
}

static noinline int oops_outer(int *p)
{
	return oops_inner(p) + 1;
}

static int __init oops_init(void)
{
	pr_info("oops: about to dereference a null pointer\n");
	return oops_outer(NULL) & 1;
}

static void __exit oops_exit(void)
{
}

module_init(oops_init);
module_exit(oops_exit);
MODULE_DESCRIPTION("dereferences a null pointer");
MODULE_LICENSE("GPL");
