/*
 * Programs of the site: kdump_pre, kdump_post, kdump_emergency and those in the folders beside
 * them (doc/plan.md, hook-*). Each gets its time and no more. What they find: the environment
 * below, the target mounted, and standard output on the console.
 *
 *	KDUMP_HOOK	pre, post or emergency
 *	KDUMP_TARGET	where the target is mounted; not set without one
 *	KDUMP_FOLDER	the dump folder, below it; not set before it is made
 *	KDUMP_STATUS	(post) as $1: 0, or the status of the dump that failed
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/internal.h"

static void set_or_not(const char *name, const char *value)
{
	if (value ? setenv(name, value, 1) < 0 : unsetenv(name) < 0)
		say("%s is not in the environment", name);
}

static void prepare(const struct capture *c, const char *kind, const char *status)
{
	bool mounted = c->to && c->target >= 0 && !c->to->one_file;

	set_or_not("KDUMP_HOOK", kind);
	set_or_not("KDUMP_TARGET", mounted ? "/" TARGET_FOLDER : NULL);
	set_or_not("KDUMP_FOLDER", mounted && c->folder >= 0 ? c->folder_path : NULL);
	set_or_not("KDUMP_STATUS", status);
}

/* `argument` null: none. */
static struct error *run_hook(struct capture *c, const char *path, const char *argument)
{
	char *argv[] = { (char *)path, (char *)argument, NULL };

	say("running %s", path);
	return save_run(c, argv, PLAN_STEP_HOOK, 0, 0);
}

static void run_all(struct capture *c, enum plan_hook kind, const char *argument)
{
	const struct words *w = &c->plan.hooks[kind];

	for (size_t i = 0; i < w->n; i++)
		say_error(run_hook(c, w->v[i], argument), "goes on");
}

bool hooks_before(struct capture *c)
{
	const struct words *veto = &c->plan.hooks[PLAN_HOOK_VETO];

	prepare(c, "pre", NULL);
	for (size_t i = 0; i < veto->n; i++) {
		struct error *e = run_hook(c, veto->v[i], NULL);

		if (e) {
			say_error(e, "kdump_pre: there shall be no dump");
			return false;
		}
	}
	run_all(c, PLAN_HOOK_PRE, NULL);
	return true;
}

void hooks_after(struct capture *c, int status)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", status);
	prepare(c, "post", text);
	run_all(c, PLAN_HOOK_POST, text);
}

enum capture_end capture_emergency(struct capture *c)
{
	struct error *e;

	say_setup(c->root, true);
	e = read_plan(c);
	c->target = c->folder = -1;
	if (!e) {
		prepare(c, "emergency", NULL);
		run_all(c, PLAN_HOOK_EMERGENCY, NULL);
	}
	worker_end(c);
	say_error(e, "kdump_emergency is not run");
	return e ? CAPTURE_FAILED : CAPTURE_DONE;
}
