/*
 * Floor 4: loading kernels. A request is turned into a plan: every file read, every table
 * built, every limit checked, without any effect on the machine. kexec_load() hands the plan
 * to the kernel. A refusal carries a reason code, one sentence and one next step.
 *
 * A crash load frees the capture kernel that is loaded before the new one is taken in, in
 * both system calls of Linux (do_kexec_load() in kernel/kexec.c, kernel/kexec_file.c): after the
 * checks of permission, flags, architecture and of a load going on elsewhere, but before all that
 * look at the image. That is why our own checks come first, and why what is loaded is recorded.
 */
#pragma once

#include <stdio.h>

#include "base/error.h"

enum kexec_call {
	KEXEC_CALL_AUTO,     /* file based first; segments where that cannot do it */
	KEXEC_CALL_FILE,     /* kexec_file_load(2) only */
	KEXEC_CALL_SEGMENTS, /* kexec_load(2) only */
};

/* How an ELF or multiboot kernel gets its arguments. */
enum kexec_args {
	KEXEC_ARGS_AUTO,  /* Linux in its own way, other ELF kernels by notes */
	KEXEC_ARGS_NOTES, /* a list of ELF boot notes */
	KEXEC_ARGS_LINUX, /* boot_params */
	KEXEC_ARGS_NONE,
};

/* Width of the headers that describe memory to the capture kernel. */
enum kexec_headers {
	KEXEC_HEADERS_AUTO, /* ELF64; ELF32 where the running kernel is 32-bit and memory ends
			     * below 4 GiB */
	KEXEC_HEADERS_ELF32,
	KEXEC_HEADERS_ELF64,
};

enum kexec_reason {
	KEXEC_OK,
	KEXEC_BAD_REQUEST,	/* the request contradicts itself */
	KEXEC_NO_FILE,		/* kernel or initrd cannot be read */
	KEXEC_BAD_IMAGE,	/* not a kernel image that we know, or damaged */
	KEXEC_WRONG_TYPE,	/* a kernel image, but not of the type insisted upon */
	KEXEC_CMDLINE_TOO_LONG,
	KEXEC_NO_RESERVATION,	/* no crashkernel= region */
	KEXEC_NO_ROOM,		/* image and initrd do not fit into the memory there is */
	KEXEC_PAGING_MODE,	/* the kernel cannot start with five-level paging on */
	KEXEC_NO_HOST_FACTS,	/* /proc or /sys did not give what is needed */
	KEXEC_NOT_SUPPORTED,	/* the running kernel has no (such) kexec call */
	KEXEC_NOT_PERMITTED,	/* not root, kexec_load_disabled, or a load limit */
	KEXEC_LOCKDOWN,		/* lockdown forbids this call */
	KEXEC_SIGNATURE,	/* the kernel file's signature was refused */
	KEXEC_BUSY,		/* another load or hotplug update is going on */
	KEXEC_NOTHING_LOADED,	/* nothing to start */
	KEXEC_KERNEL_REFUSED,	/* another errno of the kernel */
	KEXEC_NO_MEMORY,	/* memory ran out, here or in the kernel */
};

/* The image types that can be loaded, in probe order: name for --type and words for people.
 * False after the last. */
bool kexec_type_nr(size_t n, const char **ret_name, const char **ret_words);

/* A failing crash load may cost the capture kernel that was there. */
enum kexec_before {
	KEXEC_BEFORE_NONE,     /* none was loaded, or nothing was tried */
	KEXEC_BEFORE_KEPT,     /* the kernel refused before it let go of it */
	KEXEC_BEFORE_RESTORED, /* gone, and loaded again from what record.h keeps */
	KEXEC_BEFORE_LOST,     /* gone; see before_note */
};

/* Name of a reason for scripts and JSON: "no-room". */
const char *kexec_reason_name(enum kexec_reason reason);

struct kexec_result {
	enum kexec_reason reason;
	int err;		   /* errno of the system call, 0 otherwise */
	enum kexec_call used;	   /* the call that did it; AUTO when none was made */
	char *sentence;		   /* what is wrong; null on success */
	char *next;		   /* what to do about it; null on success */
	char *note;		   /* why AUTO took the call it took, or null */
	enum kexec_before before;  /* of the capture kernel that was loaded when a load failed */
	char *before_note;	   /* why it could not be put back; null otherwise */
	uint64_t gap_us;	   /* how long, at most, a good crash load left none loaded */
};

void kexec_result_done(struct kexec_result *r);

static inline void kexec_result_done_cleanup(struct kexec_result *r)
{
	kexec_result_done(r);
}
#define _cleanup_kexec_result_ CLEANUP(kexec_result_done)

/* Zero-initialise, then set what is wanted. Everything is borrowed. */
struct kexec_request {
	int root;		   /* folder that stands for "/": /proc and /sys are read there */
	const char *kernel;	   /* path, relative to the working directory */
	int kernel_fd;		   /* > 0: an open descriptor instead; `kernel` names it then */
	const char *const *initrds; /* joined in this order */
	size_t nr_initrds;
	const char *cmdline;	   /* null: a unified image's own, otherwise empty */
	const char *const *modules; /* for multiboot kernels: "FILE ARGUMENTS" */
	size_t nr_modules;
	const char *dtb;	   /* device tree blob, or null */
	bool panic;		   /* capture kernel; otherwise for the next reboot */
	enum kexec_call call;
	const char *type;	   /* insist on this image type ("bzImage64", "uki"); null: find out */
	enum kexec_args args;
	bool entry_32bit;	   /* start a bzImage64 at its 32-bit entry */
	bool memmap_cmdline;	   /* tell a capture kernel its memory by memmap= */
	bool no_cma;		   /* keep the image out of CMA memory (file call) */
	bool force_dtb;		   /* carry the running machine's device tree over (file call) */
	bool preserve_context;	   /* the image can come back to the running kernel (segment call); a Linux
				    * kernel needs mem_max, and gets only what lies below it */
	bool jump_back;		   /* no kernel: an image that jumps to `jump_back_entry` */
	uint64_t jump_back_entry;
	bool recorded;		   /* `root` is a recording: a plan has no random seed then */
	bool debug;		   /* ask the kernel to log what it does */
	bool no_checks;		   /* purgatory skips the digest check */
	enum kexec_headers headers;
	bool hotplug;		   /* let the kernel update the core headers (segment call) */
	bool no_efi;		   /* give no EFI tables, acpi_rsdp= instead */
	uint64_t mem_min, mem_max; /* limits for segments, half-open; mem_max 0: none */
	const char *serial;	   /* purgatory's serial line: "ttyS1" or a hex port; null: by console= */
	unsigned serial_baud;	   /* its speed; 0: by console=, or as it stands */
	bool console_serial;	   /* ttyS0 where neither `serial` nor console= names one */
	bool console_vga;	   /* purgatory writes on the screen even where it seems to be in a
				    * graphics mode */
	bool reset_vga;		   /* purgatory brings the VGA card back to text mode */
	const char *const *crypt_keys; /* descriptions of keyring keys that the capture kernel gets,
				    * for its encrypted disks (cryptkeys.h; file call) */
	size_t nr_crypt_keys;
	bool spoil_digest;	   /* test aid: change a byte after the digest was made */
};

struct kexec_plan;

/* Builds and checks everything. On failure the error's message is the result's sentence.
 * `result` (required) is filled in either way; the caller releases it. */
struct error *kexec_plan(const struct kexec_request *rq, struct kexec_plan **ret,
			 struct kexec_result *result) MUST_CHECK;
/* Hands the plan to the kernel. When a crash load fails and the kernel has let go of the earlier
 * image by then, that is loaded again (see record.h); the error and the sentence then say so. */
struct error *kexec_load(const struct kexec_plan *plan, struct kexec_result *result) MUST_CHECK;
/* Ranges, segments, boot parameters and command line, for people. */
void kexec_plan_print(const struct kexec_plan *plan, FILE *to);
/* What will not be as it should, though it is what was asked for; null when nothing. */
const char *kexec_plan_warning(const struct kexec_plan *plan);
/* The plan and the result as one JSON object; `plan` is null when there is none. */
struct error *kexec_plan_json(const struct kexec_plan *plan, const struct kexec_result *result,
			      FILE *to) MUST_CHECK;
void kexec_plan_free(struct kexec_plan *plan);

/* Drops the capture kernel or the image for the next reboot; nothing loaded is fine. */
struct error *kexec_unload(bool panic, enum kexec_call call, struct kexec_result *result) MUST_CHECK;
/* What is loaded and what the machine allows, as one JSON object. */
struct error *kexec_status_json(int root, FILE *to) MUST_CHECK;
/* Whether one is loaded. ERROR_UNSUPPORTED when the kernel has no kexec. */
struct error *kexec_loaded(int root, bool panic, bool *ret) MUST_CHECK;

DEFINE_CLEANUP(struct kexec_plan *, kexec_plan_free)
#define _cleanup_kexec_plan_ CLEANUP(kexec_plan_free)
