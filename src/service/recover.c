/* Dumps on raw devices; see recover.h. */
#include "service/recover.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "collect/collect.h"
#include "service/blockdev.h"
#include "service/rootpath.h"

#define HEADER_LEN 4096 /* of the stream (dump/sink_flat.c) */
#define NAMES_MAX  100	/* folders of one minute */

static struct error *open_device(int root, const char *spec, int *ret)
{
	_cleanup_blockdev_ struct blockdev d = { 0 };
	_cleanup_free_ char *path = NULL;
	int fd;

	TRY(blockdev_find(root, spec, &d));
	TRY(blockdev_node(&d, &path));
	fd = openat(root, rootpath_below(path), O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return error_sys(errno, "%s: cannot open", path);
	*ret = fd;
	return NULL;
}

static struct error *holds_stream(int fd, const char *spec, bool *ret)
{
	static const char magic[16] = "makedumpfile";
	char start[sizeof(magic)];
	size_t len;

	TRY(file_pread_fd(fd, spec, start, sizeof(start), 0, &len));
	*ret = len == sizeof(start) && memcmp(start, magic, sizeof(magic)) == 0;
	return NULL;
}

/* PATH/YYYY-MM-DD-HH:MM, never one that is there. */
static struct error *make_folder(int root, const char *path, char **ret)
{
	time_t now = time(NULL);
	char stamp[32];
	struct tm tm;

	if (!localtime_r(&now, &tm) || !strftime(stamp, sizeof(stamp), "%Y-%m-%d-%H:%M", &tm))
		return error_new(ERROR_OTHER, "the clock says no time");
	TRY(file_make_folders(root, rootpath_below(path), 0700));
	for (int i = 0; i < NAMES_MAX; i++) {
		_cleanup_strbuf_ struct strbuf name = { 0 };

		strbuf_printf(&name, "%s%s%s", path, text_ends(path, "/") ? "" : "/", stamp);
		if (i)
			strbuf_printf(&name, "-%d", i);
		TRY(strbuf_error(&name));
		if (mkdirat(root, rootpath_below(name.s), 0700) == 0) {
			*ret = strbuf_take(&name, NULL);
			return *ret ? NULL : error_nomem();
		}
		if (errno != EEXIST)
			return error_sys(errno, "%s: cannot make the folder", name.s);
	}
	return error_new(ERROR_OTHER, "%s/%s: there are %d such folders already", path, stamp, NAMES_MAX);
}

/* A stream that breaks off is copied as far as it goes. */
static struct error *copy(int device, const char *spec, int root, const char *folder, char **ret)
{
	_cleanup_free_ char *name = NULL;
	struct publish file;
	bool complete = false;
	struct error *e;

	if (asprintf(&name, "%s/vmcore", folder) < 0) {
		name = NULL;
		return error_nomem();
	}
	TRY(file_begin(root, rootpath_below(name), 0600, &file));
	e = collect_rearrange(device, spec, file.fd, name, &complete);
	if (error_drop_if(&e, ERROR_BAD_DATA))
		complete = false; /* behind the end of a part is whatever the disk held before */
	if (e) {
		file_abandon(&file);
		return e;
	}
	if (complete) {
		TRY(file_commit(&file));
		*ret = take_ptr(name);
		return NULL;
	}
	e = fsync(file.fd) < 0 ? error_sys(errno, "%s-incomplete: cannot sync", name) : NULL;
	if (asprintf(ret, "%s-incomplete", name) < 0) {
		*ret = NULL;
		e = e ? e : error_nomem();
	}
	file_keep(&file);
	return e;
}

static struct error *forget(int device, const char *spec)
{
	static const char zeros[HEADER_LEN];

	TRY(file_pwrite_fd(device, spec, zeros, sizeof(zeros), 0));
	if (fsync(device) < 0)
		return error_sys(errno, "%s: cannot sync", spec);
	return NULL;
}

static struct error *recover(int root, int device, const char *spec, const char *path, char **ret)
{
	_cleanup_free_ char *folder = NULL;
	struct error *e;

	TRY(make_folder(root, path, &folder));
	if (lseek(device, 0, SEEK_SET) < 0)
		return error_sys(errno, "%s: cannot seek", spec);
	e = copy(device, spec, root, folder, ret);
	if (e) {
		(void)unlinkat(root, rootpath_below(folder), AT_REMOVEDIR); /* if it is empty */
		return e;
	}
	return forget(device, spec);
}

struct error *raw_recover(int root, const struct settings *s, char **ret_file)
{
	const char *spec = s->value[SETTING_TARGET], *path = settings_get(s, SETTING_PATH);
	_cleanup_close_ int device = -1;
	bool there;

	*ret_file = NULL;
	if (!text_equal(s->target_type, "raw"))
		return NULL;
	TRY(open_device(root, spec, &device));
	TRY(holds_stream(device, spec, &there));
	if (!there)
		return NULL;
	return error_prefix(recover(root, device, spec, path, ret_file),
			    "the dump on %s could not be taken from there, and is still on it", spec);
}
