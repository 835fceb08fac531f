/* bpf: programs and maps that are loaded. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/btf.h"
#include "kernel/peek.h"
#include "kernel/tree.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/disasm.h"
#include "shell/row.h"
#include "shell/show.h"
#include "shell/value.h"

enum { OPT_PROGRAM = 1, OPT_PROGRAMS, OPT_MAP, OPT_MAPS, OPT_TRANSLATE, OPT_BYTES, OPT_JIT, OPT_STRUCTS, OPT_HEX, OPT_DEC };

static const struct option_def options[] = {
	{'p', NULL, "ID", "more about a program", OPT_PROGRAM},
	{'P', NULL, NULL, "more about all programs", OPT_PROGRAMS},
	{'m', NULL, "ID", "more about a map", OPT_MAP},
	{'M', NULL, NULL, "more about all maps", OPT_MAPS},
	{'j', NULL, NULL, "with -p: the machine code that it became", OPT_JIT},
	{'t', NULL, NULL, "with -p: its own instructions", OPT_TRANSLATE},
	{'T', NULL, NULL, "the same", OPT_BYTES},
	{'s', NULL, NULL, "with -p, -P, -m, -M: the structures", OPT_STRUCTS},
	{'x', NULL, NULL, "numbers in hexadecimal", OPT_HEX},
	{'d', NULL, NULL, "numbers in decimal", OPT_DEC},
	{0},
};

#define MAPS_SHOWN 64u
#define CODE_MAX   (1u << 20)

struct request {
	struct shell *sh;
	bool programs, maps, more, jit, translate, structs;
	uint64_t id; /* 0: all */
	struct show_how how;
	struct error *e;
	uint64_t found;
};

/* "BPF_PROG_TYPE_KPROBE" without its first words. */
static void constant_name(struct shell *sh, const char *type, const char *prefix, uint64_t v, char *buf, size_t room)
{
	struct btf_type t;
	struct btf_elem el;
	uint32_t id = 0;

	snprintf(buf, room, "%" PRIu64, v);
	if (!btf_next_named(sh->kernel->btf, type, &id))
		return;
	btf_type_at(sh->kernel->btf, id, &t);
	for (uint32_t i = 0; btf_elem_at(sh->kernel->btf, &t, i, &el); i++)
		if ((uint64_t)el.value == v && text_starts(el.name, prefix)) {
			snprintf(buf, room, "%s", el.name + strlen(prefix));
			return;
		}
}

static struct error *put_struct(struct request *r, const char *name, uint64_t va)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct ctype t;

	TRY(ctype_parse(r->sh->kernel, name, &t));
	strbuf_printf(&out, "%s ", name);
	TRY(show_object(r->sh, t, va, &r->how, &out));
	TRY(strbuf_error(&out));
	fprintf(r->sh->out, "%s\n", strbuf_str(&out));
	return NULL;
}

/* ---- programs ---- */

static void used_maps(struct peek *p, uint64_t aux, struct strbuf *out)
{
	uint64_t n = peek_member(p, aux, "bpf_prog_aux", "used_map_cnt"), list = peek_member(p, aux, "bpf_prog_aux", "used_maps");

	for (uint64_t i = 0; i < MIN(n, (uint64_t)MAPS_SHOWN) && !peek_failed(p); i++) {
		uint64_t id = peek_member(p, peek_long(p, list + i * p->k->long_size), "bpf_map", "id");

		strbuf_printf(out, i ? ",%" PRIu64 : "%" PRIu64, id);
	}
}

static struct error *put_code(struct request *r, uint64_t prog, uint64_t len)
{
	_cleanup_peek_ struct peek p = {.k = r->sh->kernel};
	_cleanup_disasm_ struct disasm *d = NULL;
	uint64_t va = peek_member(&p, prog, "bpf_prog", "bpf_func");

	TRY(peek_error(&p));
	TRY(disasm_open(r->sh->kernel, &d));
	row_text(r->sh, "\n");
	for (uint64_t at = 0; at < MIN(len, (uint64_t)CODE_MAX) && !shell_interrupted();) {
		unsigned char bytes[INSN_MAX];
		size_t n = MIN(len - at, (uint64_t)INSN_MAX);
		struct insn i;
		char name[600] = "";
		uint64_t target;

		TRY(vmem_read(r->sh->kernel, va + at, bytes, n));
		if (!disasm_one(d, bytes, n, va + at, &i))
			return error_new(ERROR_BAD_DATA, "%" PRIx64 ": no instruction", va + at);
		row_begin(r->sh, "instruction");
		row_text(r->sh, "   0x");
		row_hex(r->sh, "address", 0, va + at);
		row_text(r->sh, ":\t");
		row_str(r->sh, "mnemonic", -6, i.mnemonic);
		row_text(r->sh, " ");
		row_str(r->sh, "operands", 0, i.operands);
		if (text_u64(i.operands, &target))
			value_symbol_text(r->sh, target, 10, name, sizeof(name));
		row_text(r->sh, name[0] ? " <%s>" : "%s", name);
		row_end(r->sh);
		at += i.len;
	}
	return NULL;
}

/* Eight bytes each: include/uapi/linux/bpf.h, struct bpf_insn */
static struct error *put_instructions(struct request *r, uint64_t prog, uint64_t count)
{
	_cleanup_peek_ struct peek p = {.k = r->sh->kernel};
	uint64_t va = prog + peek_offset(&p, "bpf_prog", "insnsi");

	TRY(peek_error(&p));
	row_text(r->sh, "\n");
	for (uint64_t i = 0; i < MIN(count, (uint64_t)CODE_MAX / 8) && !shell_interrupted(); i++) {
		unsigned char b[8];
		bool big = r->sh->kernel->big;

		TRY(vmem_read(r->sh->kernel, va + 8 * i, b, sizeof(b)));
		row_begin(r->sh, "bpf_insn");
		row_u64(r->sh, "index", 4, i);
		row_text(r->sh, ": ");
		row_text(r->sh, "(%02x) dst r%u src r%u off %d imm 0x%x", b[0], big ? b[1] >> 4 : b[1] & 15,
			 big ? b[1] & 15 : b[1] >> 4, (int16_t)get_u16(b + 2, big), get_u32(b + 4, big));
		row_only_u64(r->sh, "code", b[0]);
		row_only_u64(r->sh, "registers", b[1]);
		row_only_u64(r->sh, "off", get_u16(b + 2, big));
		row_only_u64(r->sh, "imm", get_u32(b + 4, big));
		row_end(r->sh);
	}
	return NULL;
}

static struct error *put_program(struct request *r, uint64_t id, uint64_t va)
{
	struct shell *sh = r->sh;
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	_cleanup_strbuf_ struct strbuf maps = {0};
	uint64_t aux = peek_member(&p, va, "bpf_prog", "aux"), type = peek_member(&p, va, "bpf_prog", "type");
	uint64_t len = peek_member(&p, va, "bpf_prog", "len"), jited = peek_member(&p, va, "bpf_prog", "jited_len");
	uint64_t pages = peek_member(&p, va, "bpf_prog", "pages");
	uint64_t gpl = peek_member(&p, va, "bpf_prog", "gpl_compatible"), loaded = peek_member(&p, aux, "bpf_prog_aux", "load_time");
	uint64_t uid = peek_member(&p, peek_member(&p, aux, "bpf_prog_aux", "user"), "user_struct", "uid.val");
	unsigned char tag[8];
	char name[32], kind[48], text[20];

	peek_bytes(&p, va + peek_offset(&p, "bpf_prog", "tag"), tag, sizeof(tag));
	peek_name(&p, aux, "bpf_prog_aux", "name", name, sizeof(name));
	used_maps(&p, aux, &maps);
	TRY(peek_error(&p));
	constant_name(sh, "bpf_prog_type", "BPF_PROG_TYPE_", type, kind, sizeof(kind));
	for (unsigned i = 0; i < 8; i++)
		snprintf(text + 2 * i, 3, "%02x", tag[i]);
	if (!r->found++ || r->more)
		row_text(sh, " ID     BPF_PROG       BPF_PROG_AUX   BPF_PROG_TYPE       TAG        USED_MAPS\n");
	row_begin(sh, "program");
	row_u64(sh, "id", 3, id);
	row_text(sh, " ");
	row_addr(sh, "bpf_prog", va);
	row_text(sh, " ");
	row_addr(sh, "aux", aux);
	row_text(sh, " ");
	row_middle(sh, 13, kind);
	row_only_str(sh, "type", kind);
	row_text(sh, " ");
	row_str(sh, "tag", 0, text);
	row_text(sh, " ");
	row_middle(sh, 9, strbuf_str(&maps));
	row_only_str(sh, "used_maps", strbuf_str(&maps));
	if (r->more) {
		row_text(sh, "\n     XLATED: ");
		row_u64(sh, "xlated_bytes", 0, 8 * len);
		row_text(sh, "  JITED: ");
		row_u64(sh, "jited_bytes", 0, jited);
		row_text(sh, "  MEMLOCK: ");
		row_u64(sh, "memory_bytes", 0, pages * sh->kernel->page_size);
		row_text(sh, "\n     LOAD_TIME: ");
		row_u64(sh, "loaded_s_after_boot", 0, loaded / 1000000000);
		row_text(sh, " s after boot\n     GPL_COMPATIBLE: ");
		row_bool(sh, "gpl_compatible", "yes", "no", gpl);
		row_text(sh, "  NAME: ");
		row_str(sh, "name", 0, name);
		row_text(sh, "  UID: ");
		row_u64(sh, "uid", 0, uid);
	}
	row_end(sh);
	if (r->structs) {
		TRY(put_struct(r, "struct bpf_prog", va));
		TRY(put_struct(r, "struct bpf_prog_aux", aux));
	}
	if (r->translate)
		TRY(put_instructions(r, va, len));
	return r->jit && jited ? put_code(r, va, jited) : NULL;
}

static struct error *put_map(struct request *r, uint64_t id, uint64_t va)
{
	struct shell *sh = r->sh;
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t type = peek_member(&p, va, "bpf_map", "map_type"), flags = peek_member(&p, va, "bpf_map", "map_flags");
	char name[32], kind[48];

	peek_name(&p, va, "bpf_map", "name", name, sizeof(name));
	TRY(peek_error(&p));
	constant_name(sh, "bpf_map_type", "BPF_MAP_TYPE_", type, kind, sizeof(kind));
	if (!r->found++ || r->more)
		row_text(sh, " ID     BPF_MAP       BPF_MAP_TYPE   MAP_FLAGS\n");
	row_begin(sh, "map");
	row_u64(sh, "id", 3, id);
	row_text(sh, " ");
	row_addr(sh, "bpf_map", va);
	row_text(sh, " ");
	row_middle(sh, 14, kind);
	row_only_str(sh, "type", kind);
	row_text(sh, "  %08" PRIx64, flags & UINT32_MAX);
	row_only_addr(sh, "flags", flags & UINT32_MAX);
	if (r->more) {
		row_text(sh, "\n     KEY_SIZE: ");
		row_u64(sh, "key_size", 0, peek_member(&p, va, "bpf_map", "key_size"));
		row_text(sh, "  VALUE_SIZE: ");
		row_u64(sh, "value_size", 0, peek_member(&p, va, "bpf_map", "value_size"));
		row_text(sh, "  MAX_ENTRIES: ");
		row_u64(sh, "max_entries", 0, peek_member(&p, va, "bpf_map", "max_entries"));
		row_text(sh, "\n     NAME: \"");
		row_str(sh, "name", 0, name);
		row_text(sh, "\"");
	}
	row_end(sh);
	TRY(peek_error(&p));
	return r->structs ? put_struct(r, "struct bpf_map", va) : NULL;
}

/* ---- command line ---- */

static bool put(uint64_t id, uint64_t va, void *arg)
{
	struct request *r = arg;

	if (r->id && id != r->id)
		return true;
	r->e = r->programs ? put_program(r, id, va) : put_map(r, id, va);
	return !r->e && !shell_interrupted();
}

static struct error *walk(struct request *r, const char *idr)
{
	_cleanup_peek_ struct peek p = {.k = r->sh->kernel};
	uint64_t va = peek_symbol(&p, idr) + peek_offset(&p, "idr", "idr_rt");
	struct error *e = peek_error(&p);

	r->found = 0;
	if (!e)
		e = xarray_walk(r->sh->kernel, va, put, r);
	if (r->e) {
		error_free(e);
		return take_ptr(r->e);
	}
	if (!e && r->id && !r->found)
		return error_new(ERROR_USAGE, "%" PRIu64 ": no such id", r->id);
	return e;
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct request r = {.sh = sh, .how = show_defaults(sh)};
	bool any = false;
	int id;

	while ((id = options_next(o)) > 0) {
		r.jit |= id == OPT_JIT;
		r.translate |= id == OPT_TRANSLATE || id == OPT_BYTES;
		r.structs |= id == OPT_STRUCTS;
		if (id == OPT_HEX || id == OPT_DEC)
			r.how.radix = id == OPT_HEX ? 16 : 10;
		if (id > OPT_MAPS)
			continue;
		any = r.more = true;
		r.programs = id == OPT_PROGRAM || id == OPT_PROGRAMS;
		r.maps = !r.programs;
		if ((id == OPT_PROGRAM || id == OPT_MAP) && (!text_u64(o->value, &r.id) || !r.id))
			return error_new(ERROR_USAGE, "%s: expected the id of a %s", o->value, r.programs ? "program" : "map");
	}
	if (id < 0)
		return command_misused();
	TRY(types_load(sh->kernel));
	if (any)
		return walk(&r, r.programs ? "prog_idr" : "map_idr");
	r.programs = true;
	TRY(walk(&r, "prog_idr"));
	r.programs = false;
	if (r.found)
		row_text(sh, "\n");
	return walk(&r, "map_idr");
}

const struct command cmd_bpf = {
	.name = "bpf",
	.args = "[-p id|-P] [-t|-j] | [-m id|-M] [-s] [-x|-d]",
	.summary = "show the BPF programs and maps that are loaded",
	.options = options,
	.run = run,
};
