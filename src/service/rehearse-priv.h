/* What the parts of a rehearsal hand to each other; see rehearse.h. */
#pragma once

#include "service/rehearse.h"

/* A disk of the virtual machine. */
struct rehearse_disk {
	char *file;	    /* device node or image */
	bool snapshot;	    /* `file` is only read */
	const struct rehearse_controller *controller;
};

struct rehearse_machine {
	VECTOR(struct rehearse_disk) disks;
	char *shown;
};

struct rehearse_controller {
	const char *driver; /* Linux's name of the driver of such a controller */
	const char *model;  /* QEMU's, for people and the first device */
	const char *disk;   /* model of the disk on it; null: the controller is the disk */
	bool old_board;	    /* built into the board that is older than PCI Express */
};

/* Disks for the target: snapshots, or scratch ones made in `folder`. */
struct error *rehearse_disks(const struct rehearse_how *how, const char *folder,
			     struct rehearse_machine *ret) MUST_CHECK;
void rehearse_machine_done(struct rehearse_machine *m);

/* The words for QEMU. `initrd` is the production system; `kvm`: with the processor's help. */
struct error *rehearse_argv(const struct rehearse_how *how, const struct rehearse_machine *m,
			    const char *kernel, const char *initrd, bool kvm, struct words *ret) MUST_CHECK;
bool rehearse_has_kvm(void);
/* The search of rehearse_smallest(), whatever is tried. */
struct error *rehearse_search(uint64_t high, uint64_t guess, uint64_t step,
			      struct error *(*try_size)(void *arg, uint64_t size, bool *ret_good), void *arg,
			      uint64_t *ret) MUST_CHECK;
/* The first serial line of the virtual machine, as Linux names it. */
const char *rehearse_console(void);
/* Runs it and reads its console. *ret_ran: the virtual machine came as far as its init. */
struct error *rehearse_watch(const struct rehearse_how *how, char *const *argv, struct rehearse_result *ret,
			     bool *ret_ran) MUST_CHECK;
/* One line of the console, `ms` after the start. Pure; for the tests too. */
struct rehearse_reader {
	unsigned panic_ms;
	bool ran, panicked, init_ran, failed;
};
struct error *rehearse_read_line(struct rehearse_reader *rd, const char *line, unsigned ms,
				 struct rehearse_result *r) MUST_CHECK;
