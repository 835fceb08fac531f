/* What is gathered and decided while a plan's segments are built; for the image types. */
#pragma once

#include "kexec/console.h"
#include "kexec/plan.h"

#define LOW_END	 0x100000ull /* nothing is placed below */
#define FOUR_GIB (1ull << 32)

/* How the kernel is entered, after purgatory. */
struct start {
	uint64_t entry;	 /* physical */
	uint64_t rsi;	 /* esi in 32-bit mode */
	uint32_t eax, ebx;
	bool is_32bit;	 /* in protected mode without paging */
};

struct build {
	struct kexec_plan *p;
	struct ranges ram;   /* all there is */
	struct ranges free;  /* where segments may go */
	struct ranges cma;
	struct host_efi efi;
	unsigned char running[BOOT_PARAMS_LEN];
	bool have_running;
	bool pass_efi;
	struct kexec_console console; /* purgatory's */
	bool guarded; /* a confidential guest, where purgatory must not touch ports */
	uint64_t rsdp;
	struct range backup; /* low memory to save; empty: none */
	uint64_t backup_to;
	uint64_t headers_pa;
	struct e820 whole;   /* the machine's map, where the command line limits it (memmap=) */
	struct boot_params_input params; /* for kernels that take Linux's */
	unsigned char seed[RNG_SEED_LEN];
	struct start start;  /* set by the image type */
};

/* Takes memory for a part, below 4 GiB where there is room: kernels before 5.10 build their
 * early mapping there. *ret may be null. */
struct error *build_put(struct build *b, const char *name, uint64_t len, struct place where,
			struct kexec_part **ret) MUST_CHECK;
/* Gives an ELF image's segments their memory and bytes, where they were linked for or, with
 * `may_move`, elsewhere at the same distance from a multiple of its alignment. *ret_delta is to
 * be added to its addresses. */
struct error *build_put_elf(struct build *b, const struct elf_image *elf, bool may_move,
			    struct place where, uint64_t *ret_delta) MUST_CHECK;
/* --load-preserve-context: the memory that the new kernel may use, all of which the running kernel has to keep
 * (jump.c). jump_begin() when the free memory is known, jump_end() when all parts have their places. */
struct error *jump_begin(struct build *b, struct kexec_result *r) MUST_CHECK;
struct error *jump_end(struct build *b, struct kexec_result *r) MUST_CHECK;
/* On the next kernel's command line; the digits are purgatory's. */
#define WAY_BACK_KEY  "kexec_jump_back_entry=0x"
#define WAY_BACK_WORD WAY_BACK_KEY "0000000000000000"
/* Where purgatory writes the way back into the command line; 0: nowhere. */
uint64_t way_back_text(struct build *b);

/* What to do about missing room, for refusals. */
const char *build_next_room(const struct build *b);

/* Linux's boot_params. linux_begin() makes the command line, checks its length against the
 * kernel's limit and takes memory below `max`; between the two the type places its kernel;
 * linux_end() places the initrd below `initrd_max` and writes the parameters. `header` stands
 * for the setup header and must live as long as `b`. */
struct error *linux_begin(struct build *b, const struct bzimage *header, uint64_t max,
			  struct kexec_result *r) MUST_CHECK;
struct error *linux_end(struct build *b, uint64_t initrd_max, struct kexec_result *r) MUST_CHECK;
/* Where the parameters are. */
uint64_t linux_params_pa(struct build *b);
