# One saved crash by number, by a part of its name, and not at all; status in short.
mkdir -p c/127.0.0.1-2026-11-21-21:52:49 c/127.0.0.1-2026-11-22-22:00:00
head -c 3145728 /dev/zero >c/127.0.0.1-2026-11-21-21:52:49/vmcore
echo '{"schema": "salvage.report/1", "headline": "NULL pointer dereference in f+0x1 [m]"}' \
	>c/127.0.0.1-2026-11-21-21:52:49/report.json
printf 'A report\n\033[31mwith what a terminal must not get\n' >c/127.0.0.1-2026-11-21-21:52:49/report.txt
echo x >c/127.0.0.1-2026-11-22-22:00:00/vmcore-incomplete
show() { echo "# show $*"; salvage show -f c "$@" && echo "(exit 0)" || echo "(exit $?)"; }
show
show 2
show 3
show 11-21
show 127.0.0.1
show nothing
show a b
. "$SRC/tests/cases/kdumpctl/machine.inc"
echo "# status"
echo "path /none" >m/etc/kdump.conf
salvage status --root m || echo "(exit $?)"
echo 1 >m/sys/kernel/kexec_crash_loaded
: >m/boot/initramfs-${REL}kdump.img
salvage status --root m --json
rm m/boot/vmlinuz*
salvage status --root m
