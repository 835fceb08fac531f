/* Replays a flattened stream into a file (the layout: dump/sink_flat.c). */
#include "collect/collect.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "dump/pace.h"

#define FLAT_HEADER_LEN 4096
#define PIECE		((size_t)1 << 20)

static struct error *check_header(int in, const char *name)
{
	unsigned char h[FLAT_HEADER_LEN];
	size_t len;

	TRY(file_read_part_fd(in, name, h, sizeof(h), &len));
	if (len != sizeof(h) || memcmp(h, "makedumpfile\0\0\0\0", 16) != 0)
		return error_new(ERROR_BAD_DATA, "%s: not a flattened dump", name);
	if (get_u64(h + 16, true) != 1 || get_u64(h + 24, true) != 1)
		return error_new(ERROR_UNSUPPORTED, "%s: a flattened dump of type %llu, version %llu; "
						    "known is 1, 1",
				 name, (unsigned long long)get_u64(h + 16, true),
				 (unsigned long long)get_u64(h + 24, true));
	return NULL;
}

struct error *collect_rearrange(int in, const char *in_name, int to, const char *to_name,
				bool *ret_complete)
{
	_cleanup_free_ unsigned char *buf = malloc(PIECE);
	struct pace pace;

	if (!buf)
		return error_nomem();
	pace_init(&pace, to, to_name);
	*ret_complete = false;
	TRY(check_header(in, in_name));
	for (;;) {
		unsigned char head[16];
		uint64_t off, left;
		size_t len;

		TRY(file_read_part_fd(in, in_name, head, sizeof(head), &len));
		if (len != sizeof(head))
			break;
		off = get_u64(head, true);
		left = get_u64(head + 8, true);
		if (off == UINT64_MAX && left == UINT64_MAX) {
			*ret_complete = true;
			break;
		}
		if (off > INT64_MAX || left == 0 || left > INT64_MAX - off)
			return error_new(ERROR_BAD_DATA, "%s: a record of %llu bytes for offset 0x%llx "
							 "is impossible",
					 in_name, (unsigned long long)left, (unsigned long long)off);
		while (left) {
			TRY(file_read_part_fd(in, in_name, buf, MIN(left, (uint64_t)PIECE), &len));
			TRY(file_pwrite_fd(to, to_name, buf, len, off));
			TRY(pace_wrote(&pace, off, len));
			if (len < MIN(left, (uint64_t)PIECE))
				goto broke_off;
			off += len;
			left -= len;
		}
	}
broke_off:
	if (fsync(to) < 0 && errno != EINVAL && errno != EROFS)
		return error_sys(errno, "%s: cannot sync", to_name);
	return NULL;
}
