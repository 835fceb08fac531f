# The image is built once, and again only when what it is made of changed.
. "$SRC/tests/cases/kdumpctl/machine.inc"
. "$SRC/tests/cases/kdumpctl/programs.inc"
IMG=m/boot/initramfs-${REL}kdump.img
# the kernel is no real one: start ends there, after the decision about the image
start() {
	echo "# $*"
	bin/kdumpctl --root m start 2>&1 | grep -v HdrS || :
}
start first
start "nothing changed"
touch m/etc/kdump.conf m/lib/modules/$REL/kernel/ext4.ko
start "only times changed"
echo "# a comment" >>m/etc/kdump.conf
start "kdump.conf changed"
mv m/var/crash m/var/dumps
echo "path /var/dumps" >m/etc/kdump.conf
start "the place changed"
echo changed >>m/lib/modules/$REL/kernel/ext4.ko
start "a module changed"
driver sys/devices/pci0000:00 new_bus extra
start "a new driver"
echo "path /var/dumps
extra_modules gone" >m/etc/kdump.conf
start "a module that is not there"
mkdir m/etc/modprobe.d
echo "options virtio_blk queue_depth=8" >m/etc/modprobe.d/a.conf
start "a module got parameters"
echo "options virtio_blk queue_depth=9" >m/etc/modprobe.d/a.conf
start "the parameters changed"
printf x >>$IMG
start "the image was overwritten"
rm $IMG
start "the image is gone"
echo "path /var/dumps
force_rebuild 1" >m/etc/kdump.conf
start "force_rebuild"
echo "path /var/dumps
force_no_rebuild 1" >m/etc/kdump.conf
start "force_no_rebuild"
echo "path /var/dumps
force_rebuild 1
force_no_rebuild 1" >m/etc/kdump.conf
start "both"
echo "path /var/dumps" >m/etc/kdump.conf
printf "failure_action shell\nextra_modules spare\n" >>m/etc/kdump.conf
start "a shell that is not there"
mkdir m/bin
printf '#!/bin/true\n' >m/bin/sh
cp bin/salvage-init m/bin/true
chmod +x m/bin/sh
start "a shell that is there"
printf x >>m/bin/true
start "its interpreter changed"
start "nothing changed again"
echo "# rebuild"
bin/kdumpctl --root m rebuild
stat -c %a $IMG
zstd -dc $IMG | cpio -t --quiet
zstd -dc $IMG | cpio -i --quiet --to-stdout etc/salvage.plan
