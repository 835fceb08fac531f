/* How much memory a capture kernel gets where nobody says; see crashkernel.h. */
#include "service/crashkernel.h"

#include <dirent.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "host/host.h"
#include "service/kernel_log.h"
#include "service/rootpath.h"

#define POWER_CPUS 16 /* nr_cpus= of the stock command lines there */

/* The values that kdump-utils of Fedora and RHEL 10 gives, so that a machine that changes over
 * keeps its size. What a machine has more is added to each size. */
static const struct {
	const char *arch;
	enum dump_mode mode;
	const char *ranges;
} tables[] = {
	{ "x86_64", DUMP_MODE_KDUMP, "2G-64G:256M,64G-:512M" },
	{ "s390x", DUMP_MODE_KDUMP, "2G-64G:256M,64G-:512M" },
	{ "aarch64", DUMP_MODE_KDUMP, "2G-4G:256M,4G-64G:320M,64G-:576M" },
	{ "ppc64le", DUMP_MODE_KDUMP, "2G-4G:384M,4G-16G:512M,16G-64G:1G,64G-128G:2G,128G-:4G" },
	{ "ppc64le", DUMP_MODE_FADUMP,
	  "4G-16G:768M,16G-64G:1G,64G-128G:2G,128G-1T:4G,1T-2T:6G,2T-4T:12G,4T-8T:20G,8T-16T:36G,"
	  "16T-32T:64G,32T-64T:128G,64T-:180G" },
};

static unsigned more_mb(const struct crashkernel_facts *f, enum dump_mode mode)
{
	unsigned mb = 0;

	if (!strcmp(f->arch, "ppc64le"))
		return f->nr_cpus[mode]; /* each CPU of the capture kernel takes one */
	if (!strcmp(f->arch, "aarch64")) {
		mb += f->pages_64k ? 100 : 0;
		mb += f->mlx5 ? (f->pages_64k ? 200 : 150) : 0;
		mb += f->smmu && f->pages_64k ? 384 : 0;
	} else if (f->encrypted) {
		mb = 64; /* bounce buffers */
	}
	return mb;
}

static const char *table_of(const char *arch, enum dump_mode mode)
{
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
			if (!strcmp(tables[i].arch, arch) && tables[i].mode == mode)
				return tables[i].ranges;
		mode = DUMP_MODE_KDUMP; /* no firmware dumps there */
	}
	return NULL;
}

struct error *crashkernel_default(const struct crashkernel_facts *f, enum dump_mode mode, char **ret)
{
	const char *ranges = table_of(f->arch, mode);
	_cleanup_strbuf_ struct strbuf out = { 0 };
	unsigned more = more_mb(f, mode);
	size_t len;

	*ret = NULL;
	for (const char *p = ranges; p && *p; p += len) {
		size_t size = strcspn(p, ":") + 1;
		uint64_t mb = strtoull(p + size, NULL, 10);

		len = strcspn(p, ",");
		if (p[len - 1] == 'G' && more)
			mb *= 1024;
		if (more)
			strbuf_printf(&out, "%.*s%lluM", (int)size, p, (unsigned long long)mb + more);
		else
			strbuf_add(&out, p, len);
		if (p[len] == ',') {
			strbuf_putc(&out, ',');
			len++;
		}
	}
	TRY(strbuf_error(&out));
	if (!ranges)
		return NULL;
	*ret = strbuf_take(&out, NULL);
	return *ret ? NULL : error_nomem();
}

/* The kernel's word for itself; before 6.1 it is only to be had by a call, which knows no root. */
static struct error *machine(int root, char *to, size_t room)
{
	_cleanup_free_ char *text = NULL;
	struct error *e = file_read(root, "proc/sys/kernel/arch", 256, &text, NULL);
	struct utsname u;

	if (error_drop_if(&e, ERROR_NOT_FOUND)) {
		if (uname(&u) < 0)
			return error_new(ERROR_OTHER, "the kernel does not say its architecture");
		snprintf(to, room, "%.*s", (int)room - 1, u.machine);
		return NULL;
	}
	TRY(e);
	snprintf(to, room, "%.*s", (int)room - 1, text_strip(text));
	return NULL;
}

static bool has_smmu(int root)
{
	_cleanup_words_ struct words names = { 0 };
	struct error *e = rootpath_list(root, "sys/class/iommu", &names);

	error_free(e); /* no such folder: no IOMMU */
	for (size_t i = 0; i < names.n; i++)
		if (text_starts(names.v[i], "smmu3") || text_starts(names.v[i], "arm-smmu-v3"))
			return true;
	return false;
}

/* Kernels of 64 KiB pages say so in their name or their configuration. */
static bool large_pages(int root, const char *release)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	struct error *e;

	if (text_ends(release, "64k"))
		return true;
	if (asprintf(&path, "boot/config-%s", release) < 0) {
		path = NULL;
		return false;
	}
	e = file_read(root, path, 1 << 20, &text, NULL);
	error_free(e); /* not said */
	return text && strstr(text, "\nCONFIG_ARM64_64K_PAGES=y");
}

/* "Memory Encryption Features active: AMD SME", or SEV (arch/x86/mm/mem_encrypt.c). */
static struct error *encrypted(int root, bool *ret)
{
	_cleanup_words_ struct words log = { 0 };
	const char *line;

	TRY(kernel_log_read(root, &log));
	line = kernel_log_find(&log, "Memory Encryption Features active: AMD ");
	*ret = line && (strstr(line, "SME") || strstr(line, "SEV"));
	return NULL;
}

static unsigned nr_cpus(const char *line)
{
	_cleanup_free_ char *value = NULL;
	bool found;
	uint64_t n;
	struct error *e = cmdline_find(line, "nr_cpus", &found, &value);

	error_free(e); /* out of memory for a few bytes: the stock number */
	return value && text_u64(value, &n) && n && n <= 8192 ? n : POWER_CPUS;
}

struct error *crashkernel_facts(int root, const struct sysconfig *conf, const char *release,
				struct crashkernel_facts *ret)
{
	_cleanup_free_ char *running = NULL;
	struct crashkernel_facts f = { .nr_cpus = { POWER_CPUS, POWER_CPUS } };
	const char *append = sysconfig_assigned(conf, "KDUMP_COMMANDLINE_APPEND");
	const char *fadump = sysconfig_assigned(conf, "FADUMP_COMMANDLINE_APPEND");

	TRY(machine(root, f.arch, sizeof(f.arch)));
	if (!release) {
		TRY(host_kernel_release(root, &running));
		release = running;
	}
	if (append)
		f.nr_cpus[DUMP_MODE_KDUMP] = nr_cpus(append);
	if (fadump)
		f.nr_cpus[DUMP_MODE_FADUMP] = nr_cpus(fadump);
	f.mlx5 = file_exists(root, "sys/module/mlx5_core");
	f.smmu = has_smmu(root);
	if (!strcmp(f.arch, "aarch64"))
		f.pages_64k = large_pages(root, release);
	if (!strcmp(f.arch, "x86_64"))
		TRY(encrypted(root, &f.encrypted));
	*ret = f;
	return NULL;
}
