# What is whole, incomplete and damaged, said with addresses.
mkelf() { "$BUILD/tests/make/mkelf"; }
mkkdump() { "$BUILD/tests/make/mkkdump"; }
mkflat() { "$BUILD/tests/make/mkflat"; }
verify() {
	echo "\$ verify $*"
	salvage verify -q "$@" && echo "exit 0" || echo "exit $?"
}
# statements of a dump; $1: more of them, $2: VMCOREINFO
machine() {
	cat <<END
kdump lp64 little
uts release t:6.1.0-test
note CORE 1 z:336
note VMCOREINFO 0 t:${2:-OSRELEASE=6.1.0-test\\nPAGESIZE=4096\\n}
cpus 1
level 1
exists 8 4
page 16 count=20 data=r:0:4096
page 40 count=3 zero
page 60 count=4 codec=zlib data=v:100:4096
${1:-}
END
}
machine | mkkdump >whole
verify whole
machine "status 8
page 100 count=3 lost
page 105 lost" | mkkdump >marked
verify marked
machine "page 100 count=3 lost" | mkkdump >liar
verify liar
head -c 40000 whole >cut
verify cut
head -c 6000 whole >cut-early
verify cut-early
machine "page 100 codec=zlib packed=x:789c00112233 flags=1 count=2
page 110 data=r:1:4096 off=0x1000
page 111 data=r:1:4096 size=5000
page 112 data=r:1:4096 flags=64" | mkkdump >garbage
verify garbage
machine "page 120 data=r:1:4096 off=0x8000
page 121 data=r:1:4096 off=0x8800" | mkkdump >overlaps
verify overlaps
# bitmap 2, bytes 12 and 40: frames that do not exist, and behind the last one
machine "poke 0x300c 80
poke 0x3028 01" | mkkdump >strays
verify strays
machine "" 'OSRELEASE=6.1.0\nnonsense\nPAGESIZE=8192\n' | mkkdump >info
verify info
{ echo flat; echo "include kdump"; machine; echo end; } | mkflat >stream
verify stream
head -c 30000 stream >stream-cut
verify stream-cut
mkelf >elf <<'END'
elf64 little
note VMCOREINFO 0 t:PAGESIZE=4096\n
load pa=0x1000 va=0xffff888000001000 data=v:7:40960
load pa=0x100000 va=0xffff888000100000 data=z:8192+r:3:4096 memsz=0x8000
END
verify elf
head -c 30000 elf >elf-cut
verify elf-cut
machine "split 0 30" | mkkdump >p1
machine "split 30 64" | mkkdump >p2
verify p2 p1
verify p1
echo nothing >text
verify text
verify missing
salvage verify || echo "exit $?"
salvage verify -q --json garbage || echo "exit $?"
