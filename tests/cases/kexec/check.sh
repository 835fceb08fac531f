# Plans for a recorded machine: what would be loaded, and what is refused and why.
. "$SRC/tests/cases/kexec/machine.inc"
long() {
	text=$(printf "%$1s" | tr " " x)
	echo "# a command line of $1 bytes"
	shift
	kexec --root=m --check "$@" vmlinuz --append="$text" || echo "exit $?"
}
status kexec --root=m --check -c -p -d vmlinuz --initrd=initrd --reuse-cmdline --append="nr_cpus=1 irqpoll" | sed "s/purgatory  .*/purgatory/"
status kexec --root=m --check -p vmlinuz --type=bzImage64 --ramdisk initrd --initrd initrd | sed "s/purgatory  .*/purgatory/"
status kexec --root=m --check -d -l vmlinuz --no-checks --command-line="root=/dev/vda1" | sed "s/purgatory  .*/purgatory/"
status kexec --root=m --check -p missing
status kexec --root=m --check -p initrd
status kexec --root=m --check -p m
status kexec --root=m --check -p /dev/zero
mkfifo pipe
status kexec --root=m --check -p vmlinuz --initrd=pipe
status kexec --root=m --check -p vmlinuz --initrd=missing
status kexec --root=m --check -p vmlinuz --type=uImage
long 2048 -p
long 2030 -s -p
status kexec --root=m --check -s -p vmlinuz --mem-max=0x10000000
status kexec --root=m --check -c -p vmlinuz --elf32-core-headers
status kexec --root=m --check -c -p vmlinuz --mem-max=0x13200000
echo 0 | put sys/kernel/kexec_crash_size
status kexec --root=m --check -p vmlinuz
rm -r m/sys
status kexec --root=m --check -p vmlinuz
