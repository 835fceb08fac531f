# The parts of a split set as input, in any order; strangers are named.
. "$SRC/tests/cases/makedumpfile/input.inc"
part() { # SPLIT-LINE [LINE]
	"$BUILD/tests/make/mkkdump" <<EOF
kdump lp64 little
$1
cpus 1
uts release t:6.1.0-test
note VMCOREINFO 0 t:OSRELEASE=6.1.0-test\nCRASHTIME=1700000000\n
page 10 count=40 codec=zlib data=v:0:4096
page 70 zero
page 100 count=20 data=r:100:4096
${2-}
EOF
}
part "" >whole
part "split 0 20" >a
part "split 20 110" >b
part "split 110 120" >c
part "split 110 120" "uts nodename t:elsewhere" >stranger
makedumpfile --message-level 4 whole one
status makedumpfile --message-level 4 c a b set
cmp one set && echo same
makedumpfile -F --message-level 4 b c a | makedumpfile --message-level 4 -R back && cmp one back && echo same
status makedumpfile --message-level 4 a c missing
status makedumpfile --message-level 4 a b stranger out
status makedumpfile --message-level 4 a whole out
status makedumpfile --message-level 4 a b a out
status makedumpfile --message-level 4 -f a b c b
: >empty
status makedumpfile --message-level 4 a empty c part
status vmcore-dmesg a b stranger
status vmcore-dmesg a b c
status salvage report b c a
