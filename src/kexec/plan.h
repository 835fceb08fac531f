/* The plan's inside, for the files of this folder. */
#pragma once

#include "host/host.h"
#include "kexec/boot_params.h"
#include "kexec/bzimage.h"
#include "kexec/e820.h"
#include "kexec/image.h"
#include "kexec/kexec.h"
#include "kexec/segments.h"
#include "kexec/shield.h"

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
	char *warning;	       /* of what the call asked for will do; may be null */
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

/* The call that the plan names, and the other one where that may be tried; makes no record. */
struct error *plan_call(const struct kexec_plan *p, const struct shield *s, struct kexec_result *r) MUST_CHECK;
/* The digest that purgatory will compare, in hex; false when there are no segments. */
bool plan_digest(const struct kexec_plan *p, char ret[65]);
/* Sets the call to make first, or refuses. */
struct error *plan_choose(struct kexec_plan *p, struct kexec_result *r) MUST_CHECK;
/* Whether the kernel inside carries a PE signature, whoever's. */
bool plan_signed(const struct kexec_plan *p);
