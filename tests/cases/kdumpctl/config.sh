# Mistakes in kdump.conf and sysconfig stop the service with file and line.
. "$SRC/tests/cases/kdumpctl/machine.inc"
. "$SRC/tests/cases/kdumpctl/programs.inc"
conf() {
	echo "# $1"
	printf "$1" >m/etc/kdump.conf
	bin/kdumpctl --root m start || echo "exit $?"
}
conf 'path /var/crash\n\nnonsense 1\n'
conf 'path'
conf 'path /a\npath /b\n'
conf 'ext4 /dev/vda1\nxfs /dev/vdb\n'
conf 'net host:/x\n'
conf 'nfs host:/x\n'
conf 'default shell\nfailure_action shell\n'
conf 'failure_action explode\n'
conf 'path /nowhere\n'
conf 'ext4 /dev/vda1\npath /nowhere\n'
conf 'xfs /dev/vda1\n'
conf 'ext4 LABEL=nothing\n'
conf 'ext4 /dev/vda\n'
conf 'extra_bins /bin/nothing\n'
conf 'core_collector nothing -x\n'
conf 'core_collector makedumpfile -l -d 99\n'
conf 'core_collector makedumpfile "-l\n'
conf 'core_collector salvage-collect --encrypt age1nobody\n'
conf 'core_collector makedumpfile --recipients-file /etc/kdump/readers\n'
mkdir -p m/etc/kdump
printf '# nobody\nage1nobody\n' >m/etc/kdump/readers
conf 'core_collector makedumpfile --recipients-file=/etc/kdump/readers\n'
conf 'ssh server\n'
conf 'ssh root@\n'
conf 'nfs server\n'
conf 'nfs [2001:db8::1]/x\n'
: >m/etc/kdump.conf
sysconfig() {
	echo "# sysconfig: $1"
	printf "$1" >m/etc/sysconfig/kdump
	bin/kdumpctl --root m start || echo "exit $?"
}
sysconfig 'KDUMP_KERNELVER=$(uname -r)\n'
sysconfig 'KDUMP_KERNELVER=5.0-gone\n'
echo 'path /var/crash' >m/etc/kdump.conf
sysconfig 'KDUMP_SAVEDIR=file:///var/crash\n'
