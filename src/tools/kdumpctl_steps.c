/* Steps that several subcommands take; see kdumpctl.h. */
#include "tools/kdumpctl.h"

void service_done(struct service *s)
{
	image_done(&s->image);
	target_done(&s->target);
	capture_kernel_done(&s->kernel);
	sysconfig_done(&s->sysconfig);
	settings_done(&s->settings);
	dialect_done(&s->dialect);
}

bool failed(struct error *e, const char *known)
{
	log_error("%s", error_message(e));
	error_free(e);
	if (known)
		log_error("%s", known);
	return false;
}

void say_warnings(const struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		log_warning("%s", w->v[i]);
}

/* Levels of messages: 0 none to 4 debug, as enum log_level counts. */
static enum log_level level_of(const struct sysconfig *conf, enum sysconfig_key key)
{
	uint64_t level;

	if (text_u64(sysconfig_get(conf, key), &level) && level <= LOG_LEVEL_DEBUG)
		return level;
	log_warning("%s=%s is not a level from 0 to 4; %s is used", sysconfig_name(key),
		    sysconfig_get(conf, key), sysconfig_stock(NULL, key));
	return sysconfig_stock(NULL, key)[0] - '0';
}

static void set_log_levels(const struct service *s)
{
	log_set_level(level_of(&s->sysconfig, SYSCONFIG_STDLOGLVL));
	if (!s->recorded)
		log_also("kdumpctl", level_of(&s->sysconfig, SYSCONFIG_SYSLOGLVL),
			 level_of(&s->sysconfig, SYSCONFIG_KMSGLOGLVL));
}

bool read_sysconfig(struct service *s)
{
	struct error *e = dialect_open(s->root, &s->dialect);

	if (!e)
		e = dialect_sysconfig(&s->dialect, s->root, &s->sysconfig);

	if (e)
		return failed(e, NULL);
	set_log_levels(s);
	say_warnings(&s->sysconfig.warnings);
	return true;
}

bool read_settings(struct service *s)
{
	struct error *e = dialect_settings(&s->dialect, s->root, &s->settings);

	say_warnings(&s->settings.warnings);
	return e ? failed(e, NULL) : true;
}

bool find_kernel(struct service *s)
{
	struct error *e = capture_kernel_find(s->root, &s->sysconfig, &s->kernel);

	return e ? failed(e, "failed to prepare for kdump bootinfo.") : true;
}

bool prepare(struct service *s)
{
	return find_kernel(s) && prepare_image(s);
}

static struct error *resolve(struct service *s)
{
	const struct resolve_how how = { .root = s->root, .recorded = s->recorded, .foreign = s->kernel.foreign };

	return target_resolve(&how, &s->settings, &s->target);
}

static struct error *decide(struct service *s)
{
	s->image_how = (struct image_how){
		.root = s->root,
		.settings = &s->settings,
		.kernel = &s->kernel,
		.target = &s->target,
		.sysconfig = &s->sysconfig,
	};
	return image_prepare(&s->image_how, &s->image);
}

struct error *try_prepare(struct service *s)
{
	TRY(capture_kernel_find(s->root, &s->sysconfig, &s->kernel));
	TRY(resolve(s));
	return decide(s);
}

bool prepare_image(struct service *s)
{
	struct error *e = resolve(s);

	say_warnings(&s->target.warnings);
	if (e && error_kind(e) == ERROR_NOT_PERMITTED) {
		log_error("%s. Cannot rebuild %s", error_message(e), s->kernel.image);
		error_free(e);
		return false;
	}
	if (e)
		return failed(e, NULL);
	log_debug("target: %s", s->target.shown);
	e = decide(s);
	say_warnings(&s->image.warnings);
	return e ? failed(e, NULL) : true;
}

bool kexec_state(const struct service *s, struct kexec_state *ret)
{
	struct error *e = host_kexec_state(s->root, ret);

	return e ? failed(e, NULL) : true;
}
