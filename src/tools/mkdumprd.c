/*
 * mkdumprd: builds the capture image alone, as the programs of this name of kdump-utils
 * (options of dracut, then image and release) and of SUSE (-k, -K, -I) are called.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/kdumpctl.h"

#define LOCK_WAIT_S 300

enum {
	OPT_FORCE = 1,
	OPT_DEBUG,
	OPT_QUIET,
	OPT_KERNEL,
	OPT_RELEASE,
	OPT_IMAGE,
	OPT_HELP,
	OPT_VERSION,
	OPT_ROOT
};

static const struct option_def options[] = {
	{'f', "force", NULL, "build, and replace an image that is there", OPT_FORCE},
	{'d', "debug", NULL, "tell more", OPT_DEBUG},
	{'q', "quiet", NULL, "tell of warnings and errors only", OPT_QUIET},
	{'k', NULL, "FILE", "for the kernel in this file, named ...-RELEASE", OPT_KERNEL},
	{'K', "kver", "RELEASE", "for this kernel", OPT_RELEASE},
	{'I', NULL, "IMAGE", "the image to build", OPT_IMAGE},
	{'h', "help", NULL, "show this text", OPT_HELP},
	{'V', "version", NULL, "show the version", OPT_VERSION},
	{0, "root", "DIR", NULL, OPT_ROOT}, /* for tests, as kdumpctl's */
	{0},
};

struct wish {
	bool force;
	enum log_level level; /* 0: as the settings say */
	const char *image, *release;
};

static int help(void)
{
	printf("Usage: mkdumprd [OPTION...] [IMAGE [RELEASE]]\n\nOptions:\n");
	options_help(options, stdout);
	return 0;
}

/* The release of a kernel's file: what follows the first '-' of its name. */
static bool release_of(const char *file, const char **ret)
{
	const char *slash = strrchr(file, '/'), *dash = strchr(slash ? slash : file, '-');

	if (!dash || !dash[1]) {
		log_error("-k %s: no release in the name of the file; give it by -K", file);
		return false;
	}
	*ret = dash + 1;
	return true;
}

/* -1: go on; otherwise the exit status. */
static int take_option(struct options *o, int id, struct service *s, struct wish *w)
{
	switch (id) {
	case OPT_FORCE:
		w->force = true;
		return -1;
	case OPT_DEBUG:
		w->level = LOG_LEVEL_DEBUG;
		return -1;
	case OPT_QUIET:
		w->level = LOG_LEVEL_WARNING;
		return -1;
	case OPT_KERNEL:
		return release_of(o->value, &w->release) ? -1 : 1;
	case OPT_RELEASE:
		w->release = o->value;
		return -1;
	case OPT_IMAGE:
		w->image = o->value;
		return -1;
	case OPT_ROOT:
		s->recorded = true;
		s->root = open(o->value, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (s->root >= 0)
			return -1;
		log_error("%s: cannot open: %s", o->value, strerror(errno));
		return 1;
	case OPT_HELP:
		return help();
	case OPT_VERSION:
		printf("mkdumprd (salvage) " SALVAGE_VERSION "\n");
		return 0;
	default:
		return 1;
	}
}

static int read_options(int argc, char **argv, struct service *s, struct wish *w)
{
	struct options o;
	struct error *e = options_begin(&o, options, argc, argv);
	int id, r = -1, rest;

	if (e)
		return failed(e, NULL), 1;
	while (r < 0 && (id = options_next(&o)) != 0)
		r = take_option(&o, id, s, w);
	rest = options_rest(&o);
	options_done(&o);
	if (r < 0 && argc - rest > 2) {
		log_error("expected an image and a release at most, found \"%s\"",
			  argv[rest + 2]);
		return 1;
	}
	if (r < 0 && rest < argc)
		w->image = argv[rest];
	if (r < 0 && rest + 1 < argc)
		w->release = argv[rest + 1];
	return r;
}

/* The image goes elsewhere than to the kernel's side, and so does the record of it. */
static struct error *redirect(struct service *s, const char *image)
{
	char *path = NULL, *record = NULL;

	if (image[0] != '/')
		return error_new(ERROR_USAGE, "%s: expected an absolute path", image);
	path = strdup(image);
	if (asprintf(&record, "/var/lib/kdump/%s.inputs", strrchr(image, '/') + 1) < 0)
		record = NULL;
	if (!path || !record) {
		free(path);
		free(record);
		return error_nomem();
	}
	free(s->kernel.image);
	free(s->kernel.record);
	s->kernel.image = path;
	s->kernel.record = record;
	return NULL;
}

static bool make_image(struct service *s, const struct wish *w)
{
	struct error *e = NULL;

	if (!read_sysconfig(s))
		return false;
	if (w->level)
		log_set_level(w->level);
	if (w->release)
		e = sysconfig_set(&s->sysconfig, SYSCONFIG_KERNELVER, w->release);
	if (e)
		return failed(e, NULL);
	if (!read_settings(s) || !find_kernel(s))
		return false;
	if (w->image && !w->force && file_exists(s->root, rootpath_below(w->image))) {
		log_error("%s is there already; --force replaces it", w->image);
		return false;
	}
	e = w->image ? redirect(s, w->image) : NULL;
	if (e)
		return failed(e, NULL);
	return prepare_image(s) && (w->force ? build(s) : build_when_needed(s));
}

int main(int argc, char **argv)
{
	struct service s = {.root = -1, .wait_s = LOCK_WAIT_S};
	struct wish w = {0};
	int r;

	log_setup("kdump", LOG_LEVEL_INFO);
	r = read_options(argc, argv, &s, &w);
	if (r >= 0)
		return r;
	if (s.root < 0)
		s.root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = take_lock(&s) && make_image(&s, &w) ? 0 : 1;
	service_done(&s);
	return r;
}
