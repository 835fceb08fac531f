/* Program messages; see log.h. */
#include "base/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <syslog.h>
#include <unistd.h>

static const char *log_prefix = "salvage";
static enum log_level log_limit = LOG_LEVEL_INFO;
static enum log_level syslog_limit, kmsg_limit; /* 0: none */

void log_setup(const char *prefix, enum log_level level)
{
	log_prefix = prefix;
	log_limit = level;
}

void log_set_level(enum log_level level)
{
	log_limit = level;
}

void log_also(const char *name, enum log_level to_syslog, enum log_level to_kmsg)
{
	syslog_limit = to_syslog;
	kmsg_limit = to_kmsg;
	openlog(name, 0, LOG_DAEMON);
}

static int priority(enum log_level level)
{
	static const int priorities[] = { LOG_EMERG, LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

	return priorities[level];
}

/* One write is one record (Documentation/ABI/testing/dev-kmsg). */
static void emit_kmsg(enum log_level level, const char *text)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return;
	dprintf(fd, "<%d>%s: %s\n", LOG_DAEMON | priority(level), log_prefix, text);
	close(fd);
}

static void emit_elsewhere(enum log_level level, const char *fmt, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	if (level <= syslog_limit)
		syslog(priority(level), "%s", text);
	if (level <= kmsg_limit)
		emit_kmsg(level, text);
}

static void emit(enum log_level level, const char *word, const char *fmt, va_list ap)
{
	va_list copy;

	if (level <= syslog_limit || level <= kmsg_limit) {
		va_copy(copy, ap);
		emit_elsewhere(level, fmt, copy);
		va_end(copy);
	}
	if (level > log_limit)
		return;
	fprintf(stderr, "%s: %s", log_prefix, word);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

#define DEFINE_LOG(name, level, word)                                                           \
	void name(const char *fmt, ...)                                                         \
	{                                                                                       \
		va_list ap;                                                                     \
                                                                                                \
		va_start(ap, fmt);                                                              \
		emit(level, word, fmt, ap);                                                     \
		va_end(ap);                                                                     \
	}

DEFINE_LOG(log_error, LOG_LEVEL_ERROR, "")
DEFINE_LOG(log_warning, LOG_LEVEL_WARNING, "WARNING: ")
DEFINE_LOG(log_info, LOG_LEVEL_INFO, "")
DEFINE_LOG(log_debug, LOG_LEVEL_DEBUG, "debug: ")
