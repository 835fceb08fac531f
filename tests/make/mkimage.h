/*
 * Builder of kernel images: a kind and `key=value` words in, the file out. It shares no code
 * with the readers. Values of content keys are DATA as make.h has it, or @FILE.
 *
 *	bzimage	  protocol=0x20f xload=0x7f init=0x400000 pref=0x1000000 align=0x200000 cmdline=2047
 *		  initrd-max=0x7fffffff len=256 (of the kernel proper, made up)
 *	elf	  bits=64 machine=62 type=2 pa=0x1000000 va=(pa) len=8192 mem=0x10000 entry=(pa) loads=1
 *		  (each 2 MiB after the other) linux=0 (a note of the Linux build)
 *		  multiboot=0 (version of a header put into it), mb-flags=3 mb-relocatable=0
 *	raw	  multiboot=1 pa=0x200000 len=4096: no ELF, its header has the addresses
 *	uki	  linux= initrd= cmdline= osrel= ucode= dtb= uname= profile= (a second profile's kernel)
 *		  pad=512 (alignment of the file)
 *	zboot	  payload= format=gzip pe=1
 *	uimage	  payload= type=2 comp=0 name=
 *	magic	  off=0 data= len=512: zeros with some bytes in them
 */
#pragma once

#include "base/base.h"

struct error *mkimage(const char *kind, const struct words *keys, struct strbuf *ret) MUST_CHECK;
