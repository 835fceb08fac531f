# reset-crashkernel in the files of each boot loader, on trees laid out as distributions do: what is
# said, and how the files differ afterwards.
V=6.12.48+deb13-amd64
OLD=6.1.0-40-amd64
start() { # TREE: a machine of 8 GiB that runs $V
	echo
	echo "### $*"
	rm -rf m before
	mkdir -p m/etc/sysconfig m/proc/sys/kernel m/sys/kernel m/dev m/boot m/run/lock m/usr/sbin
	: >m/etc/kdump.conf
	echo $V >m/proc/sys/kernel/osrelease
	echo x86_64 >m/proc/sys/kernel/arch
	echo "BOOT_IMAGE=/boot/vmlinuz-$V ro" >m/proc/cmdline
	echo "00000000-1ffffffff : System RAM" >m/proc/iomem
	for k in $V $OLD; do : >m/boot/vmlinuz-$k; done
}
put() { mkdir -p m/$(dirname $1); cat >m/$1; }
program() { put usr/sbin/$1; chmod +x m/usr/sbin/$1; }
go() { # what is said, what it did to the files; then the same again does nothing
	rm -rf before; cp -a m before
	echo "# reset-crashkernel $*"
	kdumpctl --root m reset-crashkernel "$@" && echo "(exit 0)" || echo "(exit $?)"
	diff -ru --exclude='*.kdump-backup' --exclude=lock before m | grep -v '^diff\|^---\|^+++\|^@@' || :
	find m -name '*.kdump-backup' | sort
	find m -name '*-incomplete'
}

start "Debian: nothing there yet; a snippet, since clouds set the variable anew in one"
put etc/default/grub <<'E'
# If you change this file, run 'update-grub' afterwards
GRUB_DEFAULT=0
GRUB_DISTRIBUTOR=`( . /etc/os-release; echo ${NAME:-Debian} ) 2>/dev/null || echo Debian`
GRUB_CMDLINE_LINUX_DEFAULT="quiet"
GRUB_CMDLINE_LINUX=""
E
: | put boot/grub/grub.cfg
printf '#!/bin/sh\necho "update-grub ran" >>"${0%%/usr/sbin/*}/ran"\n' | program update-grub
go
cat m/etc/default/grub.d/*
go --kernel=/boot/vmlinuz-$OLD
kdumpctl --root m reset-crashkernel --kernel=5 || echo "(exit $?)"
echo "# update-grub fails: nothing stays"
rm m/etc/default/grub.d/*
printf '#!/bin/sh\nexit 3\n' | program update-grub
go
ls m/etc/default/grub.d

start "Debian: where it stands, in any quoting"
put etc/default/grub <<'E'
GRUB_CMDLINE_LINUX_DEFAULT='quiet crashkernel=128M@16M  splash'   # single quotes
export GRUB_CMDLINE_LINUX="console=ttyS0 dyndbg=\"file x.c +p\" crashkernel=1M \
  more"	# the tail
GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT"" crashkernel=64M"
# GRUB_CMDLINE_LINUX="crashkernel=1"
GRUB_CMDLINE_LINUX_RECOVERY=crashkernel=1M
E
chmod 640 m/etc/default/grub
put etc/default/grub.d/kdump-tools.cfg <<'E'
GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT crashkernel=512M-:192M"
E
: | put boot/grub/grub.cfg
go --kernel=ALL
stat -c '%a %n' m/etc/default/*
go --kernel=ALL

start "Fedora without grubby: entries, one of them with kernelopts of grubenv"
put boot/loader/entries/a-$V.conf <<E
title Fedora ($V)
version $V
linux /vmlinuz-$V
initrd /initramfs-$V.img \$tuned_initrd
options root=UUID=x ro crashkernel=auto  rhgb quiet \$tuned_params
grub_users \$grub_users
E
put boot/loader/entries/a-$OLD.conf <<E
# no word of it here
title Fedora ($OLD)
version $OLD
linux /vmlinuz-$OLD
options \$kernelopts debug
E
{ printf '# GRUB Environment Block\nsaved_entry=a-%s\nkernelopts=root=UUID=x ro crashkernel=1G-4G:192M,4G-64G:256M,64G-:512M \n' $V; head -c 1024 /dev/zero | tr '\0' '#'; } | head -c 1024 | put boot/grub2/grubenv
echo 'set default="${saved_entry}"
blscfg' | put boot/grub2/grub.cfg
echo 'GRUB_CMDLINE_LINUX="rhgb quiet"' | put etc/default/grub
printf 'root=UUID=x ro\n' | put etc/kernel/cmdline
go
go --kernel=1
start "the same, all"
put boot/loader/entries/a-$OLD.conf <<E
title Fedora ($OLD)
linux /vmlinuz-$OLD
options \$kernelopts debug
E
{ printf '# GRUB Environment Block\nkernelopts=ro crashkernel=1M -- init-word\n'; head -c 1024 /dev/zero | tr '\0' '#'; } | head -c 1024 | put boot/grub2/grubenv
echo 'GRUB_CMDLINE_LINUX="rhgb quiet"' | put etc/default/grub
printf 'root=UUID=x ro\n' | put etc/kernel/cmdline
go --kernel=ALL
wc -c <m/boot/grub2/grubenv
go --kernel=/boot/nothing
go --kernel=DEFAULT --foo
go --fadump=on

start "Fedora's grubby does it itself"
program grubby <<'E'
#!/bin/sh
root=${0%/usr/sbin/*}
case $* in
--default-kernel) echo /boot/vmlinuz-6.12.48+deb13-amd64 ;;
--info=ALL) cat $root/info ;;
*) echo "grubby $*" >>$root/ran; sed -i 's/crashkernel=auto/crashkernel=2G-64G:256M,64G-:512M/' $root/info ;;
esac
E
put info <<E
index=0
kernel="/boot/vmlinuz-$V"
args="ro crashkernel=auto quiet \$tuned_params"
root="UUID=x"
initrd="/boot/initramfs-$V.img"
title="Fedora"
id="a-$V"
index=1
non linux entry
index=2
kernel=/boot/vmlinuz-$OLD
args="ro"
E
go
go --kernel=DEFAULT

start "rpm-ostree: one command line for all deployments"
mkdir -p m/usr/bin
cat >m/usr/bin/rpm-ostree <<'E'
#!/bin/sh
root=${0%/usr/bin/*}
case $* in
kargs) cat $root/kargs ;;
*) echo "rpm-ostree $*" >>$root/ran; echo "rw crashkernel=2G-64G:256M,64G-:512M" >$root/kargs ;;
esac
E
chmod +x m/usr/bin/rpm-ostree
: | put run/ostree-booted
echo "rw crashkernel=auto crashkernel=1M" | put kargs
go --kernel=/boot/vmlinuz-$V
cat m/ran
go

start "GRUB of old: comments, tabs, a hypervisor, another system"
put boot/grub/grub.conf <<E
# grub.conf generated by anaconda
#boot=/dev/sda
default=1
timeout=5
hiddenmenu
title Xen
	root (hd0,0)
	kernel /xen.gz-2.6 dom0_mem=1G crashkernel=1M
	module /vmlinuz-$OLD ro root=LABEL=/
	module /initrd-$OLD.img
title Red Hat Enterprise Linux ($V)
	root (hd0,0)
	kernel --no-mem-option /vmlinuz-$V ro root=LABEL=/ rhgb quiet crashkernel=128M@16M
	initrd /initrd-$V.img
title Other
	rootnoverify (hd0,1)
	chainloader +1
title Bare
	kernel /vmlinuz-5
E
ln -s ../boot/grub/grub.conf m/etc/grub.conf
go --kernel=DEFAULT
readlink m/etc/grub.conf
go --kernel=ALL
start "GRUB of old under another name"
printf 'title a\nkernel /boot/vmlinuz-%s ro' $V | put boot/grub/menu.lst
go

start "systemd-boot with a unified kernel image beside an entry"
mkdir -p m/sys/firmware/efi/efivars
{ printf '\007\000\000\000'; printf 'systemd-boot 257\0' | iconv -f utf-8 -t utf-16le; } >m/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f
put efi/loader/entries/m-$V.conf <<E
title      Debian
version    $V
linux      /m/$V/linux
initrd     /m/$V/initrd
options    root=x
options    quiet
E
: | put efi/EFI/Linux/m-$OLD.efi
printf '# by hand\nroot=x quiet\n' | put etc/kernel/cmdline
go
go --kernel=ALL
go --kernel=1

start "extlinux: keys in any case, an entry without arguments"
put boot/extlinux/extlinux.conf <<E
DEFAULT l0
MENU TITLE boot
label l0
	menu label Debian
	linux /vmlinuz-$V
	initrd /initrd.img-$V
	append root=/dev/mmcblk0p2 crashkernel=64M

LABEL l1
	KERNEL ../vmlinuz-$OLD
E
echo 'U_BOOT_PARAMETERS="ro quiet"' | put etc/default/u-boot
go --kernel=ALL

start "zipl: sections, quotes, and zipl runs"
put etc/zipl.conf <<E
[defaultboot]
default=linux
target=/boot
[linux]
	image=/boot/vmlinuz-$V
	ramdisk=/boot/initrd,0x2000000
	parameters="root=/dev/dasda1 crashkernel=128M"
[old]
	image=/boot/vmlinuz-$OLD,0x10000
	parameters = 'root=/dev/dasda1'
[bare]
	image=/boot/other
:menu
	default=1
	1=linux
E
printf '#!/bin/sh\necho "zipl ran" >>"${0%%/usr/sbin/*}/ran"\n' | program zipl
go --kernel=ALL

start "no boot loader"
go

start "POWER: fadump"
echo ppc64le >m/proc/sys/kernel/arch
put boot/grub/grub.conf <<E
title a
	kernel /vmlinuz-$V ro
title b
	kernel /vmlinuz-$OLD ro fadump=on crashkernel=1G
E
go --fadump=bogus
go --fadump=nocma
go --fadump=off --kernel=ALL
start "too little memory"
printf 'title a\n\tkernel /vmlinuz-%s ro\n' $V | put boot/grub/grub.conf
echo "00000000-3fffffff : System RAM" >m/proc/iomem
go

start "after an update: those that reserve something"
put boot/grub/grub.conf <<E
title a
	kernel /vmlinuz-$V ro crashkernel=auto
title b
	kernel /vmlinuz-$OLD ro
E
kdumpctl --root m _reset-crashkernel-after-update
cat m/boot/grub/grub.conf
echo "auto_reset_crashkernel no" >m/etc/kdump.conf
sed -i s/crashkernel=.*/crashkernel=1M/ m/boot/grub/grub.conf
kdumpctl --root m _reset-crashkernel-after-update
: >m/etc/kdump.conf
echo "# a new kernel gets what the running one has"
kdumpctl --root m _reset-crashkernel-for-installed_kernel $OLD
echo "BOOT_IMAGE=/boot/vmlinuz-$V crashkernel=300M" >m/proc/cmdline
kdumpctl --root m _reset-crashkernel-for-installed_kernel $OLD
cat m/boot/grub/grub.conf
