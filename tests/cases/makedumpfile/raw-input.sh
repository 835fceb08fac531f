# Raw memory as input: named with its address, refused when that makes no sense.
. "$SRC/tests/cases/makedumpfile/input.inc"
printf 'OSRELEASE=6.1.0-test\nCRASHTIME=1700000000\n' >info
dd if=dump.elf of=low bs=4096 skip=1 count=3 status=none
dd if=dump.elf of=high bs=4096 skip=4 count=2 status=none
status makedumpfile --message-level 4 low@0x1000,high@0x100000,arch=x86_64,vmcoreinfo=info dump
"$BUILD/tests/make/dumpcmp" low@0x1000,high@0x100000,arch=x86_64,vmcoreinfo=info dump
printf 'arch x86_64\nvmcoreinfo info\nmemory 0x100000 high\nmemory 0x1000 low\n' >layout
status makedumpfile --message-level 4 raw:layout again
cmp dump again && echo same
status makedumpfile --message-level 4 low@0x1000 high@0x2000 out
status makedumpfile --message-level 4 -f high@0x1000 high
status makedumpfile --message-level 4 low@17 out
status makedumpfile --message-level 4 low@0,arch=pdp11 out
status makedumpfile --message-level 4 nothing@0 out
status vmcore-dmesg low@0x1000,arch=x86_64
