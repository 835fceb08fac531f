# The whole plan on machines of many shapes, for a crash and for a reboot.
. "$SRC/tests/cases/kexec/machine.inc"
plan() {
	echo "== $*"
	kexec --root="$1" --check "$2" -c vmlinuz --initrd=initrd --append=console=ttyS0 2>&1 |
		sed "s/purgatory  .*/purgatory/"
}
# long maps are counted and summed up
short() { awk '/  type / { n[$3]++; last = $0; next } { print } END { for (t in n) print "  type " t ": " n[t] " entries" | "sort"; close("sort"); print "  the last:" last }'; }
for shape in small uefi numa cxl xen cma old; do
	"$BUILD/tests/make/mkhost" $shape $shape
	plan $shape -p
	plan $shape -l
done
for shape in e820 ranges; do
	"$BUILD/tests/make/mkhost" $shape $shape
	plan $shape -p | short
	plan $shape -l | short
done
echo "== the call that is chosen"
for shape in small numa e820; do
	kexec --root=$shape --check -p vmlinuz | grep "^first call"
done
kexec --root=e820 --check -s -p vmlinuz | grep "^warning"
kexec --root=numa --check --json -p vmlinuz | sed -n '1,12p'
kexec --root=numa -S --json || :
