/* Keys of encrypted volumes; see luks.h. */
#include "service/luks.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "kexec/cryptkeys.h"
#include "service/rootpath.h"

#define KEY_MAX		 256 /* bytes, as the kernel's hand-over takes them */
#define CRYPTSETUP_MS	 120000

/* ":64:logon:DESCRIPTION", or the key in hex as the kernel shows it to root. 0: neither. */
static unsigned key_bytes(const char *key)
{
	unsigned n;
	int end = 0;

	if (sscanf(key, ":%u:%n", &n, &end) == 1 && end && n <= KEY_MAX)
		return n;
	if (!*key || key[strspn(key, "0123456789abcdefABCDEF")])
		return 0;
	return strlen(key) / 2 <= KEY_MAX ? strlen(key) / 2 : 0;
}

/* `aes-xts-plain64`, `aes-cbc-essiv:sha256`: what the kernel's crypto will ask modprobe for, which is not
 * there after a crash (crypto/api.c: modules have the alias crypto-NAME). */
static struct error *want_ciphers(const char *cipher, struct words *to)
{
	_cleanup_free_ char *copy = strdup(cipher);
	char *rest = copy, *word;

	if (!copy)
		return error_nomem();
	/* xts stands on ecb where the processor has no instructions for it */
	TRY(words_add(to, "crypto-ecb"));
	while ((word = strsep(&rest, "-:()")))
		if (*word)
			TRY(words_addf(to, "crypto-%s", word));
	return NULL;
}

struct error *luks_need(const struct resolve_how *how, const struct blockdev *on,
			const char *cipher, const char *key, struct target *t, struct strbuf *to)
{
	_cleanup_blockdev_content_ struct blockdev_content c = { 0 };
	struct luks_volume v = { .bytes = key_bytes(key) };

	TRY(blockdev_probe(how->root, on, &c));
	if (!text_equal(c.fstype, "crypto_LUKS") || !c.uuid)
		return error_new(ERROR_UNSUPPORTED,
				 "/dev/%s is encrypted without a LUKS header, which is not supported as a "
				 "dump target; name another in kdump.conf",
				 on->name);
	if (!v.bytes)
		return error_new(ERROR_UNSUPPORTED, "/dev/%s: the size of its key cannot be told", on->name);
	TRY(want_ciphers(cipher, &t->wanted));
	strbuf_printf(to, ":%u:user:" LUKS_KEY_PREFIX "%s", v.bytes, c.uuid);
	for (size_t i = 0; i < t->luks.n; i++)
		if (strcmp(t->luks.v[i].uuid, c.uuid) == 0)
			return NULL;
	v.uuid = strdup(c.uuid);
	if (asprintf(&v.device, "/dev/%s", on->name) < 0)
		v.device = NULL;
	if (v.uuid && v.device && vector_push(&t->luks, v))
		return NULL;
	luks_volume_done(&v);
	return error_nomem();
}

void luks_volume_done(struct luks_volume *v)
{
	free(v->uuid);
	free(v->device);
	free(v->key_file);
}

/* --- how they get there ------------------------------------------------------------- */

static struct error *use_file(const struct resolve_how *how, const char *file, struct target *t)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	TRY(error_prefix(rootpath_open(how->root, file, &fd), "luks_key_file"));
	if (fstat(fd, &st) < 0)
		return error_sys(errno, "luks_key_file %s", file);
	if (!S_ISREG(st.st_mode))
		return error_new(ERROR_USAGE, "luks_key_file %s: is no file", file);
	if (st.st_mode & 077)
		TRY(words_addf(&t->warnings, "luks_key_file %s can be read by others than its owner", file));
	for (size_t i = 0; i < t->luks.n; i++) {
		t->luks.v[i].key_file = strdup(file);
		if (!t->luks.v[i].key_file)
			return error_nomem();
	}
	return NULL;
}

static struct error *refuse(struct error *why, const struct target *t)
{
	struct error *e = error_new(ERROR_UNSUPPORTED,
				    "The dump target is encrypted (LUKS %s on %s), and its key cannot be handed to "
				    "the capture kernel: %s. luks_key_file in kdump.conf names a file that "
				    "opens it, whose volume key is then put into the image (see kdump.conf(5))",
				    t->luks.v[0].uuid, t->luks.v[0].device, error_message(why));

	error_free(why);
	return e;
}

static struct error *machine_hands_over(void)
{
	struct utsname u;

	if (uname(&u) < 0 || strcmp(u.machine, "x86_64") != 0)
		return error_new(ERROR_UNSUPPORTED, "only x86_64 kernels do that");
	return NULL;
}

struct error *luks_decide(const struct resolve_how *how, const struct settings *s, struct target *t)
{
	const char *file = settings_get(s, SETTING_LUKS_KEY_FILE);
	_cleanup_words_ struct words names = { 0 };
	struct error *e;

	if (!t->luks.n)
		return NULL;
	if (file)
		return use_file(how, file, t);
	for (size_t i = 0; i < t->luks.n; i++)
		TRY(words_addf(&names, LUKS_KEY_PREFIX "%s", t->luks.v[i].uuid));
	e = machine_hands_over();
	if (!e)
		e = crypt_keys_check(how->root, (const char *const *)names.v, names.n);
	if (e && error_kind(e) == ERROR_NOMEM)
		return e;
	if (e)
		return refuse(e, t);
	t->kernel_keys = true;
	return NULL;
}

/* --- from the file to the key ------------------------------------------------------- */

static struct error *run_cryptsetup(const struct luks_volume *v, const char *to)
{
	char *argv[] = { "cryptsetup", "luksDump", "--batch-mode", "--dump-volume-key",
			 "--key-file", v->key_file, "--volume-key-file", (char *)to, v->device, NULL };
	/* what it prints is the key in hex, too */
	_cleanup_close_ int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct process_how how = { .limit_ms = CRYPTSETUP_MS, .stdout_fd = null };

	if (null < 0)
		return error_sys(errno, "/dev/null");
	return error_prefix(process_run_ok(argv, &how), "luks_key_file %s does not open %s", v->key_file,
			    v->device);
}

struct error *luks_volume_key(const struct luks_volume *v, char **ret)
{
	_cleanup_free_ char *folder = NULL, *file = NULL;
	struct error *e;
	size_t len = 0;
	char *key = NULL;

	TRY(file_private_folder(&folder));
	if (asprintf(&file, "%s/key", folder) < 0) {
		file = NULL;
		e = error_nomem();
	} else {
		e = run_cryptsetup(v, file);
	}
	if (!e)
		e = file_read(AT_FDCWD, file, KEY_MAX, &key, &len);
	file_remove_tree(folder);
	if (!e && len != v->bytes)
		e = error_new(ERROR_BAD_DATA, "%s: cryptsetup gave a key of %zu bytes, the volume's has %u",
			      v->device, len, v->bytes);
	if (e) {
		free(key);
		return e;
	}
	*ret = key;
	return NULL;
}
