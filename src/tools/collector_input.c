/* The dump that is read, and what is known of its kernel. */
#include <string.h>

#include "tools/collector_job.h"

/* The lines of --message-level 8. */
static void print_input(const struct job *j, const struct dump *d, const struct kernel *k)
{
	job_say(j, MSG_DEBUG, "%s\n%s, %s, page size %u, max_mapnr 0x%llx, kernel \"%s\"\n", j->input,
		d->format, d->arch ? d->arch->name : "unknown architecture", d->page_size,
		(unsigned long long)d->max_pfn, k ? k->release : "");
	for (size_t i = 0; i < dump_nr_segments(d); i++) {
		struct dump_segment s = dump_segment_at(d, i);

		job_say(j, MSG_DEBUG, "LOAD[%zu] %llx-%llx at %llx\n", i, (unsigned long long)s.pa,
			(unsigned long long)(s.pa + s.len), (unsigned long long)s.va);
	}
}

struct error *job_open_input(struct job *j, struct dump **ret, struct kernel **ret_kernel)
{
	_cleanup_dump_ struct dump *d = NULL;
	struct error *e;

	TRY(dump_open_set(j->inputs, j->nr_inputs, &d));
	e = kernel_open(d, ret_kernel);
	if (e && job_has(j, OPT_DMESG))
		return e;
	if (e) {
		job_say(j, MSG_COMMON, "%s.\n", error_message(e));
		error_free(e);
	}
	print_input(j, d, *ret_kernel);
	*ret = take_ptr(d);
	return NULL;
}
