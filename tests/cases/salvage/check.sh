# What stands in the way of a dump, by the settings and logs of a recorded machine.
. "$SRC/tests/cases/kdumpctl/machine.inc"
check() { echo "# $1"; shift; salvage check --root m "$@" && echo "(exit 0)" || echo "(exit $?)"; }
put() { mkdir -p m/$(dirname $1); printf "$2" >m/$1; }
printf '00000000-3fffffff : System RAM\n' >m/proc/iomem
put proc/sys/kernel/sysrq '438\n'
put proc/sys/kernel/panic '30\n'
put proc/sys/kernel/panic_on_oops '1\n'
echo 1 >m/sys/kernel/kexec_crash_loaded
check "a machine in order"
check "with all that is in order" --all
check "as JSON" --json
echo 0 >m/sys/kernel/kexec_crash_loaded
put proc/sys/kernel/sysrq '16\n'
put proc/sys/kernel/panic '0\n'
put proc/sys/kernel/panic_on_oops '0\n'
put sys/kernel/security/lockdown 'none [integrity] confidentiality\n'
put sys/class/graphics/fb0/name 'x\n'
put proc/sys/kernel/kexec_load_disabled '1\n'
check "not armed, an oops is no panic, locked down, a frame buffer"
rm -r m/sys/kernel/security m/sys/class/graphics m/proc/sys/kernel/kexec_load_disabled
echo 1 >m/sys/kernel/kexec_crash_loaded
rm m/proc/sys/kernel/sysrq m/proc/sys/kernel/panic m/proc/sys/kernel/panic_on_oops
echo 50331648 >m/sys/kernel/kexec_crash_size
check "48 MiB"
echo 0 >m/sys/kernel/kexec_crash_size
echo 0 >m/sys/kernel/kexec_crash_loaded
line() { echo "root=/dev/vda1 $1" >m/proc/cmdline; : >m/dev/kmsg; [ -z "$2" ] || printf "$2" >m/dev/kmsg; check "$1"; }
line "" ""
line crashkernel=auto ""
line crashkernel=auto "4,12,99,-;crashkernel: memory value expected\n SUBSYSTEM=x\n"
line crashkernel=2G-64G:256M,64G-:512M ""
line crashkernel=128M@16M "3,12,99,-;crashkernel reservation failed - memory is in use.\n"
line crashkernel=4G ""
line crashkernel=lots ""
echo 134217728 >m/sys/kernel/kexec_crash_size
echo 1 >m/sys/kernel/kexec_crash_loaded
line crashkernel=128M@16M ""
line crashkernel=128M '3,400,99,-;irq 9: nobody cared (try booting with the "irqpoll" option)\n'
line crashkernel=128M '3,400,99,-;irq 17: nobody cared (try booting with the "irqpoll" option)\n'
echo 'KDUMP_COMMANDLINE_APPEND="nr_cpus=1 panic=10"' >m/etc/sysconfig/kdump
line crashkernel=128M '3,400,99,-;irq 17: nobody cared (try booting with the "irqpoll" option)\n'
echo "# the last capture's log"
: >m/dev/kmsg
mkdir -p m/var/crash/127.0.0.1-2026-01-01-00:00:00 m/var/crash/127.0.0.1-2026-03-01-00:00:00
echo '[    3.1] hpsa 0000:05:00.0: controller is down' >m/var/crash/127.0.0.1-2026-03-01-00:00:00/kexec-dmesg.log
echo 'irq 5: nobody cared' >m/var/crash/127.0.0.1-2026-01-01-00:00:00/kexec-dmesg.log
line crashkernel=128M ""
rm m/etc/sysconfig/kdump
line crashkernel=128M ""
echo 'KDUMP_COMMANDLINE_APPEND=$(x)' >m/etc/sysconfig/kdump
line crashkernel=128M ""
rm m/sys/kernel/kexec_* m/etc/sysconfig/kdump
line crashkernel=128M ""
salvage check --bad && exit 9 || echo "(exit $?)"
