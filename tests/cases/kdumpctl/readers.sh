# Readers of encrypted dumps: the keys of a file go into the image, and another one makes a new image.
. "$SRC/tests/cases/kdumpctl/machine.inc"
. "$SRC/tests/cases/kdumpctl/programs.inc"
start() {
	echo "# $*"
	bin/kdumpctl --root m start 2>&1 | grep -v HdrS || :
}
mkdir -p m/etc/kdump
key=age10d8fpxa70llyf3r95gsqxltq3m34397nrmuh9urlwjyjev8h8ufsj7lk9j
printf "# the team\n$key\n" >m/etc/kdump/readers
echo "core_collector makedumpfile -l --recipients-file /etc/kdump/readers" >m/etc/kdump.conf
start "encrypted"
zstd -dc m/boot/initramfs-${REL}kdump.img | cpio -i --quiet --to-stdout etc/salvage.plan | grep ^collector
printf "# nobody else\n" >>m/etc/kdump/readers
start "a comment among the readers"
printf "$key\n" >>m/etc/kdump/readers
start "a reader more"
