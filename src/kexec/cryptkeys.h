/*
 * Keys of encrypted disks for the capture kernel (Linux 6.16, CONFIG_CRASH_DM_CRYPT): the kernel is told
 * the descriptions of keys in its keyring, in configfs, and copies the keys into the reserved memory
 * at the next crash load by kexec_file_load (kernel/crash_dump_dm_crypt.c;
 * Documentation/admin-guide/kdump/kdump.rst).
 */
#pragma once

#include "base/error.h"

#define CRYPT_KEYS_MAX	    128
#define CRYPT_KEY_NAME_MAX  128 /* bytes of a description */
#define CRYPT_KEYS_CMDLINE  31	/* " dmcryptkeys=0x..." that the kernel adds */

/* Whether the running kernel can; and the descriptions as they must be. ERROR_UNSUPPORTED,
 * ERROR_USAGE. Changes nothing. */
struct error *crypt_keys_check(int root, const char *const *keys, size_t n) MUST_CHECK;
/* Makes exactly these the configured ones. `reload`: a capture kernel with keys is loaded, so the kernel
 * is told to use those again where the keyring no longer has them. */
struct error *crypt_keys_offer(int root, const char *const *keys, size_t n, bool reload) MUST_CHECK;
