/*
 * What is known of a target at the other end of ssh, through the machine's own ssh: the way that
 * `ssh -G` says, the server's keys as known_hosts has them, and whether one gets in.
 */
#pragma once

#include "base/base.h"
#include "service/settings.h"

struct ssh_target {
	const char *spec; /* USER@HOST; borrowed */
	const char *host; /* behind the @; borrowed */
	char *key;	  /* path of the private key, absolute */
	char *hostname, *port, *alias, *proxy; /* as `ssh -G` says; alias and proxy may be null */
	struct words known_files; /* of ssh's own setting */
	struct words options;	  /* "Ciphers aes256-ctr,…": what both sides must agree on */
	struct strbuf known;	  /* the server's lines for the image's known_hosts */
};

void ssh_target_done(struct ssh_target *t);
static inline void ssh_target_done_cleanup(struct ssh_target *t)
{
	ssh_target_done(t);
}
#define _cleanup_ssh_target_ CLEANUP(ssh_target_done)

/* Fills in a zeroed one. ERROR_USAGE in the words of the established service for a target that
 * isn't USER@HOST, or whose HOST is an alias of ssh's configuration. */
struct error *ssh_target_find(const struct settings *s, struct ssh_target *ret) MUST_CHECK;
/* Takes the text that `ssh -G` prints. */
struct error *ssh_target_parse(struct ssh_target *t, char *text) MUST_CHECK;
/* Finds the server's keys. None is no error: `known` stays empty. */
struct error *ssh_target_find_keys(struct ssh_target *t) MUST_CHECK;
/* Takes the lines that `ssh-keygen -F` prints: those of the host, under the name `name`. */
struct error *ssh_target_take_keys(struct ssh_target *t, char *text, const char *name) MUST_CHECK;
/* The name that the server's keys are kept under in the image. */
const char *ssh_target_key_name(const struct ssh_target *t);
/* Makes the folder there and looks whether it can be written to; waits up to `limit_s` for a
 * network that is not ready. The established service's words. `room` (bytes free; UINT64_MAX: not
 * known). */
struct error *ssh_target_try(const struct ssh_target *t, const char *path, unsigned limit_s,
			     uint64_t *ret_room) MUST_CHECK;
/* The text of the image's ssh configuration. */
struct error *ssh_target_config(const struct ssh_target *t, const char *address,
				struct strbuf *to) MUST_CHECK;

/* A key of this machine's, made when there is none, given to the server with ssh-copy-id. Says
 * what it does through the log. */
struct error *ssh_propagate(const struct settings *s) MUST_CHECK;
