/*
 * The memory map for the next kernel, of any length: the first 128 entries go into
 * boot_params, the rest into setup_data (SETUP_E820_EXT).
 */
#pragma once

#include "base/vector.h"
#include "host/firmware.h"
#include "host/iomem.h"

#define E820_IN_BOOT_PARAMS 128
#define E820_ENTRY_LEN	    20

struct e820_entry {
	uint64_t start;
	uint64_t len;
	uint32_t type;
};

struct e820 {
	VECTOR(struct e820_entry) rows;
};

/* What a capture kernel may use and must know: System RAM below 1 MiB, ACPI tables and
 * storage, reserved ranges, persistent memory; then as RAM the low crash region, the main one
 * without `hidden` (core headers, backup: kept out of its hands), and CMA ranges. */
struct error *e820_for_panic(const struct iomem *m, const struct ranges *regions,
			     const struct ranges *hidden, const struct ranges *cma,
			     struct e820 *ret) MUST_CHECK;
/* The firmware's own map, for a reboot. */
struct error *e820_for_reboot(const struct memmap *m, struct e820 *ret) MUST_CHECK;
/* Where no firmware map is shown: the same out of iomem. */
struct error *e820_from_iomem(const struct iomem *m, struct e820 *ret) MUST_CHECK;
/* Writes entries [from, to) as the kernel wants them, 20 bytes each. */
void e820_write(const struct e820 *e, size_t from, size_t to, unsigned char *at);
void e820_done(struct e820 *e);

static inline void e820_done_cleanup(struct e820 *e)
{
	e820_done(e);
}
#define _cleanup_e820_ CLEANUP(e820_done)
