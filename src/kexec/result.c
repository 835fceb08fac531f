/* Reasons in words; see result.h and kexec.h. */
#include "kexec/result.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const struct {
	const char *name;
	enum error_kind kind;
} reasons[] = {
	[KEXEC_OK] = { "ok", ERROR_OTHER },
	[KEXEC_BAD_REQUEST] = { "bad-request", ERROR_USAGE },
	[KEXEC_NO_FILE] = { "no-file", ERROR_NOT_FOUND },
	[KEXEC_BAD_IMAGE] = { "bad-image", ERROR_BAD_DATA },
	[KEXEC_WRONG_TYPE] = { "wrong-type", ERROR_USAGE },
	[KEXEC_CMDLINE_TOO_LONG] = { "cmdline-too-long", ERROR_USAGE },
	[KEXEC_NO_RESERVATION] = { "no-reservation", ERROR_NO_SPACE },
	[KEXEC_NO_ROOM] = { "no-room", ERROR_NO_SPACE },
	[KEXEC_PAGING_MODE] = { "paging-mode", ERROR_UNSUPPORTED },
	[KEXEC_NO_HOST_FACTS] = { "no-host-facts", ERROR_NOT_FOUND },
	[KEXEC_NOT_SUPPORTED] = { "not-supported", ERROR_UNSUPPORTED },
	[KEXEC_NOT_PERMITTED] = { "not-permitted", ERROR_NOT_PERMITTED },
	[KEXEC_LOCKDOWN] = { "lockdown", ERROR_NOT_PERMITTED },
	[KEXEC_SIGNATURE] = { "signature", ERROR_NOT_PERMITTED },
	[KEXEC_BUSY] = { "busy", ERROR_OTHER },
	[KEXEC_NOTHING_LOADED] = { "nothing-loaded", ERROR_OTHER },
	[KEXEC_KERNEL_REFUSED] = { "kernel-refused", ERROR_OTHER },
	[KEXEC_NO_MEMORY] = { "no-memory", ERROR_NOMEM },
};

const char *kexec_reason_name(enum kexec_reason reason)
{
	return (size_t)reason < ARRAY_SIZE(reasons) ? reasons[reason].name : "unknown";
}

void kexec_result_done(struct kexec_result *r)
{
	free(r->sentence);
	free(r->next);
	free(r->note);
	free(r->before_note);
	*r = (struct kexec_result){ 0 };
}

static void set(struct kexec_result *r, enum kexec_reason reason, const char *sentence,
		const char *next)
{
	free(r->sentence);
	free(r->next);
	r->reason = reason;
	r->sentence = strdup(sentence);
	r->next = strdup(next);
}

struct error *refuse(struct kexec_result *r, enum kexec_reason reason, const char *next,
		     const char *fmt, ...)
{
	_cleanup_free_ char *sentence = NULL;
	va_list ap;

	va_start(ap, fmt);
	sentence = text_vformat(fmt, ap);
	va_end(ap);
	if (!sentence) {
		r->reason = KEXEC_NO_MEMORY;
		return error_nomem();
	}
	set(r, reason, sentence, next);
	return error_new(reasons[reason].kind, "%s", sentence);
}

struct error *refuse_error(struct kexec_result *r, enum kexec_reason reason, const char *next,
			   struct error *e)
{
	_cleanup_error_ struct error *cause = e;

	if (!cause)
		return NULL;
	if (error_kind(cause) == ERROR_NOMEM) {
		reason = KEXEC_NO_MEMORY;
		next = "free some memory and try again";
	}
	r->err = error_errno(cause);
	return refuse(r, reason, next, "%s", error_message(cause));
}

static struct error *refuse_permission(struct kexec_result *r, enum kexec_call call, bool panic,
				       const struct kexec_state *s)
{
	if (geteuid() != 0)
		return refuse(r, KEXEC_NOT_PERMITTED, "run it as root",
			      "loading a kernel needs CAP_SYS_BOOT");
	if (s->load_disabled)
		return refuse(r, KEXEC_NOT_PERMITTED,
			      "it cannot be switched back; restart without setting it",
			      "sysctl kernel.kexec_load_disabled is 1");
	if (s->lockdown[0] && strcmp(s->lockdown, "none"))
		return call == KEXEC_CALL_SEGMENTS ?
			       refuse(r, KEXEC_LOCKDOWN,
				      "use the file based call (-s) with a signed kernel",
				      "the kernel is locked down (%s), which forbids kexec_load",
				      s->lockdown) :
			       refuse(r, KEXEC_LOCKDOWN,
				      "use a kernel signed with a key that this machine trusts",
				      "the kernel is locked down (%s) and found no valid signature",
				      s->lockdown);
	if (!(panic ? s->limit_panic : s->limit_reboot))
		return refuse(r, KEXEC_NOT_PERMITTED, "it only goes down; restart to load again",
			      "sysctl kernel.kexec_load_limit_%s is 0: no load is left",
			      panic ? "panic" : "reboot");
	return refuse(r, KEXEC_NOT_PERMITTED,
		      "in a container, run it on the host; else look for \"kexec\" in dmesg and the audit log",
		      "the kernel forbids loading: CAP_SYS_BOOT is missing, or a security module said no");
}

/* What an errno means for either call (kernel/kexec.c, kernel/kexec_file.c and what they call); those
 * that depend on more are in refuse_other(). */
static const struct {
	int err;
	enum kexec_reason reason;
	const char *sentence, *next;
} explained[] = {
	{ EACCES, KEXEC_NOT_PERMITTED,
	  "the integrity policy (IMA) wants to see the files themselves",
	  "use the file based call (-s)" },
	{ EKEYREJECTED, KEXEC_SIGNATURE, "the kernel file's signature was made with a key that is not trusted",
	  "use a kernel signed with a trusted key, or enrol its key (mokutil)" },
	{ ENOKEY, KEXEC_SIGNATURE, "the key that signed the kernel file is not known here",
	  "use a kernel signed with a trusted key, or enrol its key (mokutil)" },
	{ EBADMSG, KEXEC_SIGNATURE, "the kernel file does not match its signature: it was changed, or cut",
	  "install the kernel package again" },
	{ ELIBBAD, KEXEC_SIGNATURE, "the kernel file's PE header or certificate is damaged",
	  "install the kernel package again" },
	{ ENODATA, KEXEC_SIGNATURE, "the kernel file carries no signature, and this kernel wants one",
	  "use a kernel signed with a trusted key, or sign it (sbsign)" },
	{ ENOPKG, KEXEC_SIGNATURE, "the running kernel lacks the algorithm of the kernel file's signature",
	  "sign the kernel with RSA and SHA-256" },
	{ EMSGSIZE, KEXEC_SIGNATURE, "the kernel file's signature has an odd length",
	  "install the kernel package again" },
	{ EBUSY, KEXEC_BUSY, "another load, unload or hotplug update is going on", "try again in a moment" },
	{ ENOEXEC, KEXEC_BAD_IMAGE, "the running kernel does not know this kind of kernel image",
	  "give a bzImage; see dmesg for the kernel's words" },
	{ EFBIG, KEXEC_NO_ROOM, "a file is larger than the running kernel takes", "use a smaller initrd" },
	{ EFAULT, KEXEC_KERNEL_REFUSED, "the kernel could not read this program's memory",
	  "free some memory and try again" },
	{ ECHILD, KEXEC_NO_MEMORY, "the kernel ended the load, as it does when memory runs out",
	  "free some memory or use a smaller initrd, and see dmesg" },
	{ EINTR, KEXEC_BUSY, "the load was interrupted by a signal", "try again" },
	{ EIO, KEXEC_NO_FILE, "the kernel could not read a file", "check the disk, and dmesg" },
};

static struct error *refuse_other(struct kexec_result *r, enum kexec_call call, bool panic, int err)
{
	const char *name = call == KEXEC_CALL_FILE ? "kexec_file_load" : "kexec_load";

	switch (err) {
	case ENOSYS:
		return refuse(r, KEXEC_NOT_SUPPORTED,
			      call == KEXEC_CALL_FILE ? "use the segment based call (-c)" :
							"use the file based call (-s)",
			      "the running kernel has no %s", name);
	case EADDRNOTAVAIL:
		return refuse(r, KEXEC_NO_ROOM, "reserve more with crashkernel= and restart",
			      "the kernel found no free address for a part of the image%s",
			      panic ? " in the reserved region" : "");
	case ENOMEM:
		return refuse(r, KEXEC_NO_ROOM,
			      panic ? "reserve more with crashkernel= and restart" :
				      "free some memory and try again",
			      "the kernel had no memory for %s",
			      panic ? "its own pages in the reserved region" : "the image");
	case EINVAL:
		return refuse(r, KEXEC_KERNEL_REFUSED, "run it again with -d, and see dmesg",
			      "%s found something in the request that it does not take (%s)", name,
			      call == KEXEC_CALL_FILE ?
				      "a file that is empty, a flag that it does not know, or a command line that is too long" :
				      "a flag that it does not know, or more than half of memory");
	default:
		return refuse(r, KEXEC_KERNEL_REFUSED, "see dmesg, or run again with -d",
			      "%s failed: %s", name, strerror(err));
	}
}

struct error *refuse_errno(struct kexec_result *r, enum kexec_call call, bool panic, int err,
			   const struct kexec_state *state)
{
	r->err = err;
	r->used = call;
	if (err == EPERM)
		return refuse_permission(r, call, panic, state);
	for (size_t i = 0; i < ARRAY_SIZE(explained); i++)
		if (explained[i].err == err)
			return refuse(r, explained[i].reason, explained[i].next, "%s",
				      explained[i].sentence);
	return refuse_other(r, call, panic, err);
}
