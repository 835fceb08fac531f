/*
 * Floor 2: a file that contains the memory of a machine. Opens any format by bids, answers
 * pages by page frame number, and tells the few facts that its headers hold. Knows nothing
 * of the dead kernel inside.
 */
#pragma once

#include "arch/arch.h"
#include "base/error.h"
#include "base/ranges.h"
#include "base/text.h"
#include "dump/source.h"

enum page_answer {
	PAGE_OK,       /* the bytes are there */
	PAGE_ZERO,     /* the bytes are there and known to be all zero (buffer is zeroed) */
	PAGE_EXCLUDED, /* left out of the dump on purpose: exists in the machine */
	PAGE_LOST,     /* should be in the dump, but is damaged, cut off or unreadable */
	PAGE_HOLE,     /* no such memory */
};

struct dump;
/* Is told of the frames that somebody asks for. */
typedef void dump_watcher(void *arg, uint64_t pfn, uint64_t n);

/* One ELF note of the dump. */
struct dump_note {
	const char *name; /* NUL-terminated, borrowed from the dump */
	uint32_t type;
	const unsigned char *desc; /* borrowed */
	size_t desc_len;
};

/* The machine's own words, where the format's header holds them; "" when unknown. */
struct dump_utsname {
	char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

struct dump {
	/* set by open, constant after */
	const char *format; /* "ELF vmcore", "kdump-compressed", ... */
	const struct arch *arch;
	bool is_64bit;
	bool big;	      /* dumped machine is big-endian */
	uint32_t page_size;   /* 0 never: 4096 is assumed where a format does not say */
	uint64_t max_pfn;     /* one past the last page frame that may exist */
	int dump_level;	      /* makedumpfile level it was filtered with; -1 unknown */
	bool complete;	      /* false: marked or seen to be cut off */
	bool flattened;
	bool encrypted;
	bool parts_missing;   /* some files of a split set were not given */
	uint32_t codec_flag;  /* kdump-compressed: codec that the header names; 0 none */
	uint64_t timestamp;   /* of the header, seconds since 1970; 0 unknown */
	bool crashed_then;    /* `timestamp` is that of the crash: the dying kernel wrote it */
	char *eraseinfo;      /* kdump-compressed: lines about what was erased; owned, may be null */
	size_t eraseinfo_len;
	uint64_t phys_base;   /* header's opinion (kdump-compressed); 0 otherwise */
	struct dump_utsname utsname;
	char panic_text[256]; /* the kernel's last words where a header has them (LKCD); or "" */
	uint64_t panic_task;  /* address of the task that panicked, where told; 0 unknown */
	uint64_t *cpu_tasks;  /* the task of each CPU, where told (diskdump, LKCD); owned */
	size_t nr_cpu_tasks;
	char *vmcoreinfo;     /* text, NUL-terminated, owned; null when the dump has none */
	size_t vmcoreinfo_len;
	struct dump_note *notes; /* all notes in file order; owned */
	size_t nr_notes;
	const unsigned char *raw_notes; /* the whole note area, verbatim, for writers */
	size_t raw_notes_len;
	bool raw_notes_mapped; /* they belong to the source, not to the heap */
	struct ranges memory; /* page frames that exist in the machine, as far as known */

	/* private */
	const struct dump_format *ops;
	struct source *source;
	void *state;
	struct dump_cache *cache; /* pages that dump_read_phys() touched last */
	dump_watcher *watcher;	  /* null: nobody looks on */
	void *watcher_arg;
};

/* A segment that the headers map virtually (ELF PT_LOAD); all formats but ELF have none. */
struct dump_segment {
	uint64_t va, pa, len;
	uint64_t file_off, file_len; /* where its bytes are; file_len <= len */
};

/* `path` may also be a name of raw memory (raw.h). */
struct error *dump_open(const char *path, struct dump **ret) MUST_CHECK;
/* Takes `s` over, also on failure. */
struct error *dump_open_source(struct source *s, struct dump **ret) MUST_CHECK;
/* Several files as one dump, in any order: the parts of a `makedumpfile --split` set, each
 * possibly flattened. Pages of parts that are not among them are PAGE_LOST and the dump is
 * incomplete; a file that is no part of the same dump is an error that names it. With one path
 * it is dump_open(). */
struct error *dump_open_set(char *const *paths, size_t n, struct dump **ret) MUST_CHECK;
/* Adds the files that dump_open(name) reads to `ret`: one, or those of a name of raw memory. */
struct error *dump_list_files(const char *name, struct words *ret) MUST_CHECK;
/* Takes the sources over, also on failure; not the array. */
struct error *dump_open_sources(struct source **sources, size_t n, struct dump **ret) MUST_CHECK;
void dump_close(struct dump *d); /* null is fine */

/* Reads one whole page into `buf` (page_size bytes). On anything but OK and ZERO the buffer
 * is untouched. *ret_why (may be null) gets a sentence for PAGE_LOST, owned by the caller.
 * One thread at a time per dump. */
enum page_answer dump_read_page(struct dump *d, uint64_t pfn, void *buf, struct error **ret_why);
/*
 * Where whole pages stand in d->source, for who reads many at once or in several threads: true
 * when [pfn, pfn + *ret_n), not beyond `end`, would all be PAGE_OK and stand one behind the other
 * from *ret_off on. False: dump_read_page() is the way. Never reads page data.
 */
bool dump_locate(struct dump *d, uint64_t pfn, uint64_t end, uint64_t *ret_off, uint64_t *ret_n);
/* The answer without the bytes; never reads page data (so never says ZERO for ELF). */
enum page_answer dump_page_state(struct dump *d, uint64_t pfn);
/* Reads a page as the file stores it, so that it can be copied without unpacking: *ret_len bytes
 * into `buf` (page_size of room), packed by the codec with *ret_codec_flag (0: the bytes
 * themselves). Formats that do not pack answer as dump_read_page(). */
enum page_answer dump_read_stored(struct dump *d, uint64_t pfn, void *buf, size_t *ret_len,
				  uint32_t *ret_codec_flag, struct error **ret_why);
/* Reads physical memory across pages. Errors: ERROR_EXCLUDED, ERROR_LOST (holes too), with
 * the address in the message. */
struct error *dump_read_phys(struct dump *d, uint64_t pa, void *buf, size_t len) MUST_CHECK;
/* A borrowed pointer to physically contiguous memory, valid until the next dump_map_phys or
 * dump_close; null where the format or source cannot (then read). Costs no copy: the
 * collector and the in-capture report live on it (/proc/vmcore is mmap'ed). */
const void *dump_map_phys(struct dump *d, uint64_t pa, size_t len);
/* The same, valid until dump_close(): for large tables that are used for long. */
const void *dump_map_phys_forever(struct dump *d, uint64_t pa, size_t len);
/* From now on `watcher` is told of all memory that is read or mapped by physical address; null
 * ends it. So the collector learns what an analysis needs. */
void dump_watch(struct dump *d, dump_watcher *watcher, void *arg);
/* ELF segments: count and row; for other formats 0. */
size_t dump_nr_segments(const struct dump *d);
struct dump_segment dump_segment_at(const struct dump *d, size_t i);

/* One file of a set, before a format has looked at it. */
struct dump_part {
	struct source *source; /* decrypted and unflattened */
	bool flattened, encrypted;
	bool complete; /* as far as the layers around it tell */
};

/* Reads past a format's own header: each reader bids for a source. */
struct dump_format {
	const char *name;
	/* 0: not mine; higher wins; a wrong magic must bid 0, errors of reading too. */
	int (*bid)(struct source *s);
	/* Fills the public fields and `state`; `d->source` is set. On failure dump.c cleans up
	 * by calling close(), which must accept a half-made state. */
	struct error *(*open)(struct dump *d);
	/* Optional: several sources as one dump; d->source is null. Takes over the sources that
	 * it nulls in `parts`, and may put other `ops` into `d`. */
	struct error *(*open_set)(struct dump *d, struct dump_part *parts, size_t n);
	enum page_answer (*page)(struct dump *d, uint64_t pfn, void *buf, struct error **ret_why);
	enum page_answer (*state_of)(struct dump *d, uint64_t pfn);
	/* optional, as dump_locate */
	bool (*locate)(struct dump *d, uint64_t pfn, uint64_t end, uint64_t *ret_off, uint64_t *ret_n);
	/* optional, as dump_read_stored */
	enum page_answer (*stored)(struct dump *d, uint64_t pfn, void *buf, size_t *ret_len,
				   uint32_t *ret_codec_flag, struct error **ret_why);
	/* optional, as dump_map_phys, or dump_map_phys_forever when `forever` */
	const void *(*map)(struct dump *d, uint64_t pa, size_t len, bool forever);
	size_t (*nr_segments)(const struct dump *d);			   /* optional */
	struct dump_segment (*segment_at)(const struct dump *d, size_t i); /* optional */
	void (*close)(struct dump *d);
};

/* Parses a note area (4-byte padded in both widths; stops at namesz 0; a bad length ends it
 * with what was read) into d->notes, and finds VMCOREINFO. For the format readers; `raw` is
 * taken over (malloc'd). */
struct error *dump_take_notes(struct dump *d, unsigned char *raw, size_t len) MUST_CHECK;
/* Reads [off, off + len) of d->source as notes; what lies past the end of the file is left
 * out and makes the dump incomplete. Large areas are mapped instead of copied. */
struct error *dump_read_notes(struct dump *d, uint64_t off, uint64_t len) MUST_CHECK;
/* Gives the dump a copy of VMCOREINFO text that stands outside the notes (or null: none). */
struct error *dump_set_vmcoreinfo(struct dump *d, const void *text, size_t len) MUST_CHECK;
/* The same as a note in front of the others, for what was found elsewhere: writers hand it on. */
struct error *dump_add_vmcoreinfo(struct dump *d, const void *text, size_t len) MUST_CHECK;
/* The number of a plain `KEY=decimal` line of VMCOREINFO ("PAGESIZE"); false: absent. */
bool dump_vmcoreinfo_u64(const struct dump *d, const char *key, uint64_t *ret);
const struct dump_note *dump_find_note(const struct dump *d, const char *name, uint32_t type);

DEFINE_CLEANUP(struct dump *, dump_close)
#define _cleanup_dump_ CLEANUP(dump_close)
