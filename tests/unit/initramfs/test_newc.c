/* The newc writer: the bytes by the format's own arithmetic, and cpio's opinion. */
#include "../test.h"

#include <sys/stat.h>

#include "initramfs/initramfs.h"
#include "initramfs/newc.h"

static uint32_t field(const struct strbuf *b, size_t at, unsigned nr)
{
	char hex[9] = { 0 };
	uint64_t v = 0;

	memcpy(hex, b->s + at + 6 + nr * 8, 8);
	assert_true(text_hex(hex, &v));
	return v;
}

static void entry_is_laid_out_as_documented(void **state)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	size_t next;

	assert_ok(newc_add(&b, 7, &(struct newc_entry){ "ab/c", S_IFREG | 0640, "hello", 5 }));
	assert_int_equal(strncmp(b.s, "070701", 6), 0);
	assert_int_equal(field(&b, 0, 0), 7);
	assert_int_equal(field(&b, 0, 1), 0100640);
	assert_int_equal(field(&b, 0, 6), 5);
	assert_int_equal(field(&b, 0, 11), 5); /* with NUL */
	assert_string_equal(b.s + 110, "ab/c");
	/* 110 + 5 = 115 -> 116; 116 + 5 = 121 -> 124 */
	assert_int_equal(strncmp(b.s + 116, "hello", 5), 0);
	assert_int_equal(b.len, 124);
	next = b.len;
	assert_ok(newc_add(&b, 8, &(struct newc_entry){ "n", S_IFCHR | 0600, NULL, 0, 5, 1 }));
	assert_int_equal(field(&b, next, 9), 5);
	assert_int_equal(field(&b, next, 10), 1);
	assert_ok(newc_end(&b));
	assert_int_equal(b.len % 512, 0);
	assert_string_equal(b.s + next + 112 + 110, "TRAILER!!!");
	assert_error(newc_add(&b, 1, &(struct newc_entry){ "" }), ERROR_USAGE, "0 bytes");
}

/* Runs a program over the archive; *ret is what it says on its standard output. */
static void through(char *const *argv, int fd, char **ret)
{
	struct process_how how = { .limit_ms = 20000, .stdin_fd = fd, .capture_limit = 1 << 16 };
	struct process_result r;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_ok(process_run(argv, &how, &r));
	assert_int_equal(r.status, 0);
	*ret = r.output;
}

static void cpio_reads_it(void **state)
{
	_cleanup_initramfs_ struct initramfs *im = NULL;
	_cleanup_free_ char *list = NULL;
	_cleanup_fclose_ FILE *f = tmpfile();
	char *which[] = { "sh", "-c", "command -v cpio >/dev/null", NULL };
	char *argv[] = { "cpio", "-tv", "--numeric-uid-gid", NULL };
	struct process_how how = { .limit_ms = 5000 };
	struct error *e = process_run_ok(which, &how);
	struct initramfs_size size;

	if (e) {
		error_free(e);
		skip(); /* cpio is among what `make check` installs */
	}
	assert_ok(initramfs_new(AT_FDCWD, &im));
	assert_ok(initramfs_add_text(im, "/z/file", "text", 4, 0600));
	assert_ok(initramfs_add_text(im, "/a", "", 0, 0644));
	assert_ok(initramfs_add_folder(im, "/private", 0700));
	assert_ok(initramfs_add_link(im, "/z/link", "../a"));
	assert_ok(initramfs_add_node(im, "/dev/console", S_IFCHR | 0600, 5, 1));
	assert_ok(initramfs_write(im, INITRAMFS_PLAIN, fileno(f), &size));
	assert_int_equal(size.nr_entries, 7);
	assert_int_equal(size.packed, size.unpacked);
	through(argv, fileno(f), &list);
	assert_string_equal(
		list,
		"-rw-r--r--   1 0        0               0 Jan  1  1970 a\n"
		"drwxr-xr-x   2 0        0               0 Jan  1  1970 dev\n"
		"crw-------   1 0        0          5,   1 Jan  1  1970 dev/console\n"
		"drwx------   2 0        0               0 Jan  1  1970 private\n"
		"drwxr-xr-x   2 0        0               0 Jan  1  1970 z\n"
		"-rw-------   1 0        0               4 Jan  1  1970 z/file\n"
		"lrwxrwxrwx   1 0        0               4 Jan  1  1970 z/link -> ../a\n");
}

static void write_all(const char *const *order, enum initramfs_packing packing, char **ret,
		      size_t *ret_len)
{
	_cleanup_initramfs_ struct initramfs *im = NULL;
	_cleanup_fclose_ FILE *f = tmpfile();

	assert_ok(initramfs_new(AT_FDCWD, &im));
	for (size_t i = 0; order[i]; i++)
		assert_ok(initramfs_add_text(im, order[i], order[i], strlen(order[i]), 0644));
	assert_ok(initramfs_write(im, packing, fileno(f), NULL));
	assert_int_equal(lseek(fileno(f), 0, SEEK_SET), 0);
	assert_ok(file_read_fd(fileno(f), "archive", 1 << 20, ret, ret_len));
}

static void same_input_same_bytes(void **state)
{
	static const char *const one[] = { "/b/x", "/a", "/b-c", NULL };
	static const char *const other[] = { "/b-c", "/b/x", "/a", NULL };

	for (int packing = INITRAMFS_PLAIN; packing <= INITRAMFS_ZSTD; packing++) {
		_cleanup_free_ char *a = NULL, *b = NULL;
		size_t a_len, b_len;

		write_all(one, packing, &a, &a_len);
		write_all(other, packing, &b, &b_len);
		assert_int_equal(a_len, b_len);
		assert_memory_equal(a, b, a_len);
	}
}

/* The window that the frame asks its reader to allocate (RFC 8878, 3.1.1.1.2). */
static void zstd_frame_has_a_small_window(void **state)
{
	_cleanup_initramfs_ struct initramfs *im = NULL;
	_cleanup_free_ char *filler = calloc(1, 4 << 20);
	_cleanup_fclose_ FILE *f = tmpfile();
	unsigned char h[6];
	size_t n;

	assert_ok(initramfs_new(AT_FDCWD, &im));
	assert_ok(initramfs_add_text(im, "/filler", filler, 4 << 20, 0644));
	assert_ok(initramfs_write(im, INITRAMFS_ZSTD, fileno(f), NULL));
	assert_ok(file_pread_fd(fileno(f), "archive", h, sizeof(h), 0, &n));
	assert_int_equal(get_u32(h, false), 0xfd2fb528);
	assert_int_equal(h[4] & 0x20, 0); /* no "single segment", which has no window byte */
	assert_true((10 + (h[5] >> 3)) <= 17);
}

static void paths_are_checked(void **state)
{
	static const char *const bad[] = { "a", "/", "/a/", "//a", "/a/../b", "/a/.", "/a//b" };
	_cleanup_initramfs_ struct initramfs *im = NULL;

	assert_ok(initramfs_new(AT_FDCWD, &im));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_error(initramfs_add_text(im, bad[i], "x", 1, 0644), ERROR_USAGE, "path");
	assert_ok(initramfs_add_text(im, "/a", "x", 1, 0644));
	assert_ok(initramfs_add_text(im, "/a", "x", 1, 0644));
	assert_error(initramfs_add_text(im, "/a", "y", 1, 0644), ERROR_USAGE, "other content");
	assert_error(initramfs_add_text(im, "/a/b", "y", 1, 0644), ERROR_USAGE, "no folder");
	assert_ok(initramfs_add_text(im, "/c/d", "y", 1, 0644));
	assert_ok(initramfs_add_folder(im, "/c", 0700));
	assert_true(initramfs_has(im, "/c/d"));
	assert_false(initramfs_has(im, "/c/e"));
	assert_error(initramfs_add_node(im, "/n", S_IFREG, 1, 1), ERROR_USAGE, "no device");
}

static void packing_follows_the_kernel_config(void **state)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int root = -1;
	enum initramfs_packing packing;

	assert_ok(file_private_folder(&path));
	root = open(path, O_RDONLY | O_DIRECTORY);
	assert_ok(initramfs_pick_packing(root, "6.1", &packing));
	assert_int_equal(packing, INITRAMFS_GZIP); /* none to read */
	assert_ok(file_make_folders(root, "boot", 0755));
	assert_ok(file_publish(root, "boot/config-6.1", 0644, "CONFIG_RD_ZSTD=y\n", 17));
	assert_ok(initramfs_pick_packing(root, "6.1", &packing));
	assert_int_equal(packing, INITRAMFS_ZSTD);
	assert_ok(file_publish(root, "boot/config-6.1", 0644,
			       "# CONFIG_RD_ZSTD is not set\nCONFIG_RD_GZIP=y\n", 45));
	assert_ok(initramfs_pick_packing(root, "6.1", &packing));
	assert_int_equal(packing, INITRAMFS_GZIP);
	assert_ok(file_publish(root, "boot/config-6.1", 0644, "CONFIG_X=y\n", 11));
	assert_ok(initramfs_pick_packing(root, "6.1", &packing));
	assert_int_equal(packing, INITRAMFS_PLAIN);
	file_remove_tree(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entry_is_laid_out_as_documented),
		cmocka_unit_test(cpio_reads_it),
		cmocka_unit_test(same_input_same_bytes),
		cmocka_unit_test(zstd_frame_has_a_small_window),
		cmocka_unit_test(paths_are_checked),
		cmocka_unit_test(packing_follows_the_kernel_config),
	};

	return cmocka_run_group_tests_name("newc", tests, NULL, NULL);
}
