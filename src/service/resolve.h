/*
 * From the words of kdump.conf to what the plan says of the target: everything that can be
 * found out while the machine still works. One resolver per kind of target.
 */
#pragma once

#include "base/base.h"
#include "plan/plan.h"
#include "service/network.h"
#include "service/settings.h"

struct resolve_how {
	int root;
	bool recorded; /* `root` is not this machine's: what only a kernel can tell is not asked */
	bool foreign; /* the capture kernel is of another release than the running one */
};

/* An encrypted volume that the target stands on (luks.h). */
struct luks_volume {
	char *uuid;
	char *device;	/* "/dev/sda2": here and now, for cryptsetup */
	unsigned bytes; /* of its key */
	char *key_file; /* opens it; null: the kernel hands the key over */
};
#define LUKS_KEY_PREFIX "kdump-cryptsetup:vk-" /* of the keys' names in the keyring */
void luks_volume_done(struct luks_volume *v);

/* A small file that the image gets because of its target. */
struct target_text {
	char *path; /* in the image */
	char *text;
	size_t len;
	mode_t mode;
};

/* What a resolver finds out. */
struct target {
	const char *kind; /* the plan's word: "fs"; static */
	struct plan_place place;
	struct plan_place rootfs; /* for dump_to_rootfs and as second place; without device: neither */
	char *path;		  /* absolute, below the root of the target */
	struct plan_net net;	  /* what leads to the server; empty for local targets */
	struct plan_fence fence;  /* nodes of a cluster that are told */
	char *address;		  /* own address that the server sees, for names; null */
	struct words ssh;	  /* argv for ssh targets */
	struct words programs;	  /* of the machine, that the image needs: names or paths */
	VECTOR(struct target_text) texts;
	char *shown;		  /* one line for people: "/dev/vda1 (ext4) on /, path /var/crash" */
	char *folder;		  /* where `path` is in the running system; null: it is not mounted */
	struct words rootfs_modules; /* of a root file system that is a second place only */
	VECTOR(struct plan_layer) layers; /* devices to be made; each after those it stands on */
	VECTOR(struct luks_volume) luks;
	bool kernel_keys;	  /* the kernel hands their keys over */
	struct words modules;	  /* names and aliases for the module closure */
	struct words wanted;	  /* the same; what the kernel does not know is left out */
	struct words warnings;	  /* whole sentences */
};

struct resolver {
	const char *kind;
	/* Whether the settings name a target of this kind. */
	bool (*claims)(const struct settings *s);
	/* Fills in a zeroed target. */
	struct error *(*resolve)(const struct resolve_how *how, const struct settings *s,
				 struct target *ret);
};

extern const struct resolver resolver_fs, resolver_nfs, resolver_raw, resolver_ssh;


/* resolve_fs.c: the machine's root file system as `rootfs` of a zeroed target, with what it stands on. */
struct error *resolve_rootfs(const struct resolve_how *how, struct target *ret) MUST_CHECK;

/* Refuses what would ask this machine's network about another's. */
struct error *target_needs_network(const struct resolve_how *how, const char *spec) MUST_CHECK;

/* Warns when the target has less room (bytes; UINT64_MAX: not known) than a dump may take. */
struct error *target_check_room(int root, const char *shown, uint64_t room,
				struct words *warnings) MUST_CHECK;

/* Asks the resolver that claims the settings. target_done() whatever the outcome. */
struct error *target_resolve(const struct resolve_how *how, const struct settings *s,
			     struct target *ret) MUST_CHECK;
void target_done(struct target *t);

static inline void target_done_cleanup(struct target *t)
{
	target_done(t);
}
#define _cleanup_target_ CLEANUP(target_done)
