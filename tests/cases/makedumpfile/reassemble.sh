# A dump in parts, and one dump out of parts: ours, made ones, in any order, flattened, cut off.
. "$SRC/tests/cases/makedumpfile/input.inc"
makedumpfile --message-level 4 -l -d 1 dump.elf whole
status makedumpfile --message-level 6 -l -d 1 --split --splitblock-size 64 dump.elf p1 p2 p3
stat -c '%n mode %a' p1 p2 p3
status makedumpfile --message-level 6 --reassemble p2 p3 p1 joined
cmp whole joined && echo "reassembled: the same"
# as one input it is the same dump too
makedumpfile --message-level 4 -l -d 1 p3 p1 p2 refiltered
cmp whole refiltered && echo "filtered again: the same"
status makedumpfile --message-level 6 --reassemble p1 p3 lacks
status makedumpfile --message-level 6 --reassemble p1 whole mixed
status makedumpfile --message-level 6 --reassemble -f p1 p2 p1
test ! -e mixed
text() { # ERASED SPLIT-LINE
	cat <<END
kdump lp64 little
$2
uts release t:6.1.0-test
note VMCOREINFO 0 t:OSRELEASE=6.1.0-test\\nCRASHTIME=1700000000\\n
erase t:erase\\s$1\\s8\\n
cpus 1
level 1
status 1
page 10 count=40 codec=zlib data=v:0:4096
page 70 zero
page 100 count=20 data=r:100:4096
END
}
mk() { "$BUILD/tests/make/mkkdump"; }
text secret_one "split 0 20" | mk >a
text secret_two "split 20 110" | mk >b
text secret_two "split 110 120" | mk >c
text "secret_one\\s8\\nerase\\ssecret_two" "" | mk >all
{ echo flat; echo "include kdump piece=1000 backwards"; text secret_two "split 20 110"; echo end; } |
	"$BUILD/tests/make/mkflat" >b.flat
status makedumpfile --message-level 6 --reassemble c b.flat a made
makedumpfile --message-level 4 -l all all.l
makedumpfile --message-level 4 -l made made.l
cmp all.l made.l && echo "all pages, and all else"
# what was erased is told once, and stays when the dump is filtered again
grep -ao 'erase secret_[a-z]* 8' made
makedumpfile --message-level 4 -d 1 made later
grep -ao 'erase secret_[a-z]* 8' later
# a part whose writer was killed, and one whose end is cut off
printf '\011' | dd of=a bs=1 seek=424 conv=notrunc status=none
head -c 110000 b >b.cut
status makedumpfile --message-level 6 --reassemble a b.cut c partly
status salvage-collect --message-level 6 --reassemble -f a b.cut c partly
