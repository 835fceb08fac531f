/*
 * The system calls. kexec_load(2) and kexec_file_load(2): flags and numbers of
 * include/uapi/linux/kexec.h, kernel 6.17.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "host/host.h"
#include "kexec/cryptkeys.h"
#include "kexec/plan.h"
#include "kexec/record.h"
#include "kexec/result.h"
#include "kexec/shield.h"

#define LOAD_ON_CRASH	      0x1
#define LOAD_PRESERVE_CONTEXT 0x2
#define LOAD_UPDATE_HEADERS   0x4 /* x86 kernels since 6.5 */
#define LOAD_DEBUG	      0x10
#define LOAD_ARCH_X86_64      (62ul << 16)

#define FILE_UNLOAD	      0x1
#define FILE_ON_CRASH	      0x2
#define FILE_NO_INITRD	      0x4
#define FILE_DEBUG	      0x8
#define FILE_NO_CMA	      0x10
#define FILE_FORCE_DTB	      0x20

struct kernel_segment { /* struct kexec_segment */
	const void *buf;
	size_t buf_len;
	unsigned long pa;
	size_t mem_len;
};

static int call_segments(unsigned long entry, unsigned long nr, const struct kernel_segment *s,
			 unsigned long flags)
{
	return syscall(SYS_kexec_load, entry, nr, s, flags) < 0 ? errno : 0;
}

static int call_file(int kernel, int initrd, const char *cmdline, unsigned long flags)
{
	size_t len = cmdline ? strlen(cmdline) + 1 : 0;

	return syscall(SYS_kexec_file_load, kernel, initrd, len, cmdline, flags) < 0 ? errno : 0;
}

/* The debug flag is young: a kernel that does not know it says EINVAL. */
static int load_segments(const void *plan)
{
	const struct kexec_plan *p = plan;
	struct kernel_segment s[KEXEC_SEGMENTS];
	unsigned long flags = LOAD_ARCH_X86_64 | (p->rq.panic ? LOAD_ON_CRASH : 0) |
			      (p->rq.jump_back || p->rq.preserve_context ? LOAD_PRESERVE_CONTEXT : 0) |
			      (p->rq.hotplug ? LOAD_UPDATE_HEADERS : 0);
	unsigned long debug = p->rq.debug ? LOAD_DEBUG : 0;
	int err;

	for (size_t i = 0; i < p->parts.n; i++)
		s[i] = (struct kernel_segment){ p->parts.v[i].bytes, p->parts.v[i].len,
						p->parts.v[i].pa, p->parts.v[i].mem_len };
	err = call_segments(p->entry, p->parts.n, s, flags | debug);
	return err == EINVAL && debug ? call_segments(p->entry, p->parts.n, s, flags) : err;
}

static int load_file(const void *plan)
{
	const struct kexec_plan *p = plan;
	unsigned long flags = (p->rq.panic ? FILE_ON_CRASH : 0) |
			      (p->initrd.len ? 0 : FILE_NO_INITRD) |
			      (p->rq.force_dtb ? FILE_FORCE_DTB : 0);
	/* kernels that do not know these have nothing to tell, or no CMA placement */
	unsigned long wishes = (p->rq.debug ? FILE_DEBUG : 0) | (p->rq.no_cma ? FILE_NO_CMA : 0);
	int err = call_file(p->kernel.fd, p->initrd.fd, p->cmdline, flags | wishes);

	return err == EINVAL && wishes ? call_file(p->kernel.fd, p->initrd.fd, p->cmdline, flags) : err;
}

/* Answers that say "not by this call", rather than "not this kernel". */
static bool is_other_calls_turn(int err)
{
	return err == ENOSYS || err == EINVAL || err == ENOEXEC || err == EOPNOTSUPP;
}

static struct error *fall_back(const struct kexec_plan *p, const struct shield *s, int err, struct kexec_result *r)
{
	free(r->note);
	if (asprintf(&r->note, "kexec_file_load said \"%s\"", strerror(err)) < 0)
		r->note = NULL;
	err = shield_call(s, load_segments, p);
	r->used = KEXEC_CALL_SEGMENTS;
	return err ? refuse_errno(r, KEXEC_CALL_SEGMENTS, p->rq.panic, err, &p->state) : NULL;
}

struct error *plan_call(const struct kexec_plan *p, const struct shield *s, struct kexec_result *r)
{
	int err;

	r->used = p->first;
	free(r->note);
	r->note = p->note ? strdup(p->note) : NULL;
	err = shield_call(s, p->first == KEXEC_CALL_SEGMENTS ? load_segments : load_file, p);
	if (err && p->may_fall_back && is_other_calls_turn(err))
		return fall_back(p, s, err, r);
	return err ? refuse_errno(r, p->first, p->rq.panic, err, &p->state) : NULL;
}

static bool crash_loaded_now(int root)
{
	struct kexec_state s = { 0 };
	struct error *e = host_kexec_state(root, &s);

	error_free(e); /* then better try to load it again than believe that it is there */
	return s.crash_loaded;
}

/* The sentence, longer by what became of the capture kernel that was there. */
static struct error *with_fate(struct error *e, struct kexec_result *r)
{
	const char *fate = r->before == KEXEC_BEFORE_KEPT     ? "the capture kernel from before stays loaded" :
			   r->before == KEXEC_BEFORE_RESTORED ? "the capture kernel from before was loaded again" :
								"NO CAPTURE KERNEL IS LOADED NOW";
	_cleanup_error_ struct error *short_one = e;
	const char *why = r->before == KEXEC_BEFORE_LOST ? r->before_note : NULL;
	char *longer = NULL;

	if (!r->sentence) /* there was no memory even for that */
		return take_ptr(short_one);
	if (asprintf(&longer, "%s; %s%s%s", r->sentence, fate, why ? ": " : "", why ? why : "") < 0)
		return take_ptr(short_one);
	free(r->sentence);
	r->sentence = longer;
	return error_new(error_kind(e), "%s", longer);
}

/* A crash load failed: is the image that was there before still there, and if not, back with it. */
static struct error *look_after(const struct kexec_plan *p, const struct shield *s, struct kexec_result *r,
				struct error *e)
{
	struct error *failed;

	if (!p->state.crash_loaded)
		return e;
	if (crash_loaded_now(p->rq.root)) {
		r->before = KEXEC_BEFORE_KEPT;
		return with_fate(e, r);
	}
	failed = record_restore(p->rq.root, s);
	r->before = failed ? KEXEC_BEFORE_LOST : KEXEC_BEFORE_RESTORED;
	r->before_note = failed ? strdup(error_message(failed)) : NULL;
	error_free(failed);
	return with_fate(e, r);
}

static struct error *load_for_a_crash(const struct kexec_plan *p, struct kexec_result *r)
{
	uint64_t start = clock_us();
	struct shield s = { 0 };
	struct error *e;

	shield_raise(&s);
	e = plan_call(p, &s, r);
	r->gap_us = clock_us() - start;
	if (e)
		e = look_after(p, &s, r, e);
	else if ((e = record_save(p, r->used))) { /* the load itself is good */
		r->before_note = strdup(error_message(e));
		error_free(e);
		e = NULL;
	}
	shield_drop(&s);
	return e;
}

struct error *kexec_load(const struct kexec_plan *p, struct kexec_result *r)
{
	_cleanup_close_ UNUSED int lock = p->rq.panic ? record_lock(p->rq.root) : -1;
	static const struct shield none;

	*r = (struct kexec_result){ 0 };
	if (p->rq.nr_crypt_keys)
		TRY(refuse_error(r, KEXEC_KERNEL_REFUSED, "look into dmesg",
				 crypt_keys_offer(p->rq.root, p->rq.crypt_keys, p->rq.nr_crypt_keys,
						  p->state.crash_loaded)));
	return p->rq.panic ? load_for_a_crash(p, r) : plan_call(p, &none, r);
}

/* Why this machine may have said no; nothing known when that cannot be read. */
static struct kexec_state state_now(void)
{
	_cleanup_close_ int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct kexec_state s = { .limit_panic = -1, .limit_reboot = -1 };
	struct error *e = root < 0 ? NULL : host_kexec_state(root, &s);

	error_free(e); /* a worse explanation, no more */
	return s;
}

/* The file call's unload reads no file, so that lockdown allows it; it comes first. */
struct error *kexec_unload(bool panic, enum kexec_call call, struct kexec_result *r)
{
	struct kexec_state state;
	int err = ENOSYS;

	*r = (struct kexec_result){ 0 };
	if (call != KEXEC_CALL_SEGMENTS) {
		r->used = KEXEC_CALL_FILE;
		err = call_file(-1, -1, NULL, FILE_UNLOAD | (panic ? FILE_ON_CRASH : 0));
	}
	if (call != KEXEC_CALL_FILE && is_other_calls_turn(err)) {
		r->used = KEXEC_CALL_SEGMENTS;
		err = call_segments(0, 0, NULL, LOAD_ARCH_X86_64 | (panic ? LOAD_ON_CRASH : 0));
	}
	if (!err && panic)
		record_forget();
	if (err == ENOSYS && call == KEXEC_CALL_AUTO)
		return refuse(r, KEXEC_NOT_SUPPORTED,
			      "start a kernel built with CONFIG_KEXEC_FILE and CONFIG_CRASH_DUMP",
			      "the running kernel has neither kexec_file_load nor kexec_load");
	if (!err)
		return NULL;
	state = state_now();
	return refuse_errno(r, r->used, panic, err, &state);
}

struct error *kexec_loaded(int root, bool panic, bool *ret)
{
	struct kexec_state s;

	TRY(host_kexec_state(root, &s));
	if (!(panic ? s.crash_supported : s.supported))
		return error_new(ERROR_UNSUPPORTED, "the running kernel has no %s support",
				 panic ? "crash kernel" : "kexec");
	*ret = panic ? s.crash_loaded : s.loaded;
	return NULL;
}
