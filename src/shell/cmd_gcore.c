/* gcore: the core file of a process, as the kernel would have written it (fs/binfmt_elf.c). */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/peek.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/path.h"
#include "shell/row.h"
#include "shell/tasks.h"
#include "shell/userspace.h"
#include "shell/vmas.h"

enum { OPT_OUTPUT = 1 };

static const struct option_def options[] = {
	{'o', "output", "FILE", "the file to write (core.PID.COMMAND)", OPT_OUTPUT},
	{0},
};

#define AREAS_MAX   65000u /* program headers; more would take the extended count */
#define THREADS_MAX 4096
#define BYTES_MAX   (1ull << 44) /* of address space */
#define VM_IO	    0x4000 /* include/linux/mm.h */
#define VM_DONTDUMP 0x04000000
#define VM_READ	    1
#define VM_WRITE    2
#define VM_EXEC	    4
#define REGS_X86_64 27

/* include/linux/elfcore.h for x86_64: struct elf_prstatus, 336 bytes */
#define PRSTATUS_LEN 336
#define PRSTATUS_PID 32
#define PRSTATUS_REG 112
/* struct elf_prpsinfo, 136 bytes */
#define PRPSINFO_LEN 136

struct core {
	struct shell *sh;
	struct task t;
	VECTOR(struct vma) areas;
	struct strbuf notes;
	int fd;
	const char *path;
	uint64_t pages, missing;
	bool no_registers; /* of some thread */
};

static struct error *take_area(const struct vma *v, void *arg)
{
	struct core *c = arg;

	if (v->start >= v->end || v->end > 1ull << 57)
		return error_new(ERROR_BAD_DATA, "the area at 0x%" PRIx64 " goes from 0x%" PRIx64 " to 0x%" PRIx64, v->va, v->start,
				 v->end);
	if (c->areas.n == AREAS_MAX)
		return error_new(ERROR_UNSUPPORTED, "more than %u areas of memory", AREAS_MAX);
	return vector_push(&c->areas, *v) ? NULL : error_nomem();
}

/* ---- notes ---- */

static void add_note(struct strbuf *b, uint32_t type, const void *desc, size_t len)
{
	Elf64_Nhdr h = {.n_namesz = 5, .n_descsz = (uint32_t)len, .n_type = type};

	strbuf_add(b, &h, sizeof(h));
	strbuf_add(b, "CORE\0\0\0", 8);
	strbuf_add(b, desc, len);
	strbuf_fill(b, '\0', (4 - len % 4) % 4);
}

/* What the thread had in its registers when it entered the kernel; the order is that of the arch. */
static struct error *add_thread(struct core *c, const struct task *t)
{
	unsigned char status[PRSTATUS_LEN] = {0};
	struct kernel *k = c->sh->kernel;
	struct stack s;
	unsigned i = 0;

	put_u32(status + PRSTATUS_PID, (uint32_t)t->pid, k->big);
	TRY(task_stack(k, t, &s));
	c->no_registers |= !s.from_user;
	for (const struct arch_reg *r = k->arch->regs; r->name && i < REGS_X86_64; r++, i++) {
		uint64_t v = 0;

		if (s.from_user)
			regs_get(&s.user, k->arch, r->name, &v);
		put_u64(status + PRSTATUS_REG + r->off, v, k->big);
	}
	stack_done(&s);
	add_note(&c->notes, NT_PRSTATUS, status, sizeof(status));
	return NULL;
}

static void add_info(struct core *c)
{
	unsigned char info[PRPSINFO_LEN] = {0};
	bool big = c->sh->kernel->big;

	info[1] = 'R';
	put_u32(info + 24, (uint32_t)c->t.pid, big);
	snprintf((char *)info + 40, 16, "%s", c->t.comm);
	snprintf((char *)info + 56, 80, "%s", c->t.comm);
	add_note(&c->notes, NT_PRPSINFO, info, sizeof(info));
}

static void add_auxv(struct core *c)
{
	_cleanup_peek_ struct peek p = {.k = c->sh->kernel};
	struct member m = peek_layout(&p, "mm_struct", "saved_auxv");
	unsigned char buf[1024];

	if (peek_ok(&p) && m.size && m.size <= sizeof(buf)) {
		peek_bytes(&p, c->t.mm + m.off, buf, m.size);
		if (peek_ok(&p))
			add_note(&c->notes, NT_AUXV, buf, m.size);
	}
}

static void add_word(struct strbuf *b, uint64_t v, bool big)
{
	unsigned char bytes[8];

	put_u64(bytes, v, big);
	strbuf_add(b, bytes, sizeof(bytes));
}

/* NT_FILE: which file each area is of. */
static void add_files(struct core *c)
{
	_cleanup_strbuf_ struct strbuf b = {0}, names = {0};
	bool big = c->sh->kernel->big;
	uint64_t n = 0;

	for (size_t i = 0; i < c->areas.n; i++)
		n += c->areas.v[i].file != 0;
	add_word(&b, n, big);
	add_word(&b, c->sh->kernel->page_size, big);
	for (size_t i = 0; i < c->areas.n; i++) {
		const struct vma *v = &c->areas.v[i];

		if (!v->file)
			continue;
		add_word(&b, v->start, big);
		add_word(&b, v->end, big);
		add_word(&b, v->pgoff, big);
		path_of_file(c->sh, v->file, &names);
		strbuf_putc(&names, '\0');
	}
	strbuf_add(&b, strbuf_str(&names), names.len);
	if (n && !b.failed)
		add_note(&c->notes, NT_FILE, b.s, b.len);
}

static struct error *make_notes(struct core *c)
{
	const struct shell_tasks *all;
	unsigned n = 1;

	/* the thread that was asked for comes first: debuggers show it */
	TRY(add_thread(c, &c->t));
	add_info(c);
	add_auxv(c);
	add_files(c);
	TRY(shell_tasks_load(c->sh, &all));
	for (size_t i = 0; i < all->n && n < THREADS_MAX && !shell_interrupted(); i++)
		if (all->v[i].tgid == c->t.tgid && all->v[i].va != c->t.va) {
			TRY(add_thread(c, &all->v[i]));
			n++;
		}
	return strbuf_error(&c->notes);
}

/* ---- the file ---- */

static bool is_dumped(const struct vma *v)
{
	return !(v->flags & (VM_IO | VM_DONTDUMP));
}

static struct error *write_headers(struct core *c, uint64_t data_off)
{
	_cleanup_strbuf_ struct strbuf b = {0};
	Elf64_Ehdr e = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_phoff = sizeof(e), .e_ehsize = sizeof(e), .e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (uint16_t)(c->areas.n + 1),
	};
	Elf64_Phdr note = {
		.p_type = PT_NOTE, .p_offset = sizeof(e) + (c->areas.n + 1) * sizeof(note), .p_filesz = c->notes.len,
	};

	strbuf_add(&b, &e, sizeof(e));
	strbuf_add(&b, &note, sizeof(note));
	for (size_t i = 0; i < c->areas.n; i++) {
		const struct vma *v = &c->areas.v[i];
		Elf64_Phdr load = {
			.p_type = PT_LOAD, .p_offset = data_off, .p_vaddr = v->start, .p_memsz = v->end - v->start,
			.p_filesz = is_dumped(v) ? v->end - v->start : 0, .p_align = c->sh->kernel->page_size,
			.p_flags = (v->flags & VM_READ ? PF_R : 0) | (v->flags & VM_WRITE ? PF_W : 0) | (v->flags & VM_EXEC ? PF_X : 0),
		};

		strbuf_add(&b, &load, sizeof(load));
		data_off += load.p_filesz;
	}
	strbuf_add(&b, c->notes.s, c->notes.len);
	TRY(strbuf_error(&b));
	return file_write_fd(c->fd, c->path, b.s, b.len);
}

/* What was never touched has no page and is zeros in every core; what has one that is not in the
 * dump, or was swapped out, is missed. */
static bool is_missing(struct core *c, uint64_t va, const struct error *e)
{
	uint64_t pa, len;
	struct error *at;

	if (error_kind(e) == ERROR_NOMEM)
		return true;
	at = user_translate(c->sh, &c->t, va, &pa, &len);
	error_free(at);
	return !at;
}

static struct error *write_area(struct core *c, const struct vma *v, uint64_t off)
{
	_cleanup_free_ unsigned char *page = malloc(c->sh->kernel->page_size);
	size_t len = c->sh->kernel->page_size;

	if (!page)
		return error_nomem();
	for (uint64_t at = v->start; at < v->end; at += len) {
		struct error *e = user_read(c->sh, &c->t, at, page, len);

		if (shell_interrupted())
			return error_new(ERROR_OTHER, "interrupted: %s is not whole", c->path);
		if (e) { /* a hole in the file */
			if (error_kind(e) == ERROR_NOMEM)
				return e;
			c->missing += is_missing(c, at, e);
			error_free(e);
			continue;
		}
		c->pages++;
		if (bytes_are_zero(page, len))
			continue;
		if (lseek(c->fd, (off_t)(off + at - v->start), SEEK_SET) < 0)
			return error_sys(errno, "%s: cannot go to byte %" PRIu64, c->path, off + at - v->start);
		TRY(file_write_fd(c->fd, c->path, page, len));
	}
	return NULL;
}

static struct error *write_core(struct core *c)
{
	uint64_t headers = sizeof(Elf64_Ehdr) + (c->areas.n + 1) * sizeof(Elf64_Phdr) + c->notes.len;
	uint64_t off = ROUND_UP(headers, (uint64_t)c->sh->kernel->page_size), all = off;

	for (size_t i = 0; i < c->areas.n; i++)
		if (is_dumped(&c->areas.v[i]) && __builtin_add_overflow(all, c->areas.v[i].end - c->areas.v[i].start, &all))
			all = UINT64_MAX;
	if (all > BYTES_MAX)
		return error_new(ERROR_BAD_DATA, "the process has more address space than a core file can hold");
	TRY(write_headers(c, off));
	if (ftruncate(c->fd, (off_t)all) < 0)
		return error_sys(errno, "%s: cannot make it %" PRIu64 " bytes long", c->path, all);
	for (size_t i = 0; i < c->areas.n; i++) {
		const struct vma *v = &c->areas.v[i];

		if (!is_dumped(v))
			continue;
		TRY(write_area(c, v, off));
		off += v->end - v->start;
	}
	return NULL;
}

static struct error *make(struct core *c)
{
	if (!c->sh->kernel->arch || !text_equal(c->sh->kernel->arch->name, "x86_64"))
		return error_new(ERROR_UNSUPPORTED, "cores are written for x86_64 alone");
	if (!c->t.mm)
		return error_new(ERROR_USAGE, "%s (%" PRId64 ") is no process: it has no memory of its own", c->t.comm, c->t.pid);
	TRY(vmas_walk(c->sh, c->t.mm, take_area, c));
	TRY(make_notes(c));
	/* never over a file that is there: it may be somebody's link */
	c->fd = open(c->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (c->fd < 0)
		return error_sys(errno, "%s: cannot make it", c->path);
	TRY(write_core(c));
	row_begin(c->sh, "core");
	row_text(c->sh, "Saved ");
	row_str(c->sh, "file", 0, c->path);
	row_text(c->sh, ": ");
	row_u64(c->sh, "areas", 0, c->areas.n);
	row_text(c->sh, " areas, ");
	row_u64(c->sh, "pages", 0, c->pages);
	row_text(c->sh, " pages");
	if (c->missing) {
		row_text(c->sh, "; ");
		row_u64(c->sh, "missing", 0, c->missing);
		row_text(c->sh, " pages are not in the dump and read as zeros (dump level 8 leaves out what processes have)");
	}
	if (c->no_registers)
		row_text(c->sh, "; the registers of some thread are not known");
	row_end(c->sh);
	return NULL;
}

static struct error *save(struct shell *sh, const struct task *t, const char *path)
{
	struct core c = {.sh = sh, .t = *t, .fd = -1, .path = path};
	struct error *e = make(&c);

	if (c.fd >= 0)
		close(c.fd);
	vector_done(&c.areas);
	strbuf_done(&c.notes);
	return e;
}

static struct error *run(struct shell *sh, struct options *o)
{
	const char *path = NULL;
	struct task t = sh->task;
	char own[64], comm[17];
	char **words;
	int id, n;

	while ((id = options_next(o)) > 0)
		path = o->value;
	words = command_words(o, &n);
	if (id < 0 || n > 1 || (!n && !sh->has_task))
		return command_misused();
	if (n)
		TRY(tasks_pick_one(sh, words[0], &t));
	/* its name comes from the dead machine */
	snprintf(comm, sizeof(comm), "%s", t.comm);
	for (char *at = comm; *at; at++)
		if (*at == '/' || *at <= ' ' || *at >= 127)
			*at = '_';
	snprintf(own, sizeof(own), "core.%" PRId64 ".%s", t.pid, comm);
	return save(sh, &t, path ? path : own);
}

const struct command cmd_gcore = {
	.name = "gcore",
	.args = "[-o file] [pid | task]",
	.summary = "write the core file of a process",
	.text = "Pages that the dump lacks are zeros in it; how many is said. A dump of level 8 or more has no\n"
		"memory of processes.\n",
	.options = options,
	.run = run,
};
