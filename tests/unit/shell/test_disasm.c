#include "../test.h"

#include "shell/disasm.h"

/* What capstone says, and what GNU as would. */
static const struct {
	const char *mnemonic, *operands, *gnu, *gnu_operands;
} texts[] = {
	{"pushq", "%rbp", "push", "%rbp"},
	{"movq", "%rsp, %rbp", "mov", "%rsp,%rbp"},
	{"movq", "$1, 8(%rax)", "movq", "$0x1,0x8(%rax)"},
	{"movl", "$-1, -8(%rbp)", "movl", "$0xffffffff,-0x8(%rbp)"},
	{"andq", "$-0x10, %rsp", "and", "$0xfffffffffffffff0,%rsp"},
	{"nopl", "(%rax, %rax)", "nopl", "0x0(%rax,%rax,1)"},
	{"nopl", "(%rax)", "nopl", "(%rax)"},
	{"movq", "(%rbp), %rax", "mov", "0x0(%rbp),%rax"},
	{"movq", "(, %rdi, 8), %rax", "mov", "0x0(,%rdi,8),%rax"},
	{"leaq", "4(%rax, %rcx, 4), %rdx", "lea", "0x4(%rax,%rcx,4),%rdx"},
	{"movq", "%gs:0x28, %rax", "mov", "%gs:0x28,%rax"},
	{"incl", "%gs:0x10(%rip)", "incl", "%gs:0x10(%rip)"},
	{"lock incl", "(%rdi)", "lock incl", "(%rdi)"},
	{"shlq", "%cl, (%rax)", "shlq", "%cl,(%rax)"},
	{"shlq", "%cl, %rax", "shl", "%cl,%rax"},
	{"cmovbeq", "%r14, %rax", "cmovbe", "%r14,%rax"},
	{"rep movsq", "(%rsi), (%rdi)", "rep movsq", "%ds:(%rsi),%es:(%rdi)"},
	{"rep stosq", "%rax, (%rdi)", "rep stos", "%rax,%es:(%rdi)"},
	{"callq", "0xffffffff81000000", "call", "0xffffffff81000000"},
	{"jmpq", "*%rax", "jmp", "*%rax"},
	{"retq", "", "ret", ""},
	{"movslq", "%eax, %rbx", "movslq", "%eax,%rbx"},
	{"movzbl", "%al, %eax", "movzbl", "%al,%eax"},
	{"movabsq", "$0x7ffffffff000, %rax", "movabs", "$0x7ffffffff000,%rax"},
	{"testb", "$2, %al", "test", "$0x2,%al"},
	{"pushq", "$-0x26", "push", "$0xffffffffffffffda"},
};

static void gnu_spelling(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct insn n = {0};

		snprintf(n.mnemonic, sizeof(n.mnemonic), "%s", texts[i].mnemonic);
		snprintf(n.operands, sizeof(n.operands), "%s", texts[i].operands);
		disasm_gnu_text(&n);
		assert_string_equal(n.mnemonic, texts[i].gnu);
		assert_string_equal(n.operands, texts[i].gnu_operands);
	}
}

int main(void)
{
	const struct CMUnitTest list[] = {cmocka_unit_test(gnu_spelling)};

	return cmocka_run_group_tests_name("disasm", list, NULL, NULL);
}
