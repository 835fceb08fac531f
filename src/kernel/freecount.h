/*
 * What the dead kernel itself counted as free: a check of the page classes that does not depend on
 * struct page. The sum over zones is vm_zone_stat[NR_FREE_PAGES] (vm_stat before 4.8, mm/vmstat.c);
 * each CPU holds a part of it back in each zone, at most 125 pages (calculate_normal_threshold()).
 * Pages on per-CPU lists are in neither: they left the free lists when they came there.
 */
#pragma once

#include "kernel/kernel.h"

/* *ret_tolerance: how far the number of free frames may be from it, CPUs' parts and memory that is
 * isolated at the moment included. ERROR_NOT_FOUND: this dump does not tell. */
struct error *freecount_read(struct kernel *k, uint64_t *ret_pages, uint64_t *ret_tolerance) MUST_CHECK;
