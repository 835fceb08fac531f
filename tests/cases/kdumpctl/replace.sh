# restart and reload give a loaded capture kernel up only when the next one can be loaded.
. "$SRC/tests/cases/kdumpctl/machine.inc"
. "$SRC/tests/cases/kdumpctl/programs.inc"
echo 1 >m/sys/kernel/kexec_crash_loaded
try() {
	echo "# $2: $1"
	shift
	bin/kdumpctl --root m "$@" || echo "exit $?"
}
try "there is no image" reload
: >m/boot/initramfs-${REL}kdump.img
try "the image is empty" reload
try "the kernel is damaged" restart
try "the kernel is damaged" reload
echo "nonsense 1" >m/etc/kdump.conf
try "the settings are wrong" restart
: >m/etc/kdump.conf
cp "$SRC/fuzz/seeds/bzimage/small" m/boot/vmlinuz-$REL
printf '00100000-3fffffff : System RAM\n  10000000-1fffffff : Crash kernel\n' >m/proc/iomem
echo "flags : fpu lm" >>m/proc/cpuinfo
try "all is well" restart
try "all is well" reload
echo 0 >m/sys/kernel/kexec_crash_loaded
try "nothing is loaded" reload
try "nothing is loaded" restart
