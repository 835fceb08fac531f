# Sourced by the cases: m/, a BIOS guest of 2.5 GiB with 192 MiB reserved; vmlinuz; status.
put() { mkdir -p "m/$(dirname "$1")"; cat >"m/$1"; }
put proc/iomem <<'X'
00000000-00000fff : Reserved
00001000-0009fbff : System RAM
0009fc00-0009ffff : Reserved
000f0000-000fffff : Reserved
00100000-1ffdcfff : System RAM
  10000000-111fffff : Kernel code
  13000000-1effffff : Crash kernel
1ffdd000-1fffffff : Reserved
100000000-17fffffff : System RAM
X
echo "BOOT_IMAGE=/vmlinuz root=/dev/vda1 crashkernel=192M xcrashkernel=1 console=ttyS0" | put proc/cmdline
echo 6.12.0-sample | put proc/sys/kernel/osrelease
echo "flags : fpu lm" | put proc/cpuinfo
echo 0 | put sys/kernel/kexec_loaded
echo 1 | put sys/kernel/kexec_crash_loaded
echo 201326592 | put sys/kernel/kexec_crash_size
echo 1f00e000 | put sys/devices/system/cpu/cpu0/crash_notes
echo 368 | put sys/devices/system/cpu/cpu0/crash_notes_size
echo "1234000 1000" | put sys/kernel/vmcoreinfo
cp "$SRC/fuzz/seeds/bzimage/small" vmlinuz
echo initrd >initrd
status() {
	echo "\$ $*"
	"$@" 2>&1 && echo "exit 0" || echo "exit $?"
}
