/*
 * Entry from the old kernel's jump code (arch/x86/kernel/relocate_kernel_64.S): 64-bit mode,
 * identity mapping, interrupts off, no usable descriptor tables. Leaves for the 64-bit entry
 * of a bzImage (Documentation/arch/x86/boot.rst): flat segments 0x10 and 0x18, rsi holds
 * boot_params.
 */
#include "purgatory.h"

	.section .head, "ax"
	.code64
	.globl purgatory_start
purgatory_start:
	jmp	start64
	.balign	16
	.quad	PURGATORY_MAGIC
	.long	purgatory_end - purgatory_start
	.long	purgatory_digest_ok - purgatory_start
args:
	.fill	PURGATORY_ARGS_LEN, 1, 0

	.balign	16
gdt:
	.quad	0
	.quad	0
	.quad	0x00af9a000000ffff	/* 0x10: code, 64 bit */
	.quad	0x00cf92000000ffff	/* 0x18: data */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.quad	0
	.balign	8
old_stack:
	.quad	0

	.balign	16
start64:
	cli
	cld
	movq	%rsp, old_stack(%rip)
	movq	(%rsp), %r12		/* where the old kernel wants to be entered again */
	leaq	purgatory_end(%rip), %rsp
	andq	$-16, %rsp
	leaq	gdt(%rip), %rax
	movq	%rax, gdt_pointer + 2(%rip)
	lgdt	gdt_pointer(%rip)
	movl	$0x18, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	pushq	$0x10
	leaq	1f(%rip), %rax
	pushq	%rax
	lretq
1:
	leaq	args(%rip), %rdi
	movq	%r12, %rsi
	call	purgatory_main
	leaq	args(%rip), %rax
	testl	$PURGATORY_COMES_BACK, PURGATORY_ARGS_FLAGS(%rax)
	jz	2f
	movq	old_stack(%rip), %rsp
2:	movq	PURGATORY_ARGS_PARAM(%rax), %rsi
	movq	PURGATORY_ARGS_ENTRY(%rax), %rax
	xorl	%ebx, %ebx
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%ebp, %ebp
	xorl	%edi, %edi
	jmpq	*%rax

	.section .note.GNU-stack, "", @progbits
