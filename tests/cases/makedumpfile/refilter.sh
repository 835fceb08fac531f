# A dump of makedumpfile's format is filtered again: levels add up, and -E is refused.
. "$SRC/tests/cases/makedumpfile/input.inc"
makedumpfile --message-level 0 -l -d 17 dump.elf first
status makedumpfile --message-level 6 -c -d 9 first second
status makedumpfile --message-level 6 -c -d 25 second third
status makedumpfile --message-level 6 -E first elf
test ! -e elf
"$BUILD/tests/make/mkkdump" >v0 <<'END'
kdump lp64 little
version 0
cpus 1
page 1 data=r:1:4096
END
status makedumpfile --message-level 6 -d 1 v0 out
# -L: the next level, and what fits
makedumpfile --message-level 0 -d 0 dump.elf full
size=$(makedumpfile --show-stats -d 0 --message-level 0 -f dump.elf full | sed -n 's/^Write bytes *: //p')
status makedumpfile --message-level 6 -d 0 -L 150000 dump.elf limited
test $(du -B1 limited | cut -f1) -le 152000 && echo "within the limit"
makedumpfile --message-level 6 -d 0,1 -L $size dump.elf fits && echo "fits"
status makedumpfile --message-level 6 -d 0 -L 1000 dump.elf tiny
test ! -e tiny && echo "nothing left behind"
status salvage-collect --message-level 6 -d 0 -L 150K dump.elf limited4
status makedumpfile --message-level 6 -L 0 dump.elf x
status makedumpfile --message-level 6 -L 1x dump.elf x
