/* Advice for old files; see legacy.h. */
#include "service/legacy.h"

#define SYSCONFIG_FILE "/etc/sysconfig/kdump"

struct legacy_key {
	const char *key;
	const char *format; /* %s is the value; null: nothing to write */
	const char *where;
	const char *why;
	/* instead of the format: other shapes of value, or a value of another form */
	struct error *(*translate)(const char *value, struct strbuf *to);
};

/* `net` was NFS or ssh by the shape of its value: HOST:/EXPORT or USER@HOST. */
static struct error *translate_net(const char *value, struct strbuf *to)
{
	if (strstr(value, ":/"))
		strbuf_printf(to, "nfs %s", value);
	else if (strchr(value, '@'))
		strbuf_printf(to, "ssh %s", value);
	else
		strbuf_printf(to, "nfs %s:/EXPORT", value);
	return strbuf_error(to);
}

static struct error *translate_blacklist(const char *value, struct strbuf *to)
{
	_cleanup_words_ struct words names = {0};

	TRY(words_split(&names, value));
	strbuf_puts(to, "KDUMP_COMMANDLINE_APPEND+=\" module_blacklist=");
	for (size_t i = 0; i < names.n; i++)
		strbuf_printf(to, "%s%s", i ? "," : "", names.v[i]);
	strbuf_puts(to, "\"");
	return strbuf_error(to);
}

static const struct legacy_key legacy_keys[] = {
	{"net", .translate = translate_net},
	{"nfs4", "nfs %s", NULL, "the version is agreed on with the server"},
	{"default", "failure_action %s"},
	{"options", "options %s", "/etc/modprobe.d/kdump.conf",
	 "the image takes module options from there"},
	{"blacklist", NULL, SYSCONFIG_FILE, .translate = translate_blacklist},
	{"link_delay", NULL, NULL, "the capture waits for the link by itself, up to a limit"},
	{"disk_timeout", NULL, NULL,
	 "the capture waits for the device by itself, up to a limit"},
	{"debug_mem_level", NULL, NULL, "kexec-dmesg.log beside the dump tells of memory"},
	{"override_resettable", NULL, NULL, "it was documented once and never had an effect"},
	{"debug", "KDUMP_STDLOGLVL=4", SYSCONFIG_FILE},
};

void legacy_advice_done(struct legacy_advice *a)
{
	free(a->instead);
	free(a->where);
	*a = (struct legacy_advice){0};
}

static const struct legacy_key *find(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(legacy_keys); i++)
		if (strcmp(legacy_keys[i].key, key) == 0)
			return &legacy_keys[i];
	return NULL;
}

static struct error *fill(const struct legacy_key *k, const char *value,
			  struct legacy_advice *ret)
{
	_cleanup_strbuf_ struct strbuf b = {0};

	ret->why = k->why;
	if (k->where) {
		ret->where = strdup(k->where);
		if (!ret->where)
			return error_nomem();
	}
	if (k->translate)
		TRY(k->translate(value, &b));
	else if (k->format && strstr(k->format, "%s"))
		strbuf_printf(&b, "%.*s%s", (int)(strstr(k->format, "%s") - k->format),
			      k->format, value);
	else if (k->format)
		strbuf_puts(&b, k->format);
	else
		return NULL;
	TRY(strbuf_error(&b));
	ret->instead = strbuf_take(&b, NULL);
	return ret->instead ? NULL : error_nomem();
}

struct error *legacy_advise(const char *key, const char *value, const char *near,
			    struct legacy_advice *ret)
{
	_cleanup_legacy_advice_ struct legacy_advice a = {0};
	const struct legacy_key *k = find(key);

	if (k) {
		TRY(fill(k, value, &a));
	} else if (near) {
		if (asprintf(&a.instead, "%s %s", near, value) < 0) {
			a.instead = NULL;
			return error_nomem();
		}
	}
	*ret = a;
	a = (struct legacy_advice){0};
	return NULL;
}
