/*
 * kdumpctl, shared by its subcommands. A subcommand is a function in the file of its group and
 * a row in kdumpctl.c's table; the steps that several of them take are in kdumpctl_steps.c.
 */
#pragma once

#include "host/host.h"
#include "service/service.h"

#define EXIT_NOT_OPERATIONAL 3

/* What a subcommand works on; zeroed but for the first members when it begins. */
struct service {
	int root;
	bool recorded;	 /* --root: what it says is of another machine than this kernel */
	unsigned wait_s; /* for the lock */
	struct options *options; /* the subcommand's own, begun (options_next); argv[0] is its name */

	struct dialect dialect;
	struct settings settings;
	struct sysconfig sysconfig;
	struct capture_kernel kernel;
	struct target target;
	struct image_how image_how; /* borrowed by the image */
	struct image image;
};

/* Subcommands return the exit status. */
int cmd_start(struct service *s);
int cmd_stop(struct service *s);
int cmd_restart(struct service *s);
int cmd_reload(struct service *s);
int cmd_rebuild(struct service *s);
int cmd_status(struct service *s);
int cmd_showmem(struct service *s);
extern const struct option_def status_options[], showmem_options[];
int cmd_propagate(struct service *s);
int cmd_lint(struct service *s);
extern const struct option_def lint_options[];
int cmd_get_default_crashkernel(struct service *s);
int cmd_estimate(struct service *s);
int cmd_rehearse(struct service *s);
int cmd_test(struct service *s);
int cmd_hotplug(struct service *s);
int cmd_early_files(struct service *s);
/* The outcome of the last `kdumpctl test`; one still open is asked of the target when that is known. */
void say_last_test(struct service *s);
/* estimate --measure: reservations that shrink, each tried in a virtual machine. */
int estimate_by_rehearsal(struct service *s, bool json);
int cmd_reset_crashkernel(struct service *s);
int cmd_reset_after_update(struct service *s);
int cmd_reset_for_installed_kernel(struct service *s);

extern const struct option_def estimate_options[];
extern const struct option_def rehearse_options[];
extern const struct option_def test_options[];

/* kdumpctl_lock.c: only one changes something at a time. Held until the program ends. */
bool take_lock(const struct service *s);

/* kdumpctl_steps.c. False: it failed, and that was said. */
/* Says what went wrong, then the line that scripts look for (may be null). Always false. */
bool failed(struct error *e, const char *known);
void say_warnings(const struct words *w);
/* Which files there are, and what they say of kernel and command line; then what they say of the dump. */
bool read_sysconfig(struct service *s);
bool read_settings(struct service *s);
bool find_kernel(struct service *s);
/* Everything that is decided before anything is written: kernel, target, image. */
bool prepare(struct service *s);
/* The same with a kernel that find_kernel() has found. */
bool prepare_image(struct service *s);
/* The same as prepare(), and nothing is said: the warnings are those of s->target and s->image. */
struct error *try_prepare(struct service *s) MUST_CHECK;
bool kexec_state(const struct service *s, struct kexec_state *ret);
void service_done(struct service *s);

/* kdumpctl_start.c: the steps of arming that the other faces of the service take as well; likewise. */
bool feasible(const struct kexec_state *state);
bool build(struct service *s);
bool build_when_needed(struct service *s);
bool loadable(struct service *s);
/* False, and said, where --root names another machine than this one. */
bool changes_this_kernel(const struct service *s);
