/* Questions about a dump or the running kernel: --mem-usage, --vtop, -g. */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "host/host.h"
#include "kernel/infotext.h"
#include "kernel/vmem.h"
#include "kernel/vmlinux.h"
#include "tools/collector_job.h"

#define ALL_LEVELS 31

/* ---- --mem-usage ---- */

/* makedumpfile's table; scripts read it. */
static void print_usage(const struct job *j, const struct collect_counts *n, uint32_t page_size)
{
	uint64_t cache = n->dropped[CLASS_CACHE], private = n->dropped[CLASS_CACHE_PRIVATE];
	uint64_t user = n->dropped[CLASS_USER], free_pages = n->dropped[CLASS_FREE];
	uint64_t gone = n->dropped[CLASS_HWPOISON] + n->dropped[CLASS_OFFLINE];
	uint64_t kernel = n->memory - n->zero - cache - private - user - free_pages - gone;

	job_say(j, MSG_COMMON, "\nTYPE\t\tPAGES\t\t\tEXCLUDABLE\tDESCRIPTION\n"
			       "----------------------------------------------------------------------\n");
#define ROW(type, tabs, pages, can, words)                                                       \
	job_say(j, MSG_COMMON, type tabs "%-16llu\t" can "\t\t" words "\n", (unsigned long long)(pages))
	ROW("ZERO", "\t\t", n->zero, "yes", "Pages filled with zero");
	ROW("NON_PRI_CACHE", "\t", cache, "yes", "Cache pages without private flag");
	ROW("PRI_CACHE", "\t", private, "yes", "Cache pages with private flag");
	ROW("USER", "\t\t", user, "yes", "User process pages");
	ROW("FREE", "\t\t", free_pages, "yes", "Free pages");
	ROW("KERN_DATA", "\t", kernel, "no", "Dumpable kernel data ");
#undef ROW
	job_say(j, MSG_COMMON, "\npage size:\t\t%-16u\nTotal pages on system:\t%-16llu\n"
			       "Total size on system:\t%-16llu Byte\n",
		page_size, (unsigned long long)n->memory, (unsigned long long)n->memory * page_size);
}

static bool is_older_than_4_11(const struct kernel *k)
{
	unsigned major, minor;

	return kernel_release_numbers(k->release, &major, &minor) &&
	       (major < 4 || (major == 4 && minor < 11));
}

int job_mem_usage(struct job *j)
{
	_cleanup_dump_ struct dump *d = NULL;
	_cleanup_kernel_ struct kernel *k = NULL;
	struct collect_result c = { 0 };
	struct collect_request r;
	struct error *e = job_open_input(j, &d, &k);
	int status = 0;

	if (e)
		return job_failed(j, e);
	r = job_request(j, d, k);
	r.level = ALL_LEVELS;
	r.nr_next_levels = 0;
	r.codec = NULL; /* counting takes no packing */
	if (text_equal(j->input, "/proc/kcore") && !job_has(j, OPT_FORCE) && is_older_than_4_11(k))
		return job_failed(j, error_new(ERROR_UNSUPPORTED,
					       "mem-usage not supported for this kernel (%s): /proc/kcore tells no "
					       "physical addresses before 4.11; -f tries it all the same",
					       k->release));
	e = collect_run(&r, &c);
	progress_end(&j->progress);
	job_say(j, MSG_COMMON, "%s", strbuf_str(&c.why));
	if (!e)
		print_usage(j, &c.counts, d->page_size);
	j->result = &c;
	if (e)
		status = job_failed(j, e);
	else if (job_has(j, OPT_JSON))
		job_json_end(j, 0, "completed");
	collect_result_done(&c);
	return status;
}

/* ---- --vtop ---- */

bool job_print_vtop(const struct job *j, struct kernel *k)
{
	bool found;
	uint64_t pa;
	struct error *e;

	job_say(j, MSG_COMMON, "\nTranslating virtual address %llx to physical address.\n",
		(unsigned long long)j->vtop);
	e = k ? vmem_translate(k, j->vtop, &pa, NULL)
	      : error_new(ERROR_NOT_FOUND, "nothing is known of the kernel in the dump");
	found = !e;
	if (e)
		job_say(j, MSG_ERROR, "%s: %s\n", j->program->name, error_message(e));
	else
		job_say(j, MSG_COMMON, "VIRTUAL           PHYSICAL\n%16llx  %llx\n",
			(unsigned long long)j->vtop, (unsigned long long)pa);
	job_say(j, MSG_COMMON, "\n");
	error_free(e);
	return found;
}

int job_vtop(struct job *j)
{
	_cleanup_dump_ struct dump *d = NULL;
	_cleanup_kernel_ struct kernel *k = NULL;
	struct error *e = job_open_input(j, &d, &k);

	if (e)
		return job_failed(j, e);
	return job_completed(j, job_print_vtop(j, k) ? 0 : 1);
}

/* ---- -g ---- */

static struct error *make_text(struct job *j, struct strbuf *out)
{
	_cleanup_dump_ struct dump *d = NULL;
	_cleanup_kernel_ struct kernel *k = NULL;

	if (job_has(j, OPT_VMLINUX))
		return vmlinux_infotext(j->info_file, out);
	TRY(job_open_input(j, &d, &k));
	return infotext_of_kernel(k, out);
}

int job_generate(struct job *j)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	int fd, own_fd = -1;
	struct error *e = make_text(j, &text);

	j->given |= GIVEN(OPT_FORCE); /* as there: it is made again at will */
	if (!e)
		e = job_open_output(j, j->generate, &fd, &own_fd);
	if (!e)
		e = file_write_fd(fd, j->generate, strbuf_str(&text), text.len);
	e = job_close_output(j->generate, own_fd, e);
	if (e)
		return job_failed(j, e);
	job_say(j, MSG_COMMON, "\nThe vmcoreinfo is saved to %s.\n", j->generate);
	return job_completed(j, 0);
}
