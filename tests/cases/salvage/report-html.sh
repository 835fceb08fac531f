# The page for a browser: one file, with a policy of its own; a dump without anything to show still makes one.
"$BUILD/tests/make/mkelf" >vmcore <<'E'
elf64 little
note VMCOREINFO 0 t:OSRELEASE=6.1.0-<b>bare</b>\nPAGESIZE=4096\nCRASHTIME=1795297969\n
load pa=0 va=0xffff888000000000 data=z:8192
E
salvage report --html -o page.html vmcore || echo "exit $?"
grep -c . page.html | sed 's/[0-9]*/some lines/'
grep -o "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-" page.html
grep -o '<h1>.*</h1>' page.html
grep -c '<b>' page.html || true
# what it names of others: nothing
grep -o -E '(src|href|action)="[^#"]*"' page.html || echo "nothing from elsewhere"
salvage report --no-sandbox --html vmcore | cmp - page.html
salvage selfcheck vmcore || echo "exit $?"
salvage selfcheck --json vmcore | grep -e schema -e '"resolved"' || true
salvage selfcheck || echo "exit $?"
