# What is damaged or cut off is said, and kept as far as it goes.
. "$SRC/tests/cases/makedumpfile/input.inc"
head -c 250000 dump.elf >cut.elf
status makedumpfile -l -d 1 --message-level 20 cut.elf cut
status salvage-collect -l -d 1 --message-level 4 cut.elf cut4
# further down the chain nothing is lost any more, and the mark stays
status salvage-collect --dry-run -d 1 --message-level 4 cut again
makedumpfile --message-level 0 -d 1 dump.elf marked
printf '\010' | dd of=marked bs=1 seek=424 conv=notrunc status=none
status makedumpfile -d 1 --message-level 4 marked again
makedumpfile -F --message-level 0 -l dump.elf | head -c 60000 >broken
status makedumpfile --message-level 6 -R back <dump.elf
makedumpfile --message-level 6 -R back -f <broken || echo "exit $?"
echo "not a dump" >text
status makedumpfile --message-level 6 text out
status makedumpfile --message-level 6 --dump-dmesg dump.elf log
status vmcore-dmesg text
status vmcore-dmesg
status vmcore-dmesg dump.elf
