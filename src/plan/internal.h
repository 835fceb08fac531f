/* Shared by the reader and the writer of the plan. */
#pragma once

#include "plan/plan.h"

/* What holds between the values, however they came in. */
struct error *plan_check(const struct plan *p) MUST_CHECK;
