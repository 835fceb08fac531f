/*
 * The smallest 64-bit ELF kernel that is told by ELF boot notes: prints the command line's
 * "step=N" in the words that the tests look for, and resets the machine.
 */
#define PORT 0x3f8

	.section .text
	.code64
	.globl _start
_start:
	leaq	stack(%rip), %rsp
	cmpl	$0x0e1fb007, %eax
	jne	reset
	cmpl	%eax, (%rbx)
	jne	reset
	movzwl	10(%rbx), %ecx		/* how many notes */
	leaq	12(%rbx), %rdi
1:	cmpl	$4, 8(%rdi)		/* the command line; notes have no names */
	je	found
	movl	4(%rdi), %eax
	addl	$3 + 12, %eax
	andl	$-4, %eax
	addq	%rax, %rdi
	loop	1b
	jmp	reset

found:	leaq	hello(%rip), %rsi
	call	puts
	leaq	12(%rdi), %rsi
2:	cmpl	$0x70657473, (%rsi)	/* "step" */
	je	3f
	incq	%rsi
	cmpb	$0, (%rsi)
	jne	2b
	jmp	reset
3:	addq	$5, %rsi
	call	puts
	leaq	arrived(%rip), %rsi
	call	puts
reset:	movb	$0x06, %al
	movw	$0xcf9, %dx
	outb	%al, %dx
	movb	$0xfe, %al
	outb	%al, $0x64
4:	hlt
	jmp	4b

puts:	movw	$PORT + 5, %dx
5:	inb	%dx, %al
	testb	$0x20, %al
	jz	5b
	movb	(%rsi), %al
	testb	%al, %al
	jz	6f
	movw	$PORT, %dx
	outb	%al, %dx
	incq	%rsi
	jmp	puts
6:	ret

hello:	.asciz	"VM: step "
arrived: .asciz	" arrived: elf-notes\n"

	.bss
	.balign 16
	.fill	4096
stack:
	.section .note.GNU-stack, "", @progbits
