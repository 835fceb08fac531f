/* Program messages; see log.h. */
#include "base/log.h"

#include <stdarg.h>

static const char *log_prefix = "salvage";
static enum log_level log_limit = LOG_LEVEL_INFO;

void log_setup(const char *prefix, enum log_level level)
{
	log_prefix = prefix;
	log_limit = level;
}

static void emit(enum log_level level, const char *word, const char *fmt, va_list ap)
{
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
