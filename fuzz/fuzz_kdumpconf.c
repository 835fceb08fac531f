/* kdump.conf: any text is read or refused, and what is read has its defaults. */
#include "service/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_settings_ struct settings s = { 0 }, all = { .collect = true };
	_cleanup_lint_ struct lint l = { 0 };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	_cleanup_error_ struct error *e = settings_parse(&s, "fuzz", (const char *)data, size);
	bool force, never;

	/* what is refused has a problem to tell, and all of them can be told */
	error_free(settings_parse(&all, "fuzz", (const char *)data, size));
	if (e && error_kind(e) == ERROR_USAGE && !memchr(data, 0, size) && !all.problems.n)
		__builtin_trap();
	error_free(lint_settings(&l, &all));
	error_free(lint_write(&l, &text));
	if (!e)
		error_free(settings_rebuild_wish(&s, &force, &never));
	if (!settings_get(&s, SETTING_PATH))
		__builtin_trap();
	return 0;
}
