/* /etc/sysconfig/kdump of SUSE; see dialect.h. Wrong booleans and numbers are told and the
 * default holds. */
#include "service/dialect-priv.h"

#include <string.h>

/* Variables with an effect, or whose matter belongs to another program. */
static const char *const known[] = {
	"KDUMP_CRASHKERNEL",	   "KDUMP_KERNELVER",	       "KDUMP_CPUS",
	"KDUMP_COMMANDLINE",	   "KDUMP_COMMANDLINE_APPEND", "KDUMP_SAVEDIR",
	"KDUMP_KEEP_OLD_DUMPS",	   "KDUMP_FREE_DISK_SIZE",     "KDUMP_VERBOSE",
	"KDUMP_DUMPLEVEL",	   "KDUMP_DUMPFORMAT",	       "KDUMP_CONTINUE_ON_ERROR",
	"KDUMP_REQUIRED_PROGRAMS", "KDUMP_SSH_IDENTITY",       "KDUMP_IMMEDIATE_REBOOT",
	"KDUMP_UPDATE_BOOTLOADER", "KDUMP_AUTO_RESIZE",	       "KDUMP_FADUMP",
	"KDUMP_FADUMP_SHELL",	   "KDUMP_NET_TIMEOUT",	       "KDUMP_NETCONFIG",
	"KDUMP_HOST_KEY",	   "KDUMP_TRANSFER",	       "KDUMP_PRESCRIPT",
	"KDUMP_POSTSCRIPT",	   "KDUMP_SMTP_SERVER",	       "KDUMP_SMTP_USER",
	"KDUMP_SMTP_PASSWORD",	   "KDUMP_NOTIFICATION_TO",    "KDUMP_NOTIFICATION_CC",
	"KDUMP_COPY_KERNEL",	   "KDUMPTOOL_FLAGS",	       "KEXEC_OPTIONS",
};
static const char *const prefixes[] = {"KDUMP", "KEXEC", NULL};

#define LOCAL_DEFAULT "/var/crash"

static const struct {
	const char *name, *usual,
		*what; /* `usual`: the value that means nothing special; null: any */
} without_effect[] = {
	{"KDUMP_NETCONFIG", "auto",
	 "has no effect: the network is set up as it is when the service starts"},
	{"KDUMP_HOST_KEY", NULL, "has no effect: the key is taken from root's known hosts"},
	{"KDUMP_SMTP_SERVER", NULL, "has no effect: no mail is sent"},
	{"KDUMP_NOTIFICATION_TO", NULL, "has no effect: no mail is sent"},
	{"KDUMP_AUTO_RESIZE", "false", "has no effect: see kdumpctl estimate"},
};

static const char *get(const struct dialect *d, const char *name, const char *fallback)
{
	const char *value = dialect_value(d, name);

	return value ? value : fallback;
}

static struct error *get_bool(const struct dialect *d, struct settings *s, const char *name,
			      bool fallback, bool *ret)
{
	static const char *const yes[] = {"yes", "1", "true"}, *const no[] = {"no", "0",
									      "false"};
	const char *value = get(d, name, fallback ? "yes" : "no");

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		if (strcasecmp(value, yes[i]) == 0 || strcasecmp(value, no[i]) == 0) {
			*ret = strcasecmp(value, yes[i]) == 0;
			return NULL;
		}
	*ret = fallback;
	return dialect_warn(d, s, name,
			    fallback ? "is neither yes nor no; yes holds"
				     : "is neither yes nor no; no holds");
}

static struct error *get_number(const struct dialect *d, struct settings *s, const char *name,
				int64_t fallback, int64_t *ret)
{
	const char *value = dialect_value(d, name);
	char what[64];

	*ret = fallback;
	if (!value || text_i64(value, ret))
		return NULL;
	*ret = fallback;
	snprintf(what, sizeof(what), "is no number; %lld holds", (long long)fallback);
	return dialect_warn(d, s, name, what);
}

/* --- kernel and command line --------------------------------------------------------- */

/* The stock words with as many processors as are asked for (0: all there are), and what is
 * appended. */
static struct error *append_line(const struct dialect *d, struct strbuf *to)
{
	static const char one[] = "nr_cpus=1 ";
	const char *stock = sysconfig_stock(NULL, SYSCONFIG_COMMANDLINE_APPEND);
	const char *cpus = dialect_value(d, "KDUMP_CPUS"), *at = strstr(stock, one);
	uint64_t n;

	if (at && cpus && text_u64(cpus, &n)) {
		strbuf_printf(to, "%.*s", (int)(at - stock), stock);
		if (n)
			strbuf_printf(to, "nr_cpus=%llu ", (unsigned long long)n);
		strbuf_puts(to, at + strlen(one));
	} else {
		strbuf_puts(to, stock);
	}
	if (dialect_value(d, "KDUMP_COMMANDLINE_APPEND"))
		strbuf_printf(to, " %s", dialect_value(d, "KDUMP_COMMANDLINE_APPEND"));
	return strbuf_error(to);
}

struct error *suse_sysconfig(const struct dialect *d, struct sysconfig *c)
{
	const char *options = dialect_value(d, "KEXEC_OPTIONS");
	_cleanup_strbuf_ struct strbuf line = {0}, args = {0};

	TRY(sysconfig_set(c, SYSCONFIG_KERNELVER, get(d, "KDUMP_KERNELVER", "")));
	TRY(sysconfig_set(c, SYSCONFIG_COMMANDLINE, get(d, "KDUMP_COMMANDLINE", "")));
	TRY(append_line(d, &line));
	TRY(sysconfig_set(c, SYSCONFIG_COMMANDLINE_APPEND, strbuf_str(&line)));
	if (dialect_value(d, "FADUMP_COMMANDLINE_APPEND"))
		TRY(sysconfig_set(c, SYSCONFIG_FADUMP_APPEND,
				  dialect_value(d, "FADUMP_COMMANDLINE_APPEND")));
	if (!options)
		return NULL;
	strbuf_printf(&args, "%s %s", sysconfig_stock(NULL, SYSCONFIG_KEXEC_ARGS), options);
	TRY(strbuf_error(&args));
	return sysconfig_set(c, SYSCONFIG_KEXEC_ARGS, strbuf_str(&args));
}

/* --- where the dump goes ------------------------------------------------------------- */

/* A URL in parts; all borrowed from `text`, which is cut up. `user`, `password`, `port`: null:
 * not there. */
struct place {
	const char *scheme, *user, *password, *host, *port, *path;
};

static struct error *invalid(const struct dialect *d, const char *value)
{
	return error_new(ERROR_USAGE,
			 "KDUMP_SAVEDIR (%s) is invalid (%s): expected a folder or "
			 "file://, ssh://, sftp://, nfs:// with host and folder",
			 value, d->file);
}

/* SCHEME://[USER[:PASSWORD]@]HOST[:PORT]/PATH, or a plain path. False: it is not that. */
static bool split_place(char *text, struct place *ret)
{
	char *colon = strchr(text, ':'), *slash, *at;

	*ret = (struct place){.scheme = "file", .path = text};
	if (text[0] == '/')
		return true;
	if (!colon)
		return false;
	*colon = '\0';
	ret->scheme = text;
	text = colon + 1;
	if (!text_starts(text, "//")) { /* file:/var/crash */
		ret->path = text;
		return text[0] == '/';
	}
	text += 2;
	slash = strchr(text, '/');
	ret->path = slash ? slash : "";
	if (strcmp(ret->scheme, "file") == 0)
		return slash == text;
	if (!slash)
		return false;
	/* the host is moved one to the left, so that the path keeps its slash */
	memmove(text - 1, text, slash - text);
	slash[-1] = '\0';
	text--;
	at = strrchr(text, '@');
	if (at) {
		*at = '\0';
		ret->user = text;
		colon = strchr(text, ':');
		if (colon) {
			*colon = '\0';
			ret->password = colon + 1;
		}
		text = at + 1;
	}
	ret->host = text;
	colon = *text == '[' ? strstr(text, "]:") : strchr(text, ':');
	if (colon) {
		colon += *text == '[';
		*colon = '\0';
		ret->port = colon + 1;
	}
	return *ret->host != '\0';
}

static struct error *put_remote(const struct dialect *d, struct settings *s,
				const struct place *p)
{
	const char *name = "KDUMP_SAVEDIR";

	if (p->port)
		return error_new(
			ERROR_UNSUPPORTED,
			"%s: KDUMP_SAVEDIR: a port (%s) is not supported; set it for the host in "
			"/etc/ssh/ssh_config",
			d->file, p->port);
	if (p->password)
		TRY(words_addf(&s->warnings,
			       "%s: KDUMP_SAVEDIR: the password is not used, only keys are: "
			       "kdumpctl propagate sets them up",
			       d->file));
	TRY(dialect_put(d, s, name, "ssh", "%s@%s", p->user ? p->user : "root", p->host));
	return dialect_put(d, s, name, "path", "%s", p->path);
}

static struct error *save_dir(const struct dialect *d, struct settings *s)
{
	const char *value = get(d, "KDUMP_SAVEDIR", LOCAL_DEFAULT), *name = "KDUMP_SAVEDIR";
	_cleanup_free_ char *copy = strdup(value);
	struct place p;

	if (!copy)
		return error_nomem();
	if (strpbrk(value, " \t\n") || !split_place(copy, &p))
		return invalid(d, value);
	if (strcmp(p.scheme, "file") == 0)
		return dialect_put(d, s, name, "path", "%s", p.path);
	if (strcmp(p.scheme, "ssh") == 0 || strcmp(p.scheme, "sftp") == 0 ||
	    strcmp(p.scheme, "scp") == 0)
		return put_remote(d, s, &p);
	if (strcmp(p.scheme, "nfs") == 0) { /* the whole path is mounted */
		TRY(dialect_put(d, s, name, "nfs", "%s:%s", p.host, p.path));
		return dialect_put(d, s, name, "path", "/");
	}
	if (strcmp(p.scheme, "ftp") == 0 || strcmp(p.scheme, "cifs") == 0 ||
	    strcmp(p.scheme, "smb") == 0)
		return error_new(
			ERROR_UNSUPPORTED,
			"%s: KDUMP_SAVEDIR: dumps are not sent by %s; use ssh:// or nfs://",
			d->file, p.scheme);
	return invalid(d, value);
}

/* --- what is saved, and what then ---------------------------------------------------- */

static struct error *collector(const struct dialect *d, struct settings *s)
{
	static const struct {
		const char *format, *option;
	} formats[] = {
		{"compressed", "-c"}, {"ELF", "-E"},  {"lzo", "-l"},
		{"snappy", "-p"},     {"zstd", "-z"},
	};
	const char *format = get(d, "KDUMP_DUMPFORMAT", "compressed"), *option = NULL;
	const char *more = dialect_value(d, "MAKEDUMPFILE_OPTIONS");
	int64_t level;

	TRY(get_number(d, s, "KDUMP_DUMPLEVEL", 31, &level));
	if (level < 0 || level > 31) {
		level = 0;
		TRY(dialect_warn(d, s, "KDUMP_DUMPLEVEL", "is not between 0 and 31; 0 holds"));
	}
	if (strcmp(format, "raw") == 0)
		return dialect_put(d, s, "KDUMP_DUMPFORMAT", "core_collector", "%s",
				   s->target_type ? "cat" : "cp");
	if (strcmp(format, "none") == 0)
		return error_new(ERROR_UNSUPPORTED,
				 "%s: KDUMP_DUMPFORMAT=none: the memory is always saved here; "
				 "KDUMP_DUMPLEVEL=31 makes it small",
				 d->file);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (strcmp(format, formats[i].format) == 0)
			option = formats[i].option;
	if (!option) {
		option = "-c";
		TRY(dialect_warn(d, s, "KDUMP_DUMPFORMAT", "is not known; compressed holds"));
	}
	return dialect_put(d, s, "KDUMP_DUMPFORMAT", "core_collector",
			   "makedumpfile %s -d %lld%s%s%s", option, (long long)level,
			   more ? " " : "", more ? more : "",
			   text_equal(s->target_type, "ssh") ? " -F" : "");
}

static struct error *retention(const struct dialect *d, struct settings *s)
{
	int64_t keep, free_mb;

	TRY(get_number(d, s, "KDUMP_KEEP_OLD_DUMPS", 0, &keep));
	TRY(get_number(d, s, "KDUMP_FREE_DISK_SIZE", 64, &free_mb));
	if (keep) /* so many old ones, and the new one; negative: none of the old */
		TRY(dialect_put(d, s, "KDUMP_KEEP_OLD_DUMPS", "keep_dumps", "%lld",
				keep < 0 ? 1LL : (long long)MIN(keep, (int64_t)100000) + 1));
	if (free_mb > 0)
		TRY(dialect_put(d, s, "KDUMP_FREE_DISK_SIZE", "keep_free", "%lldM",
				(long long)free_mb));
	return dialect_put(d, s, "KDUMP_SAVEDIR", "dump_naming", "suse");
}

/* They were evaluated by a shell: only the path of a program can be taken over. */
static struct error *script(const struct dialect *d, struct settings *s, const char *name,
			    const char *key)
{
	const char *value = dialect_value(d, name);

	if (!value)
		return NULL;
	if (key && value[0] == '/' && !strpbrk(value, " \t\n;|&$<>()'\"\\"))
		return dialect_put(d, s, name, key, "%s", value);
	return dialect_warn(
		d, s, name,
		key ? "is not run: it must be the path of one program"
		    : "is not run: put the program into /etc/kdump/pre.d, where a failure is no veto");
}

static struct error *ending(const struct dialect *d, struct settings *s)
{
	bool go_on, reboot;

	TRY(get_bool(d, s, "KDUMP_CONTINUE_ON_ERROR", true, &go_on));
	TRY(get_bool(d, s, "KDUMP_IMMEDIATE_REBOOT", true, &reboot));
	if (!go_on)
		TRY(dialect_put(d, s, "KDUMP_CONTINUE_ON_ERROR", "failure_action", "shell"));
	if (!reboot)
		TRY(dialect_warn(
			d, s, "KDUMP_IMMEDIATE_REBOOT",
			"has no effect: there is a shell after a failure only (KDUMP_CONTINUE_ON_ERROR=no)"));
	if (dialect_value(d, "KDUMP_TRANSFER"))
		return error_new(
			ERROR_UNSUPPORTED,
			"%s: KDUMP_TRANSFER: a command in place of saving is not supported; remove it",
			d->file);
	TRY(script(d, s, "KDUMP_PRESCRIPT", NULL));
	return script(d, s, "KDUMP_POSTSCRIPT", "kdump_post");
}

static struct error *identity(const struct dialect *d, struct settings *s)
{
	_cleanup_words_ struct words files = {0};

	TRY(words_split(&files, get(d, "KDUMP_SSH_IDENTITY", "")));
	if (!files.n)
		return NULL;
	if (files.n > 1)
		TRY(dialect_warn(d, s, "KDUMP_SSH_IDENTITY", "only the first file is used"));
	/* relative to root's folder for keys, as ssh looks for them */
	return dialect_put(d, s, "KDUMP_SSH_IDENTITY", "sshkey", "%s%s",
			   files.v[0][0] == '/' ? "" : "/root/.ssh/", files.v[0]);
}

struct error *suse_settings(const struct dialect *d, struct settings *s)
{
	TRY(save_dir(d, s));
	TRY(collector(d, s));
	TRY(retention(d, s));
	TRY(ending(d, s));
	TRY(identity(d, s));
	if (dialect_value(d, "KDUMP_REQUIRED_PROGRAMS"))
		TRY(dialect_put(d, s, "KDUMP_REQUIRED_PROGRAMS", "extra_bins", "%s",
				dialect_value(d, "KDUMP_REQUIRED_PROGRAMS")));
	for (size_t i = 0; i < ARRAY_SIZE(without_effect); i++) {
		const char *value = dialect_value(d, without_effect[i].name);

		if (value && !text_equal(value, without_effect[i].usual))
			TRY(dialect_warn(d, s, without_effect[i].name, without_effect[i].what));
	}
	return dialect_check_names(d, s, prefixes, known, ARRAY_SIZE(known));
}
