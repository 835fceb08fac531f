/* The target as a file system on a block device: find it, mount it, leave it clean. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "capture/internal.h"

#define AGAIN_MS 2000 /* between two tries to mount from a server */

/* Option words that are flags of mount(2), from fstab(5) and mount(8); `ignored` ones mean
 * something to mount(8) only. */
static const struct {
	const char *name;
	unsigned long set;
	bool ignored;
} option_words[] = {
	{ "noatime", MS_NOATIME },	{ "nodiratime", MS_NODIRATIME },
	{ "relatime", MS_RELATIME },	{ "strictatime", MS_STRICTATIME },
	{ "lazytime", MS_LAZYTIME },	{ "sync", MS_SYNCHRONOUS },
	{ "dirsync", MS_DIRSYNC },	{ "nosuid", MS_NOSUID },
	{ "nodev", MS_NODEV },		{ "noexec", MS_NOEXEC },
	{ "ro", 0, true }, /* a dump has to be written */
	{ "rw", 0, true },		{ "defaults", 0, true },
	{ "auto", 0, true },		{ "noauto", 0, true },
	{ "user", 0, true },		{ "nouser", 0, true },
	{ "users", 0, true },		{ "owner", 0, true },
	{ "group", 0, true },		{ "nofail", 0, true },
	{ "_netdev", 0, true },		{ "suid", 0, true },
	{ "dev", 0, true },		{ "exec", 0, true },
	{ "async", 0, true },		{ "atime", 0, true },
	{ "diratime", 0, true },
};

/* True when the word was no option for the file system itself. */
static bool take_word(const char *word, size_t len, unsigned long *flags)
{
	if (len > 2 && strncmp(word, "x-", 2) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(option_words); i++)
		if (strlen(option_words[i].name) == len &&
		    strncmp(option_words[i].name, word, len) == 0) {
			*flags |= option_words[i].set;
			return true;
		}
	return len == 0;
}

struct error *mount_options(const char *options, unsigned long *ret_flags, char **ret_rest)
{
	_cleanup_strbuf_ struct strbuf rest = { 0 };
	unsigned long flags = 0;

	strbuf_puts(&rest, "");
	while (options && *options) {
		size_t len = 0;
		bool quoted = false;

		/* commas inside quotes belong to the value (context="...") */
		while (options[len] && (quoted || options[len] != ',')) {
			quoted ^= options[len] == '"';
			len++;
		}
		if (!take_word(options, len, &flags)) {
			if (rest.len)
				strbuf_putc(&rest, ',');
			strbuf_add(&rest, options, len);
		}
		options += len + (options[len] == ',');
	}
	TRY(strbuf_error(&rest));
	*ret_flags = flags;
	*ret_rest = strbuf_take(&rest, NULL);
	return *ret_rest ? NULL : error_nomem();
}

/* A server that cannot be reached now: switches are still learning, a lease has just begun. */
static bool may_come_later(int err)
{
	return err == ETIMEDOUT || err == EHOSTUNREACH || err == ENETUNREACH || err == ECONNREFUSED ||
	       err == EHOSTDOWN || err == ECONNRESET || err == EAGAIN;
}

/* Sleeps a little; false when the step's time would be over. */
static bool time_for_another(const struct capture *c)
{
	uint64_t end = c->board->deadline_ms;

	clock_sleep_ms(AGAIN_MS);
	return end && clock_now_ms() + AGAIN_MS < end;
}

static struct error *mount_target(struct capture *c, const char *device,
				  const struct plan_place *place)
{
	_cleanup_free_ char *rest = NULL;
	unsigned long flags;

	TRY(mount_options(place->options, &flags, &rest));
	if (mkdirat(c->root, TARGET_FOLDER, 0700) < 0 && errno != EEXIST)
		return error_sys(errno, "/%s: cannot make the folder", TARGET_FOLDER);
	while (c->ops->mount(c, device, TARGET_FOLDER, place->fstype,
			     flags | MS_NOSUID | MS_NODEV | MS_NOEXEC, *rest ? rest : NULL) < 0) {
		if (plan_place_is_remote(place) && may_come_later(errno) && time_for_another(c))
			continue;
		return error_sys(errno, "%s: cannot mount as %s%s%s", device, place->fstype,
				 *rest ? " with options " : "", rest);
	}
	c->target = openat(c->root, TARGET_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->target < 0)
		return error_sys(errno, "/%s: cannot open", TARGET_FOLDER);
	return NULL;
}

static struct error *fs_open(struct capture *c, const struct plan_place *place)
{
	_cleanup_free_ char *device = NULL;

	TRY(target_find(c, place, &device));
	step_begin_planned(c, PLAN_STEP_MOUNT);
	TRY(mount_target(c, device, place));
	if (strcmp(device, place->device) == 0)
		say("target %s (%s) is mounted", device, place->fstype);
	else
		say("target %s (%s, %s) is mounted", place->device, device, place->fstype);
	return NULL;
}

static struct error *fs_close(struct capture *c)
{
	if (c->folder >= 0)
		close(take_fd(&c->folder));
	if (c->target < 0)
		return NULL;
	if (syncfs(c->target) < 0)
		say("the target reports an error when synced: %s", strerror(errno));
	close(take_fd(&c->target));
	if (c->ops->umount(c, TARGET_FOLDER, 0) < 0)
		return error_sys(errno, "cannot unmount the target");
	return NULL;
}

const struct target_ops target_fs = {
	.kind = PLAN_TARGET_FS,
	.open = fs_open,
	.retain = store_retain,
	.make_folder = store_make_folder,
	.create = store_create,
	.commit = store_commit,
	.abandon = store_abandon,
	.close = fs_close,
};
