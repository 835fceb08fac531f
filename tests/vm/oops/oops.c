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

static int __init oops_begin(void)
{
	pr_info("oops: about to dereference a null pointer\n");
	return oops_outer(NULL) & 1;
}

static void __exit oops_end(void)
{
}

module_init(oops_begin);
module_exit(oops_end);
MODULE_DESCRIPTION("dereferences a null pointer");
MODULE_LICENSE("GPL");
