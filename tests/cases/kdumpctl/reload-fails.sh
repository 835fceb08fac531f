# A reload that the kernel refuses late: the capture kernel from before is loaded again. The calls are
# answered by tests/make/kexec-shim.c; none reaches this kernel.
. "$SRC/tests/cases/kdumpctl/machine.inc"
. "$SRC/tests/cases/kdumpctl/programs.inc"
cp "$SRC/fuzz/seeds/bzimage/small" m/boot/vmlinuz-$REL
echo image >m/boot/initramfs-${REL}kdump.img
printf '00100000-3fffffff : System RAM\n  10000000-1fffffff : Crash kernel\n' >m/proc/iomem
echo "flags : fpu lm" >>m/proc/cpuinfo
echo 268435456 >m/sys/kernel/kexec_crash_size
export SHIM_ROOT="$PWD/m"
try() {
	echo "# $2 [$1]"
	SHIM_ANSWERS=$1 LD_PRELOAD="$BUILD/tests/make/kexec-shim.so" bin/kdumpctl $2 || echo "exit $?"
	echo "loaded $(cat m/sys/kernel/kexec_crash_loaded)"
}
try 0 reload
echo other >m/boot/initramfs-${REL}kdump.img
try 'ENOMEM!,0' reload
try 'ENOEXEC!,ENOMEM!' reload
try 'ENOMEM!,ENOMEM!' reload
try 0 reload
try 0 stop
