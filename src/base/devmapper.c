/* Device-mapper; see devmapper.h. */
#include "base/devmapper.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <linux/dm-ioctl.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "base/text.h"

#define READ_ROOM  (16 << 10) /* bytes for the rows at first; doubled when they are too few */
#define READ_LIMIT (16 << 20)

void dm_table_done(dm_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->v[i].type);
		free(t->v[i].params);
	}
	vector_done(t);
}

static struct error *add_row(dm_table *t, uint64_t start, uint64_t len, const char *type,
			     const char *params)
{
	struct dm_row r = { .start = start, .len = len, .type = strdup(type), .params = strdup(params) };

	if (r.type && r.params && vector_push(t, r))
		return NULL;
	free(r.type);
	free(r.params);
	return error_nomem();
}

struct error *dm_table_add(dm_table *t, const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *word[3];
	uint64_t start, len;

	if (!copy)
		return error_nomem();
	for (int i = 0; i < 3; i++) {
		rest += strspn(rest, " \t");
		word[i] = rest;
		rest += strcspn(rest, " \t");
		if (*rest)
			*rest++ = '\0';
	}
	if (!text_u64(word[0], &start) || !text_u64(word[1], &len) || !len || !*word[2] ||
	    strlen(word[2]) >= DM_MAX_TYPE_NAME)
		return error_new(ERROR_USAGE, "\"%s\" is not START LENGTH TYPE PARAMETERS", text);
	return add_row(t, start, len, word[2], text_strip(rest));
}

/* --- reading ------------------------------------------------------------------------ */

static void request(struct dm_ioctl *io, size_t size)
{
	memset(io, 0, sizeof(*io));
	io->version[0] = DM_VERSION_MAJOR; /* any minor version serves */
	io->data_size = size;
	io->data_start = sizeof(*io);
}

static struct error *take_rows(const struct dm_ioctl *io, size_t size, dm_table *ret)
{
	size_t at = io->data_start;

	for (unsigned i = 0; i < io->target_count; i++) {
		const struct dm_target_spec *spec = (const void *)((const char *)io + at);
		const char *params = (const char *)(spec + 1);

		if (at % _Alignof(struct dm_target_spec) || at > size - sizeof(*spec) ||
		    !memchr(params, '\0', size - at - sizeof(*spec)) ||
		    !memchr(spec->target_type, '\0', sizeof(spec->target_type)))
			return error_new(ERROR_BAD_DATA, "the kernel's rows end in the middle");
		TRY(add_row(ret, spec->sector_start, spec->length, spec->target_type, params));
		if (spec->next > size - io->data_start)
			return error_new(ERROR_BAD_DATA, "the kernel's rows end in the middle");
		at = io->data_start + spec->next; /* counted from the first one */
	}
	return NULL;
}

static struct error *read_recorded(int control, unsigned major, unsigned minor, dm_table *ret)
{
	_cleanup_free_ char *text = NULL;
	char want[32], *rest, *line;
	size_t had = ret->n;

	if (lseek(control, 0, SEEK_SET) < 0)
		return error_sys(errno, "/" DM_CONTROL);
	TRY(file_read_fd(control, "/" DM_CONTROL, READ_LIMIT, &text, NULL));
	snprintf(want, sizeof(want), "%u:%u ", major, minor);
	rest = text;
	while ((line = text_next_line(&rest))) {
		const char *row = text_after(line, want);

		if (row)
			TRY(dm_table_add(ret, row));
	}
	if (ret->n > had)
		return NULL;
	return error_new(ERROR_NOT_FOUND, "/" DM_CONTROL ": no device %u:%u", major, minor);
}

struct error *dm_table_read(int control, unsigned major, unsigned minor, dm_table *ret)
{
	struct stat st;

	if (fstat(control, &st) == 0 && S_ISREG(st.st_mode))
		return read_recorded(control, major, minor, ret);
	for (size_t room = READ_ROOM; room <= READ_LIMIT; room *= 2) {
		_cleanup_free_ struct dm_ioctl *io = calloc(1, sizeof(*io) + room);

		if (!io)
			return error_nomem();
		request(io, sizeof(*io) + room);
		io->dev = makedev(major, minor);
		io->flags = DM_STATUS_TABLE_FLAG;
		if (ioctl(control, DM_TABLE_STATUS, io) < 0)
			return error_sys(errno, "device-mapper: the table of %u:%u", major, minor);
		if (!(io->flags & DM_BUFFER_FULL_FLAG))
			return take_rows(io, sizeof(*io) + room, ret);
	}
	return error_new(ERROR_UNSUPPORTED, "device-mapper: the table of %u:%u is longer than %d MiB",
			 major, minor, READ_LIMIT >> 20);
}

/* --- making ------------------------------------------------------------------------- */

static struct error *put_rows(const dm_table *t, struct strbuf *to)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct dm_row *r = &t->v[i];
		size_t params = strlen(r->params) + 1;
		size_t next = ROUND_UP(sizeof(struct dm_target_spec) + params, (size_t)8);
		struct dm_target_spec spec = { .sector_start = r->start, .length = r->len,
					       .next = next }; /* counted from this one */

		if (strlen(r->type) >= sizeof(spec.target_type) || next > UINT32_MAX)
			return error_new(ERROR_USAGE, "a row of type %s is too long", r->type);
		strcpy(spec.target_type, r->type);
		strbuf_add(to, &spec, sizeof(spec));
		strbuf_add(to, r->params, params);
		strbuf_fill(to, '\0', next - sizeof(spec) - params);
	}
	return strbuf_error(to);
}

/* One ioctl about the device `name`, with `len` bytes behind it. */
static struct error *call(int control, unsigned long nr, const char *what, const char *name,
			  const char *uuid, const dm_table *t, struct dm_ioctl *ret)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	struct dm_ioctl *io;

	strbuf_fill(&b, '\0', sizeof(*io));
	if (t)
		TRY(put_rows(t, &b));
	TRY(strbuf_error(&b));
	io = (struct dm_ioctl *)b.s;
	request(io, b.len);
	io->target_count = t ? t->n : 0;
	strcpy(io->name, name);
	if (uuid)
		strcpy(io->uuid, uuid);
	if (ioctl(control, nr, io) < 0)
		return error_sys(errno, "device-mapper: %s: cannot %s", name, what);
	*ret = *io;
	return NULL;
}

struct error *dm_create(int control, const char *name, const char *uuid, const dm_table *t,
			unsigned *ret_major, unsigned *ret_minor)
{
	struct dm_ioctl made, io;
	struct error *e;

	if (strlen(name) >= DM_NAME_LEN || (uuid && strlen(uuid) >= DM_UUID_LEN))
		return error_new(ERROR_USAGE, "device-mapper: the name %s is too long", name);
	TRY(call(control, DM_DEV_CREATE, "make the device", name, uuid, NULL, &made));
	e = call(control, DM_TABLE_LOAD, "load its table", name, NULL, t, &io);
	if (!e) /* without the flag to suspend it resumes */
		e = call(control, DM_DEV_SUSPEND, "start it", name, NULL, NULL, &io);
	if (e) {
		error_free(call(control, DM_DEV_REMOVE, "remove it", name, NULL, NULL, &io));
		return e;
	}
	*ret_major = major(made.dev);
	*ret_minor = minor(made.dev);
	return NULL;
}
