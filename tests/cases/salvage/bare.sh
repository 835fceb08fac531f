# A dump with nothing but its VMCOREINFO: the report comes out, names what is missing, and the
# exit code says that there are no symbols. The capture image's program tells the same.
"$BUILD/tests/make/mkelf" >vmcore <<'X'
elf64 little
note VMCOREINFO 0 t:OSRELEASE=6.1.0-bare\nPAGESIZE=4096\nCRASHTIME=1795297969\n
load pa=0 va=0xffff888000000000 data=z:8192
X
salvage report vmcore || echo "exit $?"
salvage report --json -o r.json vmcore || echo "exit $?"
grep -e '"schema"' -e '"headline"' -e '"time"' r.json
salvage-report --text t.txt --json j.json vmcore || echo "exit $?"
head -1 t.txt
sed -e '/"pages/d' r.json >r2.json
sed -e '/"pages/d' j.json | cmp - r2.json
salvage-report nothing || echo "exit $?"
salvage-report --text-fd 77 vmcore || echo "exit $?"
salvage-report --memory-limit 1 vmcore || echo "exit $?"
