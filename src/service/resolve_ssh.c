/*
 * Targets at the other end of ssh: `ssh user@host`. The image gets the machine's own ssh with a
 * configuration of ours, the key, and the server's keys as they are known now: a server that
 * shows another one later is not trusted.
 */
#include "service/resolve.h"

#include <limits.h>
#include <time.h>

#include "service/rootpath.h"
#include "service/sshtarget.h"

#define WAIT_S	   180 /* for a network that is not ready, as the established service */
#define KEY_LIMIT  (64 << 10)
#define IN_IMAGE   "/etc/salvage/"
#define SSH_CONFIG IN_IMAGE "ssh_config"

static bool ssh_claims(const struct settings *s)
{
	return settings_target(s, "ssh") != NULL;
}

static struct error *add_text(struct target *t, const char *path, const char *text, size_t len,
			      mode_t mode)
{
	struct target_text one = { .path = strdup(path), .text = malloc(len + 1), .len = len, .mode = mode };

	if (one.text) {
		memcpy(one.text, text, len);
		one.text[len] = '\0';
	}
	if (!one.path || !one.text || !vector_push(&t->texts, one)) {
		free(one.path);
		free(one.text);
		return error_nomem();
	}
	return NULL;
}

/* The key, and the certificate beside it where there is one. */
static struct error *add_key(const struct ssh_target *ssh, struct target *t)
{
	_cleanup_free_ char *text = NULL, *name = NULL, *certificate = NULL;
	struct error *e;
	size_t len;

	TRY(error_prefix(file_read(AT_FDCWD, ssh->key, KEY_LIMIT, &text, &len), "sshkey"));
	if (strstr(text, "ENCRYPTED"))
		return error_new(ERROR_USAGE,
				 "sshkey %s is protected by a passphrase, which nobody can type after a crash", ssh->key);
	e = add_text(t, IN_IMAGE "ssh_key", text, len, 0600);
	explicit_bzero(text, len);
	TRY(e);
	if (asprintf(&name, "%s-cert.pub", ssh->key) < 0) {
		name = NULL;
		return error_nomem();
	}
	e = file_read(AT_FDCWD, name, KEY_LIMIT, &certificate, &len);
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	return add_text(t, IN_IMAGE "ssh_key-cert.pub", certificate, len, 0600);
}

/* ssh wants to know who it runs as. */
static struct error *add_etc(struct target *t)
{
	static const struct {
		const char *path, *text;
	} files[] = {
		{ "/etc/passwd", "root:x:0:0:root:/:/bin/sh\n" },
		{ "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		TRY(add_text(t, files[i].path, files[i].text, strlen(files[i].text), 0644));
	return NULL;
}

static struct error *fill_image(const struct ssh_target *ssh, const struct inet_addr *server,
				struct target *t)
{
	_cleanup_strbuf_ struct strbuf config = { 0 };
	char address[INET_TEXT];

	TRY(ssh_target_config(ssh, inet_format(server, address), &config));
	TRY(add_text(t, SSH_CONFIG, strbuf_str(&config), config.len, 0600));
	TRY(add_text(t, IN_IMAGE "known_hosts", strbuf_str(&ssh->known), ssh->known.len, 0600));
	TRY(add_key(ssh, t));
	TRY(add_etc(t));
	TRY(words_add(&t->programs, "ssh"));
	TRY(words_add(&t->ssh, "ssh"));
	TRY(words_add(&t->ssh, "-F"));
	TRY(words_add(&t->ssh, SSH_CONFIG));
	return words_add(&t->ssh, ssh->host);
}

static struct error *check_server(int root, struct ssh_target *ssh, const char *path, struct target *t)
{
	uint64_t room;

	TRY(ssh_target_try(ssh, path, WAIT_S, &room));
	TRY(ssh_target_find_keys(ssh));
	if (!ssh->known.len)
		return error_new(ERROR_USAGE,
				 "The host key of %s is in none of ssh's known_hosts files, so that the capture "
				 "kernel could not tell it from another; you probably need to run \"kdumpctl "
				 "propagate\"",
				 ssh->host);
	return target_check_room(root, ssh->spec, room, &t->warnings);
}

static struct error *ssh_resolve(const struct resolve_how *how, const struct settings *s,
				 struct target *t)
{
	const struct network_how net = { .root = how->root, .foreign = how->foreign, .now = time(NULL),
					 .source = &network_live };
	_cleanup_ssh_target_ struct ssh_target ssh = { 0 };
	const char *path = settings_get(s, SETTING_PATH);
	struct inet_addr server, own;
	char text[INET_TEXT];

	TRY(ssh_target_find(s, &ssh));
	TRY(target_needs_network(how, ssh.spec));
	TRY(check_server(how->root, &ssh, path, t));
	TRY(error_prefix(network_choose(&net, ssh.host, &server), "Dump target \"%s\"", ssh.spec));
	TRY(network_plan(&net, &server, &t->net, &t->modules, &t->warnings));
	TRY(network_own_address(&net, &server, &own));
	TRY(fill_image(&ssh, &server, t));
	t->place.kind = PLAN_TARGET_SSH;
	t->place.device = strdup(ssh.spec);
	t->path = strdup(path);
	t->address = strdup(inet_format(&own, text));
	if (!t->place.device || !t->path || !t->address)
		return error_nomem();
	if (asprintf(&t->shown, "%s (ssh), path %s", ssh.spec, path) < 0) {
		t->shown = NULL;
		return error_nomem();
	}
	return NULL;
}

const struct resolver resolver_ssh = { "ssh", ssh_claims, ssh_resolve };
