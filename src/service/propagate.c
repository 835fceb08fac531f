/* `kdumpctl propagate`: a key for ssh, known to the server. */
#include "service/sshtarget.h"

#define MAKE_LIMIT_MS 120000
#define COPY_LIMIT_MS 600000 /* somebody types a password */

static struct error *make_key(const char *key)
{
	char *argv[] = { "/usr/bin/ssh-keygen", "-q", "-t", "rsa", "-f", (char *)key, "-N", "", NULL };
	struct process_how how = { .limit_ms = MAKE_LIMIT_MS, .capture_limit = 4096 };
	struct process_result r = { 0 };
	struct error *e = process_run(argv, &how, &r);

	if (!e && (r.status || r.timed_out))
		e = error_new(ERROR_OTHER, "ssh-keygen could not make %s", key);
	process_result_done(&r);
	return e;
}

struct error *ssh_propagate(const struct settings *s)
{
	struct process_how how = { .limit_ms = COPY_LIMIT_MS, .stdin_fd = STDIN_FILENO };
	_cleanup_ssh_target_ struct ssh_target t = { 0 };
	struct process_result r = { 0 };
	_cleanup_close_ int terminal = -1;
	struct error *e;

	if (!settings_target(s, "ssh"))
		return error_new(ERROR_USAGE, "No ssh destination defined in %s.", s->file);
	TRY(ssh_target_find(s, &t));
	if (access(t.key, F_OK) == 0) {
		log_info("Using existing keys...");
	} else {
		log_info("Generating new ssh keys... ");
		TRY(make_key(t.key));
		log_info("done.");
	}
	/* questions and passwords go through the terminal */
	terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
	how.stdin_fd = terminal >= 0 ? terminal : 0;
	e = process_run((char *[]){ "ssh-copy-id", "-i", t.key, (char *)t.spec, NULL }, &how, &r);
	if (!e && (r.status || r.timed_out))
		e = error_new(ERROR_OTHER, "Failed to propagate ssh key, could not transfer %s to %s", t.key,
			      t.host);
	process_result_done(&r);
	TRY(e);
	log_info("%s has been added to ~%.*s/.ssh/authorized_keys on %s", t.key,
		 (int)(t.host - 1 - t.spec), t.spec, t.host);
	return NULL;
}
