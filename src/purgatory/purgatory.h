/*
 * Purgatory runs between the two kernels: it checks that the new kernel's memory is what was
 * loaded, saves low memory where that is needed, and jumps. This is the block that the
 * loader fills in before it hands the blob to the kernel; also read by assembly.
 *
 * The blob is one flat piece of code that runs at any address: all references are relative
 * to the instruction pointer (the build links it at two addresses and compares the bytes),
 * so loading it needs no relocation. It begins with struct purgatory_head.
 */
#pragma once

#define PURGATORY_REGIONS 16 /* KEXEC_SEGMENT_MAX */
#define PURGATORY_MEM_LEN 32768 /* code, and stack from its end down */
#define PURGATORY_MAGIC	  0x79726f7461677275 /* "urgatory" */

#define PURGATORY_CHECK	  1 /* compare the digest */
#define PURGATORY_VGA	  2 /* messages on the text screen at 0xb8000 too */
#define PURGATORY_RESET_VGA 8 /* bring the VGA card back to text first */
#define PURGATORY_COMES_BACK 16 /* the kernel gets the stack with the way back to the old one */
#define PURGATORY_GUARDED 4 /* a confidential guest: CPUID and ports fault, so do without */

#ifdef __ASSEMBLER__
#define PURGATORY_ARGS_LEN   360
#define PURGATORY_ARGS_ENTRY 0
#define PURGATORY_ARGS_PARAM 8
#define PURGATORY_ARGS_FLAGS 40
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Physical addresses, which are virtual ones too while purgatory runs. */
struct purgatory_region {
	uint64_t start;
	uint64_t len;
};

struct purgatory_args {
	uint64_t entry;	      /* 64-bit entry of the kernel */
	uint64_t boot_params; /* goes into rsi */
	uint64_t backup_from;
	uint64_t backup_to;
	uint64_t backup_len;  /* 0: nothing to save */
	uint32_t flags;	      /* PURGATORY_* */
	uint16_t serial_port; /* I/O port of the UART for messages; 0: none */
	uint16_t reset_seconds; /* wait after a failed check, before the reset */
	uint16_t serial_divisor; /* of 115,200 baud; 0: as the UART stands */
	uint16_t unused[3];
	unsigned char digest[32]; /* of all regions in their order; see lanes.h */
	uint64_t nr_regions;
	struct purgatory_region regions[PURGATORY_REGIONS];
	uint64_t way_back_text; /* 16 hex digits in a command line: the old kernel's re-entry; 0: none */
};

struct purgatory_head {
	unsigned char jump[16];	 /* execution begins here */
	uint64_t magic;
	uint32_t mem_len;	 /* bytes of memory to give, stack included */
	uint32_t digest_ok_off;	 /* where purgatory_digest_ok() is, for tests */
	struct purgatory_args args;
};

_Static_assert(sizeof(struct purgatory_args) == 360, "known to entry.S");

/* Whether the regions still have the digest that the loader noted. `unit` is an enum lanes_unit
 * whose registers are switched on. */
bool purgatory_digest_ok(const struct purgatory_args *args, int unit);
/* Called by entry.S; returns when the kernel may be started. `way_back` is where the old kernel wants to be
 * entered again. */
void purgatory_main(const struct purgatory_args *args, uint64_t way_back);
#endif
