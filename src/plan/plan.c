/*
 * Reading the plan (doc/plan.md): one `key value` a line. A table says how often each key may
 * come and which function takes its value; what must hold between values is checked at the
 * end, by the same function that the writer uses.
 */
#include "plan/plan.h"

#include <string.h>

#include "crashdir/names.h"
#include "plan/internal.h"

static const char *const action_names[] = {
	[PLAN_REBOOT] = "reboot",	[PLAN_HALT] = "halt",
	[PLAN_POWEROFF] = "poweroff",	[PLAN_SHELL] = "shell",
	[PLAN_DUMP_TO_ROOTFS] = "dump_to_rootfs",
};

static const struct {
	const char *name;
	unsigned limit_s;
} steps[PLAN_STEP_COUNT] = {
	[PLAN_STEP_MODULES] = { "modules", 60 },
	[PLAN_STEP_NETWORK] = { "network", 180 }, /* a device that comes late, its carrier, a lease */
	[PLAN_STEP_DEVICE] = { "device", 90 },
	[PLAN_STEP_MOUNT] = { "mount", 180 }, /* a journal may have to be replayed */
	[PLAN_STEP_DMESG] = { "dmesg", 60 },
	[PLAN_STEP_REPORT] = { "report", 60 },
	[PLAN_STEP_COLLECTOR] = { "collector", 8 * 3600 },
	[PLAN_STEP_SYNC] = { "sync", 600 },
	[PLAN_STEP_ACTION] = { "action", 30 },
	[PLAN_STEP_STALL] = { "stall", 600 },
	[PLAN_STEP_HOOK] = { "hook", 120 },
	[PLAN_STEP_RETENTION] = { "retention", 60 },
	[PLAN_STEP_EVIDENCE] = { "evidence", 60 },
};

static const char *const evidence_names[] = {
	[PLAN_EVIDENCE_ROOTFS] = "rootfs",
	[PLAN_EVIDENCE_PMSG] = "pmsg",
	[PLAN_EVIDENCE_EFI] = "efi",
};

const char *plan_evidence_name(enum plan_evidence place)
{
	return (size_t)place < ARRAY_SIZE(evidence_names) ? evidence_names[place] : NULL;
}

int plan_evidence_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(evidence_names); i++)
		if (strcmp(name, evidence_names[i]) == 0)
			return i;
	return -1;
}

const char *plan_action_name(enum plan_action action)
{
	return (size_t)action < ARRAY_SIZE(action_names) ? action_names[action] : NULL;
}

int plan_action_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(action_names); i++)
		if (strcmp(name, action_names[i]) == 0)
			return i;
	return -1;
}

static const char *const target_names[] = {
	[PLAN_TARGET_FS] = "fs",
	[PLAN_TARGET_RAW] = "raw",
	[PLAN_TARGET_SSH] = "ssh",
};

const char *plan_target_name(enum plan_target kind)
{
	return (size_t)kind < ARRAY_SIZE(target_names) ? target_names[kind] : NULL;
}

int plan_target_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(target_names); i++)
		if (strcmp(name, target_names[i]) == 0)
			return i;
	return -1;
}

bool plan_place_is_remote(const struct plan_place *place)
{
	return place->kind == PLAN_TARGET_SSH ||
	       (place->kind == PLAN_TARGET_FS &&
		(text_equal(place->fstype, "nfs") || text_equal(place->fstype, "nfs4")));
}

bool plan_place_has_device(const struct plan_place *place)
{
	static const char *const without[] = { "virtiofs" };

	if (plan_place_is_remote(place))
		return false;
	if (place->kind == PLAN_TARGET_FS)
		for (size_t i = 0; i < ARRAY_SIZE(without); i++)
			if (text_equal(place->fstype, without[i]))
				return false;
	return true;
}

const char *plan_step_name(enum plan_step step)
{
	return (size_t)step < PLAN_STEP_COUNT ? steps[step].name : NULL;
}

int plan_step_find(const char *name)
{
	for (size_t i = 0; i < PLAN_STEP_COUNT; i++)
		if (strcmp(name, steps[i].name) == 0)
			return i;
	return -1;
}

unsigned plan_limit_s(const struct plan *p, enum plan_step step)
{
	assert((size_t)step < PLAN_STEP_COUNT);
	return p->limit_s[step] ? p->limit_s[step] : steps[step].limit_s;
}

/* --- taking values ------------------------------------------------------------------ */

static struct error *take_text(char **to, const char *value)
{
	*to = strdup(value);
	return *to ? NULL : error_nomem();
}

static struct error *take_flag(bool *off, const char *value)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return error_new(ERROR_USAGE, "\"%s\" is neither yes nor no", value);
	*off = strcmp(value, "no") == 0;
	return NULL;
}

static struct error *take_action(enum plan_action *to, const char *value, enum plan_action last)
{
	int action = plan_action_find(value);

	if (action < 0 || action > (int)last)
		return error_new(ERROR_USAGE, "\"%s\" is not an action that can stand here",
				 value);
	*to = action;
	return NULL;
}

static struct error *take_seconds(unsigned *to, const char *value, unsigned least)
{
	uint64_t v;

	if (!text_u64(value, &v) || v < least || v > PLAN_LIMIT_S_MAX)
		return error_new(ERROR_USAGE, "\"%s\" is not a number of seconds from %u to %d",
				 value, least, PLAN_LIMIT_S_MAX);
	*to = v;
	return NULL;
}

static struct error *key_plan(struct plan *p, char *value)
{
	return error_new(ERROR_USAGE, "it stands on the first line only");
}

static struct error *key_host(struct plan *p, char *value)
{
	return take_text(&p->host, value);
}

static struct error *key_kernel(struct plan *p, char *value)
{
	return take_text(&p->kernel, value);
}

static struct error *take_module(struct plan *p, char *value, bool required)
{
	char *parameters = value + strcspn(value, " \t");

	if (*parameters) {
		*parameters++ = '\0';
		parameters = text_strip(parameters);
	}
	return plan_add_module(p, value, *parameters ? parameters : NULL, required);
}

static struct error *key_module(struct plan *p, char *value)
{
	return take_module(p, value, false);
}

static struct error *key_module_required(struct plan *p, char *value)
{
	return take_module(p, value, true);
}

static struct error *key_target(struct plan *p, char *value)
{
	int kind = plan_target_find(value);

	if (kind < 0)
		return error_new(ERROR_USAGE, "\"%s\" is no kind of target; this version knows fs and raw",
				 value);
	p->target.kind = kind;
	return NULL;
}

static struct error *key_device(struct plan *p, char *value)
{
	return take_text(&p->target.device, value);
}

static struct error *key_fstype(struct plan *p, char *value)
{
	return take_text(&p->target.fstype, value);
}

static struct error *key_options(struct plan *p, char *value)
{
	return take_text(&p->target.options, value);
}

static struct error *key_path(struct plan *p, char *value)
{
	return take_text(&p->path, value);
}

static struct error *key_directory(struct plan *p, char *value)
{
	return take_text(&p->directory, value);
}

static struct error *key_address(struct plan *p, char *value)
{
	return take_text(&p->address, value);
}

static struct error *key_timezone(struct plan *p, char *value)
{
	int64_t v;

	if (!text_i64(value, &v) || v < -86400 || v > 86400)
		return error_new(ERROR_USAGE, "\"%s\" is not an offset of at most a day in seconds",
				 value);
	p->timezone_offset = v;
	return NULL;
}

static struct error *key_collector(struct plan *p, char *value)
{
	return words_split(&p->collector, value);
}

static struct error *key_ssh(struct plan *p, char *value)
{
	return words_split(&p->ssh, value);
}

static struct error *key_net_link(struct plan *p, char *value)
{
	return plan_net_link(&p->net, value);
}

static struct error *key_net_address(struct plan *p, char *value)
{
	return plan_net_address(&p->net, value);
}

static struct error *key_net_route(struct plan *p, char *value)
{
	return plan_net_route(&p->net, value);
}

static struct error *key_fence(struct plan *p, char *value)
{
	return plan_fence_take(&p->fence, value);
}

static struct error *key_net_server(struct plan *p, char *value)
{
	return plan_net_server(&p->net, value);
}

static struct error *key_report(struct plan *p, char *value)
{
	return take_flag(&p->no_report, value);
}

static struct error *key_dmesg(struct plan *p, char *value)
{
	return take_flag(&p->no_dmesg, value);
}

static struct error *key_failure_action(struct plan *p, char *value)
{
	return take_action(&p->failure_action, value, PLAN_DUMP_TO_ROOTFS);
}

static struct error *key_final_action(struct plan *p, char *value)
{
	return take_action(&p->final_action, value, PLAN_POWEROFF);
}

static struct error *key_root_device(struct plan *p, char *value)
{
	return take_text(&p->root.device, value);
}

static struct error *key_root_fstype(struct plan *p, char *value)
{
	return take_text(&p->root.fstype, value);
}

static struct error *key_root_options(struct plan *p, char *value)
{
	return take_text(&p->root.options, value);
}

static struct error *key_limit(struct plan *p, char *value)
{
	char *seconds = value + strcspn(value, " \t");
	int step;

	if (*seconds)
		*seconds++ = '\0';
	step = plan_step_find(value);
	if (step < 0)
		return error_new(ERROR_USAGE, "\"%s\" is no step", value);
	if (p->limit_s[step])
		return error_new(ERROR_USAGE, "the step %s has its limit already", value);
	return take_seconds(&p->limit_s[step], text_strip(seconds), 1);
}

static struct error *key_watchdog(struct plan *p, char *value)
{
	return take_seconds(&p->watchdog_s, value, 0);
}

static struct error *key_hook_veto(struct plan *p, char *value)
{
	return words_add(&p->hooks[PLAN_HOOK_VETO], value);
}

static struct error *key_hook_pre(struct plan *p, char *value)
{
	return words_add(&p->hooks[PLAN_HOOK_PRE], value);
}

static struct error *key_hook_post(struct plan *p, char *value)
{
	return words_add(&p->hooks[PLAN_HOOK_POST], value);
}

static struct error *key_hook_emergency(struct plan *p, char *value)
{
	return words_add(&p->hooks[PLAN_HOOK_EMERGENCY], value);
}

static struct error *key_keep_count(struct plan *p, char *value)
{
	uint64_t v;

	if (!text_u64(value, &v) || v == 0 || v > 1000000)
		return error_new(ERROR_USAGE, "\"%s\" is not a number of dumps from 1 to 1000000", value);
	p->keep_count = v;
	return NULL;
}

static struct error *take_bytes(uint64_t *to, const char *value)
{
	if (!text_u64(value, to) || *to == 0)
		return error_new(ERROR_USAGE, "\"%s\" is not a number of bytes", value);
	return NULL;
}

static struct error *key_keep_bytes(struct plan *p, char *value)
{
	return take_bytes(&p->keep_bytes, value);
}

static struct error *key_keep_free(struct plan *p, char *value)
{
	return take_bytes(&p->keep_free, value);
}

static struct error *key_evidence(struct plan *p, char *value)
{
	int place = plan_evidence_find(value);

	if (place < 0)
		return error_new(ERROR_USAGE, "\"%s\" is no second place", value);
	for (unsigned i = 0; i < p->nr_evidence; i++)
		if (p->evidence[i] == (enum plan_evidence)place)
			return error_new(ERROR_USAGE, "%s is said already", value);
	p->evidence[p->nr_evidence++] = place;
	return NULL;
}

static struct error *key_restore(struct plan *p, char *value)
{
	bool off;

	TRY(take_flag(&off, value));
	p->kernel_keys = !off;
	return NULL;
}

static const struct key {
	const char *name;
	struct error *(*take)(struct plan *p, char *value);
	bool many, needed;
} keys[] = {
	{ "plan", key_plan, .many = true },
	{ "host", key_host },
	{ "kernel", key_kernel },
	{ "module", key_module, .many = true },
	{ "module!", key_module_required, .many = true },
	{ "target", key_target, .needed = true },
	{ "device", key_device },
	{ "fstype", key_fstype },
	{ "mount-options", key_options },
	{ "map", plan_key_map, .many = true },
	{ "row", plan_key_row, .many = true },
	{ "array", plan_key_array, .many = true },
	{ "key", plan_key_key, .many = true },
	{ "kernel-keys", key_restore },
	{ "path", key_path },
	{ "directory", key_directory },
	{ "address", key_address },
	{ "timezone-offset", key_timezone },
	{ "net-link", key_net_link, .many = true },
	{ "net-address", key_net_address, .many = true },
	{ "net-route", key_net_route, .many = true },
	{ "net-server", key_net_server },
	{ "fence", key_fence },
	{ "ssh", key_ssh },
	{ "collector", key_collector },
	{ "report", key_report },
	{ "dmesg", key_dmesg },
	{ "failure-action", key_failure_action },
	{ "final-action", key_final_action },
	{ "root-device", key_root_device },
	{ "root-fstype", key_root_fstype },
	{ "root-options", key_root_options },
	{ "limit", key_limit, .many = true },
	{ "watchdog", key_watchdog },
	{ "hook-veto", key_hook_veto },
	{ "hook-pre", key_hook_pre, .many = true },
	{ "hook-post", key_hook_post, .many = true },
	{ "hook-emergency", key_hook_emergency, .many = true },
	{ "keep-count", key_keep_count },
	{ "keep-bytes", key_keep_bytes },
	{ "keep-free", key_keep_free },
	{ "evidence", key_evidence, .many = true },
};

static int key_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(name, keys[i].name) == 0)
			return i;
	return -1;
}

/* --- the plan as a whole ------------------------------------------------------------ */

bool plan_path_is_clean(const char *path)
{
	for (const char *s = path; (s = strstr(s, "/..")) != NULL; s += 3)
		if (s[3] == '/' || s[3] == '\0')
			return false;
	return path[0] == '/';
}

bool plan_device_is_named(const char *device)
{
	static const char *const starts[] = { "/dev/", "UUID=", "LABEL=", "PARTUUID=", "PARTLABEL=",
					      "PV=", "LUKS=", "MD=", "WWID=", "SERIAL=" };

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (text_starts(device, starts[i]) && device[strlen(starts[i])])
			return true;
	return false;
}

static struct error *check_place(const struct plan_place *place, const char *prefix)
{
	if (!place->device)
		return error_new(ERROR_USAGE, "%sdevice is not said", prefix);
	if (plan_place_has_device(place) && !plan_device_is_named(place->device))
		return error_new(ERROR_USAGE, "%sdevice \"%s\" is not /dev/... and no UUID=, LABEL= or the like",
				 prefix, place->device);
	if (place->kind == PLAN_TARGET_FS && !place->fstype)
		return error_new(ERROR_USAGE, "%sfstype is not said", prefix);
	return NULL;
}

struct error *plan_check(const struct plan *p)
{
	TRY(check_place(&p->target, ""));
	if (p->root.device || p->root.fstype || p->failure_action == PLAN_DUMP_TO_ROOTFS)
		TRY(check_place(&p->root, "root-"));
	if (!p->path && p->target.kind != PLAN_TARGET_RAW)
		return error_new(ERROR_USAGE, "path is not said");
	if (p->path && !plan_path_is_clean(p->path))
		return error_new(ERROR_USAGE, "path \"%s\" is not absolute, or holds \"..\"",
				 p->path);
	if (p->directory && crashdir_naming_find(p->directory) < 0)
		return error_new(ERROR_USAGE, "directory \"%s\" is no naming", p->directory);
	if (p->address && strchr(p->address, '/'))
		return error_new(ERROR_USAGE, "address \"%s\" holds a /", p->address);
	if (p->hooks[PLAN_HOOK_VETO].n > 1)
		return error_new(ERROR_USAGE, "there is more than one hook-veto");
	for (int i = 0; i < PLAN_HOOK_COUNT; i++)
		for (size_t j = 0; j < p->hooks[i].n; j++)
			if (!plan_path_is_clean(p->hooks[i].v[j]))
				return error_new(ERROR_USAGE, "hook \"%s\" is not an absolute path",
						 p->hooks[i].v[j]);
	for (unsigned i = 0; i < p->nr_evidence; i++)
		if (p->evidence[i] == PLAN_EVIDENCE_ROOTFS)
			TRY(check_place(&p->root, "root-"));
	TRY(plan_check_layers(p));
	TRY(plan_net_check(&p->net));
	if (p->target.kind == PLAN_TARGET_SSH && p->ssh.n == 0)
		return error_new(ERROR_USAGE, "ssh is not said");
	if (plan_place_is_remote(&p->target) && !p->net.server.family)
		return error_new(ERROR_USAGE, "net-server is not said");
	if (p->collector.n == 0)
		return error_new(ERROR_USAGE, "collector is not said");
	for (size_t i = 0; i < p->modules.n; i++)
		if (!plan_path_is_clean(p->modules.v[i].path))
			return error_new(ERROR_USAGE, "module \"%s\" is not an absolute path",
					 p->modules.v[i].path);
	return NULL;
}

static struct error *take_line(struct plan *p, char *line, unsigned seen[], const char *name,
			       unsigned nr, struct words *warnings)
{
	char *value = line + strcspn(line, " \t");
	int key;

	if (*value)
		*value++ = '\0';
	value = text_strip(value);
	key = key_find(line);
	if (key < 0)
		return warnings ? words_addf(warnings, "%s:%u: unknown key \"%s\" is ignored", name,
					     nr, line)
				: NULL;
	if (!*value)
		return error_new(ERROR_USAGE, "%s has no value", line);
	if (seen[key] && !keys[key].many)
		return error_new(ERROR_USAGE, "%s stands on line %u already", line, seen[key]);
	seen[key] = nr;
	return error_prefix(keys[key].take(p, value), "%s", line);
}

static struct error *take_version(char *line)
{
	const char *value = line ? text_after(text_strip(line), "plan ") : NULL;
	uint64_t version;

	if (!value || !text_u64(value + strspn(value, " \t"), &version))
		return error_new(ERROR_USAGE, "the first line of a plan is \"plan %d\"",
				 PLAN_VERSION);
	if (version != PLAN_VERSION)
		return error_new(ERROR_USAGE, "this is version %s of the plan; known is %d", value,
				 PLAN_VERSION);
	return NULL;
}

struct error *plan_parse(const char *name, const char *text, size_t len, struct plan *ret,
			 struct words *warnings)
{
	_cleanup_plan_ struct plan p = { 0 };
	_cleanup_free_ char *copy = NULL;
	unsigned seen[ARRAY_SIZE(keys)] = { 0 }, nr = 1;
	char *rest, *line;

	if (len > PLAN_LIMIT)
		return error_new(ERROR_USAGE, "%s: %zu bytes are too long for a plan", name, len);
	if (memchr(text, '\0', len))
		return error_new(ERROR_USAGE, "%s: holds NUL bytes, so it is no text", name);
	copy = strndup(text, len);
	if (!copy)
		return error_nomem();
	rest = copy;
	TRY(error_prefix(take_version(text_next_line(&rest)), "%s:1", name));
	while ((line = text_next_line(&rest)) != NULL) {
		nr++;
		line = text_strip(line);
		if (*line && *line != '#')
			TRY(error_prefix(take_line(&p, line, seen, name, nr, warnings), "%s:%u", name,
					 nr));
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].needed && !seen[i])
			return error_new(ERROR_USAGE, "%s: %s is not said", name, keys[i].name);
	TRY(error_prefix(plan_check(&p), "%s", name));
	*ret = p;
	p = (struct plan){ 0 };
	return NULL;
}

struct error *plan_add_module(struct plan *p, const char *path, const char *parameters,
			      bool required)
{
	struct plan_module m = { .path = strdup(path), .required = required };

	if (parameters)
		m.parameters = strdup(parameters);
	if (m.path && (m.parameters || !parameters) && vector_push(&p->modules, m))
		return NULL;
	free(m.path);
	free(m.parameters);
	return error_nomem();
}

void plan_place_done(struct plan_place *place)
{
	free(place->device);
	free(place->fstype);
	free(place->options);
}

void plan_done(struct plan *p)
{
	for (size_t i = 0; i < p->modules.n; i++) {
		free(p->modules.v[i].path);
		free(p->modules.v[i].parameters);
	}
	vector_done(&p->modules);
	for (size_t i = 0; i < p->layers.n; i++)
		plan_layer_done(&p->layers.v[i]);
	vector_done(&p->layers);
	for (size_t i = 0; i < p->keys.n; i++) {
		free(p->keys.v[i].description);
		free(p->keys.v[i].path);
	}
	vector_done(&p->keys);
	plan_place_done(&p->target);
	plan_place_done(&p->root);
	plan_net_done(&p->net);
	vector_done(&p->fence.nodes);
	words_done(&p->ssh);
	words_done(&p->collector);
	free(p->host);
	free(p->kernel);
	free(p->path);
	free(p->directory);
	free(p->address);
	for (int i = 0; i < PLAN_HOOK_COUNT; i++)
		words_done(&p->hooks[i]);
	*p = (struct plan){ 0 };
}
