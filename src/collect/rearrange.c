/* Replays a flattened stream into a file (the layout: dump/sink_flat.c). */
#include "collect/collect.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "dump/age.h"
#include "dump/pace.h"

#define FLAT_HEADER_LEN 4096
#define PIECE		((size_t)1 << 20)

/* The stream, decrypted where it is encrypted. */
struct input {
	int fd;
	const char *name;
	bool begun;
	unsigned char head[64]; /* read to see what it is; given out first */
	size_t head_len, head_at;
	struct age_stream *age;
	bool cut;
};

static struct error *begin_input(struct input *in)
{
	in->begun = true;
	TRY(file_read_part_fd(in->fd, in->name, in->head, sizeof(in->head), &in->head_len));
	if (in->head_len < AGE_MAGIC_LEN || memcmp(in->head, AGE_MAGIC, AGE_MAGIC_LEN) != 0)
		return NULL;
	if (!source_decrypt)
		return error_new(ERROR_NOT_PERMITTED, "%s is encrypted (age): --identity FILE names the file of "
						      "the secret key", in->name);
	in->head_at = in->head_len;
	return age_stream_open(in->fd, in->name, in->head, in->head_len, &in->age);
}

static struct error *read_input(struct input *in, void *buf, size_t len, size_t *ret_len)
{
	size_t n, more = 0;

	if (!in->begun)
		TRY(begin_input(in));
	if (in->age)
		return age_stream_read(in->age, buf, len, ret_len, &in->cut);
	n = MIN(len, in->head_len - in->head_at);
	memcpy(buf, in->head + in->head_at, n);
	in->head_at += n;
	if (n < len)
		TRY(file_read_part_fd(in->fd, in->name, (char *)buf + n, len - n, &more));
	*ret_len = n + more;
	return NULL;
}

static struct error *check_header(struct input *in)
{
	unsigned char h[FLAT_HEADER_LEN];
	const char *name = in->name;
	size_t len;

	TRY(read_input(in, h, sizeof(h), &len));
	if (len != sizeof(h) || memcmp(h, "makedumpfile\0\0\0\0", 16) != 0)
		return error_new(ERROR_BAD_DATA, "%s: not a flattened dump", name);
	if (get_u64(h + 16, true) != 1 || get_u64(h + 24, true) != 1)
		return error_new(ERROR_UNSUPPORTED, "%s: a flattened dump of type %llu, version %llu; "
						    "known is 1, 1",
				 name, (unsigned long long)get_u64(h + 16, true),
				 (unsigned long long)get_u64(h + 24, true));
	return NULL;
}

static struct error *replay(struct input *in, int to, const char *to_name, bool *ret_complete)
{
	_cleanup_free_ unsigned char *buf = malloc(PIECE);
	struct pace pace;

	if (!buf)
		return error_nomem();
	pace_init(&pace, to, to_name);
	*ret_complete = false;
	TRY(check_header(in));
	for (;;) {
		unsigned char head[16];
		uint64_t off, left;
		size_t len;

		TRY(read_input(in, head, sizeof(head), &len));
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
					 in->name, (unsigned long long)left, (unsigned long long)off);
		while (left) {
			TRY(read_input(in, buf, MIN(left, (uint64_t)PIECE), &len));
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

struct error *collect_rearrange(int in, const char *in_name, int to, const char *to_name,
				bool *ret_complete)
{
	struct input input = { .fd = in, .name = in_name };
	struct error *e = replay(&input, to, to_name, ret_complete);

	*ret_complete &= !input.cut;
	age_stream_close(input.age);
	return e;
}
