/* The part of the plan that says which block devices have to be made, and from what. */
#include <string.h>

#include "plan/internal.h"

#define LAYERS_MAX  256
#define ROWS_MAX    65536
#define MEMBERS_MAX 1024

void plan_layer_done(struct plan_layer *l)
{
	free(l->name);
	free(l->uuid);
	dm_table_done(&l->rows);
	free(l->metadata);
	words_done(&l->members);
	*l = (struct plan_layer){ 0 };
}

struct error *plan_add_layer(struct plan *p, struct plan_layer *layer)
{
	struct error *e = NULL;

	if (p->layers.n >= LAYERS_MAX)
		e = error_new(ERROR_USAGE, "more than %d devices to be made", LAYERS_MAX);
	else if (!vector_push(&p->layers, *layer))
		e = error_nomem();
	if (e)
		plan_layer_done(layer);
	*layer = (struct plan_layer){ 0 };
	return e;
}

struct error *plan_copy_layer(struct plan *p, const struct plan_layer *from)
{
	struct plan_layer l = { .is_array = from->is_array, .nr_members = from->nr_members };
	struct error *e = NULL;

	l.name = strdup(from->name);
	l.uuid = from->uuid ? strdup(from->uuid) : NULL;
	l.metadata = from->metadata ? strdup(from->metadata) : NULL;
	if (!l.name || (from->uuid && !l.uuid) || (from->metadata && !l.metadata))
		e = error_nomem();
	for (size_t i = 0; !e && i < from->members.n; i++)
		e = words_add(&l.members, from->members.v[i]);
	for (size_t i = 0; !e && i < from->rows.n; i++) {
		struct dm_row r = from->rows.v[i];

		r.type = strdup(r.type);
		r.params = strdup(r.params);
		if (!r.type || !r.params || !vector_push(&l.rows, r)) {
			free(r.type);
			free(r.params);
			e = error_nomem();
		}
	}
	if (!e)
		return plan_add_layer(p, &l);
	plan_layer_done(&l);
	return e;
}

struct error *plan_add_key(struct plan *p, const char *description, const char *path)
{
	struct plan_key k = { .description = strdup(description), .path = strdup(path) };

	if (k.description && k.path && vector_push(&p->keys, k))
		return NULL;
	free(k.description);
	free(k.path);
	return error_nomem();
}

/* /dev/md127, and its partitions /dev/md127p1. */
static bool is_of_array(const char *name, const char *array)
{
	const char *rest = text_after(name, array);

	return rest && (!*rest || (*rest == 'p' && rest[1] && !rest[1 + strspn(rest + 1, "0123456789")]));
}

const struct plan_layer *plan_find_layer(const struct plan *p, const char *device)
{
	const char *map = text_after(device, "/dev/mapper/"), *name = text_after(device, "/dev/");

	for (size_t i = 0; name && i < p->layers.n; i++) {
		const struct plan_layer *l = &p->layers.v[i];

		if (l->is_array ? is_of_array(name, l->name) : text_equal(map, l->name))
			return l;
	}
	return NULL;
}

/* --- reading ------------------------------------------------------------------------ */

struct error *plan_key_map(struct plan *p, char *value)
{
	_cleanup_words_ struct words w = { 0 };
	struct plan_layer l = { 0 };

	TRY(words_split(&w, value));
	if (w.n < 1 || w.n > 2)
		return error_new(ERROR_USAGE, "expected NAME and perhaps a UUID");
	l.name = strdup(w.v[0]);
	l.uuid = w.n > 1 ? strdup(w.v[1]) : NULL;
	if (!l.name || (w.n > 1 && !l.uuid)) {
		plan_layer_done(&l);
		return error_nomem();
	}
	return plan_add_layer(p, &l);
}

struct error *plan_key_row(struct plan *p, char *value)
{
	struct plan_layer *l = p->layers.n ? &p->layers.v[p->layers.n - 1] : NULL;

	if (!l || l->is_array)
		return error_new(ERROR_USAGE, "a row belongs to the map before it, and there is none");
	if (l->rows.n >= ROWS_MAX)
		return error_new(ERROR_USAGE, "%s has more than %d rows", l->name, ROWS_MAX);
	return dm_table_add(&l->rows, value);
}

struct error *plan_key_array(struct plan *p, char *value)
{
	_cleanup_words_ struct words w = { 0 };
	struct plan_layer l = { .is_array = true };
	struct error *e = NULL;
	uint64_t n;

	TRY(words_split(&w, value));
	if (w.n < 4 || !text_u64(w.v[2], &n) || n < 1 || n > MEMBERS_MAX || w.n - 3 > n)
		return error_new(ERROR_USAGE, "expected NAME METADATA COUNT MEMBER...");
	l.nr_members = n;
	l.name = strdup(w.v[0]);
	l.metadata = strdup(w.v[1]);
	if (!l.name || !l.metadata)
		e = error_nomem();
	for (size_t i = 3; !e && i < w.n; i++)
		e = words_add(&l.members, w.v[i]);
	if (e) {
		plan_layer_done(&l);
		return e;
	}
	return plan_add_layer(p, &l);
}

struct error *plan_key_key(struct plan *p, char *value)
{
	_cleanup_words_ struct words w = { 0 };

	TRY(words_split(&w, value));
	if (w.n != 2 || !strchr(w.v[0], ':'))
		return error_new(ERROR_USAGE, "expected PREFIX:DESCRIPTION and a path");
	return plan_add_key(p, w.v[0], w.v[1]);
}

/* --- what must hold ----------------------------------------------------------------- */

/* Names become part of paths below /dev. */
static struct error *check_name(const char *name)
{
	if (!*name || *name == '.' || strpbrk(name, "/ \t\"'\\<>"))
		return error_new(ERROR_USAGE, "\"%s\" is no name for a device to be made", name);
	return NULL;
}

static struct error *check_row(const struct plan_layer *l, const struct dm_row *r)
{
	for (const char *s = r->params; (s = strchr(s, '<')) != NULL; s++) {
		const char *end = strchr(s, '>');
		_cleanup_free_ char *device = end ? strndup(s + 1, end - s - 1) : NULL;

		if (end && !device)
			return error_nomem();
		if (!end || !plan_device_is_named(device))
			return error_new(ERROR_USAGE, "map %s: \"%s\" holds no device between < and >",
					 l->name, s);
	}
	return NULL;
}

struct error *plan_check_layers(const struct plan *p)
{
	for (size_t i = 0; i < p->layers.n; i++) {
		const struct plan_layer *l = &p->layers.v[i];

		TRY(check_name(l->name));
		if (l->uuid && strpbrk(l->uuid, " \t\"'\\"))
			return error_new(ERROR_USAGE, "map %s: the UUID holds blanks or quotes", l->name);
		if (!l->is_array && !l->rows.n)
			return error_new(ERROR_USAGE, "map %s has no rows", l->name);
		if (l->is_array && (strpbrk(l->metadata, " \t\"'\\") || !*l->metadata))
			return error_new(ERROR_USAGE, "array %s: \"%s\" is no metadata version", l->name,
					 l->metadata);
		for (size_t j = 0; j < l->rows.n; j++)
			TRY(check_row(l, &l->rows.v[j]));
		for (size_t j = 0; j < l->members.n; j++)
			if (!plan_device_is_named(l->members.v[j]) || strpbrk(l->members.v[j], " \t\"'\\"))
				return error_new(ERROR_USAGE, "array %s: \"%s\" is no device", l->name,
						 l->members.v[j]);
	}
	for (size_t i = 0; i < p->keys.n; i++)
		if (!plan_path_is_clean(p->keys.v[i].path) || strpbrk(p->keys.v[i].path, " \t\"'\\") ||
		    strpbrk(p->keys.v[i].description, " \t\"'\\"))
			return error_new(ERROR_USAGE, "key %s: \"%s\" is not an absolute path",
					 p->keys.v[i].description, p->keys.v[i].path);
	return NULL;
}
