/* kdumpctl status, showmem: what the kernel says, and, as JSON, what is made of it. */
#include "tools/kdumpctl.h"

#include <stdio.h>

/* A test that is still open is looked for on the target. */
static void tell_of_test(struct service *s)
{
	struct resolve_how how = { .root = s->root };
	struct error *e;

	if (!read_sysconfig(s))
		return;
	e = dialect_settings(&s->dialect, s->root, &s->settings);
	if (!e)
		e = target_resolve(&how, &s->settings, &s->target);
	if (e)
		s->target.kind = NULL; /* `start` and `lint` say what is wrong with it */
	error_free(e);
	say_last_test(s);
}

enum { OPT_JSON = 1 };

const struct option_def status_options[] = {
	{ 'j', "json", NULL, "write JSON (schema kdumpctl.status/1), and whether all is as the settings say", OPT_JSON },
	{ 0 },
};
const struct option_def showmem_options[] = {
	{ 'j', "json", NULL, "write JSON, in bytes", OPT_JSON },
	{ 0 },
};

/* False: a wrong option, which was said. */
static bool read_json_option(struct service *s, bool *ret)
{
	int id;

	*ret = false;
	while ((id = options_next(s->options)) != 0) {
		if (id < 0)
			return false;
		*ret = true;
	}
	return true;
}

static struct error *print_json(struct strbuf *b)
{
	TRY(strbuf_error(b));
	fputs(strbuf_str(b), stdout);
	return NULL;
}

/* What start would find: whether the settings are valid, and the image is what they ask for. */
struct look {
	struct words reasons; /* to build the image again */
	bool image_current;
};

static struct error *look_closer(struct service *s, struct look *l)
{
	TRY(dialect_open(s->root, &s->dialect));
	TRY(dialect_sysconfig(&s->dialect, s->root, &s->sysconfig));
	TRY(dialect_settings(&s->dialect, s->root, &s->settings));
	TRY(try_prepare(s));
	TRY(image_outdated(&s->image, &l->reasons));
	l->image_current = !l->reasons.n;
	return NULL;
}

static void write_state(struct json *j, const struct kexec_state *state)
{
	json_bool(j, "operational", state->crash_supported && state->crash_loaded);
	json_bool(j, "supported", state->crash_supported);
	json_bool(j, "loaded", state->crash_loaded);
	json_u64(j, "reserved", state->crash_size);
}

static struct error *status_json(struct service *s, const struct kexec_state *state)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	struct look l = { 0 };
	struct error *e = look_closer(s, &l);
	struct json j;

	json_init(&j, &b);
	json_open(&j, NULL, '{');
	json_string(&j, "schema", "kdumpctl.status/1");
	write_state(&j, state);
	json_string(&j, "configuration", s->dialect.file);
	json_bool(&j, "valid", !e);
	if (e)
		json_string(&j, "error", error_message(e));
	json_string(&j, "kernel", s->kernel.kernel);
	json_string(&j, "image", s->kernel.image);
	json_string(&j, "target", s->target.shown);
	json_bool(&j, "image_current", l.image_current);
	json_open(&j, "reasons", '[');
	for (size_t i = 0; i < l.reasons.n; i++)
		json_string(&j, NULL, l.reasons.v[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	words_done(&l.reasons);
	error_free(e);
	return print_json(&b);
}

int cmd_status(struct service *s)
{
	struct kexec_state state;
	bool as_json, operational;
	struct error *e;

	if (!read_json_option(s, &as_json))
		return 1;
	if (!kexec_state(s, &state))
		return EXIT_NOT_OPERATIONAL;
	operational = state.crash_supported && state.crash_loaded;
	if (as_json) {
		e = status_json(s, &state);
		if (e)
			return failed(e, NULL), EXIT_NOT_OPERATIONAL;
		return operational ? 0 : EXIT_NOT_OPERATIONAL;
	}
	if (!state.crash_supported)
		log_error("kdump is not supported on this kernel");
	log_info(operational ? "Kdump is operational" : "Kdump is not operational");
	if (operational)
		tell_of_test(s);
	return operational ? 0 : EXIT_NOT_OPERATIONAL;
}

int cmd_showmem(struct service *s)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	struct kexec_state state;
	struct error *e;
	struct json j;
	bool as_json;

	if (!read_json_option(s, &as_json) || !kexec_state(s, &state))
		return 1;
	if (!as_json) {
		log_info("Reserved %lluMB memory for crash kernel",
			 (unsigned long long)state.crash_size >> 20);
		return 0;
	}
	json_init(&j, &b);
	json_open(&j, NULL, '{');
	json_string(&j, "schema", "kdumpctl.showmem/1");
	json_u64(&j, "reserved", state.crash_size);
	json_close(&j, '}');
	e = print_json(&b);
	return e ? (failed(e, NULL), 1) : 0;
}
