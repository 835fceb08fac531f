/* The dump that is read, and what is known of its kernel: from itself, and from -x or -i. */
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/text.h"
#include "host/iomem.h"
#include "kernel/infotext.h"
#include "kernel/kaslr.h"
#include "kernel/vmlinux.h"
#include "tools/collector_job.h"

#define INFO_MAX (1u << 20)

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

/* ---- -x and -i ---- */

/* The text of the file that was named; empty when none was. */
static struct error *read_extra(const struct job *j, struct strbuf *ret)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (job_has(j, OPT_VMLINUX))
		return vmlinux_infotext(j->info_file, ret);
	if (!job_has(j, OPT_VMCOREINFO))
		return NULL;
	TRY(file_read(AT_FDCWD, j->info_file, INFO_MAX, &text, &len));
	strbuf_add(ret, text, len);
	return strbuf_error(ret);
}

/* Both say a value for `key`, and not the same. */
static bool differ(const char *key, const struct vmcoreinfo *a, const struct vmcoreinfo *b)
{
	const char *x = vmcoreinfo_get(a, key), *y = vmcoreinfo_get(b, key);

	return x && y && strcmp(x, y) != 0;
}

/* The file must be of the kernel in the dump: makedumpfile ends with status 2 otherwise. */
static struct error *check_release(struct job *j, const struct kernel *k, const struct vmcoreinfo *extra)
{
	const char *release = vmcoreinfo_get(extra, "OSRELEASE");

	if (!release)
		return error_new(ERROR_BAD_DATA, "%s: no OSRELEASE in it: not a vmcoreinfo file",
				 j->info_file);
	if (!k || !k->release[0]) {
		job_say(j, MSG_COMMON, "The dump does not say its release: %s is taken on trust.\n",
			j->info_file);
		return NULL;
	}
	if (strcmp(release, k->release) == 0 && !differ("BUILD-ID", k->info, extra))
		return NULL;
	j->failed_status = 2;
	return error_new(ERROR_USAGE, "%s and %s don't match: %s is of kernel %s%s, the dump of %s",
			 j->info_file, j->input, j->info_file, release,
			 strcmp(release, k->release) ? "" : " (another build)", k->release);
}

static struct error *add_extra(struct job *j, struct dump *d, const struct strbuf *extra)
{
	_cleanup_strbuf_ struct strbuf all = { 0 }, own = { 0 };

	/* Neither in the notes nor in memory: where the kernel is, the CPUs' registers may tell. What
	 * is missing then, nothing else will tell either. */
	error_free(kernel_find_info(d));
	if (!d->vmcoreinfo)
		error_free(kaslr_infotext(d, strbuf_str(extra), extra->len, &own));
	if (d->vmcoreinfo)
		strbuf_add(&own, d->vmcoreinfo, d->vmcoreinfo_len);
	TRY(strbuf_error(&own));
	TRY(infotext_merge(own.len ? own.s : NULL, own.len, strbuf_str(extra), extra->len, &all));
	return dump_set_vmcoreinfo(d, strbuf_str(&all), all.len);
}

static struct error *open_kernel(struct job *j, struct dump *d, struct kernel **ret)
{
	CLEANUP(vmcoreinfo_free) struct vmcoreinfo *theirs = NULL;
	_cleanup_strbuf_ struct strbuf extra = { 0 };
	_cleanup_kernel_ struct kernel *k = NULL;
	struct error *e;

	TRY(read_extra(j, &extra));
	if (extra.len)
		TRY(add_extra(j, d, &extra));
	e = kernel_open(d, &k);
	if (extra.len && !e) {
		TRY(vmcoreinfo_parse(strbuf_str(&extra), extra.len, &theirs));
		TRY(check_release(j, k, theirs));
	}
	if (e && (j->mode->needs_kernel || j->erase || error_kind(e) == ERROR_NOMEM))
		return e;
	if (e) {
		job_say(j, MSG_COMMON, "%s.\n", error_message(e));
		error_free(e);
	}
	*ret = take_ptr(k);
	return NULL;
}

/* ---- the running kernel ---- */

/* Before 4.19 /proc/kcore has no VMCOREINFO; the kernel tells where in memory its note is. */
static struct error *find_running_note(struct dump *d)
{
	_cleanup_free_ char *text = NULL;
	unsigned char note[4096];
	unsigned long long pa, len;
	uint32_t name_len, desc_len;

	TRY(file_read(AT_FDCWD, "/sys/kernel/vmcoreinfo", 256, &text, NULL));
	if (sscanf(text, "%llx %llx", &pa, &len) != 2)
		return error_new(ERROR_BAD_DATA, "/sys/kernel/vmcoreinfo: expected an address and a length, "
						 "found \"%s\"", text);
	len = MIN(len, (unsigned long long)sizeof(note));
	TRY(dump_read_phys(d, pa, note, len));
	name_len = get_u32(note, d->big);
	desc_len = get_u32(note + 4, d->big);
	if (len < 24 || name_len != 11 || memcmp(note + 12, "VMCOREINFO", 11) != 0 || desc_len > len - 24)
		return error_new(ERROR_BAD_DATA, "/sys/kernel/vmcoreinfo: no note at 0x%llx", pa);
	return dump_set_vmcoreinfo(d, note + 24, desc_len);
}

/* Memory of the capture kernel is nobody's: it is not saved after a crash. */
static struct error *leave_out_reserved(struct dump *d)
{
	_cleanup_iomem_ struct iomem m = { 0 };
	_cleanup_ranges_ struct ranges reserved = { 0 };
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	TRY(iomem_read(root, &m));
	TRY(iomem_crash_regions(&m, &reserved));
	for (size_t i = 0; i < reserved.n; i++)
		TRY(ranges_cut(&d->memory, reserved.v[i].start / d->page_size,
			       reserved.v[i].end / d->page_size));
	return NULL;
}

static struct error *prepare_running(struct dump *d)
{
	if (!d->vmcoreinfo)
		TRY(find_running_note(d));
	return leave_out_reserved(d);
}

struct error *job_open_input(struct job *j, struct dump **ret, struct kernel **ret_kernel)
{
	_cleanup_dump_ struct dump *d = NULL;

	TRY(dump_open_set(j->inputs, j->nr_inputs, &d));
	if (text_equal(j->input, "/proc/kcore"))
		TRY(prepare_running(d));
	TRY(open_kernel(j, d, ret_kernel));
	print_input(j, d, *ret_kernel);
	*ret = take_ptr(d);
	return NULL;
}
