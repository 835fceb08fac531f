# What the site's programs, naming, retention and second places come to: the plan, the image, and
# the older dumps at the service's start.
. "$SRC/tests/cases/kdumpctl/machine.inc"
. "$SRC/tests/cases/kdumpctl/programs.inc"
IMG=m/boot/initramfs-${REL}kdump.img
mkdir -p m/usr/local/bin m/etc/kdump/pre.d/folder m/etc/kdump/post.d m/etc/kdump/emergency.d
for one in usr/local/bin/before usr/local/bin/after etc/kdump/pre.d/20-b etc/kdump/pre.d/10-a \
	etc/kdump/pre.d/.hidden etc/kdump/post.d/x etc/kdump/emergency.d/y; do
	cp bin/salvage-init m/$one
done
echo note >m/etc/kdump/pre.d/README
conf() {
	echo "# $1"
	echo "$1" >m/etc/kdump.conf
	bin/kdumpctl --root m rebuild || echo "exit $?"
}
plan() { zstd -dcq <$IMG | cpio -i --quiet --to-stdout etc/salvage.plan | grep -E "$1" || :; }
conf 'kdump_pre /usr/local/bin/before
kdump_post after
kdump_emergency /usr/local/bin/after'
plan '^hook'
zstd -dcq <$IMG | cpio -t --quiet | grep -E 'kdump/|local'
conf 'kdump_pre /nowhere'
chmod -x m/usr/local/bin/before
conf 'kdump_pre /usr/local/bin/before'
conf 'keep_dumps three'
conf 'keep_bytes lots'
conf 'dump_naming mine'
conf 'time_limits collector'
conf 'time_limits lunch=3'
conf 'time_limits stall=0'
conf 'time_limits stall=7 collector=3600'
plan '^limit'
conf 'keep_dumps 3
keep_bytes 20G
keep_free 64M
dump_naming host-time'
plan '^(keep|directory|host|evidence|root-)'

echo "# a second place: the root file system when the target is elsewhere, the firmware"
mkdir -p m/sys/firmware/efi/efivars m/target/dumps
block sys/devices/pci0000:00/0000:00:04.0/virtio1/block/vdb 254:16
truncate -s 4M m/dev/vdb
/sbin/mkfs.ext4 -q -F -U 22222222-2222-4333-8444-555555555555 m/dev/vdb
echo '22 21 254:16 / /target rw,relatime - ext4 /dev/vdb rw' >>m/proc/self/mountinfo
conf 'ext4 /dev/vdb
path /dumps'
plan '^(device|path|evidence|root-)'
conf 'ext4 /dev/vdb
path /dumps
second_place none'
plan '^(device|path|evidence|root-)'

echo "# older dumps at the start"
for day in 10 11 12 13; do
	mkdir -p m/target/dumps/127.0.0.1-2026-11-$day-01:02:03
	echo dump >m/target/dumps/127.0.0.1-2026-11-$day-01:02:03/vmcore
done
mkdir m/target/dumps/mine
conf 'ext4 /dev/vdb
path /dumps
keep_dumps 2' >/dev/null 2>&1
bin/kdumpctl --root m start 2>&1 | grep -v HdrS || :
ls m/target/dumps

echo "# what the firmware kept"
{ printf '\7\0\0\0salvage-evidence 1 1700000000 guest\nwhy it died\n\n--- log ---\nthe last words\n'; } \
	>m/sys/firmware/efi/efivars/SalvageCrash-5b1c7c0e-3d3e-4f6b-9c55-2a7d1b3f8e61
TZ=UTC bin/kdumpctl --root m start 2>&1 | grep kept || :
grep -r . m/var/crash
ls m/sys/firmware/efi/efivars
stat -c %a m/var/crash/127*/report.txt
