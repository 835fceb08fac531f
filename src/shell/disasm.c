/*
 * capstone by dlopen(). Its structures are read by hand, since nobody who builds this needs its
 * headers: struct cs_insn is { unsigned id; u64 address; u16 size; u8 bytes[16]; char
 * mnemonic[32]; char op_str[160]; ... } in version 4 and has 24 bytes in version 5.
 */
#include "shell/disasm.h"

#include <dlfcn.h>
#include <elf.h>
#include <string.h>

#include "arch/arch.h"
#include "base/base.h"

#define INSN_SIZE_AT  16
#define INSN_BYTES_AT 18
#define MNEMONIC_LEN  32
#define OPTION_SYNTAX 1
#define SYNTAX_ATT    2
#define MODE_BIG      (1u << 31)

struct machine {
	unsigned elf_machine;
	unsigned arch, mode; /* cs_arch, cs_mode */
	bool by_width;	     /* mode is 2 * width of a long: x86's 4 and 8 */
	unsigned since;	     /* the version that brought it */
};

static const struct machine machines[] = {
	{EM_X86_64, 3, 0, true, 4},
	{EM_386, 3, 0, true, 4},
	{EM_AARCH64, 1, 0, false, 4},
	{EM_ARM, 0, 0, false, 4},
	{EM_PPC64, 4, 1u << 3, false, 4},
	{EM_PPC, 4, 1u << 2, false, 4},
	{EM_S390, 6, MODE_BIG, false, 4},
	{EM_RISCV, 15, 1u << 1 | 1u << 2, false, 5},
};

struct disasm {
	void *library;
	size_t handle; /* csh */
	int (*close)(size_t *handle);
	void *(*new_insn)(size_t handle);
	void (*free_insn)(void *insn, size_t count);
	bool (*next)(size_t handle, const uint8_t **code, size_t *len, uint64_t *address, void *insn);
	unsigned char *insn;
	unsigned bytes; /* of cs_insn.bytes */
	bool is_x86;
};

static void *open_library(void)
{
	static const char *const names[] = {"libcapstone.so.5", "libcapstone.so.4"};
	void *library = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names) && !library; i++)
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	return library;
}

static const struct machine *find_machine(const struct kernel *k)
{
	for (size_t i = 0; k->arch && i < ARRAY_SIZE(machines); i++)
		if (machines[i].elf_machine == k->arch->elf_machine)
			return &machines[i];
	return NULL;
}

static struct error *begin(struct disasm *d, const struct kernel *k)
{
	const struct machine *m = find_machine(k);
	unsigned (*version)(int *major, int *minor) = dlsym(d->library, "cs_version");
	int (*open)(unsigned arch, unsigned mode, size_t *handle) = dlsym(d->library, "cs_open");
	int (*option)(size_t handle, int type, size_t value) = dlsym(d->library, "cs_option");
	int major = 0, minor = 0;
	unsigned mode;

	d->new_insn = dlsym(d->library, "cs_malloc");
	d->free_insn = dlsym(d->library, "cs_free");
	d->next = dlsym(d->library, "cs_disasm_iter");
	d->close = dlsym(d->library, "cs_close");
	if (!version || !open || !option || !d->new_insn || !d->free_insn || !d->next || !d->close)
		return error_new(ERROR_UNSUPPORTED, "libcapstone lacks functions that it should have");
	version(&major, &minor);
	if (major != 4 && major != 5)
		return error_new(ERROR_UNSUPPORTED, "libcapstone is of version %d; 4 and 5 are known", major);
	d->bytes = major == 4 ? 16 : 24;
	if (!m || m->since > (unsigned)major)
		return error_new(ERROR_UNSUPPORTED, "libcapstone %d does not know the machine code of %s", major,
				 k->arch ? k->arch->name : "this dump");
	mode = m->by_width ? k->long_size : m->mode | (k->big ? MODE_BIG : 0);
	if (open(m->arch, mode, &d->handle) != 0)
		return error_new(ERROR_UNSUPPORTED, "this libcapstone was built without %s", k->arch->name);
	d->is_x86 = m->by_width;
	if (d->is_x86)
		option(d->handle, OPTION_SYNTAX, SYNTAX_ATT);
	d->insn = d->new_insn(d->handle);
	return d->insn ? NULL : error_nomem();
}

struct error *disasm_open(const struct kernel *k, struct disasm **ret)
{
	struct disasm *d = calloc(1, sizeof(*d));
	struct error *e;

	if (!d)
		return error_nomem();
	d->library = open_library();
	e = d->library ? begin(d, k)
		       : error_new(ERROR_NOT_FOUND,
				   "the library that knows machine code is not there: install libcapstone5 or libcapstone4");
	if (e) {
		disasm_close(d);
		return e;
	}
	*ret = d;
	return NULL;
}

void disasm_close(struct disasm *d)
{
	if (!d)
		return;
	if (d->insn)
		d->free_insn(d->insn, 1);
	if (d->handle)
		d->close(&d->handle);
	if (d->library)
		dlclose(d->library);
	free(d);
}

bool disasm_one(struct disasm *d, const unsigned char *bytes, size_t len, uint64_t va, struct insn *ret)
{
	const uint8_t *at = bytes;
	const char *mnemonic = (char *)d->insn + INSN_BYTES_AT + d->bytes;
	size_t left = len;
	uint16_t size;

	*ret = (struct insn){.va = va};
	if (!d->next(d->handle, &at, &left, &va, d->insn))
		return false;
	memcpy(&size, d->insn + INSN_SIZE_AT, sizeof(size));
	if (!size || size > len)
		return false;
	ret->len = size;
	snprintf(ret->mnemonic, sizeof(ret->mnemonic), "%s", mnemonic);
	snprintf(ret->operands, sizeof(ret->operands), "%s", mnemonic + MNEMONIC_LEN);
	if (d->is_x86 && size == 2 && bytes[0] == 0x66 && bytes[1] == 0x90) { /* the nop of two bytes */
		snprintf(ret->mnemonic, sizeof(ret->mnemonic), "xchg");
		snprintf(ret->operands, sizeof(ret->operands), "%%ax,%%ax");
	} else if (d->is_x86) {
		disasm_gnu_text(ret);
	}
	return true;
}
