# Set-up from nothing: shown, asked, done, and then nothing is left to do.
. "$SRC/tests/cases/kdumpctl/machine.inc"
go() { echo "# setup $*"; salvage setup --root m "$@" && echo "(exit 0)" || echo "(exit $?)"; }
mkdir -p m/usr/bin m/etc/default m/boot/grub m/usr/sbin m/etc/default/grub.d
cat >m/usr/bin/systemctl <<'E'
#!/bin/sh
root=${0%/usr/bin/*}
case $* in
*is-enabled*) [ -e $root/enabled ] ;;
enable*) touch $root/enabled ;;
start*) echo 1 >$root/sys/kernel/kexec_crash_loaded ;;
esac && echo "systemctl $*" >>$root/ran
E
printf '#!/bin/sh\n' >m/usr/sbin/update-grub
chmod +x m/usr/bin/systemctl m/usr/sbin/update-grub
echo 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"' >m/etc/default/grub
: >m/boot/grub/grub.cfg
echo 0 >m/sys/kernel/kexec_crash_size
echo x86_64 >m/proc/sys/kernel/arch
echo "root=/dev/vda1 ro" >m/proc/cmdline
rm m/etc/kdump.conf
rmdir m/var/crash
echo n | go
ls m/etc m/var
go </dev/null
go --yes
cat m/etc/kdump.conf m/etc/default/grub.d/* m/ran
go
echo "# after the restart"
echo 268435456 >m/sys/kernel/kexec_crash_size
echo y | go
go
echo "# nothing was reserved"
echo 0 >m/sys/kernel/kexec_crash_size
echo "crashkernel=2G-64G:256M" >m/proc/cmdline
go
