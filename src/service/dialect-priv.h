/* What the dialects share; see dialect.h. */
#pragma once

#include "service/dialect.h"

/* A variable's value; null when it is not assigned, or empty. */
const char *dialect_value(const struct dialect *d, const char *name);
/* "FILE line N: NAME=VALUE" and what is to be said of it, among the settings' warnings. */
struct error *dialect_warn(const struct dialect *d, struct settings *s, const char *name,
			   const char *what) MUST_CHECK;
/* Stores it as the value of a directive of kdump.conf. */
struct error *dialect_put(const struct dialect *d, struct settings *s, const char *name,
			  const char *key, const char *fmt, ...) PRINTF(5, 6) MUST_CHECK;
/* Warns of variables with one of the prefixes (null-terminated) that are not in `known`. */
struct error *dialect_check_names(const struct dialect *d, struct settings *s,
				  const char *const *prefixes, const char *const *known,
				  size_t nr_known) MUST_CHECK;

struct error *debian_sysconfig(const struct dialect *d, int root,
			       struct sysconfig *c) MUST_CHECK;
struct error *debian_settings(const struct dialect *d, struct settings *s) MUST_CHECK;
struct error *suse_sysconfig(const struct dialect *d, struct sysconfig *c) MUST_CHECK;
struct error *suse_settings(const struct dialect *d, struct settings *s) MUST_CHECK;
