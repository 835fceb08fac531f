# The default reservation by architecture, and what estimate says.
. "$SRC/tests/cases/kdumpctl/machine.inc"
cp -L "$BUILD/bin/kdumpctl" .
try() { echo "# $*"; kdumpctl --root m "$@" && echo "(exit 0)" || echo "(exit $?)"; }
ram() { printf '00000000-%x : System RAM\n  01000000-01ffffff : Kernel code\n  02000000-027fffff : Kernel data\n' $(($1 * 1048576 - 1)) >m/proc/iomem; }
arch() { echo $1 >m/proc/sys/kernel/arch; }
ram 4096
for a in x86_64 s390x ppc64le aarch64 mips64; do
	arch $a
	try get-default-crashkernel
	try get-default-crashkernel fadump
done
arch aarch64
mkdir -p m/sys/module/mlx5_core
try get-default-crashkernel kdump
printf 'CONFIG_RD_GZIP=y\nCONFIG_ARM64_64K_PAGES=y\n' >m/boot/config-$REL
try get-default-crashkernel kdump
mkdir -p m/sys/class/iommu/smmu3.0x0000000004000000
try get-default-crashkernel kdump
rmdir m/sys/module/mlx5_core
try get-default-crashkernel kdump
arch x86_64
printf '6,10,20,-;Memory Encryption Features active: AMD SEV SEV-ES\n' >m/dev/kmsg
try get-default-crashkernel
arch ppc64le
echo 'KDUMP_COMMANDLINE_APPEND="nr_cpus=4 reset_devices"' >m/etc/sysconfig/kdump
try get-default-crashkernel
rm m/etc/sysconfig/kdump m/dev/kmsg
arch x86_64
try get-default-crashkernel other
echo "# estimate: nothing is built"
. "$SRC/tests/cases/kdumpctl/programs.inc"
printf 'ext4 1572864 1 - Live 0\nvirtio_blk 20480 2 - Live 0\n' >m/proc/modules
bin/kdumpctl --root m estimate >out
sed -n '1,2p;4,5p;7,$p' out
ls m/boot
echo "# enough memory"
echo 536870912 >m/sys/kernel/kexec_crash_size
bin/kdumpctl --root m estimate | grep WARN || echo "no warning"
bin/kdumpctl --root m estimate --json | sed 's/"image": .*/"image": N,/; s/"modules": .*/"modules": N,/'
