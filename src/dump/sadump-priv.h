/*
 * The headers of sadump files, as numbers: dumps that the firmware of Fujitsu's x86 servers
 * writes when it is asked to (makedumpfile sadump_mod.h, crash sadump.h; no description by the
 * vendor is public). Little-endian; doc/formats/sadump.md has the offsets. Folder-private.
 */
#pragma once

#include "dump/dump.h"

#define SADUMP_NR_DISKS_MAX 16
#define SADUMP_GUID	    16

/* In front of every disk, and of the dump in a media backup. */
struct sadump_part {
	bool media;	      /* behind a media header */
	uint64_t off;	      /* of this header in the file */
	uint32_t block_size;  /* as the chain of magic numbers tells it */
	unsigned disk;	      /* 0: not of a set; 1 and up: which disk */
	unsigned char system[SADUMP_GUID], set[SADUMP_GUID], volume[SADUMP_GUID];
	unsigned char time[16];
	uint64_t used; /* bytes of the disk that the dump takes, headers included */
};

struct sadump_header {
	uint32_t block_size;
	uint32_t nr_cpus;
	uint64_t max_pfn;
	uint64_t sub_off, sub_len;	     /* bytes */
	uint64_t ram_off, ram_len;	     /* bitmap: the page exists */
	uint64_t dumpable_off, dumpable_len; /* bitmap: the page is in the file */
	uint64_t data_off;
	/* disk sets only */
	unsigned nr_disks;
	unsigned char volumes[SADUMP_NR_DISKS_MAX + 1][SADUMP_GUID]; /* by disk, from 2 on */
};

/* Where a part header is in the file; false: nowhere. */
bool sadump_find_part(struct source *s, uint64_t *ret_off);
struct error *sadump_read_part(struct source *s, struct sadump_part *ret) MUST_CHECK;
/* What follows the part header on the first or only disk. */
struct error *sadump_read_header(struct source *s, const struct sadump_part *part,
				 struct sadump_header *ret) MUST_CHECK;
/* EFI's broken-down time as seconds since 1970; 0 when it makes no sense. */
uint64_t sadump_time(const unsigned char *efi);

/* The registers that the CPUs left on entering the firmware, as the notes of the dump: an
 * NT_PRSTATUS and a QEMU CPU state (for control registers and tables) for each. Sets the
 * architecture, 64 bit when one of them was in long mode. Areas that are cut off or contradict
 * themselves give fewer or none; without any it is x86_64. */
struct error *sadump_take_cpus(struct dump *d, const struct sadump_header *h) MUST_CHECK;
