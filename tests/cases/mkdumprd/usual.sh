# mkdumprd: the image alone, called as other programs of this name are.
. "$SRC/tests/cases/kdumpctl/machine.inc"
. "$SRC/tests/cases/kdumpctl/programs.inc"
try() {
	echo "# $*"
	bin/mkdumprd --root m "$@" || echo "exit $?"
}
try
try
try -f
try /boot/other.img $REL
try /boot/other.img $REL
try -f /boot/other.img $REL
cmp m/boot/other.img m/boot/initramfs-${REL}kdump.img && ls m/boot
try -q -I /var/lib/kdump/initrd -K $REL
try -I /var/lib/kdump/initrd -k /boot/vmlinuz-$REL
try -f -k /boot/vmlinuz
try -K 9.9-none
try relative.img
try one two three
try --nonsense
echo 'nonsense 1' >m/etc/kdump.conf
try
