/* Refusals: filling in struct kexec_result and making the error of it. */
#pragma once

#include "host/kexec_state.h"
#include "kexec/kexec.h"

/* Sets reason, sentence and next step, and returns an error with the sentence. */
struct error *refuse(struct kexec_result *r, enum kexec_reason reason, const char *next,
		     const char *fmt, ...) PRINTF(4, 5) MUST_CHECK;
/* The same out of another error, which is consumed; null stays null. */
struct error *refuse_error(struct kexec_result *r, enum kexec_reason reason, const char *next,
			   struct error *e) MUST_CHECK;
/* Explains the errno of a system call of either kind by the machine's `state`. */
struct error *refuse_errno(struct kexec_result *r, enum kexec_call call, bool panic, int err,
			   const struct kexec_state *state) MUST_CHECK;
