# A dump in every form holds the same pages, and says the same about itself.
. "$SRC/tests/cases/makedumpfile/input.inc"
run makedumpfile -l -d 31 --message-level 22 dump.elf l
stat -c 'mode %a' l
run makedumpfile -c -d 1 --message-level 1 dump.elf c | tail -1 | sed 's/\] . /] SPIN /'
for codec in c p z; do
	makedumpfile --message-level 0 -$codec -d 1 dump.elf via-$codec
	makedumpfile --message-level 0 -f -l -d 1 via-$codec again
	cmp l again && echo "via -$codec: the same"
done
makedumpfile --message-level 0 -E dump.elf elf
makedumpfile --message-level 0 -l -d 1 elf via-elf
cmp l via-elf && echo "via -E: the same"
makedumpfile -F --message-level 2 -l -d 1 dump.elf 2>messages >stream
cat messages
run makedumpfile -R rearranged <stream | grep -v '^$'
makedumpfile --message-level 0 -l -d 1 stream via-stream
cmp l via-stream && echo "via the stream: the same"
makedumpfile --message-level 0 -l -d 1 rearranged via-rearranged
cmp l via-rearranged && echo "via -R: the same"
makedumpfile --num-threads 3 --message-level 0 -l -d 1 dump.elf three
cmp l three && echo "three threads: the same"
run makedumpfile --dry-run --show-stats --message-level 2 -d 1 dump.elf nothing | grep -v '^$'
test ! -e nothing
