/*
 * Two small programs that the loader puts between purgatory and kernels which are not entered
 * as a 64-bit Linux is. They are data here: copied into a page below 4 GiB, with the block at
 * offset 16 filled in (struct enter_args in enter.h). Purgatory jumps to their first byte in
 * 64-bit mode with identity mapping, flat segments, interrupts off.
 *
 * enter32: protected mode without paging, as the 32-bit boot protocol and multiboot want it:
 * CS 0x10, other segments 0x18, flat 4 GiB; CR4 0, long mode off.
 */
#define ARGS_EAX 8
#define ARGS_EBX 12
#define ARGS_ESI 16
#define PAGE	 4096
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100

	.section .rodata
	.balign 16
	.globl enter32_blob
	.hidden enter32_blob
enter32_blob:
.Lenter32:
	.code64
	jmp	1f
	.balign 16
args32:
	.fill	24, 1, 0
	.balign 8
gdt:
	.quad	0
	.quad	0
	.quad	0x00cf9a000000ffff	/* 0x10: code, 32 bit */
	.quad	0x00cf92000000ffff	/* 0x18: data */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.quad	0
	.balign 8
far_pointer:
	.long	0
	.word	0x10
1:	cli
	cld
	leaq	gdt(%rip), %rax
	movq	%rax, gdt_pointer + 2(%rip)
	lgdt	gdt_pointer(%rip)
	leaq	2f(%rip), %rax
	movl	%eax, far_pointer(%rip)
	leaq	args32(%rip), %rdi
	leaq	.Lenter32 + PAGE(%rip), %rsp
	ljmpl	*far_pointer(%rip)
	.code32
2:	movl	$0x18, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss
	movl	%cr0, %eax
	andl	$0x7fffffff, %eax	/* paging off: this page is mapped to itself */
	movl	%eax, %cr0
	movl	$MSR_EFER, %ecx
	rdmsr
	andl	$~EFER_LME, %eax
	wrmsr
	xorl	%eax, %eax
	movl	%eax, %cr4
	pushl	(%edi)			/* the entry, for ret */
	movl	ARGS_EAX(%edi), %eax
	movl	ARGS_EBX(%edi), %ebx
	movl	ARGS_ESI(%edi), %esi
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%ebp, %ebp
	xorl	%edi, %edi
	ret
	.globl enter32_end
	.hidden enter32_end
enter32_end:

	.balign 16
	.globl enter64_blob
	.hidden enter64_blob
enter64_blob:
.Lenter64:
	.code64
	jmp	3f
	.balign 16
args64:
	.fill	24, 1, 0
3:	leaq	.Lenter64 + PAGE(%rip), %rsp
	leaq	args64(%rip), %rdi
	pushq	(%rdi)
	movl	ARGS_EAX(%rdi), %eax
	movl	ARGS_EBX(%rdi), %ebx
	movl	ARGS_ESI(%rdi), %esi
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%ebp, %ebp
	xorl	%edi, %edi
	ret
	.globl enter64_end
	.hidden enter64_end
enter64_end:

	.section .note.GNU-stack, "", @progbits
