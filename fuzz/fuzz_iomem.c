/* Any text as /proc/iomem: rows, ranges and the capture kernel's map out of it. */
#include <string.h>

#include "kexec/e820.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	_cleanup_iomem_ struct iomem m = { 0 };
	_cleanup_ranges_ struct ranges ram = { 0 }, regions = { 0 };
	_cleanup_e820_ struct e820 e = { 0 };
	struct error *bad = text ? iomem_parse("iomem", text, &m) : error_nomem();

	if (!bad)
		bad = iomem_ram(&m, &ram);
	if (!bad)
		bad = iomem_crash_regions(&m, &regions);
	if (!bad)
		bad = e820_for_panic(&m, &regions, &regions, &regions, &e);
	error_free(bad);
	return 0;
}
