/* The list of formats that dump.c asks, most likely first. Folder-private. */
#pragma once

#include "dump/dump.h"

extern const struct dump_format read_elf, read_kdump;
