/* The plan's inside, for the files of this folder. */
#pragma once

#include "host/host.h"
#include "kexec/boot_params.h"
#include "kexec/bzimage.h"
#include "kexec/e820.h"
#include "kexec/image.h"
#include "kexec/kexec.h"
#include "kexec/segments.h"

/* A file read once: its bytes for the segments, its descriptor for the file call. */
struct kexec_file {
	int fd; /* -1: none */
	char *bytes;
	size_t len;
};

/* A multiboot module. */
struct kexec_module {
	char *words; /* the file's name and its arguments, as given */
	char *bytes;
	size_t len;
};

struct kexec_modules {
	struct kexec_module *v;
	size_t n;
	size_t room;
};

struct kexec_plan {
	struct kexec_request rq; /* strings borrowed from the caller, see below */
	struct kexec_state state;
	struct kexec_file kernel;
	struct kexec_file initrd; /* all of them joined; len 0: none */
	struct kexec_file dtb;
	struct kexec_modules modules;
	struct image image;
	char *cmdline;	     /* as asked for */
	char *full_cmdline;  /* with our additions, for the segments */
	struct iomem iomem;
	struct ranges regions; /* reserved for the capture kernel */
	struct e820 e820;

	enum kexec_call first; /* the call to make first */
	bool may_fall_back;    /* to the other one */
	char *note;	       /* why `first` is not the file call; may be null */

	bool have_segments;
	struct kexec_parts parts;
	uint64_t entry;
	char *no_segments; /* why not; null when there */
};

/* Files, image type, command line, paging mode; inputs.c. */
struct error *plan_read(struct kexec_plan *p, struct kexec_result *r) MUST_CHECK;
/* Everything for kexec_load(2). */
struct error *plan_segments(struct kexec_plan *p, struct kexec_result *r) MUST_CHECK;
/* The same for an image that only jumps to the request's entry. */
struct error *plan_jump_back(struct kexec_plan *p, struct kexec_result *r) MUST_CHECK;

/* "ttyS1" and the like out of console=, as an I/O port; 0x3f8 is ttyS0's. 0: no serial console. */
uint16_t purgatory_serial_port(const char *cmdline);
