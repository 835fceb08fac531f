/*
 * The log and the report at a second place, when the target has failed before either was safe:
 * in a folder of the root file system, in what pstore keeps of user space, in a variable of the
 * firmware. Each place of the plan is tried, in its order, whatever became of the one before.
 *
 * The small places get one text, made when the first of them is tried: the head of the report,
 * then the end of the log.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/fs.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "capture/internal.h"

#define EFIVARS	      "sys/firmware/efi/efivars"
#define EFI_SIZES     { 8192, 4096, 2048, 1000 } /* firmware differs in what it takes */
#define EFI_KEPT      7 /* non-volatile, seen by boot services and at run time (UEFI 2.10, 8.2) */
#define PMSG	      "dev/pmsg0"
#define REPORT_SHARE  2 /* of the room the report gets at most one half */

/* --- the root file system ----------------------------------------------------------- */

static struct error *save_small_files(struct capture *c)
{
	struct board *b = c->board;

	step_begin_planned(c, PLAN_STEP_MOUNT);
	TRY(target_make_folder(c));
	save_own_log_begin(c);
	save_dmesg(c);
	save_report(c);
	save_own_log(c);
	return b->log_saved ? NULL : error_new(ERROR_OTHER, "neither log nor report was saved");
}

static struct error *to_rootfs(struct capture *c, struct strbuf *text)
{
	struct error *e;

	c->path = PLAN_EVIDENCE_PATH;
	e = target_open(c, &c->plan.root);
	if (!e)
		e = save_small_files(c);
	step_begin_planned(c, PLAN_STEP_SYNC);
	say_error(target_close(c), "leaving the root file system");
	c->path = NULL;
	return e;
}

/* --- the text ----------------------------------------------------------------------- */

/* What a program of ours writes, from its head or from its end. */
static struct error *run_into(struct capture *c, char *const *argv, enum plan_step step, size_t room,
			      bool end, struct strbuf *to)
{
	_cleanup_close_ int fd = memfd_create("evidence", MFD_CLOEXEC);
	char buf[PLAN_EVIDENCE_MAX];
	struct error *e;
	struct stat st;
	size_t len;

	if (fd < 0)
		return error_sys(errno, "no memory to write into");
	e = save_run(c, argv, step, 0, fd);
	if (fstat(fd, &st) < 0 || st.st_size == 0)
		return e ? e : error_new(ERROR_OTHER, "%s: wrote nothing", argv[0]);
	error_free(e); /* a part is better than nothing */
	room = MIN(room, sizeof(buf));
	TRY(file_pread_fd(fd, "evidence", buf, room,
			  end && (size_t)st.st_size > room ? (uint64_t)st.st_size - room : 0, &len));
	strbuf_add(to, buf, len);
	return strbuf_error(to);
}

static struct error *need_text(struct capture *c, struct strbuf *to)
{
	char *report[] = { SAVE_REPORT, "--text-fd", "1", SAVE_VMCORE, NULL };
	char *dmesg[] = { SAVE_COLLECTOR, "--dump-dmesg", "--fd", "1", SAVE_VMCORE, NULL };
	struct error *e;
	size_t before;

	if (to->len)
		return NULL;
	strbuf_printf(to, "salvage-evidence 1 %jd %s\n", (intmax_t)capture_time(c),
		      c->plan.host ? c->plan.host : "");
	before = to->len;
	if (!c->plan.no_report)
		say_error(run_into(c, report, PLAN_STEP_REPORT, PLAN_EVIDENCE_MAX / REPORT_SHARE, false, to),
			  "no report at a second place");
	strbuf_puts(to, "\n--- log ---\n");
	e = run_into(c, dmesg, PLAN_STEP_DMESG, PLAN_EVIDENCE_MAX / REPORT_SHARE, true, to);
	if (!e || to->len > before + strlen("\n--- log ---\n")) {
		say_error(e, "no log at a second place");
		return strbuf_error(to);
	}
	strbuf_done(to);
	return e;
}

/* --- small places ------------------------------------------------------------------- */

static struct error *to_pmsg(struct capture *c, struct strbuf *text)
{
	_cleanup_close_ int fd = openat(c->root, PMSG, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(errno, "/%s: cannot open", PMSG);
	TRY(need_text(c, text));
	return file_write_fd(fd, "/" PMSG, text->s, text->len);
}

/* Variables of names that the kernel does not know are immutable once they are there. */
static void remove_old_variable(int folder)
{
	_cleanup_close_ int fd = openat(folder, PLAN_EVIDENCE_VARIABLE, O_RDONLY | O_CLOEXEC);
	int flags;

	if (fd < 0)
		return;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
		flags &= ~FS_IMMUTABLE_FL;
		(void)ioctl(fd, FS_IOC_SETFLAGS, &flags); /* unlinkat() tells */
	}
	if (unlinkat(folder, PLAN_EVIDENCE_VARIABLE, 0) < 0)
		say("the variable of an earlier crash can't be removed: %s", strerror(errno));
}

/* efivarfs wants the attributes and all of the value in one write. */
static int write_variable(int folder, const struct strbuf *text, size_t len)
{
	static const unsigned char attributes[4] = { EFI_KEPT };
	_cleanup_strbuf_ struct strbuf value = { 0 };
	int fd, err = 0;

	strbuf_add(&value, attributes, sizeof(attributes));
	strbuf_add(&value, text->s, MIN(len / REPORT_SHARE, text->len));
	if (text->len > len / REPORT_SHARE) { /* the end of the log is what tells most of it */
		size_t rest = MIN(len - len / REPORT_SHARE, text->len - len / REPORT_SHARE);

		strbuf_add(&value, text->s + text->len - rest, rest);
	}
	if (value.failed)
		return ENOMEM;
	fd = openat(folder, PLAN_EVIDENCE_VARIABLE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	if (write(fd, value.s, value.len) != (ssize_t)value.len)
		err = errno ? errno : EIO;
	close(fd);
	if (err)
		unlinkat(folder, PLAN_EVIDENCE_VARIABLE, 0);
	return err;
}

static struct error *to_efi(struct capture *c, struct strbuf *text)
{
	static const size_t sizes[] = EFI_SIZES;
	_cleanup_close_ int folder = -1;
	int err = 0;

	if (c->ops->mount(c, "efivarfs", EFIVARS, "efivarfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 &&
	    errno != EBUSY)
		return error_sys(errno, "/%s: cannot mount", EFIVARS);
	folder = openat(c->root, EFIVARS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return error_sys(errno, "/%s: cannot open", EFIVARS);
	TRY(need_text(c, text));
	remove_old_variable(folder);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		err = write_variable(folder, text, sizes[i]);
		if (!err)
			return NULL;
	}
	return error_sys(err, "the firmware takes no variable");
}

static struct error *(*const places[])(struct capture *c, struct strbuf *text) = {
	[PLAN_EVIDENCE_ROOTFS] = to_rootfs,
	[PLAN_EVIDENCE_PMSG] = to_pmsg,
	[PLAN_EVIDENCE_EFI] = to_efi,
};

enum capture_end capture_evidence(struct capture *c)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct error *e = worker_begin(c);

	for (unsigned i = 0; !e && i < c->plan.nr_evidence; i++) {
		enum plan_evidence place = c->plan.evidence[i];
		struct error *failed;

		step_begin_planned(c, PLAN_STEP_EVIDENCE);
		failed = places[place](c, &text);
		if (!failed) {
			c->board->log_saved = true;
			say("log and report are kept at a second place: %s", plan_evidence_name(place));
		}
		say_error(failed, "second place %s", plan_evidence_name(place));
	}
	worker_end(c);
	if (!e)
		return c->board->log_saved ? CAPTURE_DONE : CAPTURE_FAILED;
	say_error(e, "nothing is kept at a second place");
	return CAPTURE_FAILED;
}
