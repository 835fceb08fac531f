/* Program headers of /proc/kcore; see kcore.h. fs/proc/kcore.c writes them. */
#include "host/kcore.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/file.h"

#define HEAD_LIMIT  (16u << 20)
#define IMAGE_VA_LOW 0xffffffff80000000ull /* x86_64: __START_KERNEL_map */

struct load {
	uint64_t va, pa, len;
};

static void read_load(struct cursor *c, uint32_t *type, struct load *l)
{
	*type = cursor_u32(c);
	cursor_skip(c, 4 + 8); /* flags, offset */
	l->va = cursor_u64(c);
	l->pa = cursor_u64(c);
	cursor_skip(c, 8); /* length in the file */
	l->len = cursor_u64(c);
	cursor_skip(c, 8); /* alignment */
}

/* vmalloc and vmemmap rows have no physical address: the kernel writes 0 or all ones. */
static void learn(struct kcore_facts *f, const struct load *l)
{
	if (l->pa == UINT64_MAX || !l->va || l->va < l->pa)
		return;
	if (l->va >= IMAGE_VA_LOW) {
		if (l->pa && !f->have_text) {
			f->have_text = true;
			f->text_va = l->va;
			f->text_pa = l->pa;
			f->text_len = l->len;
		}
		return;
	}
	if (l->pa && (!f->have_direct_map || l->va - l->pa < f->direct_map_va)) {
		f->have_direct_map = true;
		f->direct_map_va = l->va - l->pa;
	}
}

struct error *kcore_parse(const void *bytes, size_t len, struct kcore_facts *ret)
{
	struct kcore_facts f = { 0 };
	const unsigned char *ident;
	struct cursor c;
	uint64_t phoff;
	unsigned nr;

	cursor_init(&c, "/proc/kcore", bytes, len, false);
	ident = cursor_bytes(&c, EI_NIDENT);
	if (!ident || memcmp(ident, ELFMAG, SELFMAG) || ident[EI_CLASS] != ELFCLASS64 ||
	    ident[EI_DATA] != ELFDATA2LSB)
		return error_new(ERROR_UNSUPPORTED, "/proc/kcore: not a little-endian ELF64 file");
	cursor_seek(&c, offsetof(Elf64_Ehdr, e_phoff));
	phoff = cursor_u64(&c);
	cursor_seek(&c, offsetof(Elf64_Ehdr, e_phnum));
	nr = cursor_u16(&c);
	TRY(cursor_error(&c));
	cursor_seek(&c, phoff);
	for (unsigned i = 0; i < nr; i++) {
		struct load l;
		uint32_t type;

		read_load(&c, &type, &l);
		TRY(cursor_error(&c));
		if (type == PT_LOAD)
			learn(&f, &l);
	}
	*ret = f;
	return NULL;
}

struct error *host_kcore(int root, struct kcore_facts *ret)
{
	_cleanup_close_ int fd = openat(root, "proc/kcore", O_RDONLY | O_CLOEXEC);
	_cleanup_free_ unsigned char *head = NULL;
	unsigned char start[sizeof(Elf64_Ehdr)] = { 0 };
	size_t len, got;

	if (fd < 0)
		return error_sys(errno, "/proc/kcore: open");
	TRY(file_pread_fd(fd, "/proc/kcore", start, sizeof(start), 0, &got));
	len = get_u64(start + offsetof(Elf64_Ehdr, e_phoff), false) +
	      (size_t)get_u16(start + offsetof(Elf64_Ehdr, e_phnum), false) * sizeof(Elf64_Phdr);
	if (len > HEAD_LIMIT)
		return error_new(ERROR_BAD_DATA, "/proc/kcore: its headers end at %zu, too far out",
				 len);
	head = malloc(len);
	if (!head)
		return error_nomem();
	TRY(file_pread_fd(fd, "/proc/kcore", head, len, 0, &got));
	return kcore_parse(head, got, ret);
}
