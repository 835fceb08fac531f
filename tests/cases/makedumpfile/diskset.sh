# The disks of a sadump set, by the option or as inputs, in any order.
. "$SRC/tests/cases/makedumpfile/input.inc"
disk() {
	"$BUILD/tests/make/mksadump" <<END
sadump disk $1
disks 3
share 8192
system b:0x11:16
set b:0x22:16
time 2024 2 3 4 5 6 0
cpu cr3=0x1000 rip=0xffffffff81000000
ram 1 4
page 5 count=6 data=r:5:4096
page 20 count=3 data=v:20:4096
END
}
for i in 1 2 3; do disk $i >d$i; done
status makedumpfile --message-level 6 -l -d 1 --diskset=d1 --diskset=d2 --diskset=d3 out
status makedumpfile --message-level 6 -l -d 1 --diskset=d3 --diskset d1 --diskset=d2 other
status makedumpfile --message-level 6 -l -d 1 d2 d3 d1 words
cmp out other && cmp out words && echo same
status makedumpfile --message-level 6 -l -d 1 --diskset=d1 --diskset=d3 lacks
makedumpfile -F --message-level 4 -l -d 1 --diskset=d1 --diskset=d2 --diskset=d3 | makedumpfile -R --message-level 4 back
cmp out back && echo "the same through the stream"
