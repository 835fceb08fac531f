# Forty refusals, each provoked: the fixed word must be the right one, and a sentence and a next step
# be there. The system calls are answered by tests/make/kexec-shim.c; none reaches this kernel.
. "$SRC/tests/cases/kexec/machine.inc"
export SHIM_ROOT="$PWD/m" LD_PRELOAD="$BUILD/tests/make/kexec-shim.so"
kexec -S && loaded=0 || loaded=$?
[ $loaded = 1 ] || { echo "the shim is not in front"; exit 1; }
rows=0 right=0
# row REASON ANSWERS ARGUMENT...: runs kexec, shows what it says, counts whether the reason is named
row() {
	want=$1 answers=$2
	shift 2
	echo "\$ [$answers] kexec $(echo "$*" | cut -c1-60)"
	SHIM_ANSWERS=$answers kexec "$@" >out 2>&1 && code=0 || code=$?
	cat out
	echo "exit $code"
	rows=$((rows + 1))
	if grep -q "what to do: .* ($want)\$" out && [ $code != 0 ]; then right=$((right + 1)); else echo "WRONG: not $want"; fi
	echo 1 >m/sys/kernel/kexec_crash_loaded
}
with() { f=$1 value=$2; shift 2; mkdir -p "m/$(dirname $f)"; cp "m/$f" saved 2>/dev/null || rm -f saved; echo "$value" >"m/$f"; row "$@"; if [ -e saved ]; then mv saved "m/$f"; else rm "m/$f"; fi; }

# files and requests
row no-file "" -p missing
row no-file "" -p vmlinuz --initrd=missing
row no-file "" -p m
row no-file "" -p vmlinuz --initrd=m
: >empty; row bad-image "" -p empty
row no-file "" -p vmlinuz --initrd=empty
row bad-image "" -p initrd
head -c 700 vmlinuz >cut; row bad-image "" -p cut
row wrong-type "" -p vmlinuz --type=multiboot
row cmdline-too-long "" -p vmlinuz --append="$(printf %2048s | tr ' ' x)"
row cmdline-too-long "" -c -p vmlinuz --append="$(printf %2040s | tr ' ' x)"
row cmdline-too-long "" -s -p vmlinuz --append="$(printf %2030s | tr ' ' x)"
row bad-request "" -p vmlinuz --append='a="b'
row bad-request "" -s -p vmlinuz --no-checks
row bad-request "" -c -p vmlinuz --serial=ttyUSB0
row bad-request "" -c -p vmlinuz --elf32-core-headers
row bad-request "" -p
# the machine
with sys/kernel/kexec_crash_size 0 no-reservation "" -p vmlinuz
with proc/iomem "00100000-3fffffff : System RAM" no-reservation "" -c -p vmlinuz
with proc/iomem "00100000-3fffffff : System RAM
  10000000-103fffff : Crash kernel" no-room "" -p vmlinuz
row no-room "" -c -p vmlinuz --mem-max=0x13200000
with proc/iomem "00000000-00000000 : System RAM
  00000000-00000000 : Crash kernel" no-host-facts "" -c -p vmlinuz
with proc/sys/kernel/kexec_load_disabled 1 not-permitted "" -p vmlinuz
with proc/sys/kernel/kexec_load_limit_panic 0 not-permitted "" -p vmlinuz
with proc/sys/kernel/kexec_load_limit_reboot 0 not-permitted "" -l vmlinuz
with sys/kernel/security/lockdown "none [integrity] confidentiality" lockdown "" -c -p vmlinuz
with sys/kernel/security/lockdown "none [integrity] confidentiality" signature "" -s -p vmlinuz
with sys/kernel/security/ima/policy "appraise func=KEXEC_KERNEL_CHECK appraise_type=imasig" not-permitted "" -c -p vmlinuz
with proc/xen/capabilities control_d not-supported "" -p vmlinuz
mv m/sys/kernel/kexec_crash_loaded away; row not-supported "" -p vmlinuz; mv away m/sys/kernel/kexec_crash_loaded
row nothing-loaded "" -e
# what the kernel answers
SHIM_UID=1000; export SHIM_UID; row not-permitted EPERM -p vmlinuz; unset SHIM_UID
row not-permitted EPERM -s -p vmlinuz
row not-permitted EACCES -c -p vmlinuz
row signature EKEYREJECTED -s -p vmlinuz
row signature ENOKEY -p vmlinuz
row signature EBADMSG -s -p vmlinuz
row busy EBUSY -p vmlinuz
row bad-image ENOEXEC -s -p vmlinuz
row not-supported ENOSYS,ENOSYS -u -p
row no-room EADDRNOTAVAIL -s -p vmlinuz
row no-room ENOMEM -s -p vmlinuz
echo "$right of $rows name the cause and the next step"
