/*
 * Keys of encrypted volumes that a target stands on. A key never enters the plan: the plan's
 * crypt rows name a key of the keyring, "kdump-cryptsetup:vk-UUID" (the name that crypttab's
 * link-volume-key= is given by the established service), and it comes there in one of two ways:
 *
 *	the crashed kernel hands it over (Linux 6.16, x86_64, file call: kexec/cryptkeys.h)
 *	the image holds it, because kdump.conf names a key file (luks_key_file)
 *
 * In the running system it is a key of type logon; the capture kernel restores it as one of type user
 * (kernel/crash_dump_dm_crypt.c, add_key_to_keyring), and that is what the rows ask for.
 */
#pragma once

#include "service/blockdev.h"
#include "service/resolve.h"

/* Notes that the LUKS container on `on` is needed and appends the row's word for its key.
 * `cipher` and `key` are the words of the table in force. */
struct error *luks_need(const struct resolve_how *how, const struct blockdev *on,
			const char *cipher, const char *key, struct target *t,
			struct strbuf *to) MUST_CHECK;
/* How the keys of what was noted will get to the capture kernel; ERROR_UNSUPPORTED, with the reason and
 * the way out, when they cannot. */
struct error *luks_decide(const struct resolve_how *how, const struct settings *s,
			  struct target *t) MUST_CHECK;
/* Opens the container with its key file, once, and gives the volume's key: what `bytes` says, malloc'd, to
 * be overwritten before it is freed. Runs cryptsetup, which may take seconds and much memory. */
struct error *luks_volume_key(const struct luks_volume *v, char **ret) MUST_CHECK;
