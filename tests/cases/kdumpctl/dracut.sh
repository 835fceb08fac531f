# dracut_args means the same for our image: modules, programs, files, target, packing.
. "$SRC/tests/cases/kdumpctl/machine.inc"
. "$SRC/tests/cases/kdumpctl/programs.inc"
IMG=m/boot/initramfs-${REL}kdump.img
mkdir -p m/usr/bin m/etc/site/sub
cp bin/salvage-init m/usr/bin/tool
echo one >m/etc/site/one
echo two >m/etc/site/sub/two
echo plain >m/etc/plain
conf() {
	echo "# $1"
	echo "$1" >m/etc/kdump.conf
	bin/kdumpctl --root m rebuild || echo "exit $?"
}
conf 'dracut_args --add-drivers "spare gone" --omit-drivers "virtio-blk" -I "tool /etc/plain" --install-optional "/bin/none" --include /etc/site /site --gzip'
gzip -dc $IMG | cpio -t --quiet | grep -E 'tool|site|plain|\.ko'
gzip -dc $IMG | cpio -i --quiet --to-stdout site/sub/two
conf 'dracut_args --mount "/dev/vda1 /x ext4 rw" --no-compress --add network'
cpio -t --quiet <$IMG | grep ko
cpio -i --quiet --to-stdout etc/salvage.plan <$IMG | grep -E 'target|device|fstype|path'
echo "# a file of it changed"
start() { bin/kdumpctl --root m start 2>&1 | grep -v 'HdrS\|load' || :; }
conf 'dracut_args -i /etc/site /site'
echo three >m/etc/site/sub/two
start
chmod 600 m/etc/site/one
start
start
conf 'dracut_args --omit-drivers spare
extra_modules spare'
zstd -dc $IMG | cpio -t --quiet | grep ko
