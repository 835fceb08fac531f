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

/* One thing that was looked at, with where it stands in the dump. */
struct report_evidence {
	char *text; /* owned */
	bool has_address, has_value;
	uint64_t address, value;
};

/* What a detector found (detect.h). */
struct report_cause {
	const char *slug; /* "use-after-free": for programs, never changes */
	char *text;	  /* one sentence; owned */
	unsigned confidence; /* percent, that this is why the machine died */
	bool beside;	     /* a state worth knowing; nothing says that it killed the machine */
	struct report_task task; /* the guilty one; FROM_NOWHERE: none is known */
	int cpu;		 /* the guilty one; -1: none is known */
	char *place;		 /* "func+0x1/0x2 [module]"; owned, may be null */
	VECTOR(struct report_evidence) evidence;
};

enum lock_kind { LOCK_NONE, LOCK_MUTEX, LOCK_RWSEM, LOCK_SEMAPHORE };

struct report_lock {
	enum lock_kind kind;
	uint64_t va;
	char name[80];	    /* "cage [zoo]", "" when it is no variable */
	uint64_t owner_at, owner_word; /* where the owner stands, and what does */
	struct report_task owner; /* FROM_NOWHERE: not known, or readers hold it */
	bool by_readers;
};

/* A task that sleeps and takes no signal. */
struct report_blocked {
	struct report_task task;
	uint64_t va;
	bool idle; /* it waits for work: not counted as hung */
	bool has_waited;
	uint64_t waited_ms;
	struct report_lock lock;
	size_t blocker; /* index of the blocked task that owns the lock; SIZE_MAX: none */
	int where;	/* index of the frame that waits; -1 */
	struct report_stack stack;
};

/* One request that a block device has not answered. */
struct report_io {
	char disk[32];
	uint64_t va;	 /* struct request */
	uint64_t sector, bytes;
	bool write, has_age;
	uint64_t age_ms;
	int64_t tag;
};

struct report_use {
	char name[48];
	int64_t pid; /* of a process; -1 otherwise */
	uint64_t va; /* of the cache or the task */
	uint64_t bytes;
};

#define MEMORY_TOP 10

/* Bytes; each is there or not on its own. */
struct report_memory {
	struct fact_u64 total, free, anonymous, files, shared, slab, unreclaimable, page_tables,
		stacks, vmalloc, percpu, huge, swap_total, swap_free;
	VECTOR(struct report_use) caches, processes; /* the largest MEMORY_TOP, largest first */
};

/* A pool of kernel workers with work that nobody does. */
struct report_pool {
	uint64_t va;
	int cpu; /* -1: not bound */
	uint64_t stalled_ms, waiting;
	char function[80]; /* of the first work that waits */
	struct report_task worker; /* that has been busy */
	char busy_with[80];
};

/* Messages of the log that tell of trouble of their own: table in signs.c. */
struct report_sign {
	const char *slug, *words;
	uint64_t count;
	char *first, *last; /* lines without prefix; owned */
	uint64_t first_us, last_us;
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
		char id[72];	 /* stable: "sha256:..."; "" unknown */
		char exact[72], coarse[72];
		char abrt[41];	 /* hex; what ABRT's own hash of the same oops is; "" unknown */
		char *title;	 /* owned; null unknown */
	} signature;

	VECTOR(struct report_cpu) cpus;
	VECTOR(struct report_module) modules;
	bool has_modules;

	VECTOR(struct report_cause) causes; /* most probable first, what is `beside` last */
	VECTOR(struct report_blocked) blocked;
	uint64_t tasks, running, blocked_tasks, zombies;
	struct report_memory memory_use;
	VECTOR(struct report_io) io; /* oldest first */
	uint64_t io_total;
	VECTOR(struct report_pool) pools;
	VECTOR(struct report_sign) signs; /* those that were seen */

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
	SECTION_BLOCKED,
	SECTION_MEMORY,
	SECTION_IO,
	SECTION_WORK,
	SECTION_CAUSES,
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

void report_cause_done(struct report_cause *c);
const char *confidence_words(unsigned percent); /* "certain", "probable", "possible" */
const char *lock_kind_words(enum lock_kind k);

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
/* Only of values that the kernel writes into dead or unset memory; null otherwise. */
const char *poison_words(uint64_t value, char *buf, size_t room);

DEFINE_CLEANUP(struct report *, report_free)
#define _cleanup_report_ CLEANUP(report_free)
