/*
 * PID 1 with a folder for a root: the whole capture, then the same with every call that leaves
 * the process failing, crashing or hanging in turn. The target is a folder below the root; the
 * programs are stood in for here.
 */
#include "../test.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/internal.h"

#define DUMP "target/var/crash/127.0.0.1-2001-09-09-01:46:40"
#define PLAN                                                                                    \
	"plan 1\nhost lab\nmodule! /m/one.ko\nmodule /m/two.ko x=1\ntarget fs\n"                \
	"device /dev/vda\nfstype ext4\npath /var/crash\ncollector /bin/salvage-collect -d 31\n" \
	"final-action poweroff\n"

#define RAW_PLAN                                                                                \
	"plan 1\ntarget raw\ndevice /dev/vdr\ncollector /bin/salvage-collect -d 31\n"           \
	"final-action poweroff\nfailure-action halt\n"

enum how { FAIL, CRASH, HANG };

/* Shared with the workers. */
struct world {
	int calls;	    /* of all operations */
	int fail_at;	    /* the call that goes wrong; 0: none */
	enum how how;
	int restarts;
	enum plan_action action;
	int networks;
	bool no_network;
	int target_mounts, target_umounts, finds, inserted;
	int collector_status, collector_runs;
	bool no_first_target;
	int mounts_to_refuse; /* of the target */
	int hook_status;      /* of those whose name ends in "bad" */
	char hooks[512];      /* "PATH ARGUMENT|KIND FOLDER?;" each, as they ran */
	time_t clock, chip;
	char parameters[64], collector_argv[256];
	char made[1024]; /* devices, with what they were made of */
	bool member_missing;
};

static struct world *world;

struct fixture {
	char *path;
	struct capture c;
};

/* True when this call is the one that fails. */
static bool goes_wrong(void)
{
	if (++world->calls != world->fail_at)
		return false;
	if (world->how == CRASH)
		raise(SIGKILL);
	while (world->how == HANG)
		pause();
	return true;
}

static int fake_mount(struct capture *c, const char *device, const char *where,
		      const char *fstype, unsigned long flags, const char *options)
{
	if (goes_wrong()) {
		errno = EIO;
		return -1;
	}
	if (strcmp(where, TARGET_FOLDER) == 0) {
		if (world->mounts_to_refuse && world->mounts_to_refuse-- > 0) {
			errno = EIO;
			return -1;
		}
		world->target_mounts++;
	}
	return 0;
}

static int fake_umount(struct capture *c, const char *where, int flags)
{
	if (flags == 0 && goes_wrong()) {
		errno = EBUSY;
		return -1;
	}
	if (world->target_umounts == world->target_mounts) {
		errno = EINVAL;
		return -1;
	}
	world->target_umounts++;
	return 0;
}

static int fake_insert(struct capture *c, int fd, const char *parameters)
{
	if (goes_wrong()) {
		errno = ENOEXEC;
		return -1;
	}
	world->inserted++;
	snprintf(world->parameters, sizeof(world->parameters), "%s", parameters);
	return 0;
}

static struct error *fake_find(struct capture *c, const struct plan_place *place,
			       uint64_t deadline_ms, char **ret)
{
	if (goes_wrong() || (world->finds++ == 0 && world->no_first_target))
		return error_new(ERROR_TIMEOUT, "%s: no such device", place->device);
	*ret = strdup(place->device);
	return NULL;
}

static void note_hook(char *const *argv, struct process_result *ret)
{
	const char *kind = getenv("KDUMP_HOOK");
	size_t len = strlen(world->hooks);

	snprintf(world->hooks + len, sizeof(world->hooks) - len, "%s%s%s|%s%s%s;", argv[0],
		 argv[1] ? " " : "", argv[1] ? argv[1] : "", kind, getenv("KDUMP_TARGET") ? " target" : "",
		 getenv("KDUMP_FOLDER") ? " folder" : "");
	if (text_ends(argv[0], "bad"))
		ret->status = world->hook_status;
	ret->timed_out = text_ends(argv[0], "slow");
}

static struct error *fake_run(struct capture *c, char *const *argv,
			      const struct process_how *how, struct process_result *ret)
{
	bool collector = false;

	if (goes_wrong())
		return error_new(ERROR_SYSTEM, "%s: cannot run", argv[0]);
	assert_true(how->limit_ms > 0);
	*ret = (struct process_result){ 0 };
	if (text_starts(argv[0], "/h/")) {
		note_hook(argv, ret);
		return NULL;
	}
	for (int i = 0; argv[i]; i++)
		collector |= strcmp(argv[i], "-d") == 0 || strcmp(argv[0], "/bin/cp") == 0;
	if (collector) {
		world->collector_argv[0] = '\0';
		for (int i = 0; argv[i]; i++) {
			strcat(world->collector_argv, argv[i]);
			strcat(world->collector_argv, " ");
		}
		world->collector_runs++;
		ret->status = world->collector_status;
		ret->timed_out = world->collector_status == 128 + SIGTERM;
	}
	if (how->stdout_fd > 0)
		TRY(file_write_fd(how->stdout_fd, "out", "text", 4));
	if (how->stdin_fd > 0)
		TRY(file_write_fd(how->stdin_fd, "json", "{}", 2));
	return NULL;
}

static time_t fake_now(struct capture *c)
{
	return world->clock;
}

static time_t fake_chip(struct capture *c)
{
	return world->chip;
}

static void fake_restart(struct capture *c, enum plan_action action)
{
	world->restarts++;
	world->action = action;
}

static struct error *fake_network(struct capture *c)
{
	world->networks++;
	if (goes_wrong() || world->no_network)
		return error_new(ERROR_TIMEOUT, "there is no network card");
	return NULL;
}

static struct error *fake_find_devices(struct capture *c, const struct plan_place *place, size_t want,
				       uint64_t deadline_ms, struct words *ret)
{
	if (goes_wrong())
		return error_new(ERROR_TIMEOUT, "%s: no such device", place->device);
	if (text_starts(place->device, "/"))
		return words_add(ret, place->device);
	for (size_t i = ret->n; i < want - world->member_missing; i++)
		TRY(words_addf(ret, "/dev/%s#%zu", place->device, i));
	return NULL;
}

static void note_made(struct capture *c, const char *path, const char *words)
{
	_cleanup_close_ int fd = openat(c->root, path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	snprintf(world->made + strlen(world->made), sizeof(world->made) - strlen(world->made), "%s: %s\n",
		 path, words);
}

static struct error *fake_make_map(struct capture *c, const struct plan_layer *l, const dm_table *rows)
{
	_cleanup_strbuf_ struct strbuf path = { 0 }, text = { 0 };

	if (goes_wrong())
		return error_new(ERROR_SYSTEM, "%s: cannot be made", l->name);
	strbuf_printf(&path, "dev/mapper/%s", l->name);
	for (size_t i = 0; i < rows->n; i++)
		strbuf_printf(&text, "%s[%ju+%ju %s %s]", i ? " " : "", (uintmax_t)rows->v[i].start,
			      (uintmax_t)rows->v[i].len, rows->v[i].type, rows->v[i].params);
	note_made(c, path.s, text.s);
	return NULL;
}

static struct error *fake_make_array(struct capture *c, const struct plan_layer *l,
				     const struct words *members)
{
	_cleanup_strbuf_ struct strbuf path = { 0 }, text = { 0 };

	if (goes_wrong())
		return error_new(ERROR_SYSTEM, "%s: cannot be made", l->name);
	strbuf_printf(&path, "dev/%s", l->name);
	for (size_t i = 0; i < members->n; i++)
		strbuf_printf(&text, "%s%s", i ? " " : "", members->v[i]);
	note_made(c, path.s, text.s);
	return NULL;
}

static const struct capture_ops fake = {
	.mount = fake_mount,
	.umount = fake_umount,
	.insert = fake_insert,
	.find_device = fake_find,
	.find_devices = fake_find_devices,
	.make_map = fake_make_map,
	.make_array = fake_make_array,
	.run = fake_run,
	.now = fake_now,
	.chip_time = fake_chip,
	.network = fake_network,
	.restart = fake_restart,
};

static void put(struct fixture *f, const char *name, const char *text)
{
	assert_ok(file_publish(f->c.root, name, 0600, text, strlen(text)));
}

static int build(void **state)
{
	static const char *const folders[] = { "etc", "m", "bin", "proc/sys/vm", "proc/sys/kernel",
					       "dev/mapper" };
	struct fixture *f = calloc(1, sizeof(*f));

	*world = (struct world){ .clock = 1000000000 }; /* 2001-09-09 01:46:40 UTC */
	assert_ok(file_private_folder(&f->path));
	f->c = (struct capture){ .ops = &fake, .grace_ms = 500, .target = -1, .folder = -1, .own_log.fd = -1 };
	f->c.root = open(f->path, O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		assert_ok(file_make_folders(f->c.root, folders[i], 0755));
	put(f, "etc/salvage.plan", PLAN);
	put(f, "m/one.ko", "one");
	put(f, "m/two.ko", "two");
	put(f, "bin/salvage-collect", "");
	put(f, "bin/salvage-report", "");
	put(f, "proc/vmcore", "memory");
	put(f, "proc/sys/vm/dirty_bytes", "");
	put(f, "proc/sys/vm/drop_caches", "");
	put(f, "proc/sys/kernel/osrelease", "6.1.0-test\n");
	*state = f;
	return 0;
}

static int clear(void **state)
{
	struct fixture *f = *state;

	close(f->c.root);
	file_remove_tree(f->path);
	free(f->path);
	free(f);
	return 0;
}

static void go(struct fixture *f)
{
	capture_supervise(&f->c);
	assert_int_equal(world->restarts, 1);
}

static bool saved(struct fixture *f, const char *name)
{
	_cleanup_strbuf_ struct strbuf path = { 0 };

	strbuf_printf(&path, DUMP "/%s", name);
	return file_exists(f->c.root, path.s);
}

static void assert_mode(struct fixture *f, const char *name, mode_t mode)
{
	struct stat st;

	assert_int_equal(fstatat(f->c.root, name, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

/* Not everybody may read it (dmesg_restrict); PID 1 may. */
static bool kernel_log_is_readable(void)
{
	char text[4096];

	return klogctl(3 /* read all */, text, sizeof(text)) >= 0;
}

static void everything_goes_well(void **state)
{
	struct fixture *f = *state;
	char *text;

	go(f);
	assert_int_equal(world->action, PLAN_POWEROFF);
	assert_true(saved(f, "vmcore"));
	assert_false(saved(f, "vmcore-incomplete"));
	assert_true(saved(f, "vmcore-dmesg.txt"));
	assert_true(saved(f, "report.txt"));
	assert_true(saved(f, "report.json"));
	assert_int_equal(saved(f, "kexec-dmesg.log"), kernel_log_is_readable());
	assert_false(saved(f, "kexec-dmesg-incomplete.log"));
	assert_mode(f, DUMP, 0700);
	assert_mode(f, DUMP "/vmcore", 0600);
	assert_mode(f, DUMP "/vmcore-dmesg.txt", 0600);
	assert_string_equal(world->collector_argv, "/bin/salvage-collect -d 31 --fd 1 /proc/vmcore ");
	assert_string_equal(world->parameters, "x=1");
	assert_int_equal(world->target_mounts, 1);
	assert_int_equal(world->target_umounts, 1);
	/* memory is given back */
	assert_false(file_exists(f->c.root, "m/one.ko"));
	assert_false(file_exists(f->c.root, "m/two.ko"));
	assert_ok(file_read(f->c.root, "proc/sys/vm/dirty_bytes", 64, &text, NULL));
	assert_string_equal(text, "4194304");
	free(text);
}

/* Call by call: whatever goes wrong, the machine restarts once, by the right action, and what
 * is called vmcore is whole. */
static void any_call_may(enum how how)
{
	for (int nr = 1;; nr++) {
		struct fixture *f;
		void *state;
		bool whole;

		build(&state);
		f = state;
		put(f, "etc/salvage.plan",
		    PLAN "failure-action halt\nhook-pre /h/a\nhook-post /h/d\nhook-emergency /h/e\n"
			 "root-device /dev/vdb\nroot-fstype xfs\nevidence rootfs\n");
		world->fail_at = nr;
		world->how = how;
		go(f);
		whole = saved(f, "vmcore");
		if (world->action == PLAN_POWEROFF)
			assert_true(whole);
		else if (world->fail_at <= world->calls && nr < 5)
			/* before the plan is read nothing is known of its actions */
			assert_int_equal(world->action, PLAN_REBOOT);
		else
			assert_int_equal(world->action, PLAN_HALT);
		if (whole)
			assert_false(saved(f, "vmcore-incomplete"));
		clear(&state);
		if (world->calls < nr)
			break; /* it was not reached: all have had their turn */
		assert_true(nr < 50);
	}
}

static void any_call_may_fail(void **state)
{
	any_call_may(FAIL);
}

static void any_call_may_crash(void **state)
{
	any_call_may(CRASH);
}

static void hanging_step_is_given_up(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", PLAN "failure-action halt\nlimit mount 1\n");
	world->fail_at = 8; /* four trees, two modules, the device, then this */
	world->how = HANG;
	go(f);
	assert_int_equal(world->action, PLAN_HALT);
	assert_int_equal(world->target_mounts, 0);
}

/* The collector has hours, but not to sleep. */
static void idle_collector_is_given_up(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", PLAN "failure-action halt\nlimit stall 1\n");
	world->fail_at = 11; /* ... mount, dmesg, report, then the collector */
	world->how = HANG;
	go(f);
	assert_int_equal(world->action, PLAN_HALT);
	assert_int_equal(world->collector_runs, 0);
	assert_true(saved(f, "vmcore-dmesg.txt"));
	assert_true(saved(f, "vmcore-incomplete"));
}

static void small_files_outlive_the_collector(void **state)
{
	static const int statuses[] = { 1, 4, 128 + SIGKILL, 128 + SIGTERM };

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		struct fixture *f;
		void *own;

		build(&own);
		f = own;
		put(f, "etc/salvage.plan", PLAN "failure-action halt\n");
		world->collector_status = statuses[i];
		go(f);
		assert_int_equal(world->action, PLAN_HALT);
		assert_false(saved(f, "vmcore"));
		assert_true(saved(f, "vmcore-incomplete"));
		assert_true(saved(f, "vmcore-dmesg.txt"));
		assert_true(saved(f, "report.json"));
		assert_int_equal(saved(f, "kexec-dmesg.log"), kernel_log_is_readable());
		assert_int_equal(world->target_umounts, 1);
		clear(&own);
	}
}

static void no_vmcore_means_hands_off(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan",
	    PLAN "failure-action dump_to_rootfs\nroot-device /dev/vdb\nroot-fstype xfs\n");
	assert_int_equal(unlinkat(f->c.root, "proc/vmcore", 0), 0);
	go(f);
	assert_int_equal(world->action, PLAN_POWEROFF);
	assert_int_equal(world->target_mounts, 0);
	assert_int_equal(world->finds, 0);
	assert_int_equal(world->inserted, 0);
}

static void missing_plan_restarts(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(unlinkat(f->c.root, "etc/salvage.plan", 0), 0);
	go(f);
	assert_int_equal(world->action, PLAN_REBOOT);
	assert_int_equal(world->target_mounts, 0);
}

static void root_file_system_is_the_fallback(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan",
	    PLAN "failure-action dump_to_rootfs\nroot-device /dev/vdb\nroot-fstype xfs\n");
	world->no_first_target = true;
	go(f);
	assert_int_equal(world->finds, 2);
	assert_true(saved(f, "vmcore"));
	assert_int_equal(world->action, PLAN_POWEROFF);
}

static void shell_that_is_not_there_restarts(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", PLAN "failure-action shell\n");
	world->collector_status = 1;
	go(f);
	assert_int_equal(world->action, PLAN_POWEROFF);
}

static void other_folder_is_left_alone(void **state)
{
	struct fixture *f = *state;

	assert_ok(file_make_folders(f->c.root, DUMP, 0700));
	put(f, DUMP "/vmcore", "an older dump");
	go(f);
	assert_int_equal(world->action, PLAN_POWEROFF);
	assert_true(file_exists(f->c.root, DUMP "-1/vmcore"));
	assert_false(saved(f, "vmcore-dmesg.txt"));
}

static void foreign_collector_gets_the_path(void **state)
{
	struct fixture *f = *state;
	static const char plan[] =
		"plan 1\ntarget fs\ndevice /dev/vda\nfstype ext4\npath /var/crash/\n"
		"collector /bin/cp --sparse=always\ntimezone-offset 3600\nreport no\ndmesg no\n";

	put(f, "etc/salvage.plan", plan);
	go(f);
	assert_string_equal(world->collector_argv,
			    "/bin/cp --sparse=always /proc/vmcore "
			    "/target/var/crash/127.0.0.1-2001-09-09-02:46:40/vmcore-incomplete ");
	/* it wrote nothing, so there is no dump */
	assert_int_equal(world->action, PLAN_REBOOT);
	assert_false(file_exists(f->c.root, "target/var/crash/127.0.0.1-2001-09-09-02:46:40/vmcore"));
}

static void target_path_that_is_a_file_fails(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", PLAN "failure-action halt\n");
	assert_ok(file_make_folders(f->c.root, "target", 0755));
	put(f, "target/var", "not a folder");
	go(f);
	assert_int_equal(world->action, PLAN_HALT);
	assert_int_equal(world->target_umounts, 1);
}

/* The dump alone, as a stream of whole blocks from the device's first byte on. */
static void raw_device_takes_the_stream(void **state)
{
	static const char old[1024] = "what was there before, longer than the dump is now";
	struct fixture *f = *state;
	char *text;
	size_t len;

	put(f, "etc/salvage.plan", RAW_PLAN);
	assert_ok(file_publish(f->c.root, "dev/vdr", 0600, old, sizeof(old)));
	go(f);
	assert_int_equal(world->action, PLAN_POWEROFF);
	assert_string_equal(world->collector_argv, "/bin/salvage-collect -d 31 -F --fd 1 /proc/vmcore ");
	assert_int_equal(world->target_mounts, 0);
	assert_ok(file_read(f->c.root, "dev/vdr", 4096, &text, &len));
	assert_int_equal(len, sizeof(old));
	assert_memory_equal(text, "text\0\0\0", 7);
	assert_int_equal(text[511], 0);
	free(text);
	assert_false(file_exists(f->c.root, "target"));
}

static void foreign_collector_talks_to_the_raw_device(void **state)
{
	struct fixture *f = *state;
	char *text;

	put(f, "etc/salvage.plan", "plan 1\ntarget raw\ndevice /dev/vdr\ncollector /bin/cp\n");
	put(f, "dev/vdr", "");
	go(f);
	assert_string_equal(world->collector_argv, "/bin/cp /proc/vmcore ");
	assert_ok(file_read(f->c.root, "dev/vdr", 4096, &text, NULL));
	assert_string_equal(text, "text");
	free(text);
}

static void raw_device_that_fails_is_a_failure(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", RAW_PLAN);
	go(f); /* there is none */
	assert_int_equal(world->action, PLAN_HALT);
	assert_int_equal(world->collector_runs, 0);
	world->restarts = 0;
	put(f, "dev/vdr", "");
	world->collector_status = 1;
	go(f);
	assert_int_equal(world->collector_runs, 1);
	assert_int_equal(world->action, PLAN_HALT);
}

#define NETWORK "net-link eth0 card permanent=52:54:00:00:00:01\nnet-server 192.0.2.1\n"

/* Who only wants to tell a cluster something saves all the same without a network. */
static void local_dump_needs_no_network(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", PLAN NETWORK);
	go(f);
	assert_int_equal(world->networks, 1);
	assert_true(saved(f, "vmcore")); /* named as local dumps are */
	world->restarts = 0;
	put(f, "m/one.ko", "1");
	world->no_network = true;
	world->action = PLAN_HALT;
	go(f);
	assert_int_equal(world->action, PLAN_POWEROFF);
	assert_int_equal(world->collector_runs, 2);
}

static void remote_dump_needs_the_network(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan",
	    "plan 1\ntarget fs\ndevice srv:/export\nfstype nfs\nmount-options vers=4.2,addr=192.0.2.1\npath /var/crash\n"
	    NETWORK "collector /bin/salvage-collect -d 31\nfailure-action halt\n");
	world->no_network = true;
	go(f);
	assert_int_equal(world->networks, 1);
	assert_int_equal(world->action, PLAN_HALT);
	assert_int_equal(world->target_mounts, 0);
	world->restarts = 0;
	world->no_network = false;
	go(f);
	assert_int_equal(world->action, PLAN_REBOOT);
	assert_int_equal(world->finds, 0); /* no device is waited for */
	assert_true(saved(f, "vmcore"));
}

/* The write itself fails: /dev/full stands for a disk that takes no more. */
static void stream_reports_what_its_process_met(void **state)
{
	_cleanup_close_ int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	char *ok[] = { "cat", NULL }, *bad[] = { "false", NULL }, *none[] = { "/no/such", NULL };
	struct target_file f;

	assert_ok(stream_to_device(full, &f));
	assert_true(target_file_is_stream(&f));
	assert_ok(file_write_fd(f.fd, "pipe", "x", 1));
	assert_error(stream_end(&f, "disk"), ERROR_OTHER, "disk: its writer failed with status 1");
	assert_int_equal(f.fd, -1);
	assert_ok(stream_to_program(ok, &f));
	assert_ok(stream_end(&f, "cat"));
	assert_ok(stream_to_program(bad, &f));
	assert_error(stream_end(&f, "false"), ERROR_OTHER, "status 1");
	assert_ok(stream_to_program(none, &f));
	assert_error(stream_end(&f, "none"), ERROR_OTHER, "status 127");
}

#define HOOKS                                                                                   \
	"hook-veto /h/v\nhook-pre /h/a bad\nhook-pre /h/b\nhook-post /h/c slow\nhook-post /h/d\n"  \
	"hook-emergency /h/e bad\nhook-emergency /h/f\nfailure-action halt\n"

static void hooks_run_in_their_order(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", PLAN HOOKS);
	world->hook_status = 3;
	go(f);
	assert_string_equal(world->hooks,
			    "/h/v|pre target;/h/a bad|pre target;/h/b|pre target;"
			    "/h/c slow 0|post target folder;/h/d 0|post target folder;");
	assert_true(saved(f, "vmcore"));
	assert_int_equal(world->action, PLAN_POWEROFF);
}

static void hooks_learn_of_the_failure(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", PLAN HOOKS);
	world->collector_status = 128 + SIGKILL;
	go(f);
	assert_string_equal(world->hooks,
			    "/h/v|pre target;/h/a bad|pre target;/h/b|pre target;"
			    "/h/c slow 137|post target folder;/h/d 137|post target folder;"
			    "/h/e bad|emergency;/h/f|emergency;");
	assert_int_equal(world->action, PLAN_HALT);
}

static void veto_is_no_failure(void **state)
{
	static const char *const vetos[] = { "/h/bad", "/h/slow" };

	for (size_t i = 0; i < ARRAY_SIZE(vetos); i++) {
		_cleanup_strbuf_ struct strbuf plan = { 0 };
		struct fixture *f;
		void *own;

		build(&own);
		f = own;
		strbuf_printf(&plan, PLAN "hook-veto %s\nhook-pre /h/a\nhook-post /h/c\nhook-emergency /h/e\n"
			      "failure-action halt\nkeep-count 1\n", vetos[i]);
		put(f, "etc/salvage.plan", plan.s);
		world->hook_status = 1;
		go(f);
		assert_null(strchr(world->hooks, ';')[1] ? world->hooks : NULL); /* it alone ran */
		assert_int_equal(world->action, PLAN_POWEROFF);
		assert_false(file_exists(f->c.root, DUMP));
		assert_int_equal(world->collector_runs, 0);
		assert_int_equal(world->target_umounts, 1);
		clear(&own);
	}
}

static void failures_before_the_target_run_the_emergency_only(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", PLAN HOOKS);
	world->no_first_target = true;
	go(f);
	assert_string_equal(world->hooks, "/h/e bad|emergency;/h/f|emergency;");
	assert_int_equal(world->action, PLAN_HALT);
}

#define EVIDENCE "target/var/crash/127.0.0.1-2001-09-09-01:46:40"
#define EVIDENCE_PLAN                                                                           \
	"plan 1\nhost lab\ntarget fs\ndevice /dev/vda\nfstype ext4\npath /dumps\n"             \
	"collector /bin/salvage-collect -d 31\nfailure-action halt\n"                           \
	"root-device /dev/vdb\nroot-fstype xfs\n"

/* What is kept when the target can't be mounted. */
static void second_places_are_all_tried(void **state)
{
	struct fixture *f = *state;
	char *text;
	size_t len;

	put(f, "etc/salvage.plan", EVIDENCE_PLAN "evidence pmsg\nevidence efi\nevidence rootfs\n");
	assert_ok(file_make_folders(f->c.root, "sys/firmware/efi/efivars", 0755));
	put(f, "sys/firmware/efi/efivars/" PLAN_EVIDENCE_VARIABLE, "of an earlier crash");
	put(f, "dev/pmsg0", "");
	world->mounts_to_refuse = 1;
	go(f);
	assert_int_equal(world->action, PLAN_HALT);
	assert_true(file_exists(f->c.root, EVIDENCE "/vmcore-dmesg.txt"));
	assert_true(file_exists(f->c.root, EVIDENCE "/report.txt"));
	assert_false(file_exists(f->c.root, EVIDENCE "/vmcore"));
	assert_int_equal(world->collector_runs, 0);
	assert_int_equal(world->target_umounts, 1);
	assert_ok(file_read(f->c.root, "dev/pmsg0", 65536, &text, NULL));
	assert_string_equal(text, "salvage-evidence 1 1000000000 lab\ntext\n--- log ---\ntext");
	free(text);
	assert_ok(file_read(f->c.root, "sys/firmware/efi/efivars/" PLAN_EVIDENCE_VARIABLE, 65536, &text,
			    &len));
	assert_int_equal(len, 4 + strlen("salvage-evidence 1 1000000000 lab\ntext\n--- log ---\ntext"));
	assert_memory_equal(text, "\7\0\0\0salvage-evidence 1", 22);
	free(text);
}

static void second_place_that_is_not_there_is_no_end(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", EVIDENCE_PLAN "evidence pmsg\nevidence efi\nevidence rootfs\n");
	world->mounts_to_refuse = 1;
	go(f);
	assert_int_equal(world->action, PLAN_HALT);
	assert_true(file_exists(f->c.root, EVIDENCE "/vmcore-dmesg.txt"));
}

/* The log is on the target: there is no need for another place. */
static void second_place_is_for_failed_targets(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", EVIDENCE_PLAN "evidence rootfs\n");
	world->collector_status = 1;
	go(f);
	assert_int_equal(world->action, PLAN_HALT);
	assert_false(file_exists(f->c.root, EVIDENCE));
	assert_int_equal(world->target_mounts, 1);
}

/* dump_to_rootfs does it all; only its own failure calls for more. */
static void second_place_follows_the_fallback(void **state)
{
	static const char plan[] = "plan 1\ntarget fs\ndevice /dev/vda\nfstype ext4\npath /dumps\n"
				   "collector /bin/salvage-collect -d 31\nroot-device /dev/vdb\n"
				   "root-fstype xfs\nfailure-action dump_to_rootfs\nevidence rootfs\n";
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", plan);
	world->mounts_to_refuse = 1;
	go(f);
	assert_true(file_exists(f->c.root, "target/dumps/127.0.0.1-2001-09-09-01:46:40/vmcore"));
	assert_false(file_exists(f->c.root, EVIDENCE));
	world->restarts = 0;
	world->mounts_to_refuse = 2;
	go(f);
	assert_true(file_exists(f->c.root, EVIDENCE "/vmcore-dmesg.txt"));
}

/* A raw target has no path that could be taken for the root file system. */
static void raw_target_falls_back_to_the_root(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", "plan 1\ntarget raw\ndevice /dev/gone\ncollector /bin/salvage-collect -d 31\n"
				   "failure-action dump_to_rootfs\nroot-device /dev/vdb\nroot-fstype xfs\n");
	go(f);
	assert_true(file_exists(f->c.root, EVIDENCE "/vmcore"));
}

static void older_dumps_are_thinned_out(void **state)
{
	static const char *const older[] = { "2001-09-07-00:00:00", "2001-09-07-00:00:01",
					     "2001-09-07-00:00:02" };
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", PLAN "keep-count 2\n");
	for (size_t i = 0; i < ARRAY_SIZE(older); i++) {
		_cleanup_strbuf_ struct strbuf name = { 0 };

		strbuf_printf(&name, "target/var/crash/127.0.0.1-%s", older[i]);
		assert_ok(file_make_folders(f->c.root, name.s, 0700));
		strbuf_puts(&name, "/vmcore");
		put(f, name.s, "older");
	}
	go(f);
	assert_true(saved(f, "vmcore"));
	assert_false(file_exists(f->c.root, "target/var/crash/127.0.0.1-2001-09-07-00:00:00"));
	assert_false(file_exists(f->c.root, "target/var/crash/127.0.0.1-2001-09-07-00:00:01"));
	assert_true(file_exists(f->c.root, "target/var/crash/127.0.0.1-2001-09-07-00:00:02/vmcore"));
}

/* One is wanted, and the old one stays until the new one is whole. */
static void old_dump_stays_until_the_new_one_is_whole(void **state)
{
	static const char *const old = "target/var/crash/127.0.0.1-2001-09-07-00:00:00";

	for (int fails = 0; fails < 2; fails++) {
		struct fixture *f;
		void *own;

		build(&own);
		f = own;
		put(f, "etc/salvage.plan", PLAN "keep-count 1\n");
		assert_ok(file_make_folders(f->c.root, old, 0700));
		put(f, "target/var/crash/127.0.0.1-2001-09-07-00:00:00/vmcore", "older");
		world->collector_status = fails;
		go(f);
		assert_int_equal(file_exists(f->c.root, old), fails);
		clear(&own);
	}
}

/* Fed while the worker is within its limits; stopped when the machine shall stay down. */
static void watchdogs_are_all_fed(void **state)
{
	static const char *const names[] = { "dev/watchdog0", "dev/watchdog1" };
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", PLAN "watchdog 5\n");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		put(f, names[i], "");
	go(f);
	assert_int_equal(world->action, PLAN_POWEROFF);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *text;

		assert_ok(file_read(f->c.root, names[i], 4096, &text, NULL));
		assert_int_equal(text[0], '\n');
		assert_int_equal(text[strlen(text) - 1], 'V');
		free(text);
	}
}

static void names_as_the_plan_says(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", PLAN "directory host-time\naddress 10.0.0.2\n");
	go(f);
	assert_true(file_exists(f->c.root, "target/var/crash/lab-2001-09-09-01:46:40/vmcore"));
}

/* An ELF file with one note segment. */
static void put_vmcore(struct fixture *f, const char *notes)
{
	Elf64_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64 }, .e_phoff = sizeof(h), .e_phnum = 2 };
	Elf64_Phdr p[2] = { { .p_type = PT_LOAD },
			    { .p_type = PT_NOTE, .p_offset = 4096, .p_filesz = strlen(notes) } };
	_cleanup_strbuf_ struct strbuf b = { 0 };

	strbuf_add(&b, &h, sizeof(h));
	strbuf_add(&b, p, sizeof(p));
	strbuf_fill(&b, '\0', 4096 - b.len);
	strbuf_puts(&b, notes);
	assert_ok(file_publish(f->c.root, "proc/vmcore", 0600, b.s, b.len));
}

static void clock_that_is_not_set(void **state)
{
	static const struct {
		const char *notes;
		time_t clock, chip;
		const char *name;
	} cases[] = {
		{ "OSRELEASE=6.1\nCRASHTIME=1700000000\n", 7, 1710000000, "2023-11-14-22:13:20" },
		{ "OSRELEASE=6.1\nCRASHTIME=1700000000\n", 1720000000, 0, "2024-07-03-09:46:40" },
		{ "OSRELEASE=6.1\n", 7, 1710000000, "2024-03-09-16:00:00" },
		{ "OSRELEASE=6.1\nCRASHTIME=12\n", 7, 0, "1970-01-01-00:00:07" },
		{ "\nCRASHTIME=", 7, 0, "1970-01-01-00:00:07" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf name = { 0 };
		struct fixture *f;
		void *own;

		build(&own);
		f = own;
		put_vmcore(f, cases[i].notes);
		world->clock = cases[i].clock;
		world->chip = cases[i].chip;
		go(f);
		strbuf_printf(&name, "target/var/crash/127.0.0.1-%s/vmcore", cases[i].name);
		assert_true(file_exists(f->c.root, name.s));
		clear(&own);
	}
}

#define LAYERS                                                                                  \
	"plan 1\ntarget fs\nfstype ext4\npath /d\ncollector /bin/salvage-collect -d 31\n"        \
	"final-action poweroff\nfailure-action halt\n"                                          \
	"array md127 1.2 2 MD=9a:bc\nmap unused\nrow 0 1 linear <PV=none> 0\n"                  \
	"map vg-part LVM-abc\nrow 0 16 linear <PV=A-1> 2048\nrow 16 8 striped 2 128 </dev/md127p1> 0 <PV=A-1> 8\n" \
	"map luks\nrow 0 24 crypt aes-xts-plain64 :64:logon:x:y 0 </dev/mapper/vg-part> 4096\n"    \
	"map mp\nrow 0 9 multipath 0 1 alua 2 <WWID=naa 5>\n"

/* Only what the target stands on is made, from below upwards, each once. */
static void devices_are_made_in_their_order(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", LAYERS "device /dev/mapper/luks\n");
	go(f);
	assert_int_equal(world->action, PLAN_POWEROFF);
	assert_string_equal(
		world->made,
		"dev/md127: /dev/MD=9a:bc#0 /dev/MD=9a:bc#1\n"
		"dev/mapper/vg-part: [0+16 linear /dev/PV=A-1#0 2048] "
		"[16+8 striped 2 128 /dev/md127p1 0 /dev/PV=A-1#0 8]\n"
		"dev/mapper/luks: [0+24 crypt aes-xts-plain64 :64:logon:x:y 0 /dev/mapper/vg-part 4096]\n");
}

static void paths_of_a_disk_are_one_group(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", LAYERS "device /dev/mapper/mp\n");
	go(f);
	assert_int_equal(world->action, PLAN_POWEROFF);
	assert_string_equal(world->made, "dev/mapper/mp: [0+9 multipath 0 1 alua 1 1 round-robin 0 2 1 "
					 "/dev/WWID=naa 5#0 1 /dev/WWID=naa 5#1 1]\n");
}

static void missing_member_does_not_end_it(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan", LAYERS "device /dev/md127p2\n");
	world->member_missing = true;
	go(f);
	assert_int_equal(world->action, PLAN_POWEROFF);
	assert_string_equal(world->made, "dev/md127: /dev/MD=9a:bc#0\n");
}

/* A device that stands on itself is a plan gone wrong, not an endless capture. */
static void circle_of_devices_ends(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/salvage.plan",
	    LAYERS "map a\nrow 0 1 linear </dev/mapper/b> 0\nmap b\nrow 0 1 linear </dev/mapper/a> 0\n"
		   "device /dev/mapper/a\n");
	go(f);
	assert_int_equal(world->action, PLAN_HALT);
	assert_string_equal(world->made, "");
}

static void mount_options_are_told_apart(void **state)
{
	static const struct {
		const char *in, *rest;
		unsigned long flags;
	} cases[] = {
		{ NULL, "", 0 },
		{ "defaults", "", 0 },
		{ "ro,noatime,nouuid", "nouuid", MS_NOATIME },
		{ "discard,,x-systemd.device-timeout=9,data=ordered", "discard,data=ordered", 0 },
		{ "context=\"a,ro\",sync", "context=\"a,ro\"", MS_SYNCHRONOUS },
		{ "errors=remount-ro,nofail", "errors=remount-ro", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned long flags;
		char *rest;

		assert_ok(mount_options(cases[i].in, &flags, &rest));
		assert_string_equal(rest, cases[i].rest);
		assert_int_equal(flags, cases[i].flags);
		free(rest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everything_goes_well, build, clear),
		cmocka_unit_test(any_call_may_fail),
		cmocka_unit_test(any_call_may_crash),
		cmocka_unit_test_setup_teardown(hanging_step_is_given_up, build, clear),
		cmocka_unit_test_setup_teardown(idle_collector_is_given_up, build, clear),
		cmocka_unit_test(small_files_outlive_the_collector),
		cmocka_unit_test_setup_teardown(no_vmcore_means_hands_off, build, clear),
		cmocka_unit_test_setup_teardown(missing_plan_restarts, build, clear),
		cmocka_unit_test_setup_teardown(root_file_system_is_the_fallback, build, clear),
		cmocka_unit_test_setup_teardown(shell_that_is_not_there_restarts, build, clear),
		cmocka_unit_test_setup_teardown(other_folder_is_left_alone, build, clear),
		cmocka_unit_test_setup_teardown(foreign_collector_gets_the_path, build, clear),
		cmocka_unit_test_setup_teardown(target_path_that_is_a_file_fails, build, clear),
		cmocka_unit_test_setup_teardown(local_dump_needs_no_network, build, clear),
		cmocka_unit_test_setup_teardown(remote_dump_needs_the_network, build, clear),
		cmocka_unit_test_setup_teardown(raw_device_takes_the_stream, build, clear),
		cmocka_unit_test_setup_teardown(foreign_collector_talks_to_the_raw_device, build, clear),
		cmocka_unit_test_setup_teardown(raw_device_that_fails_is_a_failure, build, clear),
		cmocka_unit_test(stream_reports_what_its_process_met),
		cmocka_unit_test_setup_teardown(hooks_run_in_their_order, build, clear),
		cmocka_unit_test_setup_teardown(hooks_learn_of_the_failure, build, clear),
		cmocka_unit_test(veto_is_no_failure),
		cmocka_unit_test_setup_teardown(failures_before_the_target_run_the_emergency_only, build, clear),
		cmocka_unit_test_setup_teardown(second_places_are_all_tried, build, clear),
		cmocka_unit_test_setup_teardown(second_place_that_is_not_there_is_no_end, build, clear),
		cmocka_unit_test_setup_teardown(second_place_is_for_failed_targets, build, clear),
		cmocka_unit_test_setup_teardown(second_place_follows_the_fallback, build, clear),
		cmocka_unit_test_setup_teardown(raw_target_falls_back_to_the_root, build, clear),
		cmocka_unit_test_setup_teardown(older_dumps_are_thinned_out, build, clear),
		cmocka_unit_test(old_dump_stays_until_the_new_one_is_whole),
		cmocka_unit_test_setup_teardown(watchdogs_are_all_fed, build, clear),
		cmocka_unit_test_setup_teardown(names_as_the_plan_says, build, clear),
		cmocka_unit_test(clock_that_is_not_set),
		cmocka_unit_test_setup_teardown(devices_are_made_in_their_order, build, clear),
		cmocka_unit_test_setup_teardown(paths_of_a_disk_are_one_group, build, clear),
		cmocka_unit_test_setup_teardown(missing_member_does_not_end_it, build, clear),
		cmocka_unit_test_setup_teardown(circle_of_devices_ends, build, clear),
		cmocka_unit_test(mount_options_are_told_apart),
	};

	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (world == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
