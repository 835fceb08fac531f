# What status, start and showmem say of the kernel's state.
. "$SRC/tests/cases/kdumpctl/machine.inc"
try() {
	echo "# $*"
	kdumpctl --root m "$@" || echo "exit $?"
}
try status
try showmem
echo 1 >m/sys/kernel/kexec_crash_loaded
try status
try start
echo "nonsense 1" >m/etc/kdump.conf
try start
: >m/etc/kdump.conf
echo 0 >m/sys/kernel/kexec_crash_size
echo 0 >m/sys/kernel/kexec_crash_loaded
try start
try showmem
rm m/sys/kernel/kexec*
try status
try start
