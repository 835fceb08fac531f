# PID 1 opens the file and hands over the descriptor.
. "$SRC/tests/cases/makedumpfile/input.inc"
salvage-collect --message-level 2 -l -d 1 --fd 5 dump.elf 5<>saved
makedumpfile --message-level 0 -l -d 1 dump.elf named
cmp saved named && echo "the same"
salvage-collect --message-level 2 -l -d 1 --fd 1 dump.elf - 2>messages >by-name || echo "exit $?"
cat messages
status salvage-collect --fd 9 dump.elf
status salvage-collect --fd x dump.elf
status salvage-collect --message-level 4 -d 1 dump.elf /dev/full -f
# a device keeps its permissions
before=$(stat -c %a /dev/full)
salvage-collect --message-level 0 -f dump.elf /dev/full || echo "exit $?"
test "$before" = "$(stat -c %a /dev/full)" && echo "permissions kept"
