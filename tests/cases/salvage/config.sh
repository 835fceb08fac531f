# salvage config: the file's own words stay, what is changed is checked before it is written.
conf() { echo "\$ salvage config $*"; salvage config -f k.conf "$@" || echo "exit $?"; }
make_conf() {
	cat >k.conf <<'X'
# Where dumps go.
#path /var/crash
	ext4   /dev/sda5	# the old disk
#nfs my.server.com:/export/tmp
core_collector makedumpfile -l -d 31
#failure_action shell
X
}
make_conf
conf
conf --dry-run path=/dumps nfs=server:/export failure_action=poweroff
make_conf; cp k.conf before
conf --dry-run path=/dumps >dry; cmp k.conf before && echo "as before"; ls
echo "# a new target takes the old one's place, a new directive goes behind its example"
conf path=/dumps ssh=kdump@backup.example "core_collector=makedumpfile -F -l -d 31"
cat k.conf
ls -1 k.conf*
echo "# taken out"
conf ssh= path=
cat k.conf
echo "# nothing invalid is written"
cp k.conf before
conf failure_action=explode
conf paht=/x
conf path=
conf 'path=/a#b'
conf path
conf 'pa th=/x'
cmp k.conf before && echo "as before"
echo "# what is there already changes nothing"
conf --json "core_collector=makedumpfile -F -l -d 31" | grep '"changed"'
echo "# JSON"
conf --json final_action=halt
# directives that are there twice become one
printf 'path /a\npath /b\n' >k.conf
conf path=/c
cat k.conf
rm k.conf
conf
