/* kdumpctl start, stop, restart, reload, rebuild: the capture kernel and its image. */
#include "service/journal.h"
#include "service/selinux.h"
#include "service/trial.h"
#include "tools/kdumpctl.h"

bool build(struct service *s)
{
	struct initramfs_size size;
	uint64_t began = clock_now_ms();
	struct error *e;

	log_info("Rebuilding %s", s->kernel.image);
	e = image_build(&s->image, &size);
	if (e)
		return failed(e, "mkdumprd: failed to make kdump initrd");
	trial_forget(s->root);
	log_debug("%s: %zu entries, %llu KiB, unpacked %llu KiB, made in %llu ms", s->kernel.image,
		  size.nr_entries, (unsigned long long)size.packed / 1024,
		  (unsigned long long)size.unpacked / 1024,
		  (unsigned long long)(clock_now_ms() - began));
	return true;
}

bool build_when_needed(struct service *s)
{
	_cleanup_words_ struct words reasons = { 0 };
	struct error *e = image_outdated(&s->image, &reasons);

	if (e)
		return failed(e, NULL);
	for (size_t i = 0; i < reasons.n; i++)
		log_info("%s", reasons.v[i]);
	return reasons.n ? build(s) : true;
}

bool changes_this_kernel(const struct service *s)
{
	if (s->recorded)
		log_error("--root names a recorded machine: nothing is loaded or unloaded");
	return !s->recorded;
}

bool loadable(struct service *s)
{
	struct error *e = capture_check(s->root, &s->sysconfig, &s->kernel);

	return e ? failed(e, "kexec: failed to load kdump kernel") : true;
}

static bool load(struct service *s)
{
	struct error *e;

	if (s->recorded)
		return loadable(s) && changes_this_kernel(s);
	e = capture_load(s->root, &s->sysconfig, &s->kernel);
	if (e)
		return failed(e, "kexec: failed to load kdump kernel");
	log_info("kexec: loaded kdump kernel");
	return true;
}

static bool unload(struct service *s)
{
	struct error *e;

	if (!changes_this_kernel(s))
		return false;
	e = capture_unload(s->root, &s->sysconfig);
	if (e)
		return failed(e, "kexec: failed to unload kdump kernel");
	log_info("kexec: unloaded kdump kernel");
	return true;
}

bool feasible(const struct kexec_state *state)
{
	if (!state->crash_supported) {
		log_error("Kdump is not supported on this kernel");
		return false;
	}
	if (!state->crash_size) {
		log_error("No memory reserved for crash kernel");
		log_error("add crashkernel=256M to the kernel's command line and restart the machine");
		return false;
	}
	return true;
}

static int outcome(bool ok, const char *what)
{
	if (ok)
		log_info("%s: [OK]", what);
	else
		log_error("%s: [FAILED]", what);
	return ok ? 0 : 1;
}

/* A dump is written by a kernel without SELinux's policy. Not having labels costs no dump. */
static void restore_labels(struct service *s)
{
	bool done = false;
	struct error *e = NULL;

	if (!s->settings.target_type)
		e = selinux_restore(s->root, settings_get(&s->settings, SETTING_PATH), &done);
	if (e)
		log_warning("labels below %s were not restored: %s", settings_get(&s->settings, SETTING_PATH),
			    error_message(e));
	else if (done)
		log_debug("labels below %s were restored", settings_get(&s->settings, SETTING_PATH));
	error_free(e);
}

/* For the journal's catalogue; what was said on standard error tells more. */
static void journal_outcome(const struct service *s, bool ok)
{
	if (ok)
		journal_send(s->root, JOURNAL_ARMED, JOURNAL_INFO, "A capture kernel is loaded",
			     (const char *const[]){ "KERNEL", s->kernel.kernel, "TARGET", s->target.shown, NULL });
	else
		journal_send(s->root, JOURNAL_NOT_ARMED, JOURNAL_ERROR, "No capture kernel is loaded", NULL);
}

/* Older dumps, and what is left of a crash in the firmware. A failure in here is no reason to leave
 * the machine without a capture kernel. */
static bool look_after_dumps(struct service *s)
{
	_cleanup_words_ struct words removed = { 0 };
	_cleanup_free_ char *folder = NULL;
	struct error *e = evidence_collect(s->root, &folder);

	if (folder)
		log_warning("The last crash could not be saved to its target; what was kept of it is in %s",
			    folder);
	if (e)
		log_warning("what is kept of a crash: %s", error_message(e));
	error_free(e);
	e = keep_apply(s->root, &s->target, &s->image.plan, &removed);
	for (size_t i = 0; i < removed.n; i++)
		log_info("removed the older dump %s/%s", s->target.folder, removed.v[i]);
	if (e)
		log_warning("older dumps are not thinned out: %s", error_message(e));
	error_free(e);
	return true;
}

/* What a crash has left on a raw disk. When it stays there the service starts all the same: another crash
 * is worth more than this one. */
static void recover_raw(struct service *s)
{
	_cleanup_free_ char *file = NULL;
	struct error *e = raw_recover(s->root, &s->settings, &file);

	if (e)
		(void)failed(e, NULL);
	else if (file)
		log_info("saved the dump on the raw disk %s as %s", s->settings.value[SETTING_TARGET], file);
}

int cmd_start(struct service *s)
{
	struct kexec_state state;
	bool ok = read_sysconfig(s) && kexec_state(s, &state) && feasible(&state) &&
		  read_settings(s);

	if (ok)
		recover_raw(s);
	if (ok && state.crash_loaded) {
		log_warning("Kdump already running: [WARNING]");
		return 0;
	}
	if (ok)
		restore_labels(s);
	ok = ok && prepare(s) && look_after_dumps(s) && build_when_needed(s) && load(s);
	journal_outcome(s, ok);
	(void)outcome(ok, "Starting kdump");
	if (ok)
		say_last_test(s);
	return !ok;
}

int cmd_stop(struct service *s)
{
	return outcome(read_sysconfig(s) && unload(s), "Stopping kdump");
}

static int stays_as_it_is(const struct kexec_state *state)
{
	if (state->crash_loaded)
		log_info("the capture kernel that is loaded stays loaded");
	return outcome(false, "Starting kdump");
}

/* The load takes the place of what is loaded. Unloading first would leave none for longer, and nothing
 * to go back to when the kernel refuses the new one. */
static int replace(struct service *s, bool loaded)
{
	bool ok = load(s);

	if (ok && loaded)
		(void)outcome(true, "Stopping kdump"); /* the line that scripts look for */
	return outcome(ok, "Starting kdump");
}

/* Whatever can go wrong does so before the capture kernel that is loaded is given up. */
int cmd_restart(struct service *s)
{
	struct kexec_state state = { 0 };

	if (!(read_sysconfig(s) && kexec_state(s, &state) && feasible(&state) &&
	      read_settings(s) && prepare(s) && look_after_dumps(s) && build_when_needed(s) &&
	      loadable(s)))
		return stays_as_it_is(&state);
	return replace(s, true);
}

/* After CPUs or memory came or went: the same image, loaded anew. */
int cmd_reload(struct service *s)
{
	struct kexec_state state = { 0 };

	if (!(read_sysconfig(s) && kexec_state(s, &state) && feasible(&state) &&
	      find_kernel(s) && loadable(s)))
		return stays_as_it_is(&state);
	if (!state.crash_loaded)
		log_warning("Kdump was not running: [WARNING]");
	return replace(s, state.crash_loaded);
}

int cmd_rebuild(struct service *s)
{
	return read_sysconfig(s) && read_settings(s) && prepare(s) && build(s) ? 0 : 1;
}
