/* The list of formats that dump.c asks, most likely first, and what sets of files need. Folder-private. */
#pragma once

#include "dump/dump.h"

extern const struct dump_format read_elf, read_kdump;

/* Opens a part of a set as a dump by itself; takes its source over, also on failure. */
struct error *dump_open_part(struct dump_part *p, struct dump **ret) MUST_CHECK;
