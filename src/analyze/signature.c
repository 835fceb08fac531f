/*
 * The signature: equal for two crashes of the same kind at the same place, whatever the
 * machine, the load address, the offsets and the compiler's suffixes. Version 1, "v1":
 *
 *	SHA-256 of "v1\n" KIND "\n" and, for each of the first five frames from the one to blame
 *	outwards, NAME " " MODULE "\n" (MODULE empty for the kernel itself)
 *
 * where NAME is cut at its first dot (.isra.0, .constprop.0, .cold, .llvm.123) and frames of
 * the kernel that are the same below everything (system call entry, kthread, workqueue) are
 * left out, as are frames that a stack scan found and frames without a name. The exact key
 * takes function, offset and build id of the first of those frames, the coarse one its cut name:
 *
 *	"v1-exact\n" KIND "\n" NAME "+0x" OFFSET " " MODULE "\n" BUILD-ID "\n"
 *	"v1-coarse\n" KIND "\n" NAME " " MODULE "\n"
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/report.h"
#include "base/sha256.h"
#include "base/text.h"

#define SIGNATURE_FRAMES 5

static const char *const plumbing[] = {
	"do_syscall_64",	 "do_syscall_x64",	   "entry_SYSCALL_64_after_hwframe",
	"do_fast_syscall_32",	 "__do_fast_syscall_32",   "do_int80_syscall_32",
	"entry_SYSENTER_compat_after_hwframe",		   "x64_sys_call",
	"kthread",		 "worker_thread",	   "process_one_work",
	"process_scheduled_works", "ret_from_fork",	   "ret_from_fork_asm",
	"el0_svc",		 "el0t_64_sync",	   "el0t_64_sync_handler",
	"el0_svc_common",	 "invoke_syscall",	   "do_el0_svc",
	"system_call_exception", "system_call_vectored_common",
};

static bool is_plumbing(const struct report_frame *f)
{
	if (f->module)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(plumbing); i++)
		if (text_equal(f->symbol, plumbing[i]))
			return true;
	return false;
}

static void take_digest(struct sha256 *h, char id[72])
{
	unsigned char digest[SHA256_DIGEST_LEN];

	sha256_end(h, digest);
	memcpy(id, "sha256:", 7);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(id + 7 + 2 * i, 3, "%02x", digest[i]);
}

static void add_text(struct sha256 *h, const char *s, size_t len)
{
	sha256_add(h, s, len);
}

/* The finer and the coarser key: one text each. */
static void sign_place(struct report *r, const char *slug, const struct report_frame *f)
{
	int name_len = (int)strcspn(f->symbol, ".");
	char text[768];
	struct sha256 h;
	int n;

	n = snprintf(text, sizeof(text), "v1-exact\n%s\n%.512s+0x%" PRIx64 " %.64s\n%.100s\n", slug, f->symbol, f->off,
		     f->module ? f->module : "", r->build_id.text ? r->build_id.text : r->release.text ? r->release.text : "");
	sha256_init(&h);
	add_text(&h, text, MIN((size_t)n, sizeof(text) - 1));
	take_digest(&h, r->signature.exact);
	n = snprintf(text, sizeof(text), "v1-coarse\n%s\n%.*s %.64s\n", slug, MIN(name_len, 512), f->symbol,
		     f->module ? f->module : "");
	sha256_init(&h);
	add_text(&h, text, MIN((size_t)n, sizeof(text) - 1));
	take_digest(&h, r->signature.coarse);
}

struct error *report_sign(struct report *r)
{
	const char *slug = crash_kinds[r->panic.kind].slug;
	const struct report_stack *s = report_blamed_stack(r);
	const struct report_frame *first = NULL;
	_cleanup_strbuf_ struct strbuf title = { 0 };
	struct sha256 h;
	unsigned n = 0;

	r->signature.id[0] = r->signature.exact[0] = r->signature.coarse[0] = '\0'; /* of what was known before */
	free(r->signature.title);
	r->signature.title = NULL;
	if (r->panic.where < 0)
		return NULL;
	sha256_init(&h);
	add_text(&h, "v1\n", 3);
	add_text(&h, slug, strlen(slug));
	add_text(&h, "\n", 1);
	for (size_t i = (size_t)r->panic.where; i < s->frames.n; i++) {
		const struct report_frame *f = &s->frames.v[i];

		if (!f->exact || !f->symbol || is_plumbing(f))
			continue;
		if (n++ == SIGNATURE_FRAMES)
			break;
		first = first ? first : f;
		add_text(&h, f->symbol, strcspn(f->symbol, "."));
		add_text(&h, " ", 1);
		if (f->module)
			add_text(&h, f->module, strlen(f->module));
		add_text(&h, "\n", 1);
	}
	if (!first)
		return NULL;
	take_digest(&h, r->signature.id);
	sign_place(r, slug, first);
	strbuf_printf(&title, "%s in %.*s", crash_kinds[r->panic.kind].words,
		      (int)strcspn(first->symbol, "."), first->symbol);
	if (first->module)
		strbuf_printf(&title, " [%s]", first->module);
	TRY(strbuf_error(&title));
	r->signature.title = strbuf_take(&title, NULL);
	return NULL;
}
