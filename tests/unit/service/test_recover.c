/* The dump that a capture has left on a raw disk. */
#include "service/recover.h"
#include "fixture.h"

#define CONF "raw /dev/vdb\npath /var/crash\n"

/* A flattened stream of "dump" at 0 and at 8 on the device, behind which old content follows. */
static void put_stream(size_t cut)
{
	static unsigned char disk[16384];
	unsigned char *at = disk + 4096;

	memset(disk, 0x5a, sizeof(disk));
	memset(disk, 0, 4096);
	strcpy((char *)disk, "makedumpfile");
	put_u64(disk + 16, 1, true);
	put_u64(disk + 24, 1, true);
	for (int i = 1; i >= 0; i--) {
		put_u64(at, i * 8, true);
		put_u64(at + 8, 4, true);
		memcpy(at + 16, "dump", 4);
		at += 20;
	}
	memset(at, 0xff, 16);
	if (cut)
		memset(disk + cut, 0, sizeof(disk) - cut);
	tree_add_bytes(&t, "dev/vdb", disk, sizeof(disk));
}

static struct error *recover(const char *conf, char **ret)
{
	_cleanup_settings_ struct settings s = { 0 };

	TRY(settings_parse(&s, "kdump.conf", conf, strlen(conf)));
	return raw_recover(t.fd, &s, ret);
}

static void whole_dump_becomes_a_file(void **state)
{
	_cleanup_free_ char *file = NULL, *again = NULL, *text = NULL, *disk = NULL;
	struct stat st;
	size_t len;

	(void)state;
	put_stream(0);
	assert_ok(recover(CONF, &file));
	assert_non_null(file);
	assert_true(text_starts(file, "/var/crash/20") && text_ends(file, "/vmcore"));
	assert_ok(file_read(t.fd, file + 1, 4096, &text, &len));
	assert_int_equal(len, 12);
	assert_memory_equal(text, "dump\0\0\0\0dump", 12);
	assert_int_equal(fstatat(t.fd, file + 1, &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* the device is free, and another start finds nothing */
	assert_ok(file_read(t.fd, "dev/vdb", 1 << 20, &disk, &len));
	assert_int_equal(len, 16384);
	for (size_t i = 0; i < 4096; i++)
		assert_int_equal(disk[i], 0);
	assert_ok(recover(CONF, &again));
	assert_null(again);
}

static void part_of_a_dump_is_called_so(void **state)
{
	_cleanup_free_ char *file = NULL, *second = NULL, *text = NULL;
	size_t len;

	(void)state;
	put_stream(4096 + 20); /* zeros behind the first record */
	assert_ok(recover(CONF, &file));
	assert_true(text_ends(file, "/vmcore-incomplete"));
	assert_ok(file_read(t.fd, file + 1, 4096, &text, &len));
	assert_int_equal(len, 12);
	put_stream(0);
	assert_ok(recover(CONF, &second));
	assert_string_not_equal(file, second); /* another folder, in the same minute too */
}

static void failure_leaves_it_on_the_disk(void **state)
{
	_cleanup_free_ char *file = NULL, *disk = NULL;

	(void)state;
	put_stream(0);
	tree_add(&t, "srv", "no folder");
	assert_error(recover("raw /dev/vdb\npath /srv/crash\n", &file), ERROR_SYSTEM,
		     "the dump on /dev/vdb could not be taken from there, and is still on it");
	assert_null(file);
	assert_ok(file_read(t.fd, "dev/vdb", 1 << 20, &disk, NULL));
	assert_string_equal(disk, "makedumpfile");
}

static void other_content_and_other_targets_are_left_alone(void **state)
{
	_cleanup_free_ char *file = NULL;

	(void)state;
	assert_ok(recover(CONF, &file)); /* an empty device */
	assert_null(file);
	put_stream(0);
	assert_ok(recover("ext4 /dev/vdb\n", &file));
	assert_null(file);
	assert_error(recover("raw /dev/vdz\n", &file), ERROR_NOT_FOUND, "/dev/vdz");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whole_dump_becomes_a_file, setup, teardown),
		cmocka_unit_test_setup_teardown(part_of_a_dump_is_called_so, setup, teardown),
		cmocka_unit_test_setup_teardown(failure_leaves_it_on_the_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(other_content_and_other_targets_are_left_alone, setup, teardown),
	};

	return cmocka_run_group_tests_name("recover", tests, NULL, NULL);
}
