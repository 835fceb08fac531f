/* ELF vmcores around hand-made memory. */
#include "make/fake_kernel.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

#define FILE_MEMORY_OFF 65536 /* headers and notes lie before */
#define TABLE_LEN	4096

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "fake kernel: %s\n", what);
		abort();
	}
}

void fake_init(struct fake *f, uint16_t machine, bool is_64bit, bool big, size_t len)
{
	*f = (struct fake){.machine = machine, .is_64bit = is_64bit, .big = big, .len = len};
	f->long_size = is_64bit ? 8 : 4;
	f->page_size = 4096;
	f->memory = calloc(1, len);
	f->next = 4096;
	must(f->memory, "out of memory");
}

void fake_done(struct fake *f)
{
	kernel_close(f->k);
	dump_close(f->dump);
	strbuf_done(&f->file);
	strbuf_done(&f->info);
	strbuf_done(&f->notes);
	free(f->memory);
	*f = (struct fake){0};
}

uint64_t fake_alloc(struct fake *f, size_t len, size_t align)
{
	uint64_t pa = ROUND_UP(f->next, align);

	must(pa <= f->len && len <= f->len - pa, "memory is too small");
	f->next = pa + len;
	return pa;
}

void fake_put_bytes(struct fake *f, uint64_t pa, const void *bytes, size_t len)
{
	must(pa <= f->len && len <= f->len - pa, "outside the memory");
	if (len)
		memcpy(f->memory + pa, bytes, len);
}

static void put_uint(unsigned char *p, unsigned width, uint64_t value, bool big)
{
	for (unsigned i = 0; i < width; i++)
		p[big ? width - 1 - i : i] = value >> 8 * i;
}

void fake_put(struct fake *f, uint64_t pa, unsigned width, uint64_t value)
{
	unsigned char bytes[8];

	put_uint(bytes, width, value, f->big);
	fake_put_bytes(f, pa, bytes, width);
}

void fake_put_long(struct fake *f, uint64_t pa, uint64_t value)
{
	fake_put(f, pa, f->long_size, value);
}

void fake_info(struct fake *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(&f->info, fmt, ap);
	va_end(ap);
	strbuf_putc(&f->info, '\n');
}

void fake_segment(struct fake *f, uint64_t va, uint64_t pa, uint64_t len)
{
	must(f->nr_segments < FAKE_MAX_SEGMENTS, "too many segments");
	f->segments[f->nr_segments].va = va;
	f->segments[f->nr_segments].pa = pa;
	f->segments[f->nr_segments++].len = len;
}

static void add_uint(struct fake *f, unsigned width, uint64_t value)
{
	unsigned char bytes[8];

	put_uint(bytes, width, value, f->big);
	strbuf_add(&f->file, bytes, width);
}

static void add_elf_header(struct fake *f, unsigned nr_phdrs)
{
	unsigned ul = f->long_size;
	const unsigned char ident[16] = {0x7f,		 'E', 'L', 'F', f->is_64bit ? 2 : 1,
					 f->big ? 2 : 1, 1};

	strbuf_add(&f->file, ident, sizeof(ident));
	add_uint(f, 2, 4); /* ET_CORE */
	add_uint(f, 2, f->machine);
	add_uint(f, 4, 1);
	add_uint(f, ul, 0);			/* entry */
	add_uint(f, ul, f->is_64bit ? 64 : 52); /* program headers follow */
	add_uint(f, ul, 0);
	add_uint(f, 4, 0);
	add_uint(f, 2, f->is_64bit ? 64 : 52);
	add_uint(f, 2, f->is_64bit ? 56 : 32);
	add_uint(f, 2, nr_phdrs);
	add_uint(f, 2, 0);
	add_uint(f, 2, 0);
	add_uint(f, 2, 0);
}

static void add_program_header(struct fake *f, uint32_t type, uint64_t off, uint64_t va,
			       uint64_t pa, uint64_t len)
{
	unsigned ul = f->long_size;

	add_uint(f, 4, type);
	if (f->is_64bit)
		add_uint(f, 4, 7);
	add_uint(f, ul, off);
	add_uint(f, ul, va);
	add_uint(f, ul, pa);
	add_uint(f, ul, len);
	add_uint(f, ul, len);
	if (!f->is_64bit)
		add_uint(f, 4, 7);
	add_uint(f, ul, 0);
}

void fake_note(struct fake *f, const char *name, uint32_t type, const void *desc, size_t len)
{
	unsigned char head[12];

	put_u32(head, strlen(name) + 1, f->big);
	put_u32(head + 4, len, f->big);
	put_u32(head + 8, type, f->big);
	strbuf_add(&f->notes, head, sizeof(head));
	strbuf_add(&f->notes, name, strlen(name) + 1);
	strbuf_fill(&f->notes, '\0', -f->notes.len & 3);
	strbuf_add(&f->notes, desc, len);
	strbuf_fill(&f->notes, '\0', -f->notes.len & 3);
}

static size_t note_len(const struct fake *f)
{
	return f->notes.len + (f->info.len ? 12 + 12 + ROUND_UP(f->info.len, 4) : 0);
}

static void add_note(struct fake *f)
{
	static const char name[12] = "VMCOREINFO";

	strbuf_add(&f->file, strbuf_str(&f->notes), f->notes.len);
	if (!f->info.len)
		return;
	add_uint(f, 4, sizeof("VMCOREINFO"));
	add_uint(f, 4, f->info.len);
	add_uint(f, 4, 0);
	strbuf_add(&f->file, name, sizeof(name));
	strbuf_add(&f->file, f->info.s, f->info.len);
	strbuf_fill(&f->file, '\0', ROUND_UP(f->info.len, 4) - f->info.len);
}

static void build_file(struct fake *f)
{
	size_t header_len = f->is_64bit ? 64 : 52, phdr_len = f->is_64bit ? 56 : 32;

	if (!f->nr_segments)
		fake_segment(f, 0, 0, f->len);
	add_elf_header(f, f->nr_segments + 1);
	add_program_header(f, 4, header_len + phdr_len * (f->nr_segments + 1), 0, 0,
			   note_len(f));
	for (size_t i = 0; i < f->nr_segments; i++)
		add_program_header(f, 1, FILE_MEMORY_OFF + f->segments[i].pa, f->segments[i].va,
				   f->segments[i].pa, f->segments[i].len);
	add_note(f);
	must(f->file.len <= FILE_MEMORY_OFF, "too much VMCOREINFO");
	strbuf_fill(&f->file, '\0', FILE_MEMORY_OFF - f->file.len);
	strbuf_add(&f->file, f->memory, f->len);
	must(!f->file.failed, "out of memory");
}

struct error *fake_try_open(struct fake *f)
{
	struct source *s;

	build_file(f);
	TRY(source_open_memory("fake", f->file.s, f->file.len, &s));
	TRY(dump_open_source(s, &f->dump));
	return kernel_open(f->dump, &f->k);
}

void fake_open(struct fake *f)
{
	struct error *e = fake_try_open(f);

	must(!e, e ? error_message(e) : "");
}

void fake_map(struct fake *f, uint64_t top_pa, unsigned levels, uint64_t va, uint64_t pa,
	      uint64_t len, uint64_t page, uint64_t flags)
{
	for (uint64_t done = 0; done < len; done += page) {
		uint64_t table = top_pa, at;
		unsigned shift = 12 + 9 * (levels - 1);

		for (; 1ull << shift > page; shift -= 9) {
			uint64_t entry;

			at = table + ((va + done) >> shift & 511) * 8;
			entry = get_u64(f->memory + at, false);
			if (!entry) {
				entry = fake_alloc(f, TABLE_LEN, TABLE_LEN) | 1;
				fake_put(f, at, 8, entry);
			}
			table = entry & ~0xfffull;
		}
		at = table + ((va + done) >> shift & 511) * 8;
		fake_put(f, at, 8, (pa + done) | flags | (shift > 12 ? 1 << 7 : 0));
	}
}
