/* Evidence out of the firmware; see evidence.h. */
#include "service/evidence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <linux/fs.h>

#include "crashdir/names.h"
#include "plan/plan.h"
#include "service/rootpath.h"

#define EFIVARS	   "sys/firmware/efi/efivars/"
#define ATTRIBUTES 4 /* bytes in front of a variable's value */
#define MARK	   "salvage-evidence 1 "
#define LOG_MARK   "\n--- log ---\n"
#define FOLDERS	   100 /* of one second */

static struct error *make_folder(int root, time_t when, char **ret)
{
	const struct crashdir_names n = { .naming = CRASHDIR_IP_TIME };
	_cleanup_strbuf_ struct strbuf name = { 0 };
	struct tm tm;

	TRY(file_make_folders(root, rootpath_below(PLAN_EVIDENCE_PATH), 0700));
	TRY(crashdir_name(&n, when + (localtime_r(&when, &tm) ? tm.tm_gmtoff : 0), &name));
	for (int i = 0; i < FOLDERS; i++) {
		_cleanup_free_ char *path = NULL;
		char suffix[16] = "";

		if (i)
			snprintf(suffix, sizeof(suffix), "-%d", i);
		if (asprintf(&path, "%s/%s%s", PLAN_EVIDENCE_PATH, name.s, suffix) < 0) {
			path = NULL;
			return error_nomem();
		}
		if (mkdirat(root, rootpath_below(path), 0700) == 0) {
			*ret = take_ptr(path);
			return NULL;
		}
		if (errno != EEXIST)
			return error_sys(errno, "%s: cannot make the folder", path);
	}
	return error_new(ERROR_OTHER, "%s/%s: there are too many of that name", PLAN_EVIDENCE_PATH, name.s);
}

static struct error *put(int root, const char *folder, const char *name, const char *text, size_t len)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/%s", rootpath_below(folder), name) < 0) {
		path = NULL;
		return error_nomem();
	}
	return len ? file_publish(root, path, 0600, text, len) : NULL;
}

static struct error *unpack(int root, const char *text, char **ret)
{
	const char *rest = text_after(text, MARK), *log;
	_cleanup_free_ char *folder = NULL;
	char *end;
	long long when;

	if (!rest)
		return error_new(ERROR_BAD_DATA, "it does not begin \"%s\"", MARK);
	when = strtoll(rest, &end, 10);
	rest = strchr(end, '\n');
	if (end == text + strlen(MARK) || !rest)
		return error_new(ERROR_BAD_DATA, "its first line holds no time");
	rest++;
	TRY(make_folder(root, when, &folder));
	log = strstr(text, LOG_MARK);
	/* shortened, the mark may have gone: then it is all report */
	TRY(put(root, folder, "report.txt", rest, log && log >= rest ? (size_t)(log - rest) : strlen(rest)));
	if (log)
		TRY(put(root, folder, "vmcore-dmesg.txt", log + strlen(LOG_MARK),
			strlen(log + strlen(LOG_MARK))));
	*ret = take_ptr(folder);
	return NULL;
}

/* Variables that the kernel does not know by name are immutable until told otherwise. */
static struct error *remove_variable(int root, const char *path)
{
	_cleanup_close_ int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
	int flags;

	if (fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
		flags &= ~FS_IMMUTABLE_FL;
		(void)ioctl(fd, FS_IOC_SETFLAGS, &flags); /* unlinkat() tells */
	}
	if (unlinkat(root, path, 0) < 0)
		return error_sys(errno, "/%s: cannot remove", path);
	return NULL;
}

struct error *evidence_collect(int root, char **ret_folder)
{
	static const char path[] = EFIVARS PLAN_EVIDENCE_VARIABLE;
	_cleanup_free_ char *text = NULL;
	struct error *e;
	size_t len;

	*ret_folder = NULL;
	e = file_read(root, path, PLAN_EVIDENCE_MAX + ATTRIBUTES, &text, &len);
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	if (len > ATTRIBUTES)
		TRY(error_prefix(unpack(root, text + ATTRIBUTES, ret_folder), "/%s", path));
	return remove_variable(root, path);
}
