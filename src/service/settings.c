/* /etc/kdump.conf; see settings.h. The table comes first here: it is the file's subject. */
#include "service/settings.h"

#include <ctype.h>

#define SETTINGS_LIMIT (1 << 20) /* bytes of the file */

enum directive_kind {
	VALUE,	    /* one value, kept as written */
	CHOICE,	    /* one of the words of `choices` */
	TARGET,	    /* where the dump goes; the key is the type of target */
	ARGS,	    /* dracut's options: may name a target by --mount */
	OLD_NAME,   /* another spelling of the directive of the same `which` */
	DEPRECATED, /* refused for good */
};

struct directive {
	const char *key;
	enum directive_kind kind;
	enum setting which;
	const char *fallback; /* value when the key is absent */
	const char *choices;
	bool later; /* understood; refused because nothing carries it out yet: delete this when it is done */
};

#define FAILURE_ACTIONS "reboot|halt|poweroff|shell|dump_to_rootfs"
#define FINAL_ACTIONS	"reboot|halt|poweroff"

static const struct directive directives[] = {
	{ "path", VALUE, SETTING_PATH, "/var/crash" },
	{ "core_collector", VALUE, SETTING_CORE_COLLECTOR,
	  "makedumpfile -l --message-level 7 -d 31" },
	{ "failure_action", CHOICE, SETTING_FAILURE_ACTION, "reboot", FAILURE_ACTIONS },
	{ "default", OLD_NAME, SETTING_FAILURE_ACTION },
	{ "final_action", CHOICE, SETTING_FINAL_ACTION, "reboot", FINAL_ACTIONS },
	{ "force_rebuild", VALUE, SETTING_FORCE_REBUILD, "0" },
	{ "force_no_rebuild", VALUE, SETTING_FORCE_NO_REBUILD, "0" },
	{ "auto_reset_crashkernel", VALUE, SETTING_AUTO_RESET_CRASHKERNEL, "yes" },
	{ "extra_bins", VALUE, SETTING_EXTRA_BINS },
	{ "extra_modules", VALUE, SETTING_EXTRA_MODULES },

	/* The resolvers (resolve.h) tell these apart by settings.target_type. */
	{ "ext2", TARGET, SETTING_TARGET },
	{ "ext3", TARGET, SETTING_TARGET },
	{ "ext4", TARGET, SETTING_TARGET },
	{ "xfs", TARGET, SETTING_TARGET },
	{ "btrfs", TARGET, SETTING_TARGET },
	{ "minix", TARGET, SETTING_TARGET },
	{ "vfat", TARGET, SETTING_TARGET },
	{ "f2fs", TARGET, SETTING_TARGET },
	{ "virtiofs", TARGET, SETTING_TARGET },
	{ "raw", TARGET, SETTING_TARGET },
	{ "nfs", TARGET, SETTING_TARGET },
	{ "ssh", TARGET, SETTING_TARGET },
	{ "sshkey", VALUE, SETTING_SSHKEY, "/root/.ssh/kdump_id_rsa" },

	{ "kdump_pre", VALUE, SETTING_KDUMP_PRE, .later = true },
	{ "kdump_post", VALUE, SETTING_KDUMP_POST, .later = true },
	{ "kdump_emergency", VALUE, SETTING_KDUMP_EMERGENCY, .later = true },
	{ "fence_kdump_args", VALUE, SETTING_FENCE_KDUMP_ARGS, .later = true },
	{ "fence_kdump_nodes", VALUE, SETTING_FENCE_KDUMP_NODES, .later = true },
	{ "dracut_args", ARGS, SETTING_DRACUT_ARGS, .later = true },

	{ "net", DEPRECATED },
	{ "options", DEPRECATED },
	{ "link_delay", DEPRECATED },
	{ "disk_timeout", DEPRECATED },
	{ "debug_mem_level", DEPRECATED },
	{ "blacklist", DEPRECATED },
};

struct line {
	const struct settings *s;
	unsigned number;
	char *key;
	char *value;
};

static struct error *refuse(const struct line *l, const char *fmt, ...) PRINTF(2, 3);
static struct error *refuse(const struct line *l, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(&b, fmt, ap);
	va_end(ap);
	TRY(strbuf_error(&b));
	return error_new(ERROR_USAGE, "%s (%s line %u)", strbuf_str(&b), l->s->file, l->number);
}

static const struct directive *directive_find(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(directives); i++)
		if (strcmp(directives[i].key, key) == 0)
			return &directives[i];
	return NULL;
}

/* The row that a value is stored under: that of the new name for an old one. */
static const struct directive *directive_of(enum setting which)
{
	for (size_t i = 0; i < ARRAY_SIZE(directives); i++)
		if (directives[i].which == which && directives[i].kind < OLD_NAME)
			return &directives[i];
	return NULL;
}

static bool one_of(const char *choices, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = choices; n;) {
		size_t m = strcspn(p, "|");

		if (m == n && memcmp(p, word, n) == 0)
			return true;
		if (!p[m])
			break;
		p += m + 1;
	}
	return false;
}

static unsigned count_mounts(const char *args)
{
	unsigned n = 0;

	for (const char *p = args; (p = strstr(p, "--mount")); p += strlen("--mount"))
		n++;
	return n;
}

/* Cuts comment and blanks, splits key from value, takes the quotes off. */
static void split_line(char *text, struct line *l)
{
	char *hash = strchr(text, '#'), *value;
	size_t n;

	if (hash)
		*hash = '\0';
	l->key = text_strip(text);
	for (value = l->key; *value && !isspace((unsigned char)*value); value++)
		;
	if (*value)
		*value++ = '\0';
	value = text_strip(value);
	n = strlen(value);
	if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
		value[n - 1] = '\0';
		value++;
	}
	l->value = value;
}

static struct error *keep(struct settings *s, const struct line *l, const struct directive *d)
{
	if (s->value[d->which]) {
		if (d->which == SETTING_TARGET)
			return refuse(l, "More than one dump targets specified");
		return refuse(l, "Duplicated kdump config value of option %s", d->key);
	}
	s->value[d->which] = strdup(l->value);
	if (!s->value[d->which])
		return error_nomem();
	s->line[d->which] = l->number;
	if (d->which == SETTING_TARGET)
		s->target_type = d->key;
	return NULL;
}

/* A target that dracut's options name: --mount "DEVICE MOUNTPOINT TYPE OPTIONS". */
static struct error *keep_mount(struct settings *s, const struct line *l,
				const struct directive *d)
{
	static const struct directive mount = { "dracut_args --mount", TARGET, SETTING_TARGET };
	unsigned n = count_mounts(l->value);

	if (n > 1)
		return refuse(l, "Multiple mount targets specified in one \"%s\".", d->key);
	return n ? keep(s, l, &mount) : NULL;
}

static struct error *rename_old(struct settings *s, const struct line *l,
				const struct directive **d)
{
	const struct directive *now = directive_of((*d)->which);

	TRY(words_addf(&s->warnings, "option '%s' is the old name of '%s' (%s line %u)",
		       (*d)->key, now->key, s->file, l->number));
	TRY(words_addf(&s->warnings, "write '%s %s' in %s instead", now->key, l->value, s->file));
	*d = now;
	return NULL;
}

static struct error *take_line(struct settings *s, const struct line *l)
{
	const struct directive *d = directive_find(l->key);

	if (!d)
		return refuse(l, "Invalid kdump config option %s", l->key);
	if (d->kind == DEPRECATED)
		return refuse(l,
			      "Deprecated kdump config option: %s. Refer to kdump.conf manpage "
			      "for alternatives.",
			      d->key);
	if (!*l->value)
		return refuse(l, "Invalid kdump config value for option '%s'", d->key);
	if (d->kind == OLD_NAME)
		TRY(rename_old(s, l, &d));
	TRY(keep(s, l, d));
	return d->kind == ARGS ? keep_mount(s, l, d) : NULL;
}

/* Checks that the established service makes after it has read everything. */
static struct error *check_choices(const struct settings *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(directives); i++) {
		const struct directive *d = &directives[i];
		struct line l = { .s = s, .number = s->line[d->which] };

		if (d->kind == CHOICE && s->value[d->which] &&
		    !one_of(d->choices, s->value[d->which]))
			return refuse(&l, "Usage kdump.conf: %s {%s}", d->key, d->choices);
	}
	return NULL;
}

static struct error *check_later(const struct settings *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(directives); i++) {
		const struct directive *d = &directives[i];
		struct line l = { .s = s, .number = s->line[d->which] };

		if (d->later && s->value[d->which])
			return refuse(&l, "kdump config option %s is not supported yet; remove it",
				      d->key);
	}
	return NULL;
}

static struct error *check_path(const struct settings *s)
{
	const struct line l = { .s = s, .number = s->line[SETTING_PATH] };
	const char *path = s->value[SETTING_PATH];

	/* the capture side works below the target's root and must stay there */
	if (path && (strcmp(path, "..") == 0 || text_starts(path, "../") ||
		     strstr(path, "/../") || text_ends(path, "/..")))
		return refuse(&l, "Invalid kdump config value for option 'path': .. is not allowed");
	return NULL;
}

struct error *settings_parse(struct settings *s, const char *file, const char *text, size_t len)
{
	_cleanup_free_ char *copy = NULL;
	struct line l = { .s = s };
	char *rest, *line;

	s->file = strdup(file);
	copy = strndup(text, len);
	if (!s->file || !copy)
		return error_nomem();
	if (memchr(text, '\0', len))
		return error_new(ERROR_USAGE, "%s holds a NUL byte; it must be plain text", file);
	rest = copy;
	while ((line = text_next_line(&rest))) {
		l.number++;
		split_line(line, &l);
		if (*l.key)
			TRY(take_line(s, &l));
	}
	TRY(check_choices(s));
	TRY(check_path(s));
	return check_later(s);
}

struct error *settings_read(struct settings *s, int root, const char *file)
{
	_cleanup_free_ char *text = NULL;
	const char *below = file + (file[0] == '/');
	size_t len;

	TRY(file_read(root, below, SETTINGS_LIMIT, &text, &len));
	return settings_parse(s, file, text, len);
}

void settings_done(struct settings *s)
{
	free(s->file);
	for (size_t i = 0; i < SETTING_COUNT; i++)
		free(s->value[i]);
	words_done(&s->warnings);
	*s = (struct settings){ 0 };
}

const char *settings_get(const struct settings *s, enum setting which)
{
	const struct directive *d = directive_of(which);

	if (s->value[which])
		return s->value[which];
	return d ? d->fallback : NULL;
}

const char *settings_target(const struct settings *s, const char *type)
{
	return text_equal(s->target_type, type) ? s->value[SETTING_TARGET] : NULL;
}

static struct error *zero_or_one(const struct settings *s, enum setting which, bool *ret)
{
	const char *value = settings_get(s, which);
	struct line l = { .s = s, .number = s->line[which] };

	if (strcmp(value, "0") && strcmp(value, "1"))
		return refuse(&l, "Error: %s value is invalid: expected 0 or 1, found %.40s",
			      directive_of(which)->key, value);
	*ret = value[0] == '1';
	return NULL;
}

struct error *settings_rebuild_wish(const struct settings *s, bool *ret_force, bool *ret_never)
{
	bool force, never;

	TRY(zero_or_one(s, SETTING_FORCE_REBUILD, &force));
	TRY(zero_or_one(s, SETTING_FORCE_NO_REBUILD, &never));
	if (force && never)
		return error_new(ERROR_USAGE,
				 "Error: force_rebuild and force_no_rebuild are enabled "
				 "simultaneously in kdump.conf");
	*ret_force = force;
	*ret_never = never;
	return NULL;
}
