/* /etc/kdump.conf; see settings.h. The table comes first here: it is the file's subject. */
#include "service/settings.h"

#include <ctype.h>

#define SETTINGS_LIMIT (1 << 20) /* bytes of the file */

enum directive_kind {
	VALUE,	    /* one value, kept as written */
	CHOICE,	    /* one of the words of `choices` */
	NUMBER,	    /* how many; 0 is none */
	BYTES,	    /* a size: 10G */
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

#define NUMBER_MAX	1000000
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
	{ "luks_key_file", VALUE, SETTING_LUKS_KEY_FILE },
	{ "sshkey", VALUE, SETTING_SSHKEY, "/root/.ssh/kdump_id_rsa" },

	{ "kdump_pre", VALUE, SETTING_KDUMP_PRE },
	{ "kdump_post", VALUE, SETTING_KDUMP_POST },
	{ "kdump_emergency", VALUE, SETTING_KDUMP_EMERGENCY },
	{ "fence_kdump_args", VALUE, SETTING_FENCE_KDUMP_ARGS },
	{ "fence_kdump_nodes", VALUE, SETTING_FENCE_KDUMP_NODES },
	{ "dracut_args", ARGS, SETTING_DRACUT_ARGS },

	/* Our own: no other tool knows them. */
	{ "keep_dumps", NUMBER, SETTING_KEEP_DUMPS, "0" },
	{ "keep_bytes", BYTES, SETTING_KEEP_BYTES, "0" },
	{ "keep_free", BYTES, SETTING_KEEP_FREE, "0" },
	{ "dump_naming", CHOICE, SETTING_DUMP_NAMING, "ip-time", "ip-time|host-time|date|debian|suse" },
	{ "second_place", CHOICE, SETTING_SECOND_PLACE, "auto", "auto|none" },
	{ "time_limits", VALUE, SETTING_TIME_LIMITS },

	{ "net", DEPRECATED },
	{ "options", DEPRECATED },
	{ "link_delay", DEPRECATED },
	{ "disk_timeout", DEPRECATED },
	{ "debug_mem_level", DEPRECATED },
	{ "blacklist", DEPRECATED },
};

struct line {
	struct settings *s;
	unsigned number;
	char *key;
	char *value;
};

static const struct directive *directive_find(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(directives); i++)
		if (strcmp(directives[i].key, key) == 0)
			return &directives[i];
	return NULL;
}

/* Notes the mistake where the caller wants all of them. */
static struct error *note_problem(const struct line *l, const char *text, bool warning)
{
	struct settings_problem p = { .line = l->number, .text = strdup(text),
				      .warning = warning };

	if (l->key) {
		p.key = strdup(l->key);
		p.value = strdup(l->value);
	}
	p.unknown = l->key && !directive_find(l->key);
	if (!p.text || (l->key && (!p.key || !p.value)) || !vector_push(&l->s->problems, p)) {
		free(p.text);
		free(p.key);
		free(p.value);
		return error_nomem();
	}
	return NULL;
}

/* Null when mistakes are collected: the caller goes on without the line. */
static struct error *refuse(const struct line *l, const char *fmt, ...) PRINTF(2, 3);
static struct error *refuse(const struct line *l, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(&b, fmt, ap);
	va_end(ap);
	TRY(strbuf_error(&b));
	if (l->s->collect)
		return note_problem(l, strbuf_str(&b), false);
	if (!l->number) /* a value that a file means without saying it */
		return error_new(ERROR_USAGE, "%s (%s)", strbuf_str(&b), l->s->file);
	return error_new(ERROR_USAGE, "%s (%s line %u)", strbuf_str(&b), l->s->file, l->number);
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

static const struct directive *target_directive(const char *type)
{
	const struct directive *d = directive_find(strcmp(type, "nfs4") ? type : "nfs");

	return d && d->kind == TARGET ? d : NULL;
}

/* dracut's options, which may name a target. */
static struct error *keep_args(struct settings *s, const struct line *l, const struct directive *d)
{
	struct error *e = dracut_args_parse(&s->dracut, l->value), *longer;
	struct line mount = *l;

	if (e && error_kind(e) == ERROR_USAGE) {
		longer = refuse(l, "%s", error_message(e));
		error_free(e);
		return longer;
	}
	TRY(e);
	if (s->dracut.nr_mounts > 1)
		return refuse(l, "Multiple mount targets specified in one \"%s\".", d->key);
	if (!s->dracut.device)
		return NULL;
	mount.value = s->dracut.device;
	d = target_directive(s->dracut.fstype);
	if (!d)
		return refuse(l, "dracut_args: --mount of type %s is no dump target", s->dracut.fstype);
	return keep(s, &mount, d);
}

static struct error *rename_old(struct settings *s, const struct line *l,
				const struct directive **d)
{
	const struct directive *now = directive_of((*d)->which), *old = *d;
	char text[100];

	*d = now;
	if (s->collect) {
		snprintf(text, sizeof(text), "option '%s' is the old name of '%s'", old->key, now->key);
		return note_problem(l, text, true);
	}
	TRY(words_addf(&s->warnings, "option '%s' is the old name of '%s' (%s line %u)",
		       old->key, now->key, s->file, l->number));
	return words_addf(&s->warnings, "write '%s %s' in %s instead", now->key, l->value, s->file);
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
	return d->kind == ARGS ? keep_args(s, l, d) : NULL;
}

/* Checks that the established service makes after it has read everything. */
static struct error *check_choices(struct settings *s)
{
	uint64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(directives); i++) {
		const struct directive *d = &directives[i];
		struct line l = { .s = s, .number = s->line[d->which] };

		if (d->kind == CHOICE && s->value[d->which] &&
		    !one_of(d->choices, s->value[d->which]))
			TRY(refuse(&l, "Usage kdump.conf: %s {%s}", d->key, d->choices));
		if (d->kind == NUMBER && s->value[d->which] &&
		    (!text_u64(s->value[d->which], &n) || n > NUMBER_MAX))
			TRY(refuse(&l, "%s: \"%s\" is not a number from 0 to %d", d->key,
				   s->value[d->which], NUMBER_MAX));
		if (d->kind == BYTES && s->value[d->which] && !text_size(s->value[d->which], &n))
			TRY(refuse(&l, "%s: \"%s\" is not a size; write it as 500M or 20G", d->key,
				   s->value[d->which]));
	}
	return NULL;
}

static struct error *check_later(struct settings *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(directives); i++) {
		const struct directive *d = &directives[i];
		struct line l = { .s = s, .number = s->line[d->which] };

		if (d->later && s->value[d->which])
			TRY(refuse(&l, "kdump config option %s is not supported yet; remove it", d->key));
	}
	return NULL;
}

static struct error *check_path(struct settings *s)
{
	const struct line l = { .s = s, .number = s->line[SETTING_PATH] };
	const char *path = s->value[SETTING_PATH];

	/* the capture side works below the target's root and must stay there */
	if (path && (strcmp(path, "..") == 0 || text_starts(path, "../") ||
		     strstr(path, "/../") || text_ends(path, "/..")))
		return refuse(&l, "Invalid kdump config value for option 'path': .. is not allowed");
	return NULL;
}

struct error *settings_begin(struct settings *s, const char *file)
{
	s->file = strdup(file);
	return s->file ? NULL : error_nomem();
}

struct error *settings_put(struct settings *s, const char *key, const char *value, unsigned line)
{
	_cleanup_free_ char *k = strdup(key), *v = strdup(value);
	struct line l = { .s = s, .number = line, .key = k, .value = v };

	return k && v ? take_line(s, &l) : error_nomem();
}

struct error *settings_end(struct settings *s)
{
	TRY(check_choices(s));
	TRY(check_path(s));
	return check_later(s);
}

struct error *settings_parse(struct settings *s, const char *file, const char *text, size_t len)
{
	_cleanup_free_ char *copy = NULL;
	struct line l = { .s = s };
	char *rest, *line;

	TRY(settings_begin(s, file));
	copy = strndup(text, len);
	if (!copy)
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
	return settings_end(s);
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
	dracut_args_done(&s->dracut);
	for (size_t i = 0; i < s->problems.n; i++) {
		free(s->problems.v[i].text);
		free(s->problems.v[i].key);
		free(s->problems.v[i].value);
	}
	vector_done(&s->problems);
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

const char *settings_key(const struct settings *s, enum setting which)
{
	const struct directive *d = directive_of(which);

	return which == SETTING_TARGET ? s->target_type : d ? d->key : NULL;
}

/* Letters to change, add, take away or swap with their neighbour to get from one word to the other; large
 * words and differences are not told apart. Case does not count. */
static unsigned distance(const char *a, const char *b)
{
	enum { LONGEST = 32 };
	unsigned rows[3][LONGEST + 1], n = strlen(a), m = strlen(b);

	if (n > LONGEST || m > LONGEST)
		return LONGEST;
	for (unsigned j = 0; j <= m; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= n; i++) {
		unsigned *now = rows[i % 3], *before = rows[(i - 1) % 3], *two = rows[(i + 1) % 3];

		now[0] = i;
		for (unsigned j = 1; j <= m; j++) {
			int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);

			now[j] = MIN(before[j - 1] + (x != y), MIN(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]))
				now[j] = MIN(now[j], two[j - 2] + 1);
		}
	}
	return rows[n % 3][m];
}

const char *settings_nearest(const char *key)
{
	const char *best = NULL;
	unsigned least = strlen(key) > 4 ? 3 : 2; /* at most two letters, one in short words */

	for (size_t i = 0; i < ARRAY_SIZE(directives); i++) {
		unsigned d = distance(key, directives[i].key);

		/* another target is never what was meant, only other letters of it */
		if (directives[i].kind < OLD_NAME && d < least && (directives[i].kind != TARGET || !d)) {
			least = d;
			best = directives[i].key;
		}
	}
	return best;
}

bool settings_is_target(const char *key)
{
	const struct directive *d = directive_find(key);

	return d && d->kind == TARGET;
}

uint64_t settings_number(const struct settings *s, enum setting which)
{
	const char *value = settings_get(s, which);
	uint64_t n;

	/* settings_parse() let nothing else through */
	return value && (text_u64(value, &n) || text_size(value, &n)) ? n : 0;
}

const char *settings_target(const struct settings *s, const char *type)
{
	return text_equal(s->target_type, type) ? s->value[SETTING_TARGET] : NULL;
}

static struct error *zero_or_one(const struct settings *s, enum setting which, bool *ret)
{
	const char *value = settings_get(s, which);

	if (strcmp(value, "0") && strcmp(value, "1"))
		return error_new(ERROR_USAGE,
				 "Error: %s value is invalid: expected 0 or 1, found %.40s (%s line %u)",
				 directive_of(which)->key, value, s->file, s->line[which]);
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
