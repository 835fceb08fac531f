/* Thinning out saved dumps at service time, by the same rules as the capture does. */
#pragma once

#include "base/base.h"
#include "plan/plan.h"
#include "service/resolve.h"

/* Names of the folders that went are put into `removed`, also before a failure. Nothing happens for
 * targets that are not mounted. */
struct error *keep_apply(int root, const struct target *t, const struct plan *p,
			 struct words *removed) MUST_CHECK;
