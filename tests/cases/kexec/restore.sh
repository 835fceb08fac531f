# A load that fails after the kernel has let go of the capture kernel: the one from before comes
# back, from the record of its load. The calls are answered by the shim.
. "$SRC/tests/cases/kexec/machine.inc"
export SHIM_ROOT="$PWD/m" LD_PRELOAD="$BUILD/tests/make/kexec-shim.so"
kexec -S && loaded=0 || loaded=$?
[ $loaded = 1 ] || { echo "the shim is not in front"; exit 1; }
load() {
	echo "\$ [$1] kexec $2"
	SHIM_ANSWERS=$1 kexec $2 2>&1 && echo "exit 0, loaded $(cat m/sys/kernel/kexec_crash_loaded)" ||
		echo "exit $?, loaded $(cat m/sys/kernel/kexec_crash_loaded)"
}
echo "# nothing is known of what was loaded"
load "ENOMEM!" "-s -p vmlinuz --initrd=initrd --append=first"
echo "# a good load is kept"
load 0 "-s -p vmlinuz --initrd=initrd --append=first"
(cd m/run/salvage/capture && ls -l | awk 'NR > 1 { print $1, $NF }' && grep "^call\|^cmdline" request)
echo "# it comes back, whatever happened to its files"
load "ENOMEM!,0" "-s -p vmlinuz --append=second"
echo other >initrd
load "EKEYREJECTED!,0" "-s -p vmlinuz --append=second"
load "ENOEXEC!,EBUSY,EBUSY,0" "-s -p vmlinuz --append=second"
load "EFAULT!,0" "-s -p vmlinuz --append=second"
load "KILLED!,0" "-s -p vmlinuz --append=second"
echo "# the other call is tried first where that is allowed"
load "ENOEXEC!,0" "-p vmlinuz --append=third"
load "ENOEXEC!,ENOMEM!,0" "-p vmlinuz --append=fourth"
grep "^call\|^cmdline" m/run/salvage/capture/request
echo "# kept: the kernel did not get that far"
load "EBUSY" "-c -p vmlinuz --append=fifth"
echo "# what cannot be put back is said"
load "ENOMEM!,ENOMEM!" "-c -p vmlinuz --append=fifth"
echo 1 >m/sys/kernel/kexec_crash_loaded
echo damaged >m/run/salvage/capture/kernel
mv vmlinuz away; cp away vmlinuz2
load "ENOMEM!" "-c -p vmlinuz2"
mv away vmlinuz
echo "# an unload leaves nothing to come back"
load 0 "-c -p vmlinuz"
load 0 "-u -p"
ls -d m/run/salvage/capture 2>&1 | cut -c1-60
echo 1 >m/sys/kernel/kexec_crash_loaded
load "ENOMEM!" "-c -p vmlinuz"
echo "# -e with nothing loaded changes nothing; with something loaded it goes all the way"
load "" "-e"
echo 1 >m/sys/kernel/kexec_loaded
load "" "-e -y"
rm m/sys/kernel/kexec_loaded
load "" "-e"
