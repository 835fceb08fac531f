# Only the real-time kernels' entries change; the capture kernel may be the stock one.
mkdir -p m/etc/sysconfig m/proc/sys/kernel m/boot/loader/entries m/boot/grub2
echo 6.1-rt1 >m/proc/sys/kernel/osrelease
echo x86_64 >m/proc/sys/kernel/arch
for v in 6.1-rt1 6.1.0-1 6.0.0-9 6.1.0+rt; do
	: >m/boot/vmlinuz-$v
	printf 'title Linux %s\nversion %s\nlinux /vmlinuz-%s\noptions ro quiet\n' $v $v $v >m/boot/loader/entries/$v.conf
done
: >m/boot/vmlinuz-0-rescue-0123
go() { echo "# $*"; rt-setup-kdump --root m "$@" && echo "(exit 0)" || echo "(exit $?)"; }
go --grub
grep -H options m/boot/loader/entries/*.conf
go -g
go --rhel
cat m/etc/sysconfig/kdump
printf '# stock\nKDUMP_KERNELVER=old # why\nKDUMP_IMG=vmlinuz\n' >m/etc/sysconfig/kdump
go --rhel --grub
cat m/etc/sysconfig/kdump
go
go --bad
echo "# one command line for all: refused"
rm -r m/boot/loader
mkdir m/etc/default
: >m/etc/default/grub
: >m/boot/grub2/grub.cfg
go --grub
rt-setup-kdump --version
