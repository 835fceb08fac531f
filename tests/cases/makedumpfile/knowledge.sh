# What is known of the kernel besides the dump: -g, -i, -x; and --vtop, --mem-usage, --diskset.
. "$SRC/tests/cases/vmcore-dmesg/kernel.inc"
status makedumpfile -g info kernel
cat info
# a dump whose note says nothing but the release
made "note VMCOREINFO 0 t:OSRELEASE=4.19.0-test\\n" "" >poor
status makedumpfile --message-level 6 --dump-dmesg poor log
status makedumpfile --message-level 6 --dump-dmesg -i info poor log
vmcore-dmesg kernel | cmp - log && echo "the same log"
# no note at all: the file is taken on trust
made "" "" >mute
status makedumpfile --message-level 6 --dump-dmesg -f -i info mute log
vmcore-dmesg kernel | cmp - log && echo "the same log"
# of another kernel, and of another build
sed 's/4.19.0/5.10.0/' info >other
status makedumpfile --message-level 6 --dump-dmesg -f -i other poor log
{ cat info; echo BUILD-ID=1234; } >build
made "note VMCOREINFO 0 t:OSRELEASE=4.19.0-test\\nBUILD-ID=4321\\n" "" >id
status makedumpfile --message-level 6 -i build id out
test ! -e out
grep -v OSRELEASE info >nameless
status makedumpfile --message-level 6 -i nameless poor out
status makedumpfile --message-level 6 -i nothing poor out
status makedumpfile --message-level 6 -x kernel poor out
status makedumpfile --message-level 6 -g info kernel
status makedumpfile --message-level 6 -g
status makedumpfile --message-level 6 -g x
status makedumpfile --message-level 6 -g x -i info kernel
status makedumpfile --message-level 6 -g x -x vmlinux kernel
status makedumpfile --vtop ffff888000002010 kernel
status makedumpfile --vtop ffffffff81000000 kernel
status makedumpfile --vtop here kernel
status makedumpfile --message-level 6 --vtop ffff888000002010 -E kernel beside
test -s beside && echo "and the dump is written"
status makedumpfile --message-level 2 --mem-usage kernel
status makedumpfile --message-level 6 --mem-usage kernel out
status makedumpfile --message-level 6 --diskset a --diskset b
status makedumpfile --message-level 6 --diskset kernel --diskset poor out
