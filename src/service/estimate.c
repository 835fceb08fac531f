/* Memory of a capture; see estimate.h. */
#include "service/estimate.h"

#include <elf.h>
#include <string.h>

#include "host/host.h"
#include "service/rootpath.h"
#include "unpack/unpack.h"

#define KERNEL_LIMIT  (256u << 20)
#define UNPACKED_LIMIT (1u << 30)
#define RUNTIME	      (16ull << 20) /* what the kernel allocates and programs use */
#define IMAGE_TIMES   3 /* packed, unpacked, and copied from one to the other */
#define LARGE	      (1ull << 20)

/* struct setup_header (arch/x86/include/uapi/asm/bootparam.h, protocol 2.08). */
#define SETUP_SECTS	 0x1f1
#define HEADER_MAGIC	 0x202
#define PAYLOAD_OFFSET	 0x248
#define PAYLOAD_LENGTH	 0x24c

void estimate_done(struct estimate *e)
{
	for (size_t i = 0; i < e->large.n; i++)
		free(e->large.v[i].name);
	vector_done(&e->large);
}

static bool is_elf64(const unsigned char *p, size_t len)
{
	return len >= sizeof(Elf64_Ehdr) && !memcmp(p, ELFMAG, SELFMAG) && p[EI_CLASS] == ELFCLASS64 &&
	       p[EI_DATA] == ELFDATA2LSB;
}

static struct error *sum_segments(const char *name, const unsigned char *p, size_t len, uint64_t *ret)
{
	Elf64_Ehdr h;
	uint64_t total = 0;

	memcpy(&h, p, sizeof(h));
	for (unsigned i = 0; i < h.e_phnum; i++) {
		Elf64_Phdr ph;

		if (h.e_phentsize < sizeof(ph) || h.e_phoff > len ||
		    len - h.e_phoff < (uint64_t)h.e_phentsize * i + sizeof(ph))
			return error_new(ERROR_BAD_DATA, "%s: the program headers reach past the end", name);
		memcpy(&ph, p + h.e_phoff + (uint64_t)h.e_phentsize * i, sizeof(ph));
		if (ph.p_type == PT_LOAD && add_overflows(total, ph.p_memsz, &total))
			return error_new(ERROR_BAD_DATA, "%s: segments of impossible size", name);
	}
	*ret = total;
	return NULL;
}

/* `p` is in *ret_buf then, when it was packed. */
static struct error *unpack(const char *name, const unsigned char **p, size_t *len, char **ret_buf)
{
	size_t unpacked_len;

	TRY(unpack_bytes(name, *p, *len, UNPACKED_LIMIT, ret_buf, &unpacked_len));
	if (*ret_buf) {
		*p = (const unsigned char *)*ret_buf;
		*len = unpacked_len;
	}
	return NULL;
}

/* The payload of a bzImage is the packed ELF file. */
static void payload(const unsigned char **p, size_t *len)
{
	uint64_t off;
	uint32_t n;

	if (*len < 0x260 || memcmp(*p + HEADER_MAGIC, "HdrS", 4))
		return;
	off = ((*p)[SETUP_SECTS] + 1) * 512ull + get_u32(*p + PAYLOAD_OFFSET, false);
	n = get_u32(*p + PAYLOAD_LENGTH, false);
	if (!n || off > *len || n > *len - off)
		return;
	*p += off;
	*len = n;
}

struct error *kernel_footprint(const char *name, const void *bytes, size_t len, uint64_t *ret)
{
	_cleanup_free_ char *unpacked = NULL;
	const unsigned char *p = bytes;
	size_t n = len;

	payload(&p, &n);
	TRY(unpack(name, &p, &n, &unpacked));
	if (!is_elf64(p, n))
		return error_new(ERROR_UNSUPPORTED, "%s: holds no ELF kernel", name);
	return sum_segments(name, p, n, ret);
}

struct error *module_footprint(const char *name, const void *bytes, size_t len, uint64_t *ret)
{
	_cleanup_free_ char *unpacked = NULL;
	const unsigned char *p = bytes;
	uint64_t total = 0;
	Elf64_Ehdr h;
	size_t n = len;

	TRY(unpack(name, &p, &n, &unpacked));
	if (!is_elf64(p, n))
		return error_new(ERROR_UNSUPPORTED, "%s: is no 64-bit module", name);
	memcpy(&h, p, sizeof(h));
	for (unsigned i = 0; i < h.e_shnum; i++) {
		Elf64_Shdr sh;

		if (h.e_shentsize < sizeof(sh) || h.e_shoff > n ||
		    n - h.e_shoff < (uint64_t)h.e_shentsize * i + sizeof(sh))
			return error_new(ERROR_BAD_DATA, "%s: the section headers reach past the end", name);
		memcpy(&sh, p + h.e_shoff + (uint64_t)h.e_shentsize * i, sizeof(sh));
		if ((sh.sh_flags & SHF_ALLOC) && add_overflows(total, sh.sh_size, &total))
			return error_new(ERROR_BAD_DATA, "%s: sections of impossible size", name);
	}
	*ret = total;
	return NULL;
}

/* Code, data and bss of the running one, when its file does not tell. */
static struct error *running_kernel(int root, uint64_t *ret)
{
	static const char *const names[] = { "Kernel code", "Kernel rodata", "Kernel data", "Kernel bss" };
	_cleanup_iomem_ struct iomem m = { 0 };
	_cleanup_ranges_ struct ranges r = { 0 };

	TRY(iomem_read(root, &m));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		TRY(iomem_named(&m, names[i], &r));
	*ret = ranges_total(&r);
	return NULL;
}

static struct error *kernel_size(const struct image_how *how, uint64_t *ret)
{
	const char *name = how->kernel->kernel;
	_cleanup_free_ char *bytes = NULL;
	struct error *e;
	size_t len;

	TRY(file_read(how->root, rootpath_below(name), KERNEL_LIMIT, &bytes, &len));
	e = kernel_footprint(name, bytes, len, ret);
	if (!error_drop_if(&e, ERROR_UNSUPPORTED) && !error_drop_if(&e, ERROR_BAD_DATA))
		return e;
	return running_kernel(how->root, ret);
}

/* "name size …" lines of /proc/modules; 0: not loaded now. */
static uint64_t loaded_size(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = text; p && *p; p = strchr(p, '\n'), p += p != NULL)
		if (!strncmp(p, name, n) && p[n] == ' ')
			return strtoull(p + n, NULL, 10);
	return 0;
}

static struct error *module_sizes(const struct image *im, struct estimate *est)
{
	_cleanup_free_ char *loaded = NULL;
	struct error *e = file_read(im->how->root, "proc/modules", 1 << 20, &loaded, NULL);

	(void)error_drop_if(&e, ERROR_NOT_FOUND); /* the files tell too */
	TRY(e);
	for (size_t i = 0; i < im->modules.files.n; i++) {
		const struct module_file *m = &im->modules.files.v[i];
		uint64_t size = loaded ? loaded_size(loaded, m->name) : 0;
		struct large_module large = { .bytes = size };
		_cleanup_free_ char *bytes = NULL;
		size_t len;

		if (!size) {
			TRY(file_read(im->how->root, m->source, KERNEL_LIMIT, &bytes, &len));
			TRY(module_footprint(m->source, bytes, len, &size));
			large.bytes = size;
		}
		est->modules += size;
		if (size < LARGE)
			continue;
		large.name = strdup(m->name);
		if (!large.name || !vector_push(&est->large, large)) {
			free(large.name);
			return error_nomem();
		}
	}
	return NULL;
}

/* The image on disk, else the one that would be built. */
static struct error *image_bytes(const struct image *im, uint64_t *ret)
{
	int fd = openat(im->how->root, rootpath_below(im->how->kernel->image), O_RDONLY | O_CLOEXEC);
	off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;

	if (fd >= 0)
		close(fd);
	if (end > 0) {
		*ret = end;
		return NULL;
	}
	return image_size(im, ret);
}

static struct error *default_size(int root, const struct sysconfig *conf, uint64_t *ret)
{
	_cleanup_crashkernel_ struct crashkernel c = { 0 };
	_cleanup_free_ char *value = NULL;
	struct crashkernel_facts facts;
	uint64_t ram;

	TRY(crashkernel_facts(root, conf, NULL, &facts));
	TRY(crashkernel_default(&facts, DUMP_MODE_KDUMP, &value));
	TRY(crashkernel_ram(root, &ram));
	if (!value)
		return NULL;
	TRY(crashkernel_parse(value, &c));
	*ret = crashkernel_size(&c, ram);
	return NULL;
}

struct error *estimate_make(const struct image *im, const struct sysconfig *conf, struct estimate *ret)
{
	struct kexec_state state;
	uint64_t sum;

	TRY(host_kexec_state(im->how->root, &state));
	ret->reserved = state.crash_size;
	ret->runtime = RUNTIME;
	TRY(kernel_size(im->how, &ret->kernel));
	TRY(module_sizes(im, ret));
	TRY(image_bytes(im, &ret->image));
	TRY(default_size(im->how->root, conf, &ret->fallback));
	sum = ret->kernel + ret->modules + IMAGE_TIMES * ret->image + ret->runtime + ret->luks;
	ret->recommended = MAX(sum, ret->fallback);
	ret->enough = ret->reserved >= ret->recommended;
	return NULL;
}
