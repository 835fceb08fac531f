/* Shared by the files of this folder. */
#pragma once

#include "plan/plan.h"

/* layers.c: the keys map, row, array and key. */
struct error *plan_key_map(struct plan *p, char *value) MUST_CHECK;
struct error *plan_key_row(struct plan *p, char *value) MUST_CHECK;
struct error *plan_key_array(struct plan *p, char *value) MUST_CHECK;
struct error *plan_key_key(struct plan *p, char *value) MUST_CHECK;
struct error *plan_check_layers(const struct plan *p) MUST_CHECK;

/* plan.c */
bool plan_path_is_clean(const char *path);
bool plan_device_is_named(const char *device);
/* What holds between the values, however they came in. */
struct error *plan_check(const struct plan *p) MUST_CHECK;
