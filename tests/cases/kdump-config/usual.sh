# kdump-config: Debian's words for the same service. The kexec calls are answered by kexec-shim.c.
. "$SRC/tests/cases/kdumpctl/machine.inc"
. "$SRC/tests/cases/kdumpctl/programs.inc"
cp "$SRC/fuzz/seeds/bzimage/small" m/boot/vmlinuz-$REL
printf '00100000-3fffffff : System RAM\n  10000000-1fffffff : Crash kernel\n' >m/proc/iomem
echo "flags : fpu lm" >>m/proc/cpuinfo
rm m/etc/kdump.conf
mkdir -p m/etc/default
echo 'USE_KDUMP=1
KDUMP_CMDLINE_APPEND="nr_cpus=1 systemd.unit=kdump-tools-dump.service irqpoll"' >m/etc/default/kdump-tools
echo 0 >m/proc/sys/kernel/panic_on_oops
export SHIM_ROOT="$PWD/m"
try() {
	echo "# $*"
	SHIM_ANSWERS=0 LD_PRELOAD="$BUILD/tests/make/kexec-shim.so" bin/kdump-config "$@" || echo "exit $?"
}
try status
try load
try status
echo "# what SOS collects"
cat m/var/crash/kexec_cmd
cat m/proc/sys/kernel/panic_on_oops
try load
try symlinks $REL
try try-reload
try show
try test
try unload
try try-reload
try reload
try unload
try symlinks $REL
readlink m/var/lib/kdump/vmlinuz m/var/lib/kdump/initrd.img
try symlinks 9.9-none
try symlinks
try savecore
try nonsense
try help
sed -i 's/crashkernel=256M//' m/proc/cmdline
echo 0 >m/sys/kernel/kexec_crash_size
try load
echo 'USE_KDUMP=0' >m/etc/default/kdump-tools
echo "crashkernel=256M" >m/proc/cmdline
echo 268435456 >m/sys/kernel/kexec_crash_size
try load
rm m/sys/kernel/kexec_crash_size m/sys/kernel/kexec_crash_loaded
try load
try status
