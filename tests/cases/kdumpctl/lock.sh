# A second kdumpctl waits for the first, says so, and does not wait for ever.
. "$SRC/tests/cases/kdumpctl/machine.inc"
exec 9>m/run/lock/kdump
flock 9
kdumpctl --root m --wait 1 start 9>&- || echo "exit $?"
echo "# looking needs no lock"
kdumpctl --root m status 9>&- || echo "exit $?"
echo "# free again"
exec 9>&-
kdumpctl --root m --wait x start || echo "exit $?"
echo 0 >m/sys/kernel/kexec_crash_size
kdumpctl --root m --wait 0 start || echo "exit $?"
echo "# a file or link of somebody else is no lock"
exec 9>m/run/lock/kdump
flock 9
if [ "$(id -u)" = 0 ]; then chown 65534 m/run/lock/kdump; else flock -u 9; fi
kdumpctl --root m --wait 0 start 9>&- || echo "exit $?"
ln -sf ../../etc/kdump.conf m/run/lock/kdump
kdumpctl --root m --wait 0 start 9>&- || echo "exit $?"
stat -c "%F %a" m/run/lock/kdump
