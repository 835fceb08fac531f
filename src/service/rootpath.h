/*
 * Paths below a root: canonical names and opening without ever leaving the root, absolute
 * links included (file_open_in_root). For the running machine the root is "/".
 */
#pragma once

#include "base/base.h"

/* An O_PATH descriptor of `name` (with or without leading slash), links followed. */
struct error *rootpath_open(int root, const char *name, int *ret_fd) MUST_CHECK;
/* The same, as a name: absolute as seen from the root, links resolved, malloc'd. */
struct error *rootpath_real(int root, const char *name, char **ret) MUST_CHECK;
/* Where a link points to: the last component of its text, malloc'd. */
struct error *rootpath_link_name(int root, const char *name, char **ret) MUST_CHECK;
/* Names in a folder except . and .., sorted. A missing folder is ERROR_NOT_FOUND. */
struct error *rootpath_list(int root, const char *name, struct words *ret) MUST_CHECK;
/* `name` relative to the root's descriptor: without leading slashes, "." for the root. */
const char *rootpath_below(const char *name);
