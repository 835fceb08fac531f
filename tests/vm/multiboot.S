/*
 * The smallest multiboot kernel, for both versions of the protocol: says on the serial line
 * what it was told, in the words that the tests look for, and resets the machine.
 */
#define PORT 0x3f8

	.section .text
	.code32
	.balign 8
header2:
	.long	0xe85250d6, 0, header2_end - header2
	.long	-(0xe85250d6 + (header2_end - header2))
	.short	0, 0
	.long	8
header2_end:
	.balign 4
	.long	0x1badb002, 3, -(0x1badb002 + 3)

	.globl _start
_start:
	movl	$stack, %esp
	cmpl	$0x2badb002, %eax
	je	first
	cmpl	$0x36d76289, %eax
	je	second
	movl	$bad, %esi
	call	puts
	jmp	reset

/* Version 1: addresses of the command line at 16, of the first module's start and words at 24. */
first:	movb	$'1', version
	movl	16(%ebx), %edi
	movl	24(%ebx), %ebp
	movl	8(%ebp), %ecx
	movl	0(%ebp), %ebp
	jmp	tell

/* Version 2: tags 1 (command line) and 3 (module). */
second:	movb	$'2', version
	movl	%ebx, %edx
	addl	(%ebx), %edx
	addl	$8, %ebx
next:	cmpl	%edx, %ebx
	jae	tell
	movl	(%ebx), %eax
	cmpl	$1, %eax
	jne	1f
	leal	8(%ebx), %edi
1:	cmpl	$3, %eax
	jne	2f
	movl	8(%ebx), %ebp
	leal	16(%ebx), %ecx
2:	movl	4(%ebx), %eax
	addl	$7, %eax
	andl	$-8, %eax
	addl	%eax, %ebx
	jmp	next

tell:	pushl	%ecx
	/* "... step=N" ends the command line */
	movl	$hello, %esi
	call	puts
	movl	%edi, %esi
3:	cmpl	$0x70657473, (%esi)	/* "step" */
	je	4f
	incl	%esi
	cmpb	$0, (%esi)
	jne	3b
4:	addl	$5, %esi
	call	puts
	movl	$arrived, %esi
	call	puts
	popl	%esi
	call	puts
	movl	$colon, %esi
	call	puts
	movl	%ebp, %esi
	call	puts
reset:	movb	$0x06, %al
	movw	$0xcf9, %dx
	outb	%al, %dx
	movb	$0xfe, %al
	outb	%al, $0x64
5:	hlt
	jmp	5b

puts:	movw	$PORT + 5, %dx
6:	inb	%dx, %al
	testb	$0x20, %al
	jz	6b
	movb	(%esi), %al
	testb	%al, %al
	jz	7f
	movw	$PORT, %dx
	outb	%al, %dx
	incl	%esi
	jmp	puts
7:	ret

hello:	.asciz	"VM: step "
colon:	.asciz	": "
bad:	.asciz	"VM: multiboot: wrong magic number in eax\n"

	.data
arrived: .ascii	" arrived: multiboot-"
version: .asciz	"? with module "

	.bss
	.balign 16
	.fill	4096
stack:
	.section .note.GNU-stack, "", @progbits
