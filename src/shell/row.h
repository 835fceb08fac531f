/*
 * What commands write: rows of named cells. In text they are the classic columns, each cell with
 * its width (negative: to the left, 0: as long as it is); with --json each row is an object, the
 * names its keys, and headings and blanks are not there (doc/shell.md, "JSON").
 *
 *	row_begin(sh, "task");
 *	row_u64(sh, "pid", 7, t->pid);
 *	row_text(sh, "  ");
 *	row_addr(sh, "task", t->va);
 *	row_end(sh);
 */
#pragma once

#include "shell/shell.h"

void row_begin(struct shell *sh, const char *kind);
void row_end(struct shell *sh); /* and the line */

void row_u64(struct shell *sh, const char *name, int width, uint64_t v);
void row_i64(struct shell *sh, const char *name, int width, int64_t v);
void row_hex(struct shell *sh, const char *name, int width, uint64_t v);
/* As many digits as an address of the dead machine has. */
void row_addr(struct shell *sh, const char *name, uint64_t va);
/* Control characters of a dead machine do not reach the terminal. */
void row_str(struct shell *sh, const char *name, int width, const char *s);
void row_bool(struct shell *sh, const char *name, const char *yes, const char *no, bool v);
/* There is none: null in JSON; `shown` in the middle of the width of an address. */
void row_none(struct shell *sh, const char *name, const char *shown);

/* Text alone: headings, separators. Nothing in JSON. */
void row_text(struct shell *sh, const char *fmt, ...) PRINTF(2, 3);
/* The word in the middle of `width` places (0: of an address). */
void row_middle(struct shell *sh, int width, const char *word);

/* A cell that only JSON has. */
void row_only_u64(struct shell *sh, const char *name, uint64_t v);
void row_only_str(struct shell *sh, const char *name, const char *s);
void row_only_addr(struct shell *sh, const char *name, uint64_t va);

/* ---- for shell.c: the command as a whole ---- */

/* From here on sh->out catches what is no row. `line` is the command as it was typed. */
struct error *rows_begin(struct shell *sh, const char *line) MUST_CHECK;
/* Writes the end, `why` (may be null) as its "error", and puts sh->out back. */
struct error *rows_end(struct shell *sh, const char *why) MUST_CHECK;
