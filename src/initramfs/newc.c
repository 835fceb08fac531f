/* The newc archive; see newc.h. */
#include "initramfs/newc.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define TRAILER	  "TRAILER!!!"
#define BLOCK_LEN 512

static void pad(struct strbuf *to, size_t p2)
{
	strbuf_fill(to, '\0', ROUND_UP(to->len, p2) - to->len);
}

struct error *newc_add(struct strbuf *to, unsigned ino, const struct newc_entry *entry)
{
	size_t name_len = strlen(entry->name) + 1;
	unsigned nlink = S_ISDIR(entry->mode) ? 2 : 1;

	if (name_len == 1 || name_len > PATH_MAX)
		return error_new(ERROR_USAGE, "\"%.64s\": a name of %zu bytes can't be in an initramfs",
				 entry->name, name_len - 1);
	if (entry->len > UINT32_MAX)
		return error_new(ERROR_USAGE, "%s: %zu bytes are too long for an initramfs",
				 entry->name, entry->len);
	/* magic ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor
	 * namesize check */
	strbuf_printf(to, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", ino,
		      entry->mode, 0, 0, nlink, 0, (unsigned)entry->len, 0, 0, entry->rdev_major,
		      entry->rdev_minor, (unsigned)name_len, 0);
	strbuf_add(to, entry->name, name_len);
	pad(to, 4);
	strbuf_add(to, entry->bytes ? entry->bytes : "", entry->len);
	pad(to, 4);
	return strbuf_error(to);
}

struct error *newc_end(struct strbuf *to)
{
	TRY(newc_add(to, 0, &(struct newc_entry){ .name = TRAILER }));
	pad(to, BLOCK_LEN);
	return strbuf_error(to);
}
