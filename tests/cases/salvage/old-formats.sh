# What a report can say of dumps in the formats of old: what their headers tell, and why no more.
. "$SRC/tests/cases/makedumpfile/old-formats.inc"
for f in $old_formats; do
	salvage report "$f" || echo "exit $?"
done
salvage report --json lkcd | grep -e headline -e '"reason"' -e '"time"'
