/* Firmware's tables as the running kernel shows them; see firmware.h. */
#include "host/firmware.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

#define ENTRIES_MAX (1u << 20)

enum e820_type e820_type_by_name(const char *name)
{
	static const struct {
		const char *name;
		enum e820_type type;
	} names[] = {
		{ "System RAM", E820_RAM },
		{ "ACPI Tables", E820_ACPI },
		{ "ACPI Non-volatile Storage", E820_NVS },
		{ "Unusable memory", E820_UNUSABLE },
		{ "Persistent Memory", E820_PMEM },
		{ "Persistent Memory (legacy)", E820_PRAM },
		{ "Persistent RAM", E820_PRAM },
		{ "Soft Reserved", E820_SOFT_RESERVED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i].name, name))
			return names[i].type;
	return E820_RESERVED;
}

/* A one-line file without its newline. */
static struct error *read_line(int dirfd, const char *name, char **ret)
{
	_cleanup_free_ char *text = NULL;

	TRY(file_read(dirfd, name, 65536, &text, NULL));
	text[strcspn(text, "\n")] = '\0';
	*ret = take_ptr(text);
	return NULL;
}

static struct error *read_number(int dirfd, uint64_t nr, const char *file, uint64_t *ret)
{
	char name[64];

	snprintf(name, sizeof(name), "%llu/%s", (unsigned long long)nr, file);
	return file_read_u64(dirfd, name, ret);
}

static struct error *open_folder(int root, const char *name, int *ret)
{
	int fd = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(errno, "/%s: open", name);
	*ret = fd;
	return NULL;
}

/* Whether folder NR is below `dirfd`; entries are numbered from 0 without gaps. */
static bool have_entry(int dirfd, uint64_t nr)
{
	char name[32];

	snprintf(name, sizeof(name), "%llu", (unsigned long long)nr);
	return nr < ENTRIES_MAX && file_exists(dirfd, name);
}

static int by_start(const void *a, const void *b)
{
	const struct memmap_entry *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static struct error *read_memmap(int folder, struct memmap *m)
{
	for (uint64_t nr = 0; have_entry(folder, nr); nr++) {
		_cleanup_free_ char *type = NULL;
		struct memmap_entry e;
		char name[64];

		TRY(read_number(folder, nr, "start", &e.start));
		TRY(read_number(folder, nr, "end", &e.end));
		snprintf(name, sizeof(name), "%llu/type", (unsigned long long)nr);
		TRY(read_line(folder, name, &type));
		if (e.end < e.start)
			return error_new(ERROR_BAD_DATA,
					 "/sys/firmware/memmap/%llu: ends before it starts",
					 (unsigned long long)nr);
		e.end += e.end != UINT64_MAX;
		snprintf(e.type, sizeof(e.type), "%s", type);
		if (!vector_push(&m->rows, e))
			return error_nomem();
	}
	if (m->rows.n)
		qsort(m->rows.v, m->rows.n, sizeof(*m->rows.v), by_start);
	return NULL;
}

struct error *host_memmap(int root, struct memmap *ret)
{
	_cleanup_memmap_ struct memmap m = { 0 };
	_cleanup_close_ int folder = -1;

	TRY(open_folder(root, "sys/firmware/memmap", &folder));
	TRY(read_memmap(folder, &m));
	*ret = m;
	m = (struct memmap){ 0 };
	return NULL;
}

void memmap_done(struct memmap *m)
{
	vector_done(&m->rows);
}

static struct error *read_runtime_map(int folder, struct host_efi *efi)
{
	for (uint64_t nr = 0; have_entry(folder, nr); nr++) {
		struct efi_descriptor d;
		uint64_t type;

		TRY(read_number(folder, nr, "type", &type));
		TRY(read_number(folder, nr, "phys_addr", &d.pa));
		TRY(read_number(folder, nr, "virt_addr", &d.va));
		TRY(read_number(folder, nr, "num_pages", &d.nr_pages));
		TRY(read_number(folder, nr, "attribute", &d.attribute));
		d.type = (uint32_t)type;
		if (!vector_push(&efi->runtime_map, d))
			return error_nomem();
	}
	return NULL;
}

/* Lines "ACPI20=0x7fe014". */
static struct error *read_systab(int folder, struct host_efi *efi)
{
	const struct {
		const char *name;
		uint64_t *to;
	} keys[] = { { "ACPI20=", &efi->acpi20 },
		     { "ACPI=", &efi->acpi },
		     { "SMBIOS3=", &efi->smbios3 },
		     { "SMBIOS=", &efi->smbios } };
	_cleanup_free_ char *text = NULL;
	struct error *e = file_read(folder, "systab", 65536, &text, NULL);
	char *rest, *line;

	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	rest = text;
	while ((line = text_next_line(&rest)))
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			const char *value = text_after(line, keys[i].name);

			if (value && !text_hex(value, keys[i].to))
				return error_new(ERROR_BAD_DATA,
						 "/sys/firmware/efi/systab: \"%s\" holds no address",
						 line);
		}
	return NULL;
}

static struct error *read_optional(int folder, const char *name, uint64_t *ret)
{
	struct error *e = file_read_u64(folder, name, ret);

	(void)error_drop_if(&e, ERROR_NOT_FOUND); /* not every kernel shows it */
	return e;
}

static struct error *read_efi(int folder, struct host_efi *efi)
{
	_cleanup_close_ int map = openat(folder, "runtime-map", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t bits = 64;

	efi->booted = true;
	TRY(read_optional(folder, "fw_platform_size", &bits));
	efi->is_64bit = bits == 64;
	TRY(read_optional(folder, "fw_vendor", &efi->fw_vendor));
	TRY(read_optional(folder, "runtime", &efi->runtime));
	TRY(read_optional(folder, "config_table", &efi->config_table));
	TRY(read_systab(folder, efi));
	return map < 0 ? NULL : read_runtime_map(map, efi);
}

struct error *host_efi(int root, struct host_efi *ret)
{
	_cleanup_host_efi_ struct host_efi efi = { 0 };
	_cleanup_close_ int folder = -1;
	struct error *e = open_folder(root, "sys/firmware/efi", &folder);

	if (!error_drop_if(&e, ERROR_NOT_FOUND)) {
		TRY(e);
		TRY(error_prefix(read_efi(folder, &efi), "/sys/firmware/efi"));
	}
	*ret = efi;
	efi = (struct host_efi){ 0 };
	return NULL;
}

void host_efi_done(struct host_efi *e)
{
	vector_done(&e->runtime_map);
}

struct error *host_boot_params(int root, unsigned char ret[BOOT_PARAMS_LEN])
{
	_cleanup_free_ char *bytes = NULL;
	size_t len;

	TRY(file_read(root, "sys/kernel/boot_params/data", BOOT_PARAMS_LEN, &bytes, &len));
	if (len != BOOT_PARAMS_LEN)
		return error_new(ERROR_BAD_DATA,
				 "/sys/kernel/boot_params/data: %zu bytes, %d were expected", len,
				 BOOT_PARAMS_LEN);
	memcpy(ret, bytes, len);
	return NULL;
}
