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
