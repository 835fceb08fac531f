/*
 * vmcore-dmesg: prints the dead kernel's log. The argument is the dump, of any format that can
 * be read, or the files of a split set; text to stdout. Exit 0; 1 for the command line and for a dump that does not open; 2
 * when the log cannot be found or read.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "kernel/printk.h"

struct printer {
	struct strbuf line;
};

static struct error *print_record(const struct printk_record *r, void *arg)
{
	struct printer *p = arg;

	p->line.len = 0;
	printk_format(r, &p->line);
	TRY(strbuf_error(&p->line));
	if (fwrite(p->line.s, 1, p->line.len, stdout) != p->line.len)
		return error_sys(errno, "cannot write the log");
	return NULL;
}

static int fail(struct error *e, int status)
{
	fprintf(stderr, "vmcore-dmesg: %s\n", error_message(e));
	error_free(e);
	return status;
}

int main(int argc, char **argv)
{
	_cleanup_dump_ struct dump *d = NULL;
	_cleanup_kernel_ struct kernel *k = NULL;
	struct printer p = { 0 };
	uint64_t damaged = 0;
	struct error *e;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("vmcore-dmesg (salvage) " SALVAGE_VERSION);
		return 0;
	}
	if (argc < 2 || (argv[1][0] == '-' && argv[1][1])) {
		fprintf(stderr, "usage: vmcore-dmesg VMCORE...\n");
		return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 1;
	}
	e = dump_open_set(argv + 1, argc - 1, &d);
	if (!e)
		e = kernel_open(d, &k);
	if (e)
		return fail(e, 1);
	e = printk_walk(k, false, print_record, &p, &damaged);
	strbuf_done(&p.line);
	if (!e && fflush(stdout) != 0)
		e = error_sys(errno, "cannot write the log");
	if (e)
		return fail(e, 2);
	if (damaged)
		fprintf(stderr, "vmcore-dmesg: %llu records are damaged and were left out\n",
			(unsigned long long)damaged);
	return 0;
}
