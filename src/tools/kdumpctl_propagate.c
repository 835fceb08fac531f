/* kdumpctl propagate */
#include "service/sshtarget.h"
#include "tools/kdumpctl.h"

int cmd_propagate(struct service *s)
{
	struct error *e;

	if (!read_sysconfig(s) || !read_settings(s))
		return 1;
	if (!settings_target(&s->settings, "ssh")) {
		log_error("No ssh destination defined in %s.", s->settings.file);
		log_error("Please verify that %s contains 'ssh <user>@<host>' and that it is properly formatted.",
			  s->settings.file);
		return 1;
	}
	e = ssh_propagate(&s->settings);
	return e && !failed(e, NULL) ? 1 : 0;
}
