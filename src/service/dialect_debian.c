/* /etc/default/kdump-tools of Debian and Ubuntu; see dialect.h. */
#include "service/dialect-priv.h"

#include <string.h>
#include <unistd.h>

#include "service/rootpath.h"

#define KERNEL_LINK "/var/lib/kdump/vmlinuz"
#define IMAGE_NAME  "vmlinuz-"

/* Variables with an effect below, and those whose matter is settled otherwise here. */
static const char *const known[] = {
	"KDUMP_KERNEL",		"KDUMP_COREDIR",     "KDUMP_FAIL_CMD",	 "KDUMP_DUMP_DMESG",
	"KDUMP_NUM_DUMPS",	"KDUMP_COMPRESSION", "KDUMP_KEXEC_ARGS", "KDUMP_CMDLINE",
	"KDUMP_CMDLINE_APPEND", "KDUMP_INITRD", /* the image is ours */
};
static const char *const prefixes[] = {"KDUMP_", NULL};

/* Where a word of the settings means nothing here: name and reason. */
static const struct {
	const char *name, *what;
} without_effect[] = {
	{"KDUMP_COMPRESSION",
	 "has no effect: the collector packs the pages itself, see MAKEDUMP_ARGS"},
	{"NFS_TIMEO", "has no effect: every wait of the capture has a limit of its own"},
	{"NFS_RETRANS", "has no effect: every wait of the capture has a limit of its own"},
	{"NFS_MOUNT_RETRY", "has no effect: every wait of the capture has a limit of its own"},
	{"SSH_KDUMP_RETRY", "has no effect: every wait of the capture has a limit of its own"},
};

/* The release in the name of the file that the link (or the chain of links) ends at; null:
 * none. */
static struct error *kernel_release(int root, const char *link, char **ret)
{
	_cleanup_free_ char *path = NULL;
	struct error *e = rootpath_real(root, link, &path);
	const char *name, *release;

	if (e && error_kind(e) != ERROR_NOMEM) {
		error_free(e); /* the running kernel captures then */
		return NULL;
	}
	TRY(e);
	name = strrchr(path, '/');
	release = name ? text_after(name + 1, IMAGE_NAME) : NULL;
	if (!release)
		return NULL;
	*ret = strdup(release);
	return *ret ? NULL : error_nomem();
}

/* The word that chooses the capture's systemd unit means nothing to our image. */
static struct error *without_unit(const char *line, struct strbuf *to)
{
	static const char unit[] = "systemd.unit=";

	while (*line) {
		size_t n = strcspn(line, " \t\n");

		if (n && strncmp(line, unit, strlen(unit)) != 0)
			strbuf_printf(to, "%s%.*s", to->len ? " " : "", (int)n, line);
		line += n + (line[n] != '\0');
	}
	strbuf_puts(to, "");
	return strbuf_error(to);
}

struct error *debian_sysconfig(const struct dialect *d, int root, struct sysconfig *c)
{
	const char *kernel = dialect_value(d, "KDUMP_KERNEL");
	const char *append = dialect_value(d, "KDUMP_CMDLINE_APPEND");
	const char *args = dialect_value(d, "KDUMP_KEXEC_ARGS");
	const char *base = dialect_value(d, "KDUMP_CMDLINE");
	_cleanup_free_ char *release = NULL;
	_cleanup_strbuf_ struct strbuf line = {0};

	TRY(kernel_release(root, kernel ? kernel : KERNEL_LINK, &release));
	if (release)
		TRY(sysconfig_set(c, SYSCONFIG_KERNELVER, release));
	if (base)
		TRY(sysconfig_set(c, SYSCONFIG_COMMANDLINE, base));
	if (append) {
		TRY(without_unit(append, &line));
		TRY(sysconfig_set(c, SYSCONFIG_COMMANDLINE_APPEND, strbuf_str(&line)));
	}
	return args ? sysconfig_set(c, SYSCONFIG_KEXEC_ARGS, args) : NULL;
}

static struct error *target(const struct dialect *d, struct settings *s)
{
	const char *nfs = dialect_value(d, "NFS"), *ssh = dialect_value(d, "SSH");
	const char *folder = dialect_value(d, "KDUMP_COREDIR");

	if (dialect_value(d, "FTP"))
		return error_new(ERROR_UNSUPPORTED,
				 "%s: FTP=%s: dumps are not sent by FTP; use SSH or NFS",
				 d->file, dialect_value(d, "FTP"));
	if (nfs)
		TRY(dialect_put(d, s, "NFS", "nfs", "%s", nfs));
	if (ssh)
		TRY(dialect_put(d, s, "SSH", "ssh", "%s", ssh));
	if (dialect_value(d, "SSH_KEY"))
		TRY(dialect_put(d, s, "SSH_KEY", "sshkey", "%s", dialect_value(d, "SSH_KEY")));
	/* the export itself was mounted on KDUMP_COREDIR */
	return dialect_put(d, s, "KDUMP_COREDIR", "path", "%s",
			   nfs	    ? "/"
			   : folder ? folder
				    : "/var/crash");
}

/* A command of several words was expanded and not evaluated there: only the first word had a
 * meaning. */
static struct error *failure(const struct dialect *d, struct settings *s)
{
	static const char *const actions[] = {"reboot", "halt", "poweroff"};
	const char *command = dialect_value(d, "KDUMP_FAIL_CMD"), *name;
	_cleanup_words_ struct words w = {0};

	if (!command)
		return NULL;
	TRY(error_prefix(words_split(&w, command), "%s: KDUMP_FAIL_CMD", d->file));
	if (!w.n)
		return NULL;
	name = strrchr(w.v[0], '/') ? strrchr(w.v[0], '/') + 1 : w.v[0];
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (strcmp(name, actions[i]) == 0)
			return dialect_put(d, s, "KDUMP_FAIL_CMD", "failure_action", "%s",
					   actions[i]);
	if (w.n == 1 && w.v[0][0] == '/')
		return dialect_put(d, s, "KDUMP_FAIL_CMD", "kdump_emergency", "%s", w.v[0]);
	return dialect_warn(
		d, s, "KDUMP_FAIL_CMD",
		"is not run: give reboot, halt, poweroff, or the path of one program");
}

static struct error *retention(const struct dialect *d, struct settings *s)
{
	const char *keep = dialect_value(d, "KDUMP_NUM_DUMPS"),
		   *tag = dialect_value(d, "HOSTTAG");

	if (keep)
		TRY(dialect_put(d, s, "KDUMP_NUM_DUMPS", "keep_dumps", "%s", keep));
	if (tag && strcmp(tag, "hostname") != 0 && strcmp(tag, "ip") != 0)
		TRY(dialect_warn(d, s, "HOSTTAG", "is neither ip nor hostname; ip holds"));
	return dialect_put(d, s, "KDUMP_COREDIR", "dump_naming", "debian");
}

struct error *debian_settings(const struct dialect *d, struct settings *s)
{
	const char *use = dialect_value(d, "USE_KDUMP"),
		   *args = dialect_value(d, "MAKEDUMP_ARGS");

	if (!use || strcmp(use, "0") == 0)
		return error_new(ERROR_USAGE, "USE_KDUMP is not set or zero (%s)", d->file);
	TRY(target(d, s));
	/* what goes through a pipe is flattened whatever the arguments say */
	TRY(dialect_put(d, s, "MAKEDUMP_ARGS", "core_collector", "makedumpfile %s%s",
			args ? args : "-c -d 31", dialect_value(d, "SSH") ? " -F" : ""));
	TRY(failure(d, s));
	TRY(retention(d, s));
	for (size_t i = 0; i < ARRAY_SIZE(without_effect); i++)
		if (dialect_value(d, without_effect[i].name))
			TRY(dialect_warn(d, s, without_effect[i].name, without_effect[i].what));
	return dialect_check_names(d, s, prefixes, known, ARRAY_SIZE(known));
}
