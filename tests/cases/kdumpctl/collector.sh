# core_collector: what becomes of its words in the plan of an image for a file system.
. "$SRC/tests/cases/kdumpctl/machine.inc"
. "$SRC/tests/cases/kdumpctl/programs.inc"
IMG=m/boot/initramfs-${REL}kdump.img
mkdir -p m/usr/bin
for one in cp scp cat site-dump; do cp bin/salvage-init m/usr/bin/$one; done
: >m/usr/bin/not-executable
conf() {
	echo "# $1"
	printf 'core_collector %s\ndracut_args --no-compress\n' "$1" >m/etc/kdump.conf
	bin/kdumpctl --root m rebuild || { echo "exit $?"; return 0; }
	cpio -i --quiet --to-stdout etc/salvage.plan <$IMG | grep ^collector
}
conf 'makedumpfile -F -l -d 31'
conf '/usr/sbin/makedumpfile -cF -d 31'
conf 'makedumpfile -Flz --message-level 1'
conf 'cp --sparse=always'
conf 'cat -x'
conf '/usr/bin/scp -B'
conf 'site-dump -F "two words"'
conf 'site-dumps'
conf '/usr/bin/not-executable'
conf 'makedumpfile -d 99'
conf 'makedumpfile --nonsense'
echo "# one thread a processor"
for i in 1 2 3; do printf "processor\t: $i\n"; done >>m/proc/cpuinfo
conf 'makedumpfile -l -d 31'
echo 'KDUMP_COMMANDLINE_APPEND="nr_cpus=8"' >m/etc/sysconfig/kdump
conf 'makedumpfile -l -d 31'
echo 'KDUMP_COMMANDLINE_APPEND="nr_cpus=2"' >m/etc/sysconfig/kdump
conf 'makedumpfile -l -d 31'
conf 'makedumpfile -l -d 31 --num-threads 3'
conf 'makedumpfile -E -d 31'
conf 'makedumpfile -lF -d 31'
