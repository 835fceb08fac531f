# salvage remove: a crash goes, everything else stays.
rm_() { echo "\$ salvage remove $*"; salvage remove -f crash "$@" || echo "exit $?"; }
mkdir -p crash/127.0.0.1-2026-11-25-01:02:03 crash/notes crash/nested/inner outside
echo dump >crash/127.0.0.1-2026-11-25-01:02:03/vmcore
echo log >crash/127.0.0.1-2026-11-25-01:02:03/vmcore-dmesg.txt
echo mine >crash/notes/todo.txt
echo dump >crash/nested/vmcore
echo dump >outside/vmcore
ln -s ../outside crash/link
rm_ notes nested link ../outside . "" none
rm_ 127.0.0.1-2026-11-25-01:02:03
find crash outside | sort
rm_
salvage remove -f nowhere x || echo "exit $?"
