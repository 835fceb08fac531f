/* Names of dump folders; see names.h. */
#include "crashdir/names.h"

#include <ctype.h>
#include <string.h>

enum who { ADDRESS, HOST, HOST_WHEN_REMOTE };

static const struct {
	const char *name;
	enum who who;
	const char *stamp; /* strftime(3) */
	const char *shape; /* what it comes to: d is a digit */
} namings[CRASHDIR_NAMINGS] = {
	[CRASHDIR_IP_TIME] = { "ip-time", ADDRESS, "%Y-%m-%d-%H:%M:%S", "dddd-dd-dd-dd:dd:dd" },
	[CRASHDIR_HOST_TIME] = { "host-time", HOST, "%Y-%m-%d-%H:%M:%S", "dddd-dd-dd-dd:dd:dd" },
	[CRASHDIR_DATE] = { "date", HOST_WHEN_REMOTE, "%Y-%m-%d-%H:%M", "dddd-dd-dd-dd:dd" },
	[CRASHDIR_DEBIAN] = { "debian", HOST_WHEN_REMOTE, "%Y%m%d%H%M", "dddddddddddd" },
	[CRASHDIR_SUSE] = { "suse", HOST_WHEN_REMOTE, "%Y-%m-%d-%H-%M", "dddd-dd-dd-dd-dd" },
};

const char *crashdir_naming_name(enum crashdir_naming naming)
{
	return (size_t)naming < CRASHDIR_NAMINGS ? namings[naming].name : NULL;
}

int crashdir_naming_find(const char *name)
{
	for (int i = 0; i < CRASHDIR_NAMINGS; i++)
		if (strcmp(namings[i].name, name) == 0)
			return i;
	return -1;
}

/* Null: nobody is named. */
static const char *who(const struct crashdir_names *n)
{
	const char *address = n->address ? n->address : CRASHDIR_LOCAL;
	const char *host = n->host && *n->host ? n->host : address;

	switch (namings[n->naming].who) {
	case ADDRESS:
		return address;
	case HOST:
		return host;
	case HOST_WHEN_REMOTE:
		return strcmp(address, CRASHDIR_LOCAL) == 0 ? NULL : host;
	}
	return NULL;
}

/* A host name is a word of outside: nothing but a folder's name may come of it. */
static char clean(char c)
{
	return isalnum((unsigned char)c) || strchr(".:_-", c) ? c : '_';
}

static void put_who(const char *name, struct strbuf *to)
{
	for (const char *s = name; *s; s++)
		strbuf_putc(to, s == name && *s == '.' ? '_' : clean(*s));
	strbuf_putc(to, '-');
}

struct error *crashdir_name(const struct crashdir_names *n, time_t local, struct strbuf *to)
{
	const char *name = who(n);
	char stamp[64];
	struct tm tm;

	if (!gmtime_r(&local, &tm) || tm.tm_year + 1900 > 9999 || tm.tm_year + 1900 < 1000 ||
	    !strftime(stamp, sizeof(stamp), namings[n->naming].stamp, &tm))
		return error_new(ERROR_OTHER, "the clock says %jd, which is no time", (intmax_t)local);
	if (name)
		put_who(name, to);
	strbuf_puts(to, stamp);
	return strbuf_error(to);
}

bool crashdir_is_own(const struct crashdir_names *n, const char *name, const char **ret_stamp)
{
	const char *shape = namings[n->naming].shape, *own = who(n), *stamp;

	if (own) {
		for (const char *s = own; *s; s++, name++)
			if (*name != (s == own && *s == '.' ? '_' : clean(*s)))
				return false;
		if (*name++ != '-')
			return false;
	}
	stamp = name;
	for (; *shape; shape++, name++)
		if (*shape == 'd' ? !isdigit((unsigned char)*name) : *name != *shape)
			return false;
	if (*name == '-') { /* one more of the same second */
		if (!isdigit((unsigned char)name[1]) || name[1] == '0' || strlen(name) > 4)
			return false;
		name++;
		while (isdigit((unsigned char)*name))
			name++;
	}
	if (*name)
		return false;
	if (ret_stamp)
		*ret_stamp = stamp;
	return true;
}
