/* The kernel's log; see kernel_log.h. */
#include "service/kernel_log.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "service/rootpath.h"

#define FILE_LIMIT    (8u << 20)
#define RECORD_LIMIT  8192   /* what the kernel formats at most (kernel/printk/internal.h) */
#define RECORDS_LIMIT 500000 /* more than any ring holds */

/* "6,1234,5678,-;text"; continuation lines begin with a blank and are facts about devices. */
static struct error *add(struct words *w, const char *line)
{
	const char *text = strchr(line, ';');

	if (line[0] == ' ')
		return NULL;
	if (!text || line[0] < '0' || line[0] > '9')
		text = NULL;
	return words_add(w, text ? text + 1 : line);
}

static struct error *add_lines(struct words *w, char *text)
{
	char *rest = text, *line;

	while ((line = text_next_line(&rest)))
		TRY(add(w, line));
	return NULL;
}

static struct error *read_device(int fd, struct words *w)
{
	char record[RECORD_LIMIT + 1];

	for (int i = 0; i < RECORDS_LIMIT; i++) {
		ssize_t n = read(fd, record, RECORD_LIMIT);

		if (n < 0 && (errno == EINTR || errno == EPIPE)) /* EPIPE: overtaken by new ones */
			continue;
		if (n <= 0)
			return NULL; /* EAGAIN: that was the last */
		record[n] = '\0';
		TRY(add_lines(w, record));
	}
	return NULL;
}

struct error *kernel_log_read(int root, struct words *ret)
{
	_cleanup_close_ int fd = openat(root, "dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	_cleanup_words_ struct words w = { 0 };
	_cleanup_free_ char *text = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	if (S_ISCHR(st.st_mode)) {
		TRY(read_device(fd, &w));
	} else {
		TRY(file_read_fd(fd, "dev/kmsg", FILE_LIMIT, &text, NULL));
		TRY(add_lines(&w, text));
	}
	*ret = w;
	w = (struct words){ 0 };
	return NULL;
}

struct error *kernel_log_read_file(int root, const char *name, struct words *ret)
{
	_cleanup_words_ struct words w = { 0 };
	_cleanup_free_ char *text = NULL;

	TRY(file_read(root, rootpath_below(name), FILE_LIMIT, &text, NULL));
	TRY(add_lines(&w, text));
	*ret = w;
	w = (struct words){ 0 };
	return NULL;
}

const char *kernel_log_find(const struct words *log, const char *text)
{
	for (size_t i = 0; i < log->n; i++)
		if (strstr(log->v[i], text))
			return log->v[i];
	return NULL;
}
