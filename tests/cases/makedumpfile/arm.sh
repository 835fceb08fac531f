# 32-bit Arm: page frames in the file count from the start of RAM, as crash wants it, and come
# back as they were, by every way.
. "$SRC/tests/cases/makedumpfile/input.inc"
mkelf >in.elf <<'X2'
elf32 little
machine 40
note CORE 1 z:148
note VMCOREINFO 0 t:OSRELEASE=6.1.0-arm\nPAGESIZE=4096\nCRASHTIME=1700000000\n
load pa=0x60000000 va=0xc0000000 data=v:7:200704+z:8192+r:1:65536
load pa=0x70000000 va=0xd0000000 data=r:9:8192 memsz=0x20000
X2
number() { od -An -t u4 -j "$2" -N 4 "$1" | tr -d ' '; }
makedumpfile --message-level 0 -c -d 1 in.elf out
echo "phys_base $(number out 4096), frames $(number out 4184)"
makedumpfile --message-level 0 -E -d 1 in.elf plain.elf
makedumpfile --message-level 0 -c -d 1 plain.elf again
cmp out again && echo "by ELF: the same"
makedumpfile --message-level 0 -c -f -d 1 out again
cmp out again && echo "by itself: the same"
makedumpfile -F --message-level 0 -c -d 1 in.elf >stream
makedumpfile --message-level 0 -c -f -d 1 stream again
cmp out again && echo "by the stream: the same"
makedumpfile --message-level 0 -c -d 1 --split in.elf part1 part2
makedumpfile --message-level 0 --reassemble part2 part1 whole
makedumpfile --message-level 0 -c -f -d 1 whole again
cmp out again && echo "by parts: the same"
run makedumpfile --message-level 16 --show-stats --dry-run -d 0 out nothing | grep -e '^Original' -e '^Total' -e 'in the input'
# RAM that does not start where a bitmap's block can: frames count from 0, and phys_base is 0
mkelf >odd.elf <<'X2'
elf32 little
machine 40
note VMCOREINFO 0 t:OSRELEASE=6.1.0-arm\nPAGESIZE=4096\nCRASHTIME=1700000000\n
load pa=0x60200000 va=0xc0000000 data=v:7:16384
X2
makedumpfile --message-level 0 -d 1 odd.elf odd
echo "phys_base $(number odd 4096)"
makedumpfile --message-level 0 -d 1 -f odd again
cmp odd again && echo "by itself: the same"
