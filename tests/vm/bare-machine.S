/*
 * The two ends of the purgatory test, copied by purgatory-image.c into a flat image: a multiboot
 * start that brings a bare PC to the state in which the old kernel's jump code leaves it, and a
 * stand-in for the new kernel that says how it was entered and ends QEMU (isa-debug-exit at 0xf4).
 */
#define BASE	 0x100000		/* where the image is loaded */
#define AT(x)	 (BASE + (x) - bare_start)
#define TABLES	 0x200000		/* page tables: 6 pages */
#define UART	 0x3f8

	.section .note.GNU-stack, "", @progbits
	.section .rodata
	.globl	bare_start, bare_entry, bare_lengths, bare_graphics, bare_kernel, bare_end
	.balign	16
bare_start:
	/* multiboot header with addresses (flag 16): magic, flags, checksum */
	.long	0x1badb002, 0x10000, -(0x1badb002 + 0x10000)
	.long	BASE, BASE
bare_lengths:
	.long	0, 0			/* end of the file, end of zeroed memory */
	.long	AT(start32)
bare_entry:
	.quad	0			/* purgatory */
bare_graphics:
	.long	0			/* not 0: leave text mode first */
gdt:
	.quad	0, 0x00af9a000000ffff, 0x00cf92000000ffff, 0x00cf9a000000ffff
gdt_pointer:
	.word	31
	.long	AT(gdt)
	.code32
start32:
	cli
	cld
	movl	$0x90000, %esp
	cmpl	$0, AT(bare_graphics)
	je	7f
	movw	$0x3ce, %dx		/* graphics, a window of 64 KiB */
	movw	$0x0506, %ax
	outw	%ax, %dx
	movw	$0x3d4, %dx		/* unprotect, then 40 columns */
	movw	$0x0011, %ax
	outw	%ax, %dx
	movw	$0x2701, %ax
	outw	%ax, %dx
7:
	/* identity map of 4 GiB by 2 MiB pages */
	movl	$TABLES, %edi
	xorl	%eax, %eax
	movl	$0x1800, %ecx
	rep stosl
	movl	$(TABLES + 0x1003), TABLES
	movl	$(TABLES + 0x2003), TABLES + 0x1000
	movl	$(TABLES + 0x3003), TABLES + 0x1008
	movl	$(TABLES + 0x4003), TABLES + 0x1010
	movl	$(TABLES + 0x5003), TABLES + 0x1018
	movl	$(TABLES + 0x2000), %edi
	movl	$0x83, %eax
	movl	$2048, %ecx
1:	movl	%eax, (%edi)
	addl	$8, %edi
	addl	$0x200000, %eax
	loop	1b
	movl	$0x20, %eax		/* PAE alone, as relocate_kernel leaves it */
	movl	%eax, %cr4
	movl	$TABLES, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x100, %eax
	wrmsr
	movl	$0x8000002d, %eax	/* PG, TS, EM, PE (and ET, which is wired): no vector code before it is switched on */
	movl	%eax, %cr0
	lgdt	AT(gdt_pointer)
	ljmp	$8, $AT(start64)
	.code64
start64:
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movq	AT(bare_entry), %rax
	xorl	%ebx, %ebx
	xorl	%esi, %esi
	jmpq	*%rax

/* Entered by purgatory; runs at any address. */
	.balign	16
bare_kernel:
	movq	%rsi, %r12
	movq	%cr4, %r13
	movq	%cr0, %r14
	leaq	said_entered(%rip), %rsi
	call	print
	movq	%r12, %rax
	call	print_hex
	leaq	said_cr4(%rip), %rsi
	call	print
	movq	%r13, %rax
	call	print_hex
	leaq	said_cr0(%rip), %rsi
	call	print
	movq	%r14, %rax
	call	print_hex
	leaq	said_divisor(%rip), %rsi
	call	print
	movw	$(UART + 3), %dx
	inb	%dx, %al
	orb	$0x80, %al
	outb	%al, %dx
	movw	$UART, %dx
	inb	%dx, %al
	movzbl	%al, %ebx
	movw	$(UART + 3), %dx
	inb	%dx, %al
	andb	$0x7f, %al
	outb	%al, %dx
	movl	%ebx, %eax
	call	print_hex
	leaq	said_vga(%rip), %rsi	/* columns, and where the screen is in memory */
	call	print
	movw	$0x3d4, %dx
	movb	$1, %al
	outb	%al, %dx
	incw	%dx
	inb	%dx, %al
	movb	%al, %bh
	movw	$0x3ce, %dx
	movb	$6, %al
	outb	%al, %dx
	incw	%dx
	inb	%dx, %al
	movb	%al, %bl
	movzwl	%bx, %eax
	call	print_hex
	leaq	said_screen(%rip), %rsi
	call	print
	movl	$(0xb8000 + 160 * 23), %ebx	/* the last row but one */
2:	movb	(%rbx), %al
	call	put
	addl	$2, %ebx
	cmpl	$(0xb8000 + 160 * 24), %ebx
	jb	2b
	leaq	said_end(%rip), %rsi
	call	print
	movw	$0xf4, %dx
	movb	$0x10, %al
	outb	%al, %dx
3:	hlt
	jmp	3b
print:
	lodsb
	testb	%al, %al
	jz	4f
	call	put
	jmp	print
4:	ret
print_hex:
	movq	%rax, %rbp
	movl	$16, %ecx
5:	rolq	$4, %rbp
	movl	%ebp, %eax
	andl	$15, %eax
	leaq	digits(%rip), %rdi
	movb	(%rdi, %rax), %al
	call	put
	loop	5b
	ret
put:
	movb	%al, %ah
	movw	$(UART + 5), %dx
6:	inb	%dx, %al
	testb	$0x20, %al
	jz	6b
	movw	$UART, %dx
	movb	%ah, %al
	outb	%al, %dx
	ret
digits:	.ascii	"0123456789abcdef"
said_entered: .asciz "ENTERED rsi="
said_cr4: .asciz " cr4="
said_cr0: .asciz " cr0="
said_divisor: .asciz " divisor="
said_vga: .asciz " vga="
said_screen: .asciz "\nSCREEN "
said_end: .asciz "\n"
bare_end:
