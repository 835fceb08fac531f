/* What the plan says of naming, older dumps and second places. */
#include "service/image-priv.h"

#include <string.h>

static struct error *set(char **to, const char *value)
{
	*to = strdup(value);
	return *to ? NULL : error_nomem();
}

static bool has_module(const struct image *im, const char *name)
{
	for (size_t i = 0; i < im->modules.files.n; i++)
		if (strcmp(im->modules.files.v[i].name, name) == 0)
			return true;
	return false;
}

/* Those that this machine has, the one that holds most first. */
static void choose_places(struct image *im)
{
	struct plan *p = &im->plan;
	int root = im->how->root;

	if (!text_equal(settings_get(im->how->settings, SETTING_SECOND_PLACE), "auto"))
		return;
	if (p->root.device)
		p->evidence[p->nr_evidence++] = PLAN_EVIDENCE_ROOTFS;
	if (file_exists(root, "dev/pmsg0"))
		p->evidence[p->nr_evidence++] = PLAN_EVIDENCE_PMSG;
	if (file_exists(root, "sys/firmware/efi/efivars") &&
	    (has_module(im, "efivarfs") || !file_exists(root, "sys/module/efivarfs/refcnt")))
		p->evidence[p->nr_evidence++] = PLAN_EVIDENCE_EFI;
}

/* time_limits: "collector=3600 stall=60", names and meaning of the plan's limits. */
static struct error *take_limits(const struct settings *s, struct plan *p)
{
	const char *text = settings_get(s, SETTING_TIME_LIMITS);
	_cleanup_words_ struct words words = { 0 };

	if (!text)
		return NULL;
	TRY(words_split(&words, text));
	for (size_t i = 0; i < words.n; i++) {
		char *value = strchr(words.v[i], '=');
		uint64_t seconds;
		int step;

		if (!value)
			return error_new(ERROR_USAGE, "\"%s\" is not NAME=SECONDS", words.v[i]);
		*value++ = '\0';
		step = plan_step_find(words.v[i]);
		if (step < 0)
			return error_new(ERROR_USAGE, "\"%s\" is no step of the capture; see kdump.conf(5)",
					 words.v[i]);
		if (!text_u64(value, &seconds) || seconds < 1 || seconds > PLAN_LIMIT_S_MAX)
			return error_new(ERROR_USAGE, "%s: \"%s\" is not a number of seconds from 1 to %d",
					 words.v[i], value, PLAN_LIMIT_S_MAX);
		p->limit_s[step] = seconds;
	}
	return NULL;
}

struct error *image_fill_keeping(struct image *im)
{
	const struct settings *s = im->how->settings;
	const char *naming = settings_get(s, SETTING_DUMP_NAMING);
	struct plan *p = &im->plan;

	if (strcmp(naming, "ip-time") != 0)
		TRY(set(&p->directory, naming));
	p->keep_count = settings_number(s, SETTING_KEEP_DUMPS);
	p->keep_bytes = settings_number(s, SETTING_KEEP_BYTES);
	p->keep_free = settings_number(s, SETTING_KEEP_FREE);
	choose_places(im);
	return error_prefix(take_limits(s, p), "time_limits (%s line %u)", s->file,
			    s->line[SETTING_TIME_LIMITS]);
}
