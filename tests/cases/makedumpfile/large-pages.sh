# Pages of 8, 64 and 256 KiB: the bitmaps are whole blocks of that size, far longer than the few
# frames need.
. "$SRC/tests/cases/makedumpfile/input.inc"
convert() {
	mkelf >in.elf
	run makedumpfile --message-level 0 -d 1 in.elf out
	run makedumpfile --message-level 0 -c -d 1 out again
	makedumpfile --message-level 0 -d 1 again back
	cmp out back && echo "back: the same"
	tail -c "$1" out | sha256sum | cut -c1-16
	tail -c "$1" in.elf | sha256sum | cut -c1-16
	rm out again back
}
convert 16384 <<'X2'
elf64 little
machine 36902
note VMCOREINFO 0 t:OSRELEASE=6.1.0-alpha\nPAGESIZE=8192\n
load pa=0 va=0xfffffc0000000000 data=z:8192+v:7:16384
X2
convert 131072 <<'X2'
elf64 little
machine 183
note VMCOREINFO 0 t:OSRELEASE=6.1.0-arm64\nPAGESIZE=65536\n
load pa=0x40000000 va=0xffff000000000000 data=z:65536+v:7:131072
X2
convert 262144 <<'X2'
elf32 big
machine 20
note VMCOREINFO 0 t:OSRELEASE=6.1.0-ppc\nPAGESIZE=262144\n
load pa=0 va=0xc0000000 data=v:7:262144
X2
