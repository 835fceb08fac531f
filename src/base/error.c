/* Errors as values; see error.h. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"

struct error {
	enum error_kind kind;
	int err;
	char *message; /* null only in the static object */
};

static struct error nomem = { .kind = ERROR_NOMEM, .err = ENOMEM };

void close_keep_errno(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

struct error *error_nomem(void)
{
	return &nomem;
}

static struct error *make(enum error_kind kind, int err, char *message)
{
	struct error *e = malloc(sizeof(*e));

	if (!e || !message) {
		free(e);
		free(message);
		return &nomem;
	}
	*e = (struct error){ .kind = kind, .err = err, .message = message };
	return e;
}

struct error *error_new(enum error_kind kind, const char *fmt, ...)
{
	char *message;
	va_list ap;

	va_start(ap, fmt);
	message = text_vformat(fmt, ap);
	va_end(ap);
	return make(kind, 0, message);
}

static enum error_kind kind_of_errno(int err)
{
	switch (err) {
	case ENOMEM:
		return ERROR_NOMEM;
	case ENOSPC:
	case EDQUOT:
	case EFBIG: /* as large as this process or file system allows */
		return ERROR_NO_SPACE;
	case EPERM:
	case EACCES:
		return ERROR_NOT_PERMITTED;
	case ENOENT:
	case ENODEV:
		return ERROR_NOT_FOUND;
	case ETIMEDOUT:
		return ERROR_TIMEOUT;
	default:
		return ERROR_SYSTEM;
	}
}

struct error *error_sys(int err, const char *fmt, ...)
{
	char *words, *message = NULL;
	va_list ap;

	va_start(ap, fmt);
	words = text_vformat(fmt, ap);
	va_end(ap);
	if (!words || asprintf(&message, "%s: %s", words, strerror(err)) < 0)
		message = NULL;
	free(words);
	return make(kind_of_errno(err), err, message);
}

struct error *error_prefix(struct error *e, const char *fmt, ...)
{
	char *words, *message = NULL;
	va_list ap;

	if (!e || e == &nomem)
		return e;
	va_start(ap, fmt);
	words = text_vformat(fmt, ap);
	va_end(ap);
	if (words && asprintf(&message, "%s: %s", words, e->message) >= 0) {
		free(e->message);
		e->message = message;
	}
	free(words);
	return e;
}

enum error_kind error_kind(const struct error *e)
{
	return e->kind;
}

int error_errno(const struct error *e)
{
	return e->err;
}

const char *error_message(const struct error *e)
{
	return e->message ? e->message : "out of memory";
}

void error_free(struct error *e)
{
	if (!e || e == &nomem)
		return;
	free(e->message);
	free(e);
}

bool error_drop_if(struct error **e, enum error_kind kind)
{
	if (!*e || (*e)->kind != kind)
		return false;
	error_free(*e);
	*e = NULL;
	return true;
}
