/* kernel/time/timekeeping.c: tk_core, timekeeper_data[] since 6.17 */
#include "shell/clockwork.h"

#include "base/base.h"
#include "kernel/peek.h"

struct error *kernel_now_ns(struct shell *sh, uint64_t *ret)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t tk = peek_symbol(&p, "tk_core|timekeeper_data"), shift;

	tk += peek_offset(&p, "tk_data", "timekeeper");
	if (!peek_ok(&p)) { /* before 6.13 struct tk_core has no name: a counter, then the timekeeper */
		tk = peek_symbol(&p, "tk_core");
		tk += 8;
	}
	shift = peek_member(&p, tk, "timekeeper", "tkr_mono.shift") & 63;
	*ret = peek_member(&p, tk, "timekeeper", "tkr_mono.base") + (peek_member(&p, tk, "timekeeper", "tkr_mono.xtime_nsec") >> shift);
	return peek_error(&p);
}
