/*
 * Directives that kdump.conf had once, or never had: what to write instead. Nothing here
 * changes what is accepted; it is advice for whoever moves an old file.
 */
#pragma once

#include "base/base.h"

struct legacy_advice {
	char *instead;	 /* the line to write, null: none takes its place */
	char *where;	 /* file it goes to; null: where it stands */
	const char *why; /* half a sentence; static; null */
};

/* What becomes of `key value`. `near` (may be null) is the known directive that an unknown key
 * resembles most; see settings_nearest(). All null when there is nothing to say. */
struct error *legacy_advise(const char *key, const char *value, const char *near,
			    struct legacy_advice *ret) MUST_CHECK;
void legacy_advice_done(struct legacy_advice *a);

static inline void legacy_advice_done_cleanup(struct legacy_advice *a)
{
	legacy_advice_done(a);
}
#define _cleanup_legacy_advice_ CLEANUP(legacy_advice_done)
