/* kdumpctl test: a crash on purpose, and what became of the last one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "service/trial.h"
#include "tools/kdumpctl.h"

enum { OPT_FORCE = 1 };

const struct option_def test_options[] = {
	{ 'f', "force", NULL, "do not ask", OPT_FORCE },
	{ 0 },
};

static bool wants_it(void)
{
	char answer[16] = "";

	fputs("DANGER!!! Will perform a kdump test by crashing the system, proceed? (y/N): ", stdout);
	fflush(stdout);
	if (!isatty(0) || !fgets(answer, sizeof(answer), stdin))
		putchar('\n');
	fflush(stdout);
	return answer[0] == 'y' || answer[0] == 'Y';
}

static bool is_fadump(const struct service *s)
{
	uint64_t on = 0;
	struct error *e = file_read_u64(s->root, "sys/kernel/fadump/enabled", &on);

	error_free(e); /* other machines have no such file */
	return on == 1;
}

static struct error *crash(struct service *s)
{
	struct trial t;

	trial_begin(&t);
	TRY(sysconfig_append(&s->sysconfig, SYSCONFIG_COMMANDLINE_APPEND, " kdump_test_id=", t.id));
	TRY(capture_load(s->root, &s->sysconfig, &s->kernel));
	TRY(trial_write(s->root, &t));
	log_info("Start kdump test...");
	sync();
	TRY(file_poke(s->root, "proc/sysrq-trigger", "c"));
	return error_new(ERROR_OTHER, "SysRq c had no effect: the machine is still alive");
}

int cmd_test(struct service *s)
{
	struct kexec_state state;
	bool force = false;
	struct error *e;
	int id;

	while ((id = options_next(s->options)) != 0) {
		if (id < 0)
			return 1;
		force |= id == OPT_FORCE;
	}
	if (!read_sysconfig(s) || !kexec_state(s, &state))
		return 1;
	if (is_fadump(s)) {
		log_error("Only kdump is supported for test.");
		return 1;
	}
	if (!state.crash_supported || !state.crash_loaded) {
		log_error("Kdump needs be operational before test.");
		return 1;
	}
	if (!(read_settings(s) && prepare(s)))
		return 1;
	if (strcmp(s->target.kind, "raw") == 0) {
		log_error("a raw target has no place for the outcome: it cannot be tested");
		return 1;
	}
	if (!force && !wants_it()) {
		log_info("Operation cancelled.");
		return 0;
	}
	if (s->recorded) {
		log_error("--root names a recorded machine: it is not crashed");
		return 1;
	}
	e = crash(s);
	return !failed(e, NULL);
}

/* A record that cannot be read is no reason to be silent about the rest. */
void say_last_test(struct service *s)
{
	const char *wanted = sysconfig_assigned(&s->sysconfig, "VMCORE_CREATION_NOTIFICATION");
	struct trial t;
	struct error *e = trial_read(s->root, &t);
	char date[64] = "an unknown day";
	struct tm tm;

	if (!e && t.state == TRIAL_PENDING && s->target.kind)
		e = trial_fetch(s->root, &s->target, &t);
	if (text_equal(wanted, "no")) {
		error_free(e); /* nobody wants to know */
		return;
	}
	if (e) {
		log_warning("the record of the last test: %s", error_message(e));
		error_free(e);
		return;
	}
	if (localtime_r(&t.when, &tm))
		strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Z %Y", &tm);
	switch (t.state) {
	case TRIAL_SUCCESS:
		log_info("Notice: Last successful vmcore creation test on %s", date);
		break;
	case TRIAL_FAIL:
		log_warning("Last NOT successful vmcore creation test on %s", date);
		break;
	case TRIAL_PENDING:
	case TRIAL_MANUAL:
		log_info("Require manual check for vmcore creation test of %s", date);
		break;
	case TRIAL_NONE:
		log_info("No vmcore creation test performed!");
		break;
	}
}
