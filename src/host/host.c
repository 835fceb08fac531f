/* Facts of the running machine that need no structure; see host.h. */
#include "host/host.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

struct error *host_kernel_release(int root, char **ret)
{
	_cleanup_free_ char *text = NULL;

	TRY(file_read(root, "proc/sys/kernel/osrelease", 4096, &text, NULL));
	text[strcspn(text, "\n")] = '\0';
	*ret = take_ptr(text);
	return NULL;
}

struct error *host_is_64bit(int root, bool *ret)
{
	_cleanup_free_ char *text = NULL;

	TRY(file_read(root, "proc/sys/kernel/arch", 4096, &text, NULL));
	*ret = strstr(text, "64") || text_starts(text, "s390x");
	return NULL;
}

bool kernel_release_numbers(const char *release, unsigned *ret_major, unsigned *ret_minor)
{
	unsigned major, minor;

	if (sscanf(release, "%u.%u", &major, &minor) != 2)
		return false;
	*ret_major = major;
	*ret_minor = minor;
	return true;
}

struct error *host_cpu_flag(int root, const char *flag, bool *ret)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line;

	TRY(file_read(root, "proc/cpuinfo", 64u << 20, &text, NULL));
	rest = text;
	*ret = false;
	while ((line = text_next_line(&rest))) {
		char *save = NULL;

		if (!text_starts(line, "flags") || !strchr(line, ':'))
			continue;
		line = strchr(line, ':') + 1;
		for (char *w = strtok_r(line, " \t", &save); w; w = strtok_r(NULL, " \t", &save))
			if (!strcmp(w, flag))
				*ret = true;
		break;
	}
	return NULL;
}
