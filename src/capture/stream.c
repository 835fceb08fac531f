/*
 * Files that are pipes: the writer writes at one end, a process of the worker's group carries
 * the bytes on from the other. It ends with the worker, should that be given up.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/close_range.h>

#include "base/file.h"
#include "capture/internal.h"

#define BLOCK	  512 /* what any disk writes in one piece */
#define PUMP_ROOM (256 << 10)

/* Runs in the process: everything that comes, in whole blocks. */
static struct error *pump(int from, int to)
{
	_cleanup_free_ char *buf = malloc(PUMP_ROOM);
	size_t len;

	if (!buf)
		return error_nomem();
	do {
		TRY(file_read_part_fd(from, "the dump", buf, PUMP_ROOM, &len));
		memset(buf + len, 0, ROUND_UP(len, (size_t)BLOCK) - len);
		TRY(file_write_fd(to, "the device", buf, ROUND_UP(len, (size_t)BLOCK)));
	} while (len == PUMP_ROOM);
	if (fsync(to) < 0 && errno != EINVAL)
		return error_sys(errno, "the device: cannot sync");
	return NULL;
}

/* In the child: standard input is the pipe, everything else is closed but `keep`. */
static int only_the_pipe(int pipe, int keep)
{
	if (dup2(pipe, 0) < 0 || (keep >= 0 && dup2(keep, 3) < 0))
		_exit(126);
	close_range(keep >= 0 ? 4 : 3, ~0U, 0);
	return 3;
}

static struct error *start(char *const *argv, int device, struct target_file *ret)
{
	struct error *e;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_sys(errno, "cannot make a pipe");
	pid = fork();
	if (pid < 0) {
		e = error_sys(errno, "cannot start a process");
		close(ends[0]);
		close(ends[1]);
		return e;
	}
	if (pid == 0) {
		device = only_the_pipe(ends[0], device);
		if (!argv) {
			e = pump(0, device);
			say_error(e, "writing the stream");
			_exit(e ? 1 : 0);
		}
		execvp(argv[0], argv);
		say("%s: cannot run: %s", argv[0], strerror(errno));
		_exit(127);
	}
	close(ends[0]);
	*ret = (struct target_file){ .fd = ends[1], .helper = pid };
	return NULL;
}

struct error *stream_to_device(int device, struct target_file *ret)
{
	return start(NULL, device, ret);
}

struct error *stream_to_program(char *const *argv, struct target_file *ret)
{
	return start(argv, -1, ret);
}

struct error *stream_end(struct target_file *f, const char *what)
{
	int status;

	close(take_fd(&f->fd));
	while (waitpid(f->helper, &status, 0) < 0)
		if (errno != EINTR)
			return error_sys(errno, "%s: cannot wait for its writer", what);
	if (WIFSIGNALED(status))
		return error_new(ERROR_OTHER, "%s: its writer ended by signal %d", what,
				 WTERMSIG(status));
	if (WEXITSTATUS(status))
		return error_new(ERROR_OTHER, "%s: its writer failed with status %d", what,
				 WEXITSTATUS(status));
	return NULL;
}
