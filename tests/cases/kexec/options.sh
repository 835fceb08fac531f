# Every option of the classic tool on x86, POWER and arm64: taken, or refused with its reason.
. "$SRC/tests/cases/kexec/machine.inc"
"$BUILD/tests/make/mkimage" elf bits=32 multiboot=1 pa=0x1400000 >mb
printf '\320\015\376\355' >dtb; head -c 60 /dev/zero >>dtb
one() {
	kexec --root=m --check -l vmlinuz "$@" >out 2>&1 && echo "ok   $*" || { echo "exit $?  $*"; sed "s/^/     /" out; }
}
for o in -d --debug -x --no-ifdown --noifdown -y --no-sync -i --no-checks -a --kexec-syscall-auto \
	-c --kexec-syscall -s --kexec-file-syscall -t\ bzImage64 --type=bzImage --mem-min=0x200000 \
	--mem-max=0x1fffffff --no-cma --hotplug --reuse-cmdline --append=a --command-line=a \
	--initrd=initrd --ramdisk=initrd --dtb=dtb --devicetreeblob=dtb --elf32-core-headers \
	--elf64-core-headers --pass-memmap-cmdline --noefi --reuse-video-type --reset-vga --console-vga \
	--console-serial --serial=ttyS1 --serial=0x3f8 --serial-baud=115200 --entry-32bit --args-elf \
	--args-linux --args-none --dt-no-old-root --force-dtb \
	--real-mode --load-preserve-context --reuseinitrd --load-live-update --exec-live-update --entry=0x1000; do
	one $o
done
# the order of words makes no difference
for words in "-u -p" "-p -u" "-S -d" "-d -S" "-S -l" "-l -S"; do
	echo "\$ kexec $words"
	kexec --root=m $words 2>&1 && echo "exit 0" || echo "exit $?"
done
kexec --root=m --check -d --no-checks -p -i vmlinuz >a; kexec --root=m --check vmlinuz -p -i --no-checks -d >b
cmp a b && echo "the same plan"
status kexec --root=m --check -l mb --module="mb a b" | sed "s/purgatory  .*/purgatory/"
back="--load-preserve-context --mem-min=0x4000000 --mem-max=0x8000000"
status kexec --root=m --check -l $back vmlinuz --append=quiet | sed "s/purgatory  .*/purgatory/; /^digest/d"
status kexec --root=m --check -l -s $back vmlinuz
status kexec --root=m --check -p $back vmlinuz
status kexec --root=m --check -l $back mb
status kexec --root=m --check --load-jump-back-helper
status kexec --root=m --check --load-jump-back-helper --entry=0x1000 vmlinuz
status kexec --root=m --load-jump-back-helper --entry=0x1000
