/* The capture kernel's command line; see capline.h. */
#include "service/capline.h"

#include <ctype.h>
#include <string.h>

#include "host/cmdline.h"
#include "service/rootpath.h"

/* Never passed on: they belong to the production boot, or would stop the capture. */
static const char *const always_removed[] = {
	"crashkernel", "panic_on_warn", "root",	  "rd.lvm.lv",		"rd.luks.uuid",
	"rd.dm.uuid",  "rd.md.uuid",	"fcoe",	  "netroot",		"rd.iscsi.initiator",
	"iscsi_initiator",
};

/* The kernel's words, quotes kept. */
static struct error *split(const char *line, struct words *ret)
{
	size_t pos = 0, len;
	const char *word;

	while (cmdline_word(line, &pos, &word, &len))
		TRY(words_addf(ret, "%.*s", (int)len, word));
	return NULL;
}

/* Takes out `foo=` words, which mean nothing, and the exact words of `unwanted`. */
static struct error *drop_words(char **line, const struct words *unwanted)
{
	_cleanup_words_ struct words words = { 0 };
	_cleanup_strbuf_ struct strbuf kept = { 0 };
	bool init = false; /* words after -- are not the kernel's */
	char *s;

	TRY(split(*line, &words));
	for (size_t i = 0; i < words.n; i++) {
		const char *word = words.v[i];

		init |= strcmp(word, "--") == 0;
		if (!init && (text_ends(word, "=") || words_have(unwanted, word)))
			continue;
		if (kept.len)
			strbuf_putc(&kept, ' ');
		strbuf_puts(&kept, word);
	}
	strbuf_puts(&kept, "");
	TRY(strbuf_error(&kept));
	s = strbuf_take(&kept, NULL);
	if (!s)
		return error_nomem();
	free(*line);
	*line = s;
	return NULL;
}

static struct error *remove_words(const struct sysconfig *conf, char **line)
{
	_cleanup_words_ struct words names = { 0 }, exact = { 0 };

	TRY(split(sysconfig_get(conf, SYSCONFIG_COMMANDLINE_REMOVE), &names));
	for (size_t i = 0; i < names.n; i++) {
		if (strchr(names.v[i], '='))
			TRY(words_add(&exact, names.v[i]));
		else
			TRY(cmdline_remove(line, names.v[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(always_removed); i++)
		TRY(cmdline_remove(line, always_removed[i]));
	return drop_words(line, &exact);
}

/* The APIC id that CPU 0 started with: the capture kernel may run on another CPU and must not
 * wake the boot CPU, whose INIT would reset the machine (Documentation/admin-guide/kdump). */
static struct error *boot_apic_id(int root, uint64_t *ret, bool *ret_found)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line;
	bool boot_cpu = false;

	*ret_found = false;
	TRY(file_read(root, "proc/cpuinfo", 64 << 20, &text, NULL));
	rest = text;
	while (!*ret_found && (line = text_next_line(&rest))) {
		char *colon = strchr(line, ':'), *name;
		uint64_t value;

		if (!colon)
			continue;
		*colon = '\0';
		name = text_strip(line);
		if (!text_u64(text_strip(colon + 1), &value))
			continue;
		if (strcmp(name, "processor") == 0)
			boot_cpu = value == 0;
		if (boot_cpu && strcmp(name, "initial apicid") == 0) {
			*ret = value;
			*ret_found = true;
		}
	}
	return NULL;
}

struct error *watchdogs_active(int root, struct words *ret_modules, unsigned *ret_timeout_s)
{
	_cleanup_words_ struct words names = { 0 };
	struct error *e = rootpath_list(root, "/sys/class/watchdog", &names);
	uint64_t shortest = 0;

	if (!error_drop_if(&e, ERROR_NOT_FOUND))
		TRY(e);
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *state = NULL, *link = NULL, *path = NULL, *module = NULL;
		uint64_t timeout;

		if (asprintf(&path, "sys/class/watchdog/%s/state", names.v[i]) < 0) {
			path = NULL;
			return error_nomem();
		}
		e = file_read(root, path, 64, &state, NULL);
		if (e || strcmp(text_strip(state), "active")) {
			error_free(e); /* a driver that does not tell, or is not running */
			continue;
		}
		strrchr(path, '/')[1] = '\0'; /* "sys/class/watchdog/watchdogN/" */
		if (asprintf(&link, "%stimeout", path) < 0) {
			link = NULL;
			return error_nomem();
		}
		e = file_read_u64(root, link, &timeout);
		if (!e && timeout && (!shortest || timeout < shortest))
			shortest = timeout;
		error_free(e); /* no limit told */
		free(link);
		if (asprintf(&link, "%sdevice/driver/module", path) < 0) {
			link = NULL;
			return error_nomem();
		}
		e = rootpath_link_name(root, link, &module);
		if (!e && !words_have(ret_modules, module))
			e = words_add(ret_modules, module);
		if (!error_drop_if(&e, ERROR_NOT_FOUND)) /* built in, or without a device */
			TRY(e);
	}
	*ret_timeout_s = MIN(shortest, (uint64_t)86400);
	return NULL;
}

static struct error *append_for_machine(int root, char **line)
{
	_cleanup_words_ struct words dogs = { 0 };
	unsigned timeout;
	uint64_t apic;
	bool found;

	TRY(boot_apic_id(root, &apic, &found));
	if (found) {
		char word[64];

		snprintf(word, sizeof(word), "disable_cpu_apicid=%llu", (unsigned long long)apic);
		TRY(cmdline_append(line, word));
	}
	TRY(watchdogs_active(root, &dogs, &timeout));
	for (size_t i = 0; i < dogs.n; i++) {
		_cleanup_strbuf_ struct strbuf words = { 0 };

		strbuf_printf(&words, "%s.pretimeout=0", dogs.v[i]);
		if (strcmp(dogs.v[i], "hpwdt") == 0)
			strbuf_puts(&words, " hpwdt.kdumptimeout=0");
		TRY(strbuf_error(&words));
		TRY(cmdline_append(line, strbuf_str(&words)));
	}
	return cmdline_append(line, "rd.systemd.gpt_auto=no");
}

/* Polling for lost interrupts breaks hot removal of PCI devices on AWS's arm64 machines (Graviton). */
static bool is_graviton(int root)
{
	_cleanup_free_ char *machine = NULL, *vendor = NULL;
	struct error *e = file_read(root, "proc/sys/kernel/arch", 64, &machine, NULL);

	if (!e)
		e = file_read(root, "sys/class/dmi/id/sys_vendor", 256, &vendor, NULL);
	if (e) {
		error_free(e); /* an older kernel, or a machine without such tables */
		return false;
	}
	return strcmp(text_strip(machine), "aarch64") == 0 && strcmp(text_strip(vendor), "Amazon EC2") == 0;
}

struct error *capline_make(int root, const struct sysconfig *conf, char **ret)
{
	const char *base = sysconfig_get(conf, SYSCONFIG_COMMANDLINE);
	const char *append = sysconfig_get(conf, SYSCONFIG_COMMANDLINE_APPEND);
	_cleanup_free_ char *line = NULL;

	if (*base) {
		line = strdup(base);
		if (!line)
			return error_nomem();
	} else {
		TRY(host_cmdline(root, &line));
	}
	if (cmdline_open_quote(line))
		return error_new(ERROR_USAGE, "the kernel command line has a quote without its "
					      "partner: %s", line);
	TRY(remove_words(conf, &line));
	if (*append)
		TRY(cmdline_append(&line, append));
	if (is_graviton(root))
		TRY(cmdline_remove(&line, "irqpoll"));
	TRY(append_for_machine(root, &line));
	for (char *p = line; *p; p++) /* values of several lines */
		if (isspace((unsigned char)*p))
			*p = ' ';
	*ret = take_ptr(line);
	return NULL;
}
