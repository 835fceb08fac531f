/* The kernel's own words on kexec; see kexec_state.h. */
#include "host/kexec_state.h"

#include <string.h>

#include "base/file.h"
#include "base/text.h"

/* The newer place first. *ret_there tells whether either file is there. */
static struct error *read_either(int root, const char *newer, const char *older, bool *ret_there,
				 uint64_t *ret)
{
	struct error *e = file_read_u64(root, newer, ret);

	if (error_drop_if(&e, ERROR_NOT_FOUND))
		e = file_read_u64(root, older, ret);
	*ret_there = !e;
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		*ret = 0;
	return e;
}

/* "none [integrity] confidentiality": the one in brackets is in force. */
static struct error *read_lockdown(int root, char *ret, size_t room)
{
	_cleanup_free_ char *text = NULL;
	struct error *e = file_read(root, "sys/kernel/security/lockdown", 4096, &text, NULL);
	char *open, *close;

	ret[0] = '\0';
	if (e) { /* securityfs not mounted, or no lockdown in this kernel */
		error_free(e);
		return NULL;
	}
	open = strchr(text, '[');
	close = open ? strchr(open, ']') : NULL;
	if (!close || (size_t)(close - open) > room)
		return error_new(ERROR_BAD_DATA,
				 "/sys/kernel/security/lockdown: no mode stands in brackets");
	*close = '\0';
	memcpy(ret, open + 1, (size_t)(close - open));
	return NULL;
}

/* A counter that only goes down; kernels before 6.3 have none. */
static struct error *read_limit(int root, const char *name, int64_t *ret)
{
	_cleanup_free_ char *text = NULL;
	struct error *e = file_read(root, name, 256, &text, NULL);

	*ret = -1;
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	if (!text_i64(text_strip(text), ret))
		return error_new(ERROR_BAD_DATA, "/%s: \"%s\" is no number", name, text);
	return NULL;
}

/* Whether the file can be read and holds a line with all the words. */
static bool have_line(int root, const char *name, const char *begins, const char *holds)
{
	_cleanup_free_ char *text = NULL;
	struct error *e = file_read(root, name, 1u << 20, &text, NULL);
	char *rest = text, *line;

	if (e) { /* not there, or not shown to anyone: then nothing is known of it */
		error_free(e);
		return false;
	}
	while ((line = text_next_line(&rest)))
		if (text_starts(line, begins) && strstr(line, holds))
			return true;
	return false;
}

static bool says_one(int root, const char *name)
{
	return have_line(root, name, "1", "1");
}

struct error *host_kexec_state(int root, struct kexec_state *ret)
{
	struct kexec_state s = { 0 };
	uint64_t loaded, crash_loaded, disabled;
	bool there;

	TRY(read_either(root, "sys/kernel/kexec/loaded", "sys/kernel/kexec_loaded", &s.supported,
			&loaded));
	TRY(read_either(root, "sys/kernel/kexec/crash_loaded", "sys/kernel/kexec_crash_loaded",
			&s.crash_supported, &crash_loaded));
	TRY(read_either(root, "sys/kernel/kexec/crash_size", "sys/kernel/kexec_crash_size", &there,
			&s.crash_size));
	TRY(read_either(root, "sys/kernel/kexec/crash_elfcorehdr_size",
			"sys/kernel/crash_elfcorehdr_size", &there, &s.elfcorehdr_size));
	TRY(read_either(root, "proc/sys/kernel/kexec_load_disabled",
			"proc/sys/kernel/kexec_load_disabled", &there, &disabled));
	TRY(read_limit(root, "proc/sys/kernel/kexec_load_limit_panic", &s.limit_panic));
	TRY(read_limit(root, "proc/sys/kernel/kexec_load_limit_reboot", &s.limit_reboot));
	s.hotplug_updates = says_one(root, "sys/devices/system/cpu/crash_hotplug") ||
			    says_one(root, "sys/devices/system/memory/crash_hotplug");
	s.ima_appraises = have_line(root, "sys/kernel/security/ima/policy", "appraise ",
				    "func=KEXEC_KERNEL_CHECK");
	s.xen_host = have_line(root, "proc/xen/capabilities", "", "control_d");
	TRY(read_lockdown(root, s.lockdown, sizeof(s.lockdown)));
	s.loaded = loaded;
	s.crash_loaded = crash_loaded;
	s.load_disabled = disabled;
	*ret = s;
	return NULL;
}

struct error *crash_cma_parse(const char *name, char *text, struct ranges *ret)
{
	char *rest = text, *line;

	while ((line = text_next_line(&rest))) {
		char *dash = strchr(line, '-');
		uint64_t first, last;

		if (!*line)
			continue;
		if (dash)
			*dash++ = '\0';
		if (!dash || !text_hex(line, &first) || !text_hex(text_strip(dash), &last) ||
		    last < first || last == UINT64_MAX)
			return error_new(ERROR_BAD_DATA, "/%s: \"%s\" is no range", name, line);
		TRY(ranges_add(ret, first, last + 1));
	}
	return NULL;
}

struct error *host_crash_cma(int root, struct ranges *ret)
{
	static const char *const names[] = { "sys/kernel/kexec/crash_cma_ranges",
					     "sys/kernel/kexec_crash_cma_ranges" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *text = NULL;
		struct error *e = file_read(root, names[i], 1u << 20, &text, NULL);

		if (error_drop_if(&e, ERROR_NOT_FOUND))
			continue;
		TRY(e);
		return crash_cma_parse(names[i], text, ret);
	}
	return NULL;
}
