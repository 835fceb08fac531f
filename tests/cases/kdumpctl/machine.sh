# A recorded machine in ./m for `kdumpctl --root m`: a guest with one virtio disk, ext4 on its
# first partition, a kernel with three modules, 256 MiB reserved, nothing loaded.
REL=6.1.0-test
UUID=11111111-2222-4333-8444-555555555555
DISK=sys/devices/pci0000:00/0000:00:04.0/virtio1/block/vda

driver() { # FOLDER DRIVER MODULE
	mkdir -p m/sys/bus/drivers/$2 m/$1
	ln -s "$(echo $1 | sed 's,[^/]*,..,g')/sys/bus/drivers/$2" m/$1/driver
	ln -s ../../../module/$3 m/sys/bus/drivers/$2/module
}

block() { # FOLDER NUMBER
	mkdir -p m/$1 m/sys/dev/block m/sys/class/block
	echo $2 >m/$1/dev
	ln -s ../../${1#sys/} m/sys/dev/block/$2
	ln -s ../../${1#sys/} m/sys/class/block/${1##*/}
}

mkdir -p m/etc/sysconfig m/proc/self m/proc/sys/kernel m/sys/kernel m/dev m/boot m/run/lock \
	m/var/crash m/var/lib/kdump m/lib/modules/$REL/kernel
: >m/etc/kdump.conf
echo $REL >m/proc/sys/kernel/osrelease
echo guest >m/proc/sys/kernel/hostname
echo "BOOT_IMAGE=/boot/vmlinuz-$REL root=/dev/vda1 ro quiet crashkernel=256M" >m/proc/cmdline
printf 'processor\t: 0\ninitial apicid\t: 0\n' >m/proc/cpuinfo
echo 'MemTotal: 1024 kB' >m/proc/meminfo
echo '21 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw' >m/proc/self/mountinfo
echo 0 >m/sys/kernel/kexec_loaded
echo 0 >m/sys/kernel/kexec_crash_loaded
echo 268435456 >m/sys/kernel/kexec_crash_size
echo kernel >m/boot/vmlinuz-$REL
printf 'CONFIG_RD_GZIP=y\nCONFIG_RD_ZSTD=y\n' >m/boot/config-$REL
driver sys/devices/pci0000:00/0000:00:04.0 virtio-pci virtio_pci
driver sys/devices/pci0000:00/0000:00:04.0/virtio1 virtio_blk virtio_blk
block $DISK 254:0
block $DISK/vda1 254:1
: >m/dev/vda
truncate -s 4M m/dev/vda1
/sbin/mkfs.ext4 -q -F -L rootfs -U $UUID m/dev/vda1
for one in virtio_pci virtio_blk ext4 extra; do
	printf '__attribute__((section(".modinfo"), used)) static const char x[] = "%s";\n' \
		"name=$one\" \"\\0alias=fs-$one" >$one.c
	cc -c -o m/lib/modules/$REL/kernel/$one.ko $one.c
	rm $one.c
done
: >m/lib/modules/$REL/modules.builtin
: >m/lib/modules/$REL/modules.order
/sbin/depmod -b m $REL 2>/dev/null
