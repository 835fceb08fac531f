/* What a target at the other end of a network puts into the image. */
#include "service/image-priv.h"

#include <string.h>

#include "service/rootpath.h"

/* The module makes a bond of its own, with a name that the plan's may have. */
#define NO_OWN_BONDS "max_bonds=0"

struct error *image_add_target_programs(struct image *im)
{
	const struct target *t = im->how->target;

	for (size_t i = 0; i < t->programs.n; i++) {
		_cleanup_free_ char *path = NULL;

		TRY(image_find_in_path(im->how->root, t->programs.v[i], &path));
		TRY(image_add_machines(im, path));
	}
	return NULL;
}

static struct error *quiet_bonding(struct plan *p)
{
	for (size_t i = 0; i < p->modules.n; i++) {
		struct plan_module *m = &p->modules.v[i];
		const char *slash = strrchr(m->path, '/');
		char *longer;

		if (strncmp(slash ? slash + 1 : m->path, "bonding.ko", strlen("bonding.ko")) != 0)
			continue;
		/* of two values the kernel takes the last */
		if (asprintf(&longer, "%s%s" NO_OWN_BONDS, m->parameters ? m->parameters : "",
			     m->parameters ? " " : "") < 0)
			return error_nomem();
		free(m->parameters);
		m->parameters = longer;
	}
	return NULL;
}

struct error *image_fill_network(struct image *im)
{
	const struct target *t = im->how->target;
	struct plan *p = &im->plan;

	TRY(plan_net_copy(&t->net, &p->net));
	p->fence.port = t->fence.port;
	p->fence.interval_s = t->fence.interval_s;
	p->fence.count = t->fence.count;
	for (size_t i = 0; i < t->fence.nodes.n; i++)
		if (!vector_push(&p->fence.nodes, t->fence.nodes.v[i]))
			return error_nomem();
	for (size_t i = 0; i < t->ssh.n; i++)
		TRY(words_add(&p->ssh, t->ssh.v[i]));
	if (t->address) {
		free(p->address);
		p->address = strdup(t->address);
		if (!p->address)
			return error_nomem();
	}
	return quiet_bonding(p);
}

struct error *image_record_texts(struct image *im)
{
	const struct target *t = im->how->target;

	for (size_t i = 0; i < t->texts.n; i++) {
		unsigned char digest[SHA256_DIGEST_LEN];
		char shown[2 * SHA256_DIGEST_LEN + 1];
		struct sha256 sha;

		sha256_init(&sha);
		sha256_add(&sha, t->texts.v[i].text, t->texts.v[i].len);
		sha256_end(&sha, digest);
		for (size_t j = 0; j < sizeof(digest); j++)
			snprintf(shown + 2 * j, 3, "%02x", digest[j]);
		TRY(inputs_add(&im->inputs, INPUT_FACT, "text %s %s", t->texts.v[i].path, shown));
	}
	return NULL;
}

struct error *image_put_texts(const struct image *im, struct initramfs *ar)
{
	const struct target *t = im->how->target;

	for (size_t i = 0; i < t->texts.n; i++) {
		const struct target_text *one = &t->texts.v[i];

		TRY(initramfs_add_text(ar, one->path, one->text, one->len, one->mode));
	}
	return NULL;
}
