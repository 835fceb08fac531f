/* kdumpctl status, showmem: what the kernel says. */
#include "tools/kdumpctl.h"

/* A test that is still open is looked for on the target. */
static void tell_of_test(struct service *s)
{
	struct resolve_how how = { .root = s->root };
	struct error *e;

	if (!read_sysconfig(s))
		return;
	e = settings_read(&s->settings, s->root, CONFIG);
	if (!e)
		e = target_resolve(&how, &s->settings, &s->target);
	if (e)
		s->target.kind = NULL; /* `start` and `lint` say what is wrong with it */
	error_free(e);
	say_last_test(s);
}

int cmd_status(struct service *s)
{
	struct kexec_state state;

	if (!kexec_state(s, &state))
		return EXIT_NOT_OPERATIONAL;
	if (!state.crash_supported)
		log_error("kdump is not supported on this kernel");
	if (state.crash_supported && state.crash_loaded) {
		log_info("Kdump is operational");
		tell_of_test(s);
		return 0;
	}
	log_info("Kdump is not operational");
	return EXIT_NOT_OPERATIONAL;
}

int cmd_showmem(struct service *s)
{
	struct kexec_state state;

	if (!kexec_state(s, &state))
		return 1;
	log_info("Reserved %lluMB memory for crash kernel",
		 (unsigned long long)state.crash_size >> 20);
	return 0;
}
