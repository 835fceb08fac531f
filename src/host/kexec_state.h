/*
 * What the kernel says of kexec: /sys/kernel/kexec/NAME (6.19 and later), else the older
 * /sys/kernel/kexec_NAME files (Documentation/ABI/testing/sysfs-kernel-kexec-kdump).
 */
#pragma once

#include "base/ranges.h"

struct kexec_state {
	bool supported;	       /* the kernel was built with kexec */
	bool crash_supported;  /* ... and with crash kernels */
	bool loaded;	       /* an image for the next reboot is loaded */
	bool crash_loaded;     /* a capture kernel is loaded */
	uint64_t crash_size;   /* reserved bytes */
	uint64_t elfcorehdr_size; /* room that the kernel wants for headers that it updates on
				   * hotplug; 0 when it does not say */
	bool load_disabled;    /* kernel.kexec_load_disabled */
	int64_t limit_panic;   /* loads left of each kind (kernel.kexec_load_limit_*, 6.3), unloads */
	int64_t limit_reboot;  /* and failing ones count; -1: no limit */
	bool hotplug_updates;  /* .../cpu/crash_hotplug: the kernel updates a loaded crash image */
	bool ima_appraises;    /* an IMA policy appraises kernels, which takes a descriptor */
	bool xen_host;	       /* a control domain: images are the hypervisor's */
	char lockdown[16];     /* "none", "integrity", "confidentiality"; "" when there is none */
};

struct error *host_kexec_state(int root, struct kexec_state *ret) MUST_CHECK;
/* Ranges of crashkernel=...,cma (/sys/kernel/kexec/crash_cma_ranges, before 6.19
 * /sys/kernel/kexec_crash_cma_ranges); empty when not there. */
struct error *host_crash_cma(int root, struct ranges *ret) MUST_CHECK;
/* The same out of the file's text, which is changed: a line "start-end" in hex for each. */
struct error *crash_cma_parse(const char *name, char *text, struct ranges *ret) MUST_CHECK;
