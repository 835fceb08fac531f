# status and showmem for programs.
. "$SRC/tests/cases/kdumpctl/machine.inc"
. "$SRC/tests/cases/kdumpctl/programs.inc"
try() {
	echo "# $*"
	bin/kdumpctl --root m "$@" || echo "exit $?"
}
try showmem --json
try status --json
bin/kdumpctl --root m rebuild
echo 1 >m/sys/kernel/kexec_crash_loaded
try status -j
echo "path /nowhere" >m/etc/kdump.conf
try status --json
try status --nonsense
