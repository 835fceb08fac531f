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
	return NULL;
}
