# Usage, a missing configuration, exit codes, and which stream is used.
kdumpctl --root . && exit 9 || echo "exit $?"
kdumpctl --root . nonsense && exit 9 || echo "exit $?"
for verb in start stop status restart reload rebuild showmem; do
	kdumpctl --root . $verb && exit 9 || echo "exit $?"
done
. "$SRC/tests/cases/kdumpctl/machine.inc"
echo "# what is not there yet says so"
kdumpctl --root m propagate || echo "exit $?"
echo "# nothing goes to standard output"
kdumpctl --root m status 2>/dev/null || echo "exit $?"
kdumpctl --root m showmem 2>/dev/null
