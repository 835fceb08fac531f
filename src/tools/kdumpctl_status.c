/* kdumpctl status, showmem: what the kernel says. */
#include "tools/kdumpctl.h"

int cmd_status(struct service *s)
{
	struct kexec_state state;

	if (!kexec_state(s, &state))
		return EXIT_NOT_OPERATIONAL;
	if (!state.crash_supported)
		log_error("kdump is not supported on this kernel");
	if (state.crash_supported && state.crash_loaded) {
		log_info("Kdump is operational");
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
