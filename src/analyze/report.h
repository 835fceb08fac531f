/*
 * Floor 4: what a dump says about a crash. `struct report` holds every fact; each is there or
 * not on its own and says where it comes from. report_make() fills it from a dump alone (no
 * vmlinux); the renderers of floor 5 turn it into text and JSON (doc/report.md).
 *
 * Text in a report comes from a dead machine: it may hold anything but NUL.
 */
#pragma once

#include "base/strbuf.h"
#include "base/vector.h"

struct dump;

enum fact_source {
	FROM_NOWHERE,	 /* not known */
	FROM_HEADER,	 /* the dump file's own header */
	FROM_VMCOREINFO, /* the note that the kernel left about itself */
	FROM_NOTES,	 /* the register notes of the CPUs */
	FROM_MEMORY,	 /* the dead kernel's variables, found by symbol and type */
	FROM_LOG,	 /* the kernel log */
	FROM_STACK,	 /* an unwound stack */
	FROM_SOURCES,
};

struct fact_text {
	char *text; /* owned; null: not known */
	enum fact_source from;
};

struct fact_u64 {
	uint64_t value;
	enum fact_source from; /* FROM_NOWHERE: not known */
};

/* The kinds of death. Their words are part of the report's contract: report_kinds[]. */
enum crash_kind {
	CRASH_UNKNOWN,
	CRASH_PANIC, /* panic() with a text that is none of those below */
	CRASH_SYSRQ,
	CRASH_NULL_DEREF,
	CRASH_PAGE_FAULT,
	CRASH_GENERAL_PROTECTION,
	CRASH_BUG,
	CRASH_LIST_CORRUPTION,
	CRASH_INVALID_OPCODE,
	CRASH_DIVIDE_ERROR,
	CRASH_DOUBLE_FAULT,
	CRASH_STACK_OVERFLOW,
	CRASH_STACK_CORRUPTION,
	CRASH_OOPS, /* an oops that is none of those above */
	CRASH_SOFT_LOCKUP,
	CRASH_HARD_LOCKUP,
	CRASH_HUNG_TASK,
	CRASH_RCU_STALL,
	CRASH_OUT_OF_MEMORY,
	CRASH_WARNING,
	CRASH_SANITIZER,
	CRASH_MACHINE_CHECK,
	CRASH_NMI,
	CRASH_NO_ROOT,
	CRASH_INIT_DIED,
	CRASH_KINDS,
};

struct crash_kind_words {
	const char *slug;	/* "null-deref": for programs, never changes */
	const char *words;	/* "NULL pointer dereference": starts the headline */
	bool at_exception;	/* the place to blame is the interrupted instruction, not
				   the caller of panic() */
};
extern const struct crash_kind_words crash_kinds[CRASH_KINDS];

struct report_reg {
	char name[12];
	uint64_t value;
};

struct report_regs {
	struct report_reg v[40];
	unsigned n;
};

struct report_frame {
	uint64_t pc, sp;
	char *symbol;	 /* owned; null: no symbol covers pc */
	uint64_t off;	 /* pc - start of the symbol */
	uint64_t len;	 /* of the symbol; 0 unknown */
	char *module;	 /* owned; null: the kernel itself */
	bool exact;	 /* false: found by scanning the stack, may be stale */
	bool interrupted; /* pc is an instruction that was interrupted, not a return address */
	struct report_regs *regs; /* owned; the registers saved there; null: none */
};

struct report_stack {
	VECTOR(struct report_frame) frames; /* innermost first */
	bool complete;
	char *why; /* why it is not; owned, may be null */
};

struct report_task {
	enum fact_source from;
	int64_t pid;
	char comm[17];
};

struct report_cpu {
	unsigned cpu;
	bool online;
	bool panicked;
	bool has_regs; /* it left its registers */
	struct report_task task;
	struct report_stack stack; /* empty when it panicked (see panic.stack) or same_as */
	size_t same_as; /* index of the first CPU with this stack; its own index when first */
	char *why;	/* why there is no stack; owned, may be null */
};

struct report_module {
	char name[64];
	char version[64];
	uint64_t taints;
	int64_t state; /* MODULE_STATE_*: 0 live, 1 coming, 2 going, 3 unformed */
	uint64_t len;  /* bytes; 0 unknown */
};

struct report_missing {
	char *what, *why; /* owned */
};

struct report {
	char *headline;	   /* one sentence */
	char crash_id[37]; /* UUID, the same for every report about one crash */

	struct {
		struct fact_text file; /* name it was opened by */
		const char *format;    /* null unknown */
		const char *arch;      /* utsname word; null unknown */
		unsigned word_size;    /* bytes of a long; 0 unknown */
		bool flattened, complete;
		int level; /* makedumpfile's; -1 unknown */
		uint32_t page_size;
		struct fact_u64 pages, excluded, lost; /* page frames of the machine */
		struct fact_u64 bytes;		       /* size of the file */
	} dump;

	struct fact_text host, release, version, build_id, command_line, hardware;
	struct fact_u64 crash_time; /* seconds since 1970 */
	struct fact_u64 uptime_ms;
	struct fact_u64 memory; /* bytes of RAM that the kernel managed */
	struct fact_u64 taint;	/* bits of tainted_mask */
	struct fact_u64 cpus_possible, cpus_present, cpus_online;

	struct {
		enum crash_kind kind;
		struct fact_text reason; /* first bad line of the final cascade */
		struct fact_text final;	 /* text of the panic() line, when it is another one */
		struct fact_u64 cpu;
		struct report_task task;
		struct fact_u64 fault_address;
		struct fact_text code; /* instruction bytes around the pc, <xx> at it */
		struct report_stack stack;
		/* a hung task: who was blocked, and where; the panicking task only told of it */
		struct report_task victim;
		struct report_stack victim_stack;
		int where; /* index of the frame to blame, in report_blamed_stack(); -1 unknown */
		char *where_text; /* "func+0x1/0x2 [module]" when only the log knows; owned */
		int boundary; /* index of the frame that an exception interrupted on the way to
				 the crash; -1 none */
	} panic;

	struct {
		char id[72];	 /* "sha256:..."; "" unknown */
		char *title;	 /* owned; null unknown */
	} signature;

	VECTOR(struct report_cpu) cpus;
	VECTOR(struct report_module) modules;
	bool has_modules;

	VECTOR(char *) log_tail; /* lines as vmcore-dmesg prints them, owned */
	uint64_t log_lines;	 /* in the whole log */
	uint64_t log_damaged;	 /* records that could not be read */

	VECTOR(struct report_missing) missing; /* what is not here, and why */
};

/* The parts of a report. Each fails alone. */
enum report_section {
	SECTION_DUMP,
	SECTION_IDENTITY,
	SECTION_LOG,
	SECTION_KERNEL,
	SECTION_PANIC_TASK,
	SECTION_PANIC_STACK,
	SECTION_VICTIM,
	SECTION_MODULES,
	SECTION_CPUS,
	SECTION_PAGES,
	SECTION_MAX,
};
const char *report_section_name(enum report_section s);

struct report_how {
	bool count_pages; /* ask the state of every page frame (slow on large machines) */
	unsigned tail;	  /* lines of the log to keep; 0: 60 */
	/* A section with a text here is left out, and the text is the reason given. */
	const char *skip[SECTION_MAX];
	/* Called before a section is begun; `r` is what is there so far. May be null. */
	void (*before)(enum report_section s, const struct report *r, void *arg);
	void *arg;
};

/* Fails only when out of memory; what cannot be found is in `missing`. */
struct error *report_make(struct dump *d, const char *name, const struct report_how *how,
			  struct report **ret) MUST_CHECK;
struct report *report_new(void); /* null: out of memory */
void report_free(struct report *r);
void report_stack_done(struct report_stack *s);

/* Facts: the first one told wins; these copy. */
struct error *fact_set(struct fact_text *f, const char *text, enum fact_source from) MUST_CHECK;
void fact_set_u64(struct fact_u64 *f, uint64_t value, enum fact_source from);
struct error *report_miss(struct report *r, const char *what, const char *fmt, ...)
	PRINTF(3, 4) MUST_CHECK;
const char *fact_source_name(enum fact_source s);

/* The stack that the frame to blame is in: the victim's, else the panicking task's. */
const struct report_stack *report_blamed_stack(const struct report *r);
/* "func+0x14/0x23 [module]" (without "/0x23" unless `with_len`), or "0xffff..." */
void report_frame_text(const struct report_frame *f, bool with_len, struct strbuf *out);
/* "6.7 s", "3 h 12 min", "12 d 4 h" */
void duration_text(uint64_t ms, struct strbuf *out);

/* Writes r->headline, r->panic.where/boundary and r->signature from the other facts. */
struct error *report_conclude(struct report *r) MUST_CHECK;
/* Fills r->signature from the kind and the stack; no frames, no signature. */
struct error *report_sign(struct report *r) MUST_CHECK;

/* Taint bits (kernel/panic.c taint_flags[]). */
struct taint_words {
	char letter;
	const char *slug; /* as ABRT's uReport names it where it does */
	const char *words;
};
/* Null past the last known bit. */
const struct taint_words *taint_bit(unsigned bit);
/* "POE" */
void taint_letters(uint64_t bits, char *buf, size_t room);

/* What an address that should not have been touched looks like: "NULL + 0x10", "list
 * poison", ...; null when it is nothing special. */
const char *address_words(uint64_t va, bool is_64bit, char *buf, size_t room);

DEFINE_CLEANUP(struct report *, report_free)
#define _cleanup_report_ CLEANUP(report_free)
