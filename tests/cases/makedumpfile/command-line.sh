# What wrappers rely on: what is refused, and with which status.
. "$SRC/tests/cases/makedumpfile/input.inc"
status makedumpfile
status makedumpfile dump.elf
status makedumpfile --bogus dump.elf out
status makedumpfile -d 32 dump.elf out
status makedumpfile -d 1,x dump.elf out
status makedumpfile -E -c dump.elf out
status makedumpfile -E --num-threads 2 dump.elf out
status makedumpfile -x vmlinux -i vmcoreinfo dump.elf out
status makedumpfile -R -F out
status makedumpfile --partial-dmesg dump.elf out
status makedumpfile --split dump.elf a
status makedumpfile --split -E dump.elf a b
status makedumpfile --split --num-threads 2 dump.elf a b
status makedumpfile --split -F dump.elf a b
status makedumpfile --reassemble -c a b
status makedumpfile --reassemble --dry-run a b
status makedumpfile --check-params --split -d 31 dump.elf a b
status makedumpfile -X dump.elf a
status makedumpfile --xen-syms x dump.elf a
status makedumpfile --eppic x dump.elf a
status makedumpfile --extension x.so dump.elf a
status makedumpfile --check-params -e -d 31 dump.elf a
status makedumpfile --dry-run -R out
status makedumpfile --message-level 32 dump.elf out
status makedumpfile --fd 1 dump.elf
status makedumpfile --check-params -l -d 31 dump.elf out
status makedumpfile --check-params -d 31,17 -c --num-threads 4 dump.elf out
status makedumpfile --check-params -d 99 dump.elf out
status makedumpfile --check-params dump.elf
status makedumpfile nothing out
status makedumpfile -R out
test ! -e out
touch exists
status makedumpfile dump.elf exists
status makedumpfile -b 4 --cyclic-buffer 1024 --work-dir . --non-mmap -d 0 --message-level 2 dump.elf out
# nothing but the stream goes to standard output, whatever the order of options
makedumpfile -F -b 4 -d 0 --message-level 6 dump.elf 2>messages | makedumpfile -R --message-level 0 -f back && cmp out back
cat messages
# the input is never overwritten; an old log is only when there is a new one
cp dump.elf copy.elf
status makedumpfile -f -d 1 copy.elf copy.elf
ln copy.elf link.elf
status makedumpfile -f -d 1 copy.elf link.elf
cmp dump.elf copy.elf && echo "untouched"
echo old >log
status makedumpfile -f --dump-dmesg dump.elf log
cat log
makedumpfile -v | sed 's/version .*/version X/'
makedumpfile --help | head -3
