/*
 * Types of variables for --config. BTF has none of variables; the kernel's own file (-x) has them as
 * DWARF, which a program of its own reads (salvage-dwarf): it is not at hand in the capture
 * kernel, and not needed by rules that say the types themselves.
 */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "tools/collector_job.h"

#define READER	  "salvage-dwarf"
#define INSTALLED "/usr/lib/salvage/" READER
#define LIMIT_MS  600000 /* a kernel's DWARF is up to a GiB */
#define TYPES_MAX (4u << 20)

/* Beside this program, or where it is installed. */
static void find_reader(char path[static 512])
{
	ssize_t n = readlink("/proc/self/exe", path, 511 - sizeof(READER));
	char *slash;

	path[MAX(n, (ssize_t)0)] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		strcpy(slash + 1, READER);
	if (!slash || access(path, X_OK) < 0)
		strcpy(path, INSTALLED);
}

struct error *job_find_types(struct job *j)
{
	struct process_how how = { .limit_ms = LIMIT_MS, .capture_limit = TYPES_MAX };
	_cleanup_words_ struct words argv = { 0 };
	struct process_result r = { 0 };
	char reader[512];

	if (!j->erase || !job_has(j, OPT_VMLINUX))
		return NULL;
	find_reader(reader);
	TRY(words_add(&argv, reader));
	TRY(words_add(&argv, j->info_file));
	TRY(erase_variables(j->erase, &argv));
	if (argv.n == 2)
		return NULL;
	if (access(reader, X_OK) < 0) {
		job_say(j, MSG_COMMON, "%s is not installed: rules count whose variables have known types.\n",
			INSTALLED);
		return NULL;
	}
	TRY(process_run(argv.v, &how, &r));
	if (r.timed_out || r.status)
		job_say(j, MSG_COMMON, "%s: no types could be read: rules count whose variables have known types.\n",
			j->info_file);
	else
		j->types = take_ptr(r.output);
	process_result_done(&r);
	return NULL;
}

const char *job_type_of(void *arg, const char *module, const char *name)
{
	static char found[512]; /* one thread asks */
	const struct job *j = arg;
	size_t len = strlen(name);

	for (const char *line = j->types; !module && line && *line; line = strchr(line, '\n') + 1) {
		const char *end = strchr(line, '\n');

		if (!end)
			break;
		if (!strncmp(line, name, len) && line[len] == '\t' && (size_t)(end - line) - len <= sizeof(found)) {
			snprintf(found, sizeof(found), "%.*s", (int)(end - line - len - 1), line + len + 1);
			return found;
		}
	}
	return NULL;
}
