# Sourced by the cases: dump.elf, a small machine; run, makedumpfile without its times.
mkelf() { "$BUILD/tests/make/mkelf"; }
mkelf >dump.elf <<'EOF'
elf64 little
machine 62
note CORE 1 z:336
note VMCOREINFO 0 t:OSRELEASE=6.1.0-test\nPAGESIZE=4096\nCRASHTIME=1700000000\n
load pa=0x1000 va=0xffff888000001000 data=v:7:200704+z:8192+r:1:65536
load pa=0x100000 va=0xffff888000100000 data=z:65536+v:3:4096+z:4096+r:9:8192 memsz=0x20000
EOF
run() {
	echo "\$ $*"
	"$@" 2>&1 | sed 's/ : [0-9.]* seconds$/ : TIME/'
}
status() {
	echo "\$ $*"
	"$@" >out.txt 2>&1 </dev/null && echo "exit 0" || echo "exit $?"
	sed 's/ : [0-9.]* seconds$/ : TIME/; /^$/d' out.txt
}
