/*
 * The other files that configure the service: whatever is in them, it is read or refused, and what is read
 * has its values. The first byte chooses the dialect.
 */
#include "service/dialect.h"
#include "service/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void trap_unless(bool ok)
{
	if (!ok)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_dialect_ struct dialect d = { .file = "fuzz" };
	_cleanup_settings_ struct settings s = { 0 };
	_cleanup_sysconfig_ struct sysconfig c = { 0 };
	_cleanup_lint_ struct lint l = { 0 };
	struct error *e;

	if (!size)
		return 0;
	d.kind = *data == 'd' ? DIALECT_DEBIAN : DIALECT_SUSE;
	d.vars.spaced = d.kind == DIALECT_DEBIAN;
	s.collect = size & 1;
	e = sysconfig_parse(&d.vars, "fuzz", (const char *)data + 1, size - 1);
	if (!e) {
		e = dialect_sysconfig(&d, -1, &c);
		trap_unless(!e);
		e = dialect_settings(&d, -1, &s);
		trap_unless(e || s.problems.n || (settings_get(&s, SETTING_PATH) && s.value[SETTING_CORE_COLLECTOR]));
	}
	error_free(e);
	error_free(lint_settings(&l, &s));
	return 0;
}
