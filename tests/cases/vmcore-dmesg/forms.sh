# The log of a made kernel of the 4.19 kind, in each form; exit codes.
. "$SRC/tests/cases/vmcore-dmesg/kernel.inc"
status vmcore-dmesg kernel
status vmcore-dmesg --raw kernel
status vmcore-dmesg --level=err+ kernel
status vmcore-dmesg -l info,5 kernel
status vmcore-dmesg -l loud kernel
status vmcore-dmesg --json --partial kernel
status vmcore-dmesg --json -l err kernel
# the same through other formats
makedumpfile --message-level 4 -E -d 31 kernel elf
makedumpfile --message-level 4 -F -E kernel >flat
for f in elf flat; do
	vmcore-dmesg kernel >a
	vmcore-dmesg $f >b
	cmp a b && echo "$f: the same"
done
makedumpfile --dump-dmesg --message-level 4 kernel log
cmp a log && echo "makedumpfile --dump-dmesg: the same"
makedumpfile --dump-dmesg --partial-dmesg --message-level 4 -f kernel log
vmcore-dmesg --partial kernel | cmp - log && echo "partial: the same"
status vmcore-dmesg nothing
status vmcore-dmesg
status vmcore-dmesg --bogus kernel
echo text >text
status vmcore-dmesg text
made "" "" >no-note
status vmcore-dmesg no-note
made "note VMCOREINFO 0 t:OSRELEASE=4.19.0-test\\n" "" >no-keys
status vmcore-dmesg no-keys
# the second record says that it is two bytes long: what came before it is shown
hex=$(log | sed 's/^x:\(.\{104\}\)..../\10200/')
log() { echo "x:$hex"; }
made "$note" "" >bad-length
status vmcore-dmesg bad-length
head -c 700 kernel >cut
status vmcore-dmesg cut
vmcore-dmesg kernel 2>&1 >/dev/full || echo "exit $?"
