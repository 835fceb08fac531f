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

static struct error *refuse_permission(struct kexec_result *r, enum kexec_call call,
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
	return refuse(r, KEXEC_NOT_PERMITTED,
		      "look at /proc/sys/kernel/kexec_load_limit_panic and _reboot, and at dmesg",
		      "the kernel forbids loading: CAP_SYS_BOOT is missing or a load limit is used up");
}

struct error *refuse_errno(struct kexec_result *r, enum kexec_call call, bool panic, int err,
			   const struct kexec_state *state)
{
	const char *name = call == KEXEC_CALL_FILE ? "kexec_file_load" : "kexec_load";

	r->err = err;
	r->used = call;
	switch (err) {
	case EPERM:
		return refuse_permission(r, call, state);
	case EACCES:
		return refuse(r, KEXEC_NOT_PERMITTED, "use the file based call (-s)",
			      "the integrity policy (IMA) wants to see the files themselves");
	case EKEYREJECTED:
	case ENOKEY:
	case EBADMSG:
	case ELIBBAD:
	case ENOPKG:
	case EMSGSIZE:
		return refuse(r, KEXEC_SIGNATURE,
			      "use a kernel signed with a trusted key, or enrol its key (mokutil)",
			      "the kernel file's signature was refused: %s", strerror(err));
	case EBUSY:
		return refuse(r, KEXEC_BUSY, "try again in a moment",
			      "another load, unload or hotplug update is going on");
	case ENOSYS:
		return refuse(r, KEXEC_NOT_SUPPORTED,
			      call == KEXEC_CALL_FILE ? "use the segment based call (-c)" :
							"use the file based call (-s)",
			      "the running kernel has no %s", name);
	case ENOEXEC:
		return refuse(r, KEXEC_BAD_IMAGE, "give a bzImage; see dmesg for the kernel's words",
			      "the running kernel does not know this kind of kernel image");
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
	case EFBIG:
		return refuse(r, KEXEC_NO_ROOM, "use a smaller initrd",
			      "a file is larger than the running kernel takes");
	default:
		return refuse(r, KEXEC_KERNEL_REFUSED, "see dmesg, or run again with -d",
			      "%s failed: %s", name, strerror(err));
	}
}
