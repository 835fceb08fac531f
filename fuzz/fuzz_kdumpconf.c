/* kdump.conf: any text is read or refused, and what is read has its defaults. */
#include "service/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_settings_ struct settings s = { 0 };
	_cleanup_error_ struct error *e = settings_parse(&s, "fuzz", (const char *)data, size);
	bool force, never;

	if (!e)
		error_free(settings_rebuild_wish(&s, &force, &never));
	if (!settings_get(&s, SETTING_PATH))
		__builtin_trap();
	return 0;
}
