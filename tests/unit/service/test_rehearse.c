#include "service/rehearse-priv.h"
#include "fixture.h"

static struct rehearse_result play(const char *const *lines, struct rehearse_reader *rd)
{
	struct rehearse_result r = { .end = REHEARSE_NOT_LOADED };

	*rd = (struct rehearse_reader){ 0 };
	for (unsigned i = 0; lines[i]; i++)
		assert_ok(rehearse_read_line(rd, lines[i], i * 1000, &r));
	return r;
}

static void a_good_capture(void **state)
{
	static const char *const lines[] = {
		"[    0.0] Linux version 6.1",
		"rehearsal: panic now",
		"[    1.0] Kernel panic - not syncing: sysrq triggered crash",
		"salvage: capture of the crashed kernel, running 6.1",
		"salvage: saved vmcore-dmesg.txt",
		"salvage: the dump is 1234567 bytes",
		"salvage: the dump took 2 s",
		"salvage: saved /var/crash/127.0.0.1-2026-01-01-00:00:00/vmcore",
		"salvage: memory: at most 61 of 140 MiB in use",
		NULL,
	};
	struct rehearse_reader rd;
	struct rehearse_result r = play(lines, &rd);

	(void)state;
	assert_int_equal(r.end, REHEARSE_SAVED);
	assert_string_equal(r.saved, "/var/crash/127.0.0.1-2026-01-01-00:00:00/vmcore");
	assert_int_equal(r.bytes, 1234567);
	assert_int_equal(r.used_mb, 61);
	assert_int_equal(r.total_mb, 140);
	assert_int_equal(r.init_ms, 2000);
	assert_int_equal(r.saved_ms, 6000);
	assert_true(rd.ran && !rd.failed);
	rehearse_result_done(&r);
}

static void the_words_before_a_failure_are_kept(void **state)
{
	static const char *const lines[] = {
		"rehearsal: panic now",
		"salvage: capture of the crashed kernel",
		"salvage: UUID=x: not there after 30 s",
		"salvage: FAILED; failure action: poweroff",
		"salvage: memory: at most 9000 of 140 MiB in use",
		"salvage: poweroff",
		NULL,
	};
	struct rehearse_reader rd;
	struct rehearse_result r = play(lines, &rd);

	(void)state;
	assert_true(rd.failed);
	assert_string_equal(r.reason, "UUID=x: not there after 30 s");
	assert_int_equal(r.used_mb, 0); /* more than all: not believed */
	rehearse_result_done(&r);
}

static void too_little_memory(void **state)
{
	static const char *const lines[] = {
		"rehearsal: panic now",
		"Kernel panic - not syncing: sysrq triggered crash",
		"[ 2.1] Kernel panic - not syncing: System is deadlocked on memory",
		NULL,
	};
	struct rehearse_reader rd;
	struct rehearse_result r = play(lines, &rd);

	(void)state;
	assert_false(rd.init_ran);
	assert_string_equal(r.reason, lines[2]);
	rehearse_result_done(&r);
}

/* Nothing that was said before the panic counts as the capture's. */
static void words_of_the_production_system(void **state)
{
	static const char *const lines[] = { "salvage: saved /x/vmcore", "rehearsal: cannot arm: no room", NULL };
	struct rehearse_reader rd;
	struct rehearse_result r = play(lines, &rd);

	(void)state;
	assert_int_equal(r.end, REHEARSE_NOT_LOADED);
	assert_null(r.saved);
	assert_string_equal(r.reason, "cannot arm: no room");
	rehearse_result_done(&r);
}

static struct error *disks(struct target *target, enum rehearse_disks which, struct rehearse_machine *m)
{
	const struct rehearse_how how = { .root = t.fd, .target = target, .disks = which };

	return rehearse_disks(&how, "/nowhere", m);
}

static void snapshots_of_whole_disks(void **state)
{
	struct rehearse_machine m = { 0 };
	struct target target = { .kind = "fs", .place = { .device = (char *)"/dev/vdb1", .fstype = (char *)"ext4" } };

	(void)state;
	tree_add(&t, PCI "0000:00:05.0/virtio2/block/vdb/vdb1/partition", "1\n");
	assert_ok(disks(&target, REHEARSE_SNAPSHOT, &m));
	assert_int_equal(m.disks.n, 1);
	assert_true(m.disks.v[0].snapshot);
	assert_true(text_ends(m.disks.v[0].file, "/dev/vdb"));
	assert_string_equal(m.shown, "a snapshot of /dev/vdb (virtio-blk-pci)");
	rehearse_machine_done(&m);
}

/* A volume on two disks needs both. */
static void stacked_devices(void **state)
{
	struct rehearse_machine m = { 0 };
	struct target target = { .kind = "fs", .place = { .device = (char *)"/dev/dm-0", .fstype = (char *)"ext4" } };

	(void)state;
	tree_add(&t, "sys/devices/virtual/block/dm-0/slaves/vda1", "");
	tree_add(&t, "sys/devices/virtual/block/dm-0/slaves/vdb1", "");
	tree_add(&t, PCI "0000:00:04.0/virtio1/block/vda/vda1/partition", "1\n");
	tree_add(&t, PCI "0000:00:05.0/virtio2/block/vdb/vdb1/partition", "1\n");
	assert_ok(disks(&target, REHEARSE_SNAPSHOT, &m));
	assert_int_equal(m.disks.n, 2);
	rehearse_machine_done(&m);
	m = (struct rehearse_machine){ 0 };
	assert_error(disks(&target, REHEARSE_SCRATCH, &m), ERROR_UNSUPPORTED, "empty disk cannot stand in");
	rehearse_machine_done(&m);
}

static void a_controller_that_qemu_has_not(void **state)
{
	struct rehearse_machine m = { 0 };
	struct target target = { .kind = "fs", .place = { .device = (char *)"/dev/sda", .fstype = (char *)"ext4" } };

	(void)state;
	machine_block(&t, PCI "0000:00:07.0/host0/block/sda", "8:0");
	machine_driver(&t, PCI "0000:00:07.0", "hpsa", "hpsa", NULL);
	assert_error(disks(&target, REHEARSE_SNAPSHOT, &m), ERROR_UNSUPPORTED, "sda is driven by hpsa");
	rehearse_machine_done(&m);
}

struct search {
	uint64_t answer;
	unsigned tries;
};

static struct error *enough(void *arg, uint64_t size, bool *ret_good)
{
	struct search *s = arg;

	assert_int_equal(size % 4, 0);
	*ret_good = size >= s->answer;
	assert_true(++s->tries < 20);
	return NULL;
}

/* Whatever the guess, the answer is found; a good guess finds it sooner. */
static void the_smallest_is_found(void **state)
{
	(void)state;
	for (uint64_t answer = 1; answer <= 256; answer++)
		for (uint64_t guess = 0; guess <= 300; guess += 7) {
			struct search s = { .answer = answer };
			uint64_t found;

			assert_ok(rehearse_search(256, guess, 4, enough, &s, &found));
			assert_int_equal(found, (answer + 3) / 4 * 4);
			if (guess && guess / 4 * 4 == found && found < 256)
				assert_true(s.tries <= 2);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_capture),
		cmocka_unit_test(the_words_before_a_failure_are_kept),
		cmocka_unit_test(too_little_memory),
		cmocka_unit_test(words_of_the_production_system),
		cmocka_unit_test(the_smallest_is_found),
		cmocka_unit_test_setup_teardown(snapshots_of_whole_disks, setup, teardown),
		cmocka_unit_test_setup_teardown(stacked_devices, setup, teardown),
		cmocka_unit_test_setup_teardown(a_controller_that_qemu_has_not, setup, teardown),
	};

	return cmocka_run_group_tests_name("rehearse", tests, NULL, NULL);
}
