/* Which files configure the service; see dialect.h. */
#include "service/dialect-priv.h"

#include "service/rootpath.h"

#define CONFIG_LIMIT (1 << 20) /* bytes of the file */

void dialect_done(struct dialect *d)
{
	sysconfig_done(&d->vars);
	words_done(&d->warnings);
}

/* Whether kdump.conf holds a directive. A file that is not there does not. */
static struct error *config_says(int root, bool *ret_there, bool *ret_says)
{
	_cleanup_free_ char *text = NULL;
	struct error *e =
		file_read(root, rootpath_below(DIALECT_CONFIG), CONFIG_LIMIT, &text, NULL);
	char *rest, *line;

	*ret_there = *ret_says = false;
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	*ret_there = true;
	for (rest = text; (line = text_next_line(&rest));) {
		line = text_strip(line);
		*ret_says |= *line && *line != '#';
	}
	return NULL;
}

bool dialect_any_file(int root)
{
	static const char *const files[] = {DIALECT_CONFIG, DIALECT_DEFAULT, DIALECT_SYSCONFIG};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (file_exists(root, rootpath_below(files[i])))
			return true;
	return false;
}

static struct error *read_debian(int root, struct dialect *d)
{
	sysconfig_done(&d->vars);
	d->vars = (struct sysconfig){.spaced = true};
	d->kind = DIALECT_DEBIAN;
	d->file = DIALECT_DEFAULT;
	return sysconfig_read(&d->vars, root, DIALECT_DEFAULT);
}

/* kdump.conf wins; what it hides is told, since nothing of it has an effect. */
static struct error *take_config(struct dialect *d, bool debian)
{
	if (sysconfig_is_suse(&d->vars))
		return error_new(
			ERROR_USAGE,
			"%s has settings, and %s has settings of SUSE's service as well: which of them "
			"hold? Remove KDUMP_SAVEDIR and KDUMP_DUMPFORMAT there, or the directives here",
			DIALECT_CONFIG, DIALECT_SYSCONFIG);
	return debian ? words_addf(&d->warnings, "%s is not read: %s has settings",
				   DIALECT_DEFAULT, DIALECT_CONFIG)
		      : NULL;
}

struct error *dialect_open(int root, struct dialect *ret)
{
	_cleanup_dialect_ struct dialect d = {.kind = DIALECT_KDUMP_CONF,
					      .file = DIALECT_CONFIG};
	bool there, says, debian = file_exists(root, rootpath_below(DIALECT_DEFAULT));

	TRY(config_says(root, &there, &says));
	TRY(sysconfig_read(&d.vars, root, DIALECT_SYSCONFIG));
	if (says) {
		TRY(take_config(&d, debian));
	} else if (sysconfig_is_suse(&d.vars)) {
		d.kind = DIALECT_SUSE;
		d.file = DIALECT_SYSCONFIG;
	} else if (debian) {
		TRY(read_debian(root, &d));
	} else if (!there) {
		return error_new(
			ERROR_NOT_FOUND,
			"%s is missing; make it, an empty one is valid (see kdump.conf(5))",
			DIALECT_CONFIG);
	}
	*ret = d;
	d = (struct dialect){0};
	return NULL;
}

struct error *dialect_sysconfig(const struct dialect *d, int root, struct sysconfig *c)
{
	switch (d->kind) {
	case DIALECT_DEBIAN:
		return debian_sysconfig(d, root, c);
	case DIALECT_SUSE:
		return suse_sysconfig(d, c);
	case DIALECT_KDUMP_CONF:
		break;
	}
	TRY(sysconfig_read(c, root, DIALECT_SYSCONFIG));
	return sysconfig_check_names(c, DIALECT_SYSCONFIG);
}

struct error *dialect_settings(const struct dialect *d, int root, struct settings *s)
{
	for (size_t i = 0; i < d->warnings.n; i++)
		TRY(words_add(&s->warnings, d->warnings.v[i]));
	if (d->kind == DIALECT_KDUMP_CONF)
		return settings_read(s, root, DIALECT_CONFIG);
	TRY(settings_begin(s, d->file));
	TRY(d->kind == DIALECT_DEBIAN ? debian_settings(d, s) : suse_settings(d, s));
	return settings_end(s);
}

const char *dialect_value(const struct dialect *d, const char *name)
{
	const char *value = sysconfig_assigned(&d->vars, name);

	return value && *value ? value : NULL;
}

static unsigned line_of(const struct dialect *d, const char *name)
{
	for (size_t i = 0; i < d->vars.variables.n; i++)
		if (strcmp(d->vars.variables.v[i].name, name) == 0)
			return d->vars.variables.v[i].line;
	return 0;
}

struct error *dialect_warn(const struct dialect *d, struct settings *s, const char *name,
			   const char *what)
{
	return words_addf(&s->warnings, "%s line %u: %s=%s: %s", d->file, line_of(d, name),
			  name, dialect_value(d, name) ? dialect_value(d, name) : "", what);
}

struct error *dialect_put(const struct dialect *d, struct settings *s, const char *name,
			  const char *key, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(&b, fmt, ap);
	va_end(ap);
	TRY(strbuf_error(&b));
	return settings_put(s, key, strbuf_str(&b), line_of(d, name));
}

static bool has_prefix(const char *name, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (text_starts(name, *prefixes))
			return true;
	return false;
}

struct error *dialect_check_names(const struct dialect *d, struct settings *s,
				  const char *const *prefixes, const char *const *known,
				  size_t nr_known)
{
	for (size_t i = 0; i < d->vars.variables.n; i++) {
		const struct sysconfig_variable *v = &d->vars.variables.v[i];
		bool is_known = !has_prefix(v->name, prefixes);

		for (size_t j = 0; j < nr_known && !is_known; j++)
			is_known = strcmp(known[j], v->name) == 0;
		if (!is_known)
			TRY(words_addf(&s->warnings,
				       "%s line %u: %s is not known and has no effect", d->file,
				       v->line, v->name));
	}
	return NULL;
}
