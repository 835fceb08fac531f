/* Programs with their libraries: the ELF reader, and the search on a tree made here. */
#include "../host/tree.h"

#include <elf.h>
#include <sys/stat.h>

#include "initramfs/elfdeps.h"
#include "initramfs/initramfs.h"
#include "make_elf.h"

#define LIST(...) (const char *const[]){ __VA_ARGS__, NULL }

static void put_elf(struct tree *t, const char *path, const struct elf_make *m)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };

	make_program(m, &b);
	tree_add_bytes(t, path, b.s, b.len);
}

static void reads_every_class_and_byte_order(void **state)
{
	for (int kind = 0; kind < 4; kind++) {
		struct elf_make m = { .wide = kind & 1, .big = kind & 2, .machine = 62,
				      .interpreter = "/lib/ld.so", .needed = LIST("libx.so.1", "liby.so"),
				      .rpath = "/r", .runpath = "$ORIGIN/../lib:/o", .tail = "symbols" };
		_cleanup_strbuf_ struct strbuf b = { 0 };
		_cleanup_elf_deps_ struct elf_deps d = { 0 };

		make_program(&m, &b);
		assert_ok(elf_deps_read("x", b.s, b.len, &d));
		assert_string_equal(d.interpreter, "/lib/ld.so");
		assert_int_equal(d.needed.n, 2);
		assert_string_equal(d.needed.v[1], "liby.so");
		assert_string_equal(d.rpath, "/r");
		assert_string_equal(d.runpath, "$ORIGIN/../lib:/o");
		assert_int_equal(d.machine, 62);
		assert_int_equal(d.class, m.wide ? 2 : 1);
		assert_int_equal(d.loaded_len, b.len - strlen("symbols"));
	}
}

static void every_cut_is_an_error(void **state)
{
	struct elf_make m = { .wide = true, .machine = 62, .interpreter = "/lib/ld.so",
			      .needed = LIST("libx.so.1") };
	_cleanup_strbuf_ struct strbuf b = { 0 };

	make_program(&m, &b);
	for (size_t len = 0; len < b.len; len++) {
		_cleanup_free_ char *cut = malloc(len + 1);
		struct elf_deps d;

		memcpy(cut, b.s, len);
		assert_error(elf_deps_read("cut", cut, len, &d), ERROR_BAD_DATA, "cut");
	}
}

static void closure_is_followed(void **state)
{
	struct tree *t = *state;
	_cleanup_initramfs_ struct initramfs *im = NULL;
	struct elf_make lib = { .wide = true, .machine = 62 };
	struct elf_make other = { .wide = false, .machine = 3 };

	put_elf(t, "usr/bin/prog",
		&(struct elf_make){ .wide = true, .machine = 62, .interpreter = "/lib64/ld.so",
				    .needed = LIST("libone.so", "libc.so.6"),
				    .runpath = "$ORIGIN/../libexec" });
	put_elf(t, "lib64/ld.so", &lib);
	/* a trap: a library of another machine stands first in the search */
	put_elf(t, "usr/local/lib/libc.so.6", &other);
	put_elf(t, "lib/triplet/libc.so.6", &lib);
	put_elf(t, "opt/lib/libtwo.so", &lib);
	put_elf(t, "usr/libexec/libone.so",
		&(struct elf_make){ .wide = true, .machine = 62, .needed = LIST("libtwo.so", "libone.so") });
	tree_add_bytes(t, "etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n", 33);
	tree_add_bytes(t, "etc/ld.so.conf.d/a.conf", "# first\n/usr/local/lib\n", 23);
	tree_add_bytes(t, "etc/ld.so.conf.d/b.conf", "/lib/triplet\n/opt/lib\n", 22);
	tree_add_bytes(t, "etc/ld.so.conf.d/c.txt", "/nowhere\n", 9);

	assert_ok(initramfs_new(t->fd, &im));
	assert_ok(initramfs_add_program(im, "usr/bin/prog", "/bin/prog"));
	assert_true(initramfs_has(im, "/bin/prog"));
	assert_true(initramfs_has(im, "/lib64/ld.so"));
	assert_true(initramfs_has(im, "/lib/triplet/libc.so.6"));
	assert_false(initramfs_has(im, "/usr/local/lib/libc.so.6"));
	/* $ORIGIN is where the program will be */
	assert_true(initramfs_has(im, "/libexec/libone.so"));
	/* without ld.so.cache the loader would not look into /opt/lib */
	assert_true(initramfs_has(im, "/lib/triplet/libtwo.so"));
	assert_false(initramfs_has(im, "/opt/lib/libtwo.so"));
}

/* libc names the loader as a library, which on some systems lies in a folder of libraries too:
 * it is in the image already, as the interpreter. */
static void loader_is_no_second_library(void **state)
{
	struct tree *t = *state;
	_cleanup_initramfs_ struct initramfs *im = NULL;
	struct elf_make loader = { .wide = true, .machine = 62, .tail = "symbols" };

	put_elf(t, "lib64/ld-x.so.2", &loader);
	put_elf(t, "lib64/libx.so.6",
		&(struct elf_make){ .wide = true, .machine = 62, .needed = LIST("ld-x.so.2") });
	put_elf(t, "usr/bin/dynamic",
		&(struct elf_make){ .wide = true, .machine = 62, .interpreter = "/lib64/ld-x.so.2",
				    .needed = LIST("libx.so.6") });
	assert_ok(initramfs_new(t->fd, &im));
	assert_ok(initramfs_add_program(im, "usr/bin/dynamic", NULL));
	assert_true(initramfs_has(im, "/lib64/ld-x.so.2"));
	assert_true(initramfs_has(im, "/lib64/libx.so.6"));
}

static void missing_library_is_named(void **state)
{
	struct tree *t = *state;
	_cleanup_initramfs_ struct initramfs *im = NULL;

	put_elf(t, "bin/lonely",
		&(struct elf_make){ .wide = true, .machine = 62, .needed = LIST("libgone.so.3") });
	assert_ok(initramfs_new(t->fd, &im));
	assert_error(initramfs_add_program(im, "bin/lonely", NULL), ERROR_NOT_FOUND,
		     "bin/lonely: needs the library libgone.so.3");
}

static void script_brings_its_interpreter(void **state)
{
	struct tree *t = *state;
	_cleanup_initramfs_ struct initramfs *im = NULL;

	put_elf(t, "usr/bin/perl", &(struct elf_make){ .wide = true, .machine = 62 });
	put_elf(t, "usr/bin/env", &(struct elf_make){ .wide = true, .machine = 62 });
	tree_add_bytes(t, "usr/bin/script", "#!/usr/bin/env perl\nx\n", 22);
	assert_ok(initramfs_new(t->fd, &im));
	assert_ok(initramfs_add_program(im, "usr/bin/script", NULL));
	assert_true(initramfs_has(im, "/usr/bin/script"));
	assert_true(initramfs_has(im, "/usr/bin/env"));
	assert_true(initramfs_has(im, "/usr/bin/perl"));
}

/* The real thing: a dynamic program of this machine, alone with what was found, runs. */
static void real_program_runs_from_the_image(void **state)
{
	struct tree *t = *state;
	_cleanup_initramfs_ struct initramfs *im = NULL;
	_cleanup_strbuf_ struct strbuf image = { 0 }, out = { 0 }, command = { 0 };
	_cleanup_close_ int fd = -1, root = open("/", O_RDONLY | O_DIRECTORY);
	char *argv[] = { "sh", "-c", NULL, NULL };
	struct process_how how = { .limit_ms = 20000 };

	if (geteuid() != 0)
		skip(); /* chroot is for root only */
	strbuf_printf(&image, "%s/image.cpio", t->path);
	strbuf_printf(&out, "%s/out", t->path);
	assert_ok(initramfs_new(root, &im));
	assert_ok(initramfs_add_program(im, "bin/ls", "/bin/ls"));
	fd = open(image.s, O_RDWR | O_CREAT, 0600);
	assert_ok(initramfs_write(im, INITRAMFS_PLAIN, fd, NULL));
	strbuf_printf(&command, "mkdir %s && cd %s && cpio -idm --quiet <%s && chroot . /bin/ls /bin >/dev/null",
		      out.s, out.s, image.s);
	argv[2] = command.s;
	assert_ok(process_run_ok(argv, &how));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_class_and_byte_order),
		cmocka_unit_test(every_cut_is_an_error),
		cmocka_unit_test(closure_is_followed),
		cmocka_unit_test(loader_is_no_second_library),
		cmocka_unit_test(missing_library_is_named),
		cmocka_unit_test(script_brings_its_interpreter),
		cmocka_unit_test(real_program_runs_from_the_image),
	};

	return cmocka_run_group_tests_name("program", tests, tree_setup, tree_teardown);
}
