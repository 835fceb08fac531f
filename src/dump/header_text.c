/* Names and words in dump headers come from a dying kernel, or from anybody. */
#include "dump/dump-priv.h"

#include "base/base.h"

#define NAME_LEN 65

void header_text(const unsigned char *raw, size_t len, char *to)
{
	size_t n = 0;

	for (; n < len && raw[n]; n++)
		to[n] = raw[n] >= 0x20 && raw[n] < 0x7f ? raw[n] : '?';
	to[n] = '\0';
}

void header_utsname(const unsigned char *raw, struct dump_utsname *u)
{
	char *const names[] = { u->sysname, u->nodename, u->release,
				u->version, u->machine,	 u->domainname };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		header_text(raw + i * NAME_LEN, NAME_LEN - 1, names[i]);
}
