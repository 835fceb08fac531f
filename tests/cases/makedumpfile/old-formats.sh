# Dumps in the formats of old become kdump-compressed ones with the same pages.
. "$SRC/tests/cases/makedumpfile/old-formats.inc"
for f in $old_formats; do
	echo "$f:"
	makedumpfile --message-level 20 -d 0 "$f" "$f.k" >out 2>&1 || echo "exit $?"
	grep -e '^Original' -e 'Excluded in' -e 'not readable' -e '^makedumpfile' out
	# uncompressed pages are the end of the file; those of zeros stand in front
	tail -c 12288 "$f.k" | sha256sum | cut -c1-16
	makedumpfile --message-level 0 -E -d 1 "$f" elf || echo "exit $?"
	makedumpfile --message-level 0 -d 1 elf via-elf || echo "exit $?"
	tail -c 12288 via-elf | sha256sum | cut -c1-16
	makedumpfile --message-level 0 -d 0 "$f.k" again || echo "exit $?"
	cmp "$f.k" again && echo "again: the same"
	rm elf via-elf again
done
mk s390 <<'X' >volume
s390 plain
memory 4096
mvdump 1
volume 1
X
makedumpfile volume out2 || echo "exit $?"
head -c 70000 lkcd >cut
makedumpfile --message-level 4 -d 0 cut cut.k || echo "exit $?"
head -c 3000 s390-extended >cut2
makedumpfile --message-level 4 -d 0 cut2 cut2.k || echo "exit $?"
