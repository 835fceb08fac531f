/*
 * The closure of modules on a tree made here: ELF modules, indexed by depmod. d needs c needs
 * b needs a; d wants "soft" before and "late" after it; two modules answer to one alias.
 */
#include "../host/tree.h"

#include "initramfs/initramfs.h"
#include "make_elf.h"

#define REL	"6.1.0-test"
#define MODULES "lib/modules/" REL
#define LIST(...) (const char *const[]){ __VA_ARGS__, NULL }

static void write_module(struct tree *t, const char *name, const struct module_make *m)
{
	_cleanup_strbuf_ struct strbuf file = { 0 }, path = { 0 };

	make_module(m, &file);
	strbuf_puts(&file, "~Module signature appended~\n");
	strbuf_printf(&path, MODULES "/kernel/%s.ko", name);
	tree_add_bytes(t, path.s, file.s, file.len);
}

static int make_tree(void **state)
{
	struct tree *t;
	_cleanup_strbuf_ struct strbuf outside = { 0 };
	char *depmod[] = { "depmod", "-C", NULL, "-b", NULL, REL, NULL };
	struct process_how how = { .limit_ms = 20000 };
	struct error *e;

	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	(void)tree_setup(state);
	t = *state;
	write_module(t, "a", &(struct module_make){ .exports = LIST("a_fn") });
	write_module(t, "b", &(struct module_make){ .exports = LIST("b_fn"), .imports = LIST("a_fn") });
	write_module(t, "sub/c-c",
		     &(struct module_make){ .exports = LIST("c_fn"), .imports = LIST("b_fn") });
	write_module(t, "d",
		     &(struct module_make){ .modinfo = LIST("softdep=pre: soft post: late absent",
							    "alias=fs-d", "alias=pci:v1*"),
					    .imports = LIST("c_fn") });
	write_module(t, "soft", &(struct module_make){ .imports = LIST("a_fn") });
	write_module(t, "late", &(struct module_make){ .modinfo = LIST("alias=twice") });
	write_module(t, "second", &(struct module_make){ .modinfo = LIST("alias=twice") });
	write_module(t, "banned", &(struct module_make){ .modinfo = LIST("alias=fs-banned") });
	tree_add(t, MODULES "/modules.builtin", "kernel/core.ko\n");
	tree_add(t, MODULES "/modules.order", "");
	/* people line options up, and leave blanks at the end */
	tree_add(t, "etc/modprobe.d/x.conf",
		   "options d  speed=3\noptions  d name=x  \nblacklist banned\noptions b   \n");
	/* modules.dep names a module of another folder by its absolute path */
	assert_ok(file_make_folders(t->fd, "o", 0755));
	assert_int_equal(renameat(t->fd, MODULES "/kernel/banned.ko", t->fd, "o/banned.ko"), 0);
	strbuf_printf(&outside, "search built-in external\nexternal * %s/o\n", t->path);
	tree_add(t, "depmod.conf", strbuf_str(&outside));
	if (asprintf(&depmod[2], "%s/depmod.conf", t->path) < 0)
		return -1;
	depmod[4] = t->path;
	e = process_run_ok(depmod, &how);
	free(depmod[2]);
	if (!e)
		return 0;
	fprintf(stderr, "# %s (depmod is among what `make check` installs)\n", error_message(e));
	error_free(e);
	return -1;
}

static void closure_of(struct tree *t, const char *const *names, struct module_list *ret)
{
	_cleanup_words_ struct words w = { 0 };

	for (size_t i = 0; names[i]; i++)
		assert_ok(words_add(&w, names[i]));
	assert_ok(modules_closure(t->fd, REL, &w, ret));
}

/* The list as text: names in order, with ! on the required ones. */
static const char *shown(const struct module_list *l)
{
	static char text[256];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < l->files.n; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%s%s", i ? " " : "",
				l->files.v[i].name, l->files.v[i].required ? "!" : "");
	return text;
}

static void dependencies_come_first(void **state)
{
	_cleanup_module_list_ struct module_list l = { 0 };

	closure_of(*state, LIST("d"), &l);
	/* soft is wanted before d and needs a, which c and b below d need in earnest */
	assert_string_equal(shown(&l), "a! soft b! c_c! d! late");
	assert_string_equal(l.files.v[3].source, MODULES "/kernel/sub/c-c.ko");
	assert_string_equal(l.files.v[3].path, "/" MODULES "/kernel/sub/c-c.ko");
	assert_string_equal(l.files.v[4].parameters, "speed=3 name=x");
	assert_null(l.files.v[0].parameters);
	assert_null(l.files.v[2].parameters);
}

static void each_is_there_once(void **state)
{
	_cleanup_module_list_ struct module_list l = { 0 };

	closure_of(*state, LIST("b", "c-c", "c_c", "a"), &l);
	assert_string_equal(shown(&l), "a! b! c_c!");
}

static void aliases_are_resolved(void **state)
{
	_cleanup_module_list_ struct module_list one = { 0 }, two = { 0 }, pci = { 0 };

	closure_of(*state, LIST("fs-d"), &one);
	assert_string_equal(shown(&one), "a! soft b! c_c! d! late");
	closure_of(*state, LIST("twice"), &two);
	assert_true(strcmp(shown(&two), "late second") == 0 || strcmp(shown(&two), "second late") == 0);
	closure_of(*state, LIST("pci:v12", "pci:v9"), &pci);
	assert_string_equal(shown(&pci), "a soft b c_c d late");
}

static void builtin_needs_no_file(void **state)
{
	_cleanup_module_list_ struct module_list l = { 0 };

	closure_of(*state, LIST("core", "a"), &l);
	assert_string_equal(shown(&l), "a!");
	assert_int_equal(l.builtin.n, 1);
	assert_string_equal(l.builtin.v[0], "core");
}

static void blacklist_holds_for_aliases(void **state)
{
	_cleanup_module_list_ struct module_list alias = { 0 }, name = { 0 };

	closure_of(*state, LIST("fs-banned"), &alias);
	assert_string_equal(shown(&alias), "");
	closure_of(*state, LIST("banned"), &name);
	assert_string_equal(shown(&name), "banned!");
}

static void modules_outside_of_the_release_folder(void **state)
{
	struct tree *t = *state;
	_cleanup_module_list_ struct module_list l = { 0 };
	_cleanup_strbuf_ struct strbuf source = { 0 };

	closure_of(t, LIST("banned"), &l);
	strbuf_printf(&source, "%s/o/banned.ko", t->path + 1);
	assert_string_equal(l.files.v[0].source, source.s);
	assert_string_equal(l.files.v[0].path, "/" MODULES "/external/banned.ko");
}

static void what_is_missing_is_said(void **state)
{
	struct tree *t = *state;
	_cleanup_words_ struct words w = { 0 };
	struct module_list l;

	assert_ok(words_add(&w, "nothing_like_it"));
	assert_error(modules_closure(t->fd, REL, &w, &l), ERROR_NOT_FOUND, "nothing_like_it");
	assert_error(modules_closure(t->fd, "6.2", &w, &l), ERROR_NOT_FOUND, "depmod 6.2");
	assert_error(modules_closure(t->fd, "../x", &w, &l), ERROR_USAGE, "no kernel release");
}


static void module_goes_into_the_image(void **state)
{
	struct tree *t = *state;
	_cleanup_initramfs_ struct initramfs *im = NULL;
	_cleanup_module_list_ struct module_list l = { 0 };
	_cleanup_free_ char *plain = NULL, *archive = NULL;
	_cleanup_fclose_ FILE *f = tmpfile();
	size_t len, archive_len;

	closure_of(t, LIST("a"), &l);
	assert_ok(initramfs_new(t->fd, &im));
	assert_ok(initramfs_add_module(im, &l.files.v[0]));
	assert_ok(initramfs_write(im, INITRAMFS_PLAIN, fileno(f), NULL));
	lseek(fileno(f), 0, SEEK_SET);
	assert_ok(file_read_fd(fileno(f), "archive", 1 << 20, &archive, &archive_len));
	assert_ok(file_read(t->fd, MODULES "/kernel/a.ko", 8192, &plain, &len));
	assert_non_null(memmem(archive, archive_len, plain, len));
	assert_non_null(memmem(archive, archive_len, MODULES "/kernel/a.ko", 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dependencies_come_first),
		cmocka_unit_test(each_is_there_once),
		cmocka_unit_test(aliases_are_resolved),
		cmocka_unit_test(builtin_needs_no_file),
		cmocka_unit_test(blacklist_holds_for_aliases),
		cmocka_unit_test(modules_outside_of_the_release_folder),
		cmocka_unit_test(what_is_missing_is_said),
		cmocka_unit_test(module_goes_into_the_image),
	};

	return cmocka_run_group_tests_name("modules", tests, make_tree, tree_teardown);
}
