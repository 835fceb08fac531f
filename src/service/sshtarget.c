/* See sshtarget.h. */
#include "service/sshtarget.h"

#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#define ASK_LIMIT_MS   20000 /* programs that touch no network */
#define LOGIN_LIMIT_MS 60000
#define AGAIN_MS       1000
#define OUTPUT_LIMIT   (256 << 10)
#define LOGIN_FAILED   255 /* ssh's own exit status; others are the far side's */
#define NO_TEMPORARY   77
#define MARK	       "salvage-room:"
#define DEFAULT_KEY    "/root/.ssh/kdump_id_rsa"

/* Options that both sides have to agree on, as `ssh -G` names them and as ssh_config(5) does:
 * the image gets what is in force here. Not HostKeyAlgorithms: without it ssh asks for the kinds
 * of keys that are known of the server. */
static const struct {
	const char *printed, *written;
} kept[] = {
	{ "ciphers", "Ciphers" },
	{ "macs", "MACs" },
	{ "kexalgorithms", "KexAlgorithms" },
	{ "pubkeyacceptedalgorithms", "PubkeyAcceptedAlgorithms" },
	{ "pubkeyacceptedkeytypes", "PubkeyAcceptedKeyTypes" },
	{ "casignaturealgorithms", "CASignatureAlgorithms" },
	{ "requiredrsasize", "RequiredRSASize" },
};

void ssh_target_done(struct ssh_target *t)
{
	free(t->key);
	free(t->hostname);
	free(t->port);
	free(t->alias);
	free(t->proxy);
	words_done(&t->known_files);
	words_done(&t->options);
	strbuf_done(&t->known);
	*t = (struct ssh_target){ 0 };
}

/* Standard output of a program; its status, 128 + SIGTERM when it took too long. */
static struct error *ask(char *const *argv, unsigned limit_ms, int stderr_fd, int *ret_status, char **ret)
{
	struct process_how how = { .limit_ms = limit_ms, .capture_limit = OUTPUT_LIMIT,
				   .stderr_fd = stderr_fd };
	struct process_result r = { 0 };

	TRY(process_run(argv, &how, &r));
	*ret_status = r.timed_out ? 128 + 15 : r.status;
	*ret = take_ptr(r.output);
	process_result_done(&r);
	return NULL;
}

static struct error *keep(char **field, const char *value)
{
	free(*field);
	*field = strdup(value);
	return *field ? NULL : error_nomem();
}

/* --- what ssh would do --------------------------------------------------------------- */

static struct error *take_files(struct ssh_target *t, const char *value)
{
	_cleanup_words_ struct words files = { 0 };
	const struct passwd *me = getpwuid(getuid());
	const char *home = me ? me->pw_dir : "/root";

	TRY(words_split(&files, value));
	for (size_t i = 0; i < files.n; i++) {
		const char *below_home = text_after(files.v[i], "~/");

		if (below_home)
			TRY(words_addf(&t->known_files, "%s/%s", home, below_home));
		else if (files.v[i][0] == '/')
			TRY(words_add(&t->known_files, files.v[i]));
	}
	return NULL;
}

static struct error *take_setting(struct ssh_target *t, const char *name, const char *value)
{
	if (strcmp(name, "hostname") == 0)
		return keep(&t->hostname, value);
	if (strcmp(name, "port") == 0)
		return keep(&t->port, value);
	if (strcmp(name, "hostkeyalias") == 0 && strcmp(value, "none") != 0)
		return keep(&t->alias, value);
	if ((strcmp(name, "proxycommand") == 0 || strcmp(name, "proxyjump") == 0) &&
	    strcmp(value, "none") != 0)
		return keep(&t->proxy, value);
	if (strcmp(name, "userknownhostsfile") == 0 || strcmp(name, "globalknownhostsfile") == 0)
		return take_files(t, value);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (strcmp(name, kept[i].printed) == 0)
			return words_addf(&t->options, "%s %s", kept[i].written, value);
	return NULL;
}

struct error *ssh_target_parse(struct ssh_target *t, char *text)
{
	char *line;

	while ((line = text_next_line(&text))) {
		char *value = line + strcspn(line, " ");

		if (!*value)
			continue;
		*value++ = '\0';
		TRY(take_setting(t, line, text_strip(value)));
	}
	return NULL;
}

static struct error *badly_formatted(const struct settings *s)
{
	return error_new(ERROR_USAGE,
			 "Please verify that %s contains 'ssh <user>@<host>' and that it is properly "
			 "formatted.",
			 s->file);
}

/* A file that is not there is no mistake, says the established service. */
static struct error *choose_key(const struct settings *s, struct ssh_target *t)
{
	const char *key = s->value[SETTING_SSHKEY];

	if (key && access(key, F_OK) < 0) {
		log_warning("'%s' doesn't exist, using default value '" DEFAULT_KEY "'", key);
		key = NULL;
	}
	return keep(&t->key, key ? key : DEFAULT_KEY);
}

struct error *ssh_target_find(const struct settings *s, struct ssh_target *ret)
{
	const char *spec = settings_target(s, "ssh"), *at = spec ? strrchr(spec, '@') : NULL;
	char *argv[] = { "ssh", "-T", "-G", (char *)spec, NULL };
	_cleanup_free_ char *text = NULL;
	int status;

	/* a leading dash would be an option of ssh's */
	if (!at || at == spec || !at[1] || spec[0] == '-' || strpbrk(spec, " \t"))
		return badly_formatted(s);
	ret->spec = spec;
	ret->host = at + 1;
	TRY(choose_key(s, ret));
	TRY(error_prefix(ask(argv, ASK_LIMIT_MS, 0, &status, &text), "ssh targets need OpenSSH's ssh"));
	if (status)
		return error_new(ERROR_USAGE, "ssh -G %s: failed with status %d", spec, status);
	TRY(ssh_target_parse(ret, text));
	if (!text_equal(ret->hostname, ret->host))
		return error_new(ERROR_USAGE, "Invalid ssh destination %s provided.", spec);
	if (ret->proxy)
		return error_new(ERROR_UNSUPPORTED,
				 "%s is reached through another host (%s), which the capture kernel can't do",
				 spec, ret->proxy);
	return NULL;
}

/* --- the server's keys --------------------------------------------------------------- */

const char *ssh_target_key_name(const struct ssh_target *t)
{
	return t->alias ? t->alias : t->host;
}

/* "[@marker] names type key [comment]": names may be hashed, and ours is put in their place. */
static void take_key(struct ssh_target *t, char *line, const char *name)
{
	char *word[4] = { NULL };
	size_t n = 0, first;

	while (n < ARRAY_SIZE(word) && *(line += strspn(line, " \t"))) {
		word[n++] = line;
		line += strcspn(line, " \t");
		if (*line)
			*line++ = '\0';
	}
	first = n && word[0][0] == '@';
	if (n < first + 3)
		return;
	strbuf_printf(&t->known, "%s%s%s %s %s\n", first ? word[0] : "", first ? " " : "", name,
		      word[first + 1], word[first + 2]);
}

struct error *ssh_target_take_keys(struct ssh_target *t, char *text, const char *name)
{
	char *line;

	while ((line = text_next_line(&text)))
		if (*line && *line != '#')
			take_key(t, line, name);
	return strbuf_error(&t->known);
}

static struct error *find_keys_of(struct ssh_target *t, const char *name)
{
	for (size_t i = 0; i < t->known_files.n; i++) {
		char *argv[] = { "ssh-keygen", "-F", (char *)name, "-f", t->known_files.v[i], NULL };
		_cleanup_free_ char *text = NULL;
		int status;

		if (access(t->known_files.v[i], R_OK) < 0)
			continue;
		TRY(ask(argv, ASK_LIMIT_MS, 0, &status, &text));
		if (status == 0)
			TRY(ssh_target_take_keys(t, text, ssh_target_key_name(t)));
	}
	return NULL;
}

struct error *ssh_target_find_keys(struct ssh_target *t)
{
	bool usual = !t->port || strcmp(t->port, "22") == 0;
	_cleanup_free_ char *with_port = NULL;

	if (t->alias)
		return find_keys_of(t, t->alias);
	if (usual)
		return find_keys_of(t, t->host);
	if (asprintf(&with_port, "[%s]:%s", t->host, t->port) < 0) {
		with_port = NULL;
		return error_nomem();
	}
	TRY(find_keys_of(t, with_port));
	/* ssh looks for the plain name too */
	return t->known.len ? NULL : find_keys_of(t, t->host);
}

/* --- trying --------------------------------------------------------------------------- */

/* 'text' for the far side's shell. */
static void put_quoted(struct strbuf *to, const char *text)
{
	strbuf_putc(to, '\'');
	for (const char *s = text; *s; s++)
		if (*s == '\'')
			strbuf_puts(to, "'\\''");
		else
			strbuf_putc(to, *s);
	strbuf_putc(to, '\'');
}

/* Runs a command there as the established service does. `said`: what ssh has to say goes there. */
static struct error *far(const struct ssh_target *t, const struct strbuf *command, int said,
			 int *ret_status, char **ret_output)
{
	char *argv[] = { "ssh", "-n", "-i", t->key, "-o", "BatchMode=yes", "-o", "ConnectTimeout=20",
			 (char *)t->spec, (char *)strbuf_str(command), NULL };

	TRY(strbuf_error(command));
	return ask(argv, LOGIN_LIMIT_MS, said, ret_status, ret_output);
}

/* Words of ssh that no waiting changes. */
static bool needs_propagate(const char *said)
{
	return strstr(said, "Permission denied") || strstr(said, "No such file or directory") ||
	       strstr(said, "Host key verification failed");
}

static struct error *try_once(const struct ssh_target *t, const char *path, int *ret_status, char **ret_said)
{
	_cleanup_strbuf_ struct strbuf command = { 0 };
	_cleanup_free_ char *folder = NULL, *output = NULL;
	_cleanup_close_ int said = -1;
	struct error *e;

	*ret_said = NULL;
	strbuf_puts(&command, "mkdir -p ");
	put_quoted(&command, path);
	TRY(file_private_folder(&folder));
	/* a file, not a pipe: ssh may leave a process behind that holds it open */
	said = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	rmdir(folder);
	TRY(far(t, &command, said, ret_status, &output));
	if (said < 0 || lseek(said, 0, SEEK_SET) < 0)
		return NULL;
	e = file_read_fd(said, "ssh's words", OUTPUT_LIMIT, ret_said, NULL);
	error_free(e); /* they only help to choose between two messages */
	return NULL;
}

static struct error *make_folder(const struct ssh_target *t, const char *path, unsigned limit_s)
{
	uint64_t end = clock_now_ms() + (uint64_t)limit_s * 1000;
	bool warned = false;

	for (;;) {
		_cleanup_free_ char *said = NULL;
		int status;

		TRY(try_once(t, path, &status, &said));
		if (status == 0)
			return NULL;
		if (said && *said)
			log_debug("%s", text_strip(said));
		if (status != LOGIN_FAILED && status <= 128)
			return error_new(ERROR_USAGE,
					 "Could not create %s:%s, you should check the privilege on server side",
					 t->spec, path);
		if (said && needs_propagate(said))
			return error_new(ERROR_USAGE,
					 "Could not create %s:%s, you probably need to run \"kdumpctl propagate\"",
					 t->spec, path);
		if (!warned)
			log_warning("Network dump target is not usable, waiting for it to be ready...");
		warned = true;
		if (clock_now_ms() + AGAIN_MS > end)
			return error_new(ERROR_TIMEOUT,
					 "Could not create %s:%s, ipaddr is not ready yet. You should check "
					 "network connection",
					 t->spec, path);
		clock_sleep_ms(AGAIN_MS);
	}
}

struct error *ssh_target_try(const struct ssh_target *t, const char *path, unsigned limit_s,
			     uint64_t *ret_room)
{
	_cleanup_strbuf_ struct strbuf script = { 0 }, command = { 0 };
	_cleanup_free_ char *output = NULL;
	unsigned long long kib;
	const char *mark;
	int status;

	*ret_room = UINT64_MAX;
	TRY(make_folder(t, path, limit_s));
	strbuf_puts(&script, "d=$(mktemp -dqp ");
	put_quoted(&script, path);
	strbuf_printf(&script, ") || exit %d; rmdir \"$d\"; df -Pk ", NO_TEMPORARY);
	put_quoted(&script, path);
	strbuf_puts(&script, " | tail -n 1 | { read -r a b c free e; echo " MARK "$free; }");
	TRY(strbuf_error(&script));
	strbuf_puts(&command, "sh -c ");
	put_quoted(&command, strbuf_str(&script));
	TRY(far(t, &command, 0, &status, &output));
	if (status == NO_TEMPORARY)
		return error_new(ERROR_NOT_PERMITTED,
				 "Could not create temporary directory on %s:%s. Make sure user has write "
				 "permission on destination",
				 t->spec, path);
	mark = output ? strstr(output, MARK) : NULL;
	if (mark && sscanf(mark + strlen(MARK), "%llu", &kib) == 1)
		*ret_room = kib * 1024;
	return NULL;
}

/* --- for the image ------------------------------------------------------------------- */

struct error *ssh_target_config(const struct ssh_target *t, const char *address, struct strbuf *to)
{
	strbuf_printf(to, "Host *\n\tHostName %s\n\tUser %.*s\n", address, (int)(t->host - 1 - t->spec),
		      t->spec);
	strbuf_printf(to, "\tHostKeyAlias %s\n", ssh_target_key_name(t));
	if (t->port)
		strbuf_printf(to, "\tPort %s\n", t->port);
	strbuf_puts(to, "\tIdentityFile /etc/salvage/ssh_key\n\tIdentitiesOnly yes\n"
			"\tUserKnownHostsFile /etc/salvage/known_hosts\n\tGlobalKnownHostsFile none\n"
			"\tStrictHostKeyChecking yes\n\tUpdateHostKeys no\n\tBatchMode yes\n"
			"\tPreferredAuthentications publickey\n\tCompression no\n\tEscapeChar none\n"
			"\tForwardX11 no\n\tForwardAgent no\n\tRequestTTY no\n\tLogLevel ERROR\n"
			"\tConnectTimeout 20\n\tServerAliveInterval 15\n\tServerAliveCountMax 4\n");
	for (size_t i = 0; i < t->options.n; i++)
		strbuf_printf(to, "\t%s\n", t->options.v[i]);
	return strbuf_error(to);
}
