/*
 * The smallest ELF program that comes back to the kernel that jumped to it: says the how-many-eth time it is
 * here, and calls the way back, which leaves on the stack where it wants to be entered again.
 */
#define PORT 0x3f8

	.text
	.code64
	.globl _start
_start:
	incb	count(%rip)
	leaq	hello(%rip), %rsi
	movl	$PORT, %edx
1:	lodsb
	testb	%al, %al
	jz	2f
	movb	%al, %ah
	movl	$PORT + 5, %edx
3:	inb	%dx, %al		/* the transmitter is empty */
	testb	$0x20, %al
	jz	3b
	movb	%ah, %al
	movl	$PORT, %edx
	outb	%al, %dx
	jmp	1b
2:	popq	%rax
	callq	*%rax
	jmp	_start

	.data
hello:	.ascii "\r\nVM: away, time "
count:	.ascii "0\r\n\0"

	.section .note.GNU-stack, "", @progbits
