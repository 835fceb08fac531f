/* What every unit test includes: cmocka in the order it wants, and checks of errors. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/base.h"

#define assert_ok(expr)                                                                         \
	do {                                                                                    \
		struct error *ok_e_ = (expr);                                                   \
		if (ok_e_)                                                                      \
			fail_msg("%s: %s", #expr, error_message(ok_e_));                        \
	} while (0)

/* Fails with exactly this kind, and a message that holds `words`. */
#define assert_error(expr, kind, words)                                                         \
	do {                                                                                    \
		struct error *bad_e_ = (expr);                                                  \
		assert_non_null(bad_e_);                                                        \
		if (error_kind(bad_e_) != (kind) || !strstr(error_message(bad_e_), words))      \
			fail_msg("%s: kind %d, \"%s\"", #expr, error_kind(bad_e_),              \
				 error_message(bad_e_));                                        \
		error_free(bad_e_);                                                             \
	} while (0)
