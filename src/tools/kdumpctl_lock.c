/* The lock of kdumpctl; see kdumpctl.h. */
#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "tools/kdumpctl.h"

#define LOCK_SAY_MS 5000
#define LOCK_TRY_MS 100

/* /run/lock may be writable for all: only a file of our own is a lock that nobody else can
 * take and keep. */
static bool is_own_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid();
}

static int open_lock(int root, const char **ret_name)
{
	const char *name = file_exists(root, "run/lock") ? "run/lock/kdump" : "tmp/kdump.lock";
	const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int fd;

	*ret_name = name;
	for (int i = 0; i < 3; i++) {
		/* an old file is opened without O_CREAT: in sticky folders the kernel forbids it
		 * for files of other owners (fs.protected_regular) */
		fd = openat(root, name, flags);
		if (fd < 0 && errno == ENOENT)
			fd = openat(root, name, flags | O_CREAT | O_EXCL, 0600);
		if (fd >= 0 && is_own_file(fd))
			return fd;
		if (fd >= 0)
			close(fd);
		else if (errno == EEXIST)
			continue; /* another one made it meanwhile */
		else if (errno != ELOOP)
			return -1;
		if (unlinkat(root, name, 0) < 0 && errno != ENOENT)
			return -1;
		errno = EEXIST;
	}
	return -1;
}

bool take_lock(const struct service *s)
{
	uint64_t began = clock_now_ms(), said = 0; /* 0: not yet */
	const char *name;
	int fd = open_lock(s->root, &name);

	if (fd < 0) {
		log_error("/%s: cannot open the lock: %s%s", name, strerror(errno),
			  geteuid() ? "; run it as root" : "");
		return false;
	}
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		uint64_t now = clock_now_ms();

		if (errno != EWOULDBLOCK && errno != EINTR) {
			log_error("/%s: cannot lock: %s", name, strerror(errno));
			return false;
		}
		if (now - began >= s->wait_s * 1000ULL) {
			log_error("Another app held the kdump lock (/%s) for more than %u s; giving up",
				  name, s->wait_s);
			return false;
		}
		if (!said || now - said >= LOCK_SAY_MS) {
			log_info("Another app is currently holding the kdump lock; waiting for it "
				 "to exit...");
			said = now;
		}
		clock_sleep_ms(LOCK_TRY_MS);
	}
	return true;
}
