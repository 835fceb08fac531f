/*
 * makedumpfile and salvage-collect: what is said, and which mode runs. What a wrapper script can
 * see (options, streams, wording of the last lines, exit codes) is makedumpfile's; how it is done
 * is not.
 */
#include "tools/collector.h"

#include <signal.h>

#include <stdarg.h>
#include <unistd.h>

#include "tools/collector_job.h"

void job_say(const struct job *j, enum message_bit bit, const char *fmt, ...)
{
	FILE *to = bit == MSG_ERROR ? stderr : j->talk;
	_cleanup_free_ char *text = NULL;
	va_list ap;

	if (!(j->messages & bit))
		return;
	va_start(ap, fmt);
	text = text_vformat(fmt, ap);
	va_end(ap);
	if (text && job_has(j, OPT_JSON)) {
		job_json_message(j, bit, text);
	} else if (text) {
		fputs(text, to);
		fflush(to);
	}
}

int job_completed(const struct job *j, int status)
{
	const char *how = "Completed, the dump is incomplete", *word = "incomplete";

	if (status == 0) {
		how = "Completed";
		word = "completed";
	} else if (status == j->failed_status) {
		how = "Failed";
		word = "failed";
	}
	if (job_has(j, OPT_JSON))
		job_json_end(j, status, word);
	else
		job_say(j, MSG_COMMON, "\n%s %s.\n", j->program->name, how);
	return status;
}

int job_failed(struct job *j, struct error *e)
{
	progress_end(&j->progress);
	if (e)
		job_say(j, MSG_ERROR, "%s: %s\n", j->program->name, error_message(e));
	error_free(e);
	return job_completed(j, j->failed_status);
}

static int run(struct job *j)
{
	if (j->fd == STDOUT_FILENO)
		j->talk = stderr;
	progress_init(&j->progress, stderr);
	return j->mode->run(j);
}

int collector_main(const struct collector_program *p, int argc, char **argv)
{
	struct job j = {
		.program = p,
		.messages = MSG_DEFAULT,
		.talk = stdout,
		.nr_levels = 1,
		.fd = -1,
		.failed_status = 1,
		.split_unit = 1ull << 30,
	};
	int status;

	(void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a full target */
	status = job_parse(&j, argc, argv);
	if (status == 2)
		status = job_has(&j, OPT_CHECK) ? 1 : job_completed(&j, 1);
	else if (status || job_has(&j, OPT_CHECK))
		status = MAX(status - 1, 0);
	else
		status = run(&j);
	erase_rules_free(j.erase);
	free(j.types);
	age_recipients_done(&j.recipients);
	age_forget_identities();
	return status;
}
