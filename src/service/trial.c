/* Test crashes; see trial.h. */
#include "service/trial.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "service/blockdev.h"
#include "service/mounts.h"
#include "service/rootpath.h"

#define RECORD	 "var/lib/kdump/vmcore-creation.status"
#define IN_DUMP	 "vmcore-creation.status"
#define WORD	 "kdump_test_id="
#define LINE_MAX_LEN 4096

static const char *const names[] = {
	[TRIAL_PENDING] = "pending", [TRIAL_SUCCESS] = "success", [TRIAL_FAIL] = "fail", [TRIAL_MANUAL] = "manual",
};

const char *trial_state_name(enum trial_state state)
{
	return names[state];
}

struct error *trial_parse(const char *text, struct trial *ret)
{
	_cleanup_words_ struct words w = { 0 };
	struct trial t = { 0 };
	const char *id;

	*ret = t;
	TRY(words_split(&w, text));
	id = w.n == 2 ? text_after(w.v[1], WORD) : NULL;
	if (!id || !*id || strlen(id) >= sizeof(t.id) || strspn(id, "0123456789-") != strlen(id))
		return NULL;
	for (size_t i = TRIAL_PENDING; i < ARRAY_SIZE(names); i++)
		if (!strcmp(w.v[0], names[i]))
			t.state = i;
	snprintf(t.id, sizeof(t.id), "%s", id);
	t.when = strtoll(id, NULL, 10);
	if (t.state != TRIAL_NONE)
		*ret = t;
	return NULL;
}

struct error *trial_read(int root, struct trial *ret)
{
	_cleanup_free_ char *text = NULL;
	struct error *e = file_read(root, RECORD, LINE_MAX_LEN, &text, NULL);

	*ret = (struct trial){ 0 };
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	return trial_parse(text, ret);
}

struct error *trial_write(int root, const struct trial *t)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "%s " WORD "%s\n", names[t->state], t->id);

	TRY(file_make_folders(root, "var/lib/kdump", 0755));
	return file_publish(root, RECORD, 0644, line, n);
}

void trial_forget(int root)
{
	(void)unlinkat(root, RECORD, 0); /* mostly there is none */
}

void trial_begin(struct trial *t)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	t->state = TRIAL_PENDING;
	t->when = now.tv_sec;
	snprintf(t->id, sizeof(t->id), "%lld-%09ld", (long long)now.tv_sec, now.tv_nsec);
}

/* Where the dumps of this target are seen in the running system; null: nowhere now. */
static struct error *path_here(int root, const struct target *target, char **ret)
{
	_cleanup_blockdev_ struct blockdev d = { 0 };
	_cleanup_mounts_ struct mounts m = { 0 };
	const struct mount *on;

	*ret = NULL;
	if (strcmp(target->kind, "fs") || !target->place.device)
		return NULL;
	TRY(blockdev_find(root, target->place.device, &d));
	TRY(mounts_read(root, &m));
	on = mounts_of_device(root, &m, &d);
	if (!on)
		return NULL;
	if (asprintf(ret, "%s%s", strcmp(on->where, "/") ? on->where : "", target->path) < 0) {
		*ret = NULL;
		return error_nomem();
	}
	return NULL;
}

struct error *trial_fetch(int root, const struct target *target, struct trial *t)
{
	_cleanup_free_ char *folder = NULL, *name = NULL, *text = NULL;
	struct trial there = { 0 };
	struct error *e;

	if (t->state != TRIAL_PENDING)
		return NULL;
	TRY(path_here(root, target, &folder));
	if (!folder)
		return NULL;
	if (asprintf(&name, "%s/kdump-test-%s/" IN_DUMP, folder, t->id) < 0) {
		name = NULL;
		return error_nomem();
	}
	e = file_read(root, rootpath_below(name), LINE_MAX_LEN, &text, NULL);
	if (!error_drop_if(&e, ERROR_NOT_FOUND)) {
		TRY(e);
		TRY(trial_parse(text, &there));
	}
	/* a record of another test is none of this one */
	t->state = there.state != TRIAL_NONE && !strcmp(there.id, t->id) ? there.state : TRIAL_MANUAL;
	return trial_write(root, t);
}
