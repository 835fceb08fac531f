/* A recorded root for the tests: files made from text below a private folder. */
#pragma once

#include "../test.h"

struct tree {
	char *path;
	int fd;
};

static inline void tree_init(struct tree *t)
{
	assert_ok(file_private_folder(&t->path));
	t->fd = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(t->fd >= 0);
}

static inline void tree_add_bytes(struct tree *t, const char *name, const void *bytes, size_t len)
{
	_cleanup_close_ int fd = -1;
	char folder[256];

	snprintf(folder, sizeof(folder), "%s", name);
	if (strrchr(folder, '/')) {
		*strrchr(folder, '/') = '\0';
		assert_ok(file_make_folders(t->fd, folder, 0700));
	}
	fd = openat(t->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_ok(file_write_fd(fd, name, bytes, len));
}

static inline void tree_add(struct tree *t, const char *name, const char *text)
{
	tree_add_bytes(t, name, text, strlen(text));
}

static inline void tree_done(struct tree *t)
{
	close(t->fd);
	file_remove_tree(t->path);
	free(t->path);
}

/* The same as a fixture of its own for a test or a group; the test finds it in *state. */
static inline int tree_setup(void **state)
{
	struct tree *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	tree_init(t);
	*state = t;
	return 0;
}

static inline int tree_teardown(void **state)
{
	tree_done(*state);
	free(*state);
	return 0;
}
