/*
 * What the collector_*.c files share: the command line as it was understood, what is told to
 * whom, and the modes.
 */
#pragma once

#include <stdio.h>

#include "base/error.h"
#include "base/progress.h"
#include "base/text.h"
#include "collect/collect.h"
#include "dump/age.h"
#include "tools/collector.h"

/* --message-level */
enum message_bit { MSG_PROGRESS = 1, MSG_COMMON = 2, MSG_ERROR = 4, MSG_DEBUG = 8, MSG_REPORT = 16 };
#define MSG_DEFAULT 7
#define LEVELS_MAX  32

/* At most 64: `given` has a bit for each. */
enum option_id {
	OPT_ZLIB = 1, OPT_LZO, OPT_SNAPPY, OPT_ZSTD, OPT_LEVEL, OPT_ELF, OPT_FLATTEN, OPT_FORCE,
	OPT_MESSAGES, OPT_PARTIAL_DMESG, OPT_THREADS, OPT_CHECK, OPT_DRY_RUN, OPT_STATS, OPT_DEBUG,
	OPT_HELP, OPT_VERSION, OPT_VMLINUX, OPT_VMCOREINFO, OPT_FD, OPT_IGNORED, OPT_UNSUPPORTED,
	OPT_DISKSET, OPT_UNUSED_MAP, OPT_LIMIT, OPT_SPLIT, OPT_SPLIT_UNIT, OPT_JSON,
	OPT_ENCRYPT, OPT_RECIPIENTS, OPT_IDENTITY, OPT_CONFIG,
	/* modes */
	OPT_REARRANGE, OPT_DMESG, OPT_REASSEMBLE, OPT_GENERATE, OPT_MEM_USAGE, OPT_VTOP,
};
#define GIVEN(id)  (1ull << (id))

struct job;

struct job_mode {
	enum option_id by; /* the option that asks for it; 0: none, saving a dump */
	int inputs, outputs; /* how many words name them; -1: one or more, -2: two or more */
	bool needs_kernel;   /* a dump in which no kernel can be seen is an error */
	uint64_t excludes;   /* options that make no sense with it */
	int (*run)(struct job *j);
};

struct job {
	const struct collector_program *program;
	uint64_t given; /* GIVEN() of each option */
	const struct job_mode *mode;
	unsigned messages;
	FILE *talk;   /* common messages; stderr when stdout is the output */
	char **inputs, **outputs; /* borrowed from argv */
	int nr_inputs, nr_outputs;
	int nr_targets; /* files to write, 1 with --fd and -F */
	const char *input, *output; /* the first ones; output: a name for messages with --fd and -F */
	int levels[LEVELS_MAX];
	unsigned nr_levels;
	const struct codec *codec;
	int fd; /* --fd; -1: none */
	uint64_t limit;	     /* -L, bytes of a file */
	uint64_t split_unit; /* --splitblock-size, bytes */
	uint64_t vtop;
	const char *info_file; /* -x or -i */
	const char *generate;  /* -g: the file to write */
	struct words disks;    /* --diskset */
	struct erase_rules *erase; /* --config; null: none */
	char *types; /* "NAME<tab>TYPE" lines about variables; null: none */
	struct age_recipients recipients; /* none: not encrypted */
	int failed_status;     /* exit status of a failure: 1, or 2 for a file of another kernel */
	unsigned threads;
	struct progress progress;
	/* --json */
	const char *json_step;
	uint64_t json_began_ms, json_shown_ms;
	const struct collect_result *result; /* of what was saved; null: nothing was */
};

static inline bool job_has(const struct job *j, enum option_id id)
{
	return j->given >> id & 1;
}

/* --- collector_options.c --- */

/* 0: go on; otherwise the exit status plus one, and what was wrong has been said. */
int job_parse(struct job *j, int argc, char **argv);

/* --- collector.c --- */

void job_say(const struct job *j, enum message_bit bit, const char *fmt, ...) PRINTF(3, 4);
/* The last line, and the exit status. */
int job_completed(const struct job *j, int status);
/* Says the error (may be null: said already); consumes it. */
int job_failed(struct job *j, struct error *e);

/* --- collector_json.c: --json --- */

void job_json_message(const struct job *j, enum message_bit bit, const char *text);
void job_json_progress(struct job *j, const char *step, uint64_t done, uint64_t total);
/* `how`: "completed", "incomplete" or "failed". */
void job_json_end(const struct job *j, int status, const char *how);

/* --- collector_input.c --- */

/* The dump, and its kernel where one can be seen in it (else null, or an error where the mode
 * needs one). */
struct error *job_open_input(struct job *j, struct dump **ret, struct kernel **ret_kernel) MUST_CHECK;

/* --- collector_types.c --- */

/* With -x and --config: the types of the variables that the rules name. */
struct error *job_find_types(struct job *j) MUST_CHECK;
/* collect_request.type_of; `arg` is the job. */
const char *job_type_of(void *arg, const char *module, const char *name);

/* --- collector_output.c --- */

struct job_target {
	const char *name;
	int fd, own_fd; /* own_fd: ours to close; -1: none */
};

/* What target `i` is called. */
const char *job_target_name(const struct job *j, int i);

/* The descriptor to write `name` to; *ret_own when it is ours to close. An existing file is
 * refused without -f, and the input always. */
struct error *job_open_output(const struct job *j, const char *name, int *ret,
			      int *ret_own) MUST_CHECK;
/* Closes an output of ours; the error, or `before` when there was one (then an empty file is removed). */
struct error *job_close_output(const char *name, int own_fd, struct error *before) MUST_CHECK;
/* What a dump's bytes go through on their way to `t`: encryption, the flattened stream, or nothing. */
struct error *job_open_sink(const struct job *j, const struct job_target *t, struct sink **ret) MUST_CHECK;
/* An output of ours that nothing came into is in the way of the next try. */
void job_drop_if_empty(const char *name, int own_fd);

/* --- collector_save.c, collector_split.c --- */

struct collect_request job_request(struct job *j, struct dump *d, struct kernel *k);
/* Counts, and the last lines of a dump that was written, or of the error (consumed) that ended it. */
int job_report_end(struct job *j, struct collect_result *c, struct error *e);
/* Writes the dump that `r` asks for to one target. */
struct error *job_collect(struct job *j, const struct collect_request *r, const struct job_target *t,
			  struct collect_result *ret) MUST_CHECK;
/* The same to j->nr_targets targets, a part to each. */
struct error *job_split(struct job *j, const struct collect_request *r,
			const struct job_target *targets, struct collect_result *ret) MUST_CHECK;

/* --- modes, one file each --- */

int job_save(struct job *j);
int job_dmesg(struct job *j);
int job_rearrange(struct job *j);
int job_reassemble(struct job *j);
int job_mem_usage(struct job *j);
int job_generate(struct job *j);
int job_vtop(struct job *j);

/* The translation of --vtop; false: there is none, and that has been said. */
bool job_print_vtop(const struct job *j, struct kernel *k);
