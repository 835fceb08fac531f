# What units, udev rules, initramfs hooks and the next start run; the record of a test crash.
. "$SRC/tests/cases/kdumpctl/machine.inc"
. "$SRC/tests/cases/kdumpctl/programs.inc"
try() { echo "# $*"; kdumpctl --root m "$@" && echo "(exit 0)" || echo "(exit $?)"; }
echo "# hotplug: nothing is loaded; the kernel does it itself; another one waits already"
try _hotplug
echo 1 >m/sys/kernel/kexec_crash_loaded
mkdir -p m/sys/devices/system/cpu
echo 1 >m/sys/devices/system/cpu/crash_hotplug
try _hotplug
rm m/sys/devices/system/cpu/crash_hotplug
exec 9>m/run/lock/kdump-hotplug
flock 9
kdumpctl --root m _hotplug 9>&- && echo "(exit 0)"
exec 9>&-
echo "# three at once: one reload"
mkdir -p m/usr/bin
printf '#!/bin/sh\necho "udevadm $*"\n' >m/usr/bin/udevadm
chmod +x m/usr/bin/udevadm
: >m/boot/initramfs-${REL}kdump.img
for i in 1 2 3; do kdumpctl --root m _hotplug >out$i 2>&1 || : & done
wait
cat out? | grep -c "Starting kdump"
echo "# early-kdump"
try _early-files
rm m/boot/initramfs-${REL}kdump.img
try _early-files
echo "# test: it asks, and a recorded machine is not crashed"
try test
bin/kdumpctl --root m test --force || echo "(exit $?)"
echo 0 >m/sys/kernel/kexec_crash_loaded
try test --force
mkdir -p m/sys/kernel/fadump
echo 1 >m/sys/kernel/fadump/enabled
try test
rm -r m/sys/kernel/fadump
echo 1 >m/sys/kernel/kexec_crash_loaded
echo "# the record: none, open and not answered, answered, somebody else's answer, spoilt"
ID=1767225600-123456789
record() { echo "$1" >m/var/lib/kdump/vmcore-creation.status; }
try status
record "pending kdump_test_id=$ID"
try status
cat m/var/lib/kdump/vmcore-creation.status
mkdir m/var/crash/kdump-test-$ID
for said in "success kdump_test_id=$ID" "fail kdump_test_id=$ID" "success kdump_test_id=1" "success kdump_test_id=../x"; do
	echo "$said" >m/var/crash/kdump-test-$ID/vmcore-creation.status
	record "pending kdump_test_id=$ID"
	try status
	cat m/var/lib/kdump/vmcore-creation.status
done
record "success kdump_test_id=../../etc"
try status
echo "# a new image was not tested"
bin/kdumpctl --root m rebuild
ls m/var/lib/kdump
echo "# labels: restored where SELinux is on; a failure costs nothing"
echo 0 >m/sys/kernel/kexec_crash_loaded
mkdir -p m/sys/fs/selinux m/usr/sbin
printf '#!/bin/sh\necho "$@" >>"${0%%/usr/sbin/*}/ran"\nexit 1\n' >m/usr/sbin/restorecon
chmod +x m/usr/sbin/restorecon
bin/kdumpctl --root m start 2>&1 | grep labels || :
: >m/sys/fs/selinux/enforce
bin/kdumpctl --root m start 2>&1 | grep labels || :
cat m/ran
echo "# the scripts are shell"
for f in "$SRC"/packaging/hooks/* "$SRC"/packaging/early-kdump/* "$SRC"/udev/kdump-hotplug.in; do
	case $f in *.build) ;; *) bash -n "$f" && head -1 "$f" ;; esac
done | sort | uniq -c
cp "$SRC/packaging/hooks/kdump.init.in" kdump.init
KDUMPCTL=echo sh kdump.init propagate
KDUMPCTL=false sh kdump.init condrestart && echo "not armed: nothing to restart"
sh kdump.init || echo "(exit $?)"
